"""Finds the numbered list in a question: which numbers it holds, as listed.

Lists start at 0 or 1 and count up by one, a number a line or (when line breaks were lost) all on one line. Real questions
are noisy: bodies hold other numbers, and now and then an option has lost its number. The one thing to know: a run of
numbers that counts up is the list, anything else is text.
"""

import re

_ITEM = re.compile(r"[\s\"'*•-]*[(\[]?(\d{1,3})(?:\s?[)\].:、．：）]|\s?[-–](?=\s))(?!\d)")
_INLINE_ITEM = re.compile(r"(?:(?<=\s)|^)[(\[]?(\d{1,3})[)\].:、．：）](?=\s|\D)")
# A point between digits is a decimal point, unless the list counts on there ("1.100% cotton").
_TIGHT_ITEM = re.compile(r"\s*(\d{1,3})\.(?=\d)")
_LABEL_LINE = re.compile(r"\s*[^\W\d]{2,20}(?: \w+)?(?:\s*\(.*\))?\s*[:：]")


def list_numbers(text: str, *, is_multiple_choice: bool = False) -> tuple[int, ...]:
    """Return the numbers of the list in `text` in order, empty where there is none.

    The longest run wins, of equally long ones the last; for multiple choice the last run wins, since options end the
    question. A number that one unnumbered line stands in place of is put back.
    """
    runs = _runs_by_line(text, is_multiple_choice)
    if not runs:
        runs = _runs_in_line(text)
    if not runs:
        return ()
    if is_multiple_choice:
        return tuple(runs[-1])
    # Sorting is stable: of equally long runs the last one stays last.
    longest = sorted(runs, key=len)[-1]
    return tuple(longest)


def _runs_by_line(text: str, is_multiple_choice: bool) -> list[list[int]]:
    runs: list[list[int]] = []
    run: list[int] = []
    unnumbered = 0
    for line in text.split("\n"):
        stripped = line.strip()
        if not stripped:
            continue
        # Most lines of prose begin with a letter: one test spares them the pattern.
        match = None if stripped[0].isalpha() else _ITEM.match(stripped) or _TIGHT_ITEM.match(stripped)
        if match is None:
            if run and is_multiple_choice and unnumbered == 0 and _LABEL_LINE.match(stripped):
                unnumbered = 2  # "Answer:" ends the options
            unnumbered += 1
            continue
        number = int(match.group(1))
        if run and number == run[-1] + 1:
            run.append(number)
        elif run and number == run[-1] + 2 and unnumbered == 1:
            run.extend((number - 1, number))
        elif number <= 1:
            if len(run) > 1:
                runs.append(run)
            run = [number]
        else:
            unnumbered += 1
            continue
        unnumbered = 0
    if len(run) > 1:
        runs.append(run)
    return runs


def _runs_in_line(text: str) -> list[list[int]]:
    runs: list[list[int]] = []
    run: list[int] = []
    for match in _INLINE_ITEM.finditer(text):
        number = int(match.group(1))
        if run and number == run[-1] + 1:
            run.append(number)
        elif number <= 1:
            if len(run) > 2:
                runs.append(run)
            run = [number]
    if len(run) > 2:
        runs.append(run)
    return runs
