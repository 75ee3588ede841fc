"""Finds the numbered lists in a question: which numbers they hold, as listed, and where their items begin.

Lists count up by one, a number a line or (when line breaks were lost) all on one line. Real questions are noisy: bodies
hold other numbers, and now and then an item has lost its number. The one thing to know: a run of numbers that counts up
is a list, anything else is text.
"""

import re
from dataclasses import dataclass

_ITEM = re.compile(r"[\s\"'*•-]*[(\[]?(\d{1,3})(?:\s?[)\].:、．：）]|\s?[-–](?=\s))(?!\d)")
_INLINE_ITEM = re.compile(r"(?:(?<=\s)|^)[(\[]?(\d{1,3})[)\].:、．：）](?=\s|\D)")
# A point between digits is a decimal point, unless the list counts on there ("1.100% cotton").
_TIGHT_ITEM = re.compile(r"\s*(\d{1,3})\.(?=\d)")


@dataclass(frozen=True)
class Line:
    """A line without its outer white space: its number (None without one) and the text behind the number."""

    number: int | None
    text: str


@dataclass
class Run:
    """A list: its first and last number, and where they stand (indices of lines, or of characters in a one-line list).

    `has_continuations` tells whether items of it take more than one line.
    """

    low: int
    high: int
    first: int
    last: int
    has_continuations: bool = False

    def __len__(self) -> int:
        return self.high - self.low + 1

    @property
    def numbers(self) -> tuple[int, ...]:
        """All of its numbers."""
        return tuple(range(self.low, self.high + 1))


def list_numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of the longest list in `text` in order, of equally long ones the last; empty without a list.

    A number that one unnumbered line stands in place of is put back.
    """
    runs = runs_by_line(lines_of(text)) or runs_in_line(text)
    # Sorting is stable: of equally long runs the last one stays last.
    return sorted(runs, key=len)[-1].numbers if runs else ()


def numbering_length(line: str) -> int:
    """Return the length of the number that `line` begins with and of what sets it off, 0 without one."""
    match = _numbering(line)
    return match.end() if match else 0


def _numbering(line: str) -> re.Match[str] | None:
    return _ITEM.match(line) or _TIGHT_ITEM.match(line)


def lines_of(text: str) -> list[Line]:
    """Split `text` into lines and each into its number and its text; empty lines are kept."""
    lines = []
    for line in text.split("\n"):
        stripped = line.strip()
        # Most lines of prose begin with a letter: one test spares them the pattern.
        match = _numbering(stripped) if stripped and not stripped[0].isalpha() else None
        lines.append(Line(int(match.group(1)), stripped[match.end() :].strip()) if match else Line(None, stripped))
    return lines


def runs_by_line(lines: list[Line], *, lenient: bool = False) -> list[Run]:
    """Return the lists with a number a line.

    `lenient` is for options, of which none may be missed: a gap is filled if as many unnumbered lines stand there, a gap of
    one in any case; a repeated number is no new list; the first numbers may be lost.
    """
    runs: list[Run] = []
    run: Run | None = None
    unnumbered = 0
    for index, line in enumerate(lines):
        number = line.number
        if number is None:
            if lenient and line.text.endswith((":", "：")):
                unnumbered = _ENDED  # "Answer:" ends the options
            unnumbered += bool(line.text)
            continue
        missing = number - run.high - 1 if run else -1
        fills_gap = missing == unnumbered if lenient else missing == unnumbered == 1
        if run and (missing == 0 or (missing > 0 and fills_gap) or (lenient and missing == 1 and unnumbered == 0)):
            run.has_continuations |= missing == 0 and unnumbered > 0
            run.high, run.last = number, index
        elif run and lenient and number == run.high and unnumbered == 0:
            unnumbered += 1
            continue
        elif number <= (_LATEST_START if lenient and run is None else 1):
            run = Run(number, number, index, index)
            runs.append(run)
        else:
            unnumbered += 1
            continue
        unnumbered = 0
    return [run for run in runs if len(run) > 1]


# The first number that is left where two were lost, and more unnumbered lines than there may be in a gap.
_LATEST_START = 3
_ENDED = 1000


def runs_in_line(text: str, *, lenient: bool = False) -> list[Run]:
    """Return the lists of three items and more that stand in running text; `lenient` fills gaps of one."""
    return [run for run, items in _items_in_line(text, lenient) if len(items) > 2]


def items_in_line(text: str) -> list[int]:
    """Return where the items of the longest list in running text begin, empty without a list of three items and more."""
    starts = max((items for _, items in _items_in_line(text, lenient=False)), key=len, default=[])
    return starts if len(starts) > 2 else []


def _items_in_line(text: str, lenient: bool) -> list[tuple[Run, list[int]]]:
    found: list[tuple[Run, list[int]]] = []
    for match in _INLINE_ITEM.finditer(text):
        number, start = int(match.group(1)), match.start()
        missing = number - found[-1][0].high - 1 if found else -1
        if found and (missing == 0 or (lenient and missing == 1)):
            run, items = found[-1]
            run.high, run.last = number, start
            items.append(start)
        elif number <= 1:
            found.append((Run(number, number, start, start), [start]))
    return found
