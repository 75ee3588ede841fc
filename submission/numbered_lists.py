"""Finds the numbered lists in a question: which numbers they hold, as listed, and where their items begin.

Lists count up by one, a number a line or (when line breaks were lost) several on a line. Real questions are noisy: bodies
hold other numbers, an item has lost its number, the first item stands behind a label. The one thing to know: a run of
numbers that counts up is a list, anything else is text.
"""

import re
from dataclasses import dataclass, field, replace
from itertools import takewhile

from submission.item_numbers import (
    Line,
    circled_numbers,
    lines_of,
    numbering_length,
    numbers_within,
    tight_number,
)
from submission.question_text import LabelKind, label_of, list_label_of

_SECOND_LOOSE_ITEM = re.compile(
    r"\n[\s\"'`*•>|-]{0,4}[(\[（{<]?(?:[^\W\d_]{1,12}[ _=:.-]{0,2})?(?:#|n[°º]|nr\. ?|no\. ?)?[(\[（]?[2２②](?!\d)",
    re.I,
)
# "1 soap, 2 brush": the number of an item that nothing but a comma sets off.
_LOOSE_INSIDE = re.compile(
    r"(?:^|(?<=[,;|:.?!，；：。？])|(?<=[,;|:.?!，；] ))(?P<number>[0-9]{1,3}) (?=[^\W\d_])", re.M
)
_LOOSE_WITHIN = re.compile(r"(?:^|(?<![^\s:：\"']))#?(?P<number>[0-9]{1,3}) (?=[^\W\d_])")
# "1 of 2": no item begins so.
_NO_BEGINNING = re.compile(r"(?:of|to|and|or|x|per|in|von|und|oder|bis|de|et|ou|di|e|o|y)\b", re.I)
_FIRST_NUMBERS = re.compile(r"[12１２①]")
_LETTER = re.compile(r"[^\W\d_]")
_MONTH = re.compile(
    r"(?:jan|feb|febr|mar|mär|maer|apr|avr|abr|may|mai|mag|jun|giu|jui|jul|lug|aug|août|ago|sep|set|okt|oct|ott|nov|dez|dec|déc"
    r"|dic|gen|ene|fév)[a-zéûóñ]*\b",
    re.I,
)  # What is counted but not chosen from: the steps of a way, the turns of a talk.
_NO_ITEMS = ("step", "day", "week", "speaker", "turn", "chapter", "schritt", "étape", "paso")
# What makes an amount of the number before it.
_AMOUNT = re.compile(
    r"(?:[x×*%°€$£]|(?:[cmk]?m|m?g|kg|m?l|cl|oz|lbs?|in|inch|inches|ft|yd|pcs?|packs?|pieces?|stars?|cups?|tbsp|tsp|spoons?|h|hrs?"
    r"|hours?|min|days?|weeks?|months?|years?|stück|sterne?|étoiles?|estrellas?|stelle|個|件|星)\b|\d|\W*$)",
    re.I,
)
# Texts that may hold a list of their own.
_PROSE = frozenset({LabelKind.REVIEW, LabelKind.TEXT})
# The first number that is left where one or two were lost at the beginning.
_LATEST_START = 3
# Shorter runs of numbers without a mark behind them, or without their first number, are text.
_SHORTEST_LOOSE = 4
_SHORTEST_HEADLESS = 3
# In characters: an item is no longer, unless the others of its list are.
_USUAL_ITEM = 60
_LEADS_IN = (":", "：", "?", "？")
_MOST_HEAD_ROWS = 2
_BRACKETS = ("(", "[", "{", "<")
_SENTENCE_ENDS = (".", "!", "。", "！")


@dataclass
class Run:
    """A list: its first and last number, and where they stand (indices of lines, or of characters in a one-line list).

    `has_continuations` tells whether items of it take more than one line; `places` are start and end of the numbers of a
    one-line list.
    """

    low: int
    high: int
    first: int
    last: int
    has_continuations: bool = False
    places: list[tuple[int, int]] = field(default_factory=list)

    def __len__(self) -> int:
        return self.high - self.low + 1

    @property
    def numbers(self) -> tuple[int, ...]:
        """All of its numbers."""
        return tuple(range(self.low, self.high + 1))


@dataclass(frozen=True)
class NumberedList:
    """The list of a question.

    `rows` are the lines of the text from its first item to its last. `head` is how much of the first one stands before
    the first item. `is_loose` says that nothing but their row sets its numbers off from the text.
    """

    numbers: tuple[int, ...]
    rows: range
    head: int
    is_loose: bool = False


def find_list(text: str) -> NumberedList | None:
    """Return the longest list in `text`, of equally long ones the last; None without a list.

    A number that one unnumbered line stands in place of is put back, and the first number where it was lost.
    """
    if not _FIRST_NUMBERS.search(text):
        return None
    lines = lines_of(text)
    by_line = _longest(runs_by_line(lines))
    if by_line is None or len(by_line) < _SHORTEST_HEADLESS:
        if (in_line := _longest(runs_in_line(text))) is not None:
            return _list_of_characters(text, in_line)
        if loose := _loose_list(text):
            return loose
    return _list_of_lines(lines, by_line) if by_line else None


def _loose_list(text: str) -> NumberedList | None:
    # One search spares most texts a second look at each of their lines.
    if _SECOND_LOOSE_ITEM.search(text):
        lines = lines_of(text, loose=True)
        run = _longest(runs_by_line(lines))
        if run is not None and len(run) >= _shortest_loose(lines[run.first]) and _is_even(lines, run):
            return _list_of_lines(lines, run, is_loose=True)
    if "1 " not in text or "2 " not in text or "3 " not in text:
        return None
    in_line = _longest(_loose_runs(text, _LOOSE_INSIDE)) or _longest(
        [run for run in _loose_runs(text, _LOOSE_WITHIN) if _is_led_in(text, run)]
    )
    return replace(_list_of_characters(text, in_line), is_loose=True) if in_line else None


def _shortest_loose(line: Line) -> int:
    """Return how many items make a list of such lines: brackets set numbers off as well."""
    return _SHORTEST_HEADLESS if line.style[:1] in _BRACKETS else _SHORTEST_LOOSE


def _loose_runs(text: str, pattern: re.Pattern[str]) -> list[Run]:
    places = [(int(match["number"]), match.start(), match.end()) for match in pattern.finditer(text)]
    return [run for run in _count_up(places) if len(run) >= _SHORTEST_LOOSE and _are_items(_items(text, run))]


def _is_led_in(text: str, run: Run) -> bool:
    """Whether numbers that nothing sets off ("Sort: 1 soap 2 brush 3 lamp 4 rug") follow what leads in a list, on its line.

    Without a sign before the first of them a longer list is one as well, unless its numbers count things ("2 pans 3 lids").
    """
    if "\n" in text[run.first : run.last]:
        return False
    before = text[text.rfind("\n", 0, run.first) + 1 : run.first].rstrip()
    label = label_of(before)
    if label and label.is_body and not label.is_list and (label.end == len(before) or before[-1:] not in {":", "："}):
        return False
    led_in = before.rstrip("\"'[( ")
    if led_in.endswith((":", "：")) or led_in != before:
        return True
    items = _items(text, run)
    counts_things = all(item.split()[-1].endswith("s") for item in items[1:-1]) or any(map(_NO_BEGINNING.match, items))
    is_long_enough = before.endswith(_SENTENCE_ENDS + _LEADS_IN) or (before != "" and len(run) > _SHORTEST_LOOSE)
    return is_long_enough and not counts_things


def list_numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of the list of `text` in order, empty without one."""
    found = find_list(text)
    return found.numbers if found else ()


def _longest(runs: list[Run]) -> Run | None:
    # Sorting is stable: of equally long runs the last one stays last.
    return sorted(runs, key=len)[-1] if runs else None


def _list_of_lines(lines: list[Line], run: Run, *, is_loose: bool = False) -> NumberedList:
    first, last = lines[run.first], lines[run.last]
    if _is_cell(first) and (heads := _head_rows(lines, run)):
        return NumberedList(run.numbers, range(first.row - heads, last.row + 1), 0, is_loose)
    return NumberedList(run.numbers, range(first.row, last.row + 1), first.start, is_loose)


def _is_cell(line: Line) -> bool:
    """Whether the number of `line` is a cell of a table: "| 1 | soap |", "| 1. | soap |"."""
    return "|" in (line.style[-1:], line.text[:1])


def _head_rows(lines: list[Line], run: Run) -> int:
    """Return how many lines before a table's first numbered row belong to the table: the names of its columns and a rule."""
    before = [line.text for line in lines[max(0, run.first - _MOST_HEAD_ROWS) : run.first] if line.number is None]
    return sum(1 for _ in takewhile(lambda text: "|" in text, reversed(before)))


def _list_of_characters(text: str, run: Run) -> NumberedList:
    row, last_row = text.count("\n", 0, run.first), text.count("\n", 0, run.last)
    return NumberedList(run.numbers, range(row, last_row + 1), run.first - (text.rfind("\n", 0, run.first) + 1))


def _is_even(lines: list[Line], run: Run) -> bool:
    """Whether all items of a loose list begin alike: "r1 …", "r2 …"."""
    items = [line for line in lines[run.first : run.last + 1] if line.number is not None]
    styles = {line.style for line in items}
    return (
        len(styles) == 1
        and not styles.pop().lstrip("([{<").startswith(_NO_ITEMS)
        and _are_items([line.text for line in items])
    )


def _are_items(texts: list[str]) -> bool:
    """Whether the numbers before `texts` count them and are no amounts ("1 kg", "2 kg") and no days ("1 May", "2 May")."""
    amounts = sum((_AMOUNT.match(text) or _MONTH.match(text)) is not None for text in texts)
    return len({text[:3].lower() for text in texts}) > 1 and amounts * 2 < len(texts)


def runs_by_line(lines: list[Line], *, lenient: bool = False) -> list[Run]:
    """Return the lists with a number a line.

    `lenient` is for options, of which none may be missed: a gap is filled if as many unnumbered lines stand there, a gap of
    one in any case; a repeated number is no new list; the first numbers may be lost.
    """
    runs: list[Run] = []
    unnumbered = 0
    for index, line in enumerate(lines):
        if line.number is None:
            if lenient and line.text.endswith((":", "：")):
                unnumbered = _ENDED  # "Answer:" ends the options
            unnumbered += bool(line.text)
        elif runs and _goes_on(runs[-1], line.number, unnumbered, lenient=lenient):
            run = runs[-1]
            run.has_continuations |= line.number == run.high + 1 and unnumbered > 0
            run.high, run.last, unnumbered = line.number, index, 0
        elif _begins(runs, line.number, unnumbered, lenient=lenient):
            runs.append(Run(line.number, line.number, index, index))
            unnumbered = 0
        else:
            unnumbered += 1
    runs = [run for run in runs if len(run) > 1 and not _is_decimal(lines, run)]
    return runs if lenient else [run for run in runs if not _is_table_of_figures(lines, run) and _with_head(lines, run)]


# More unnumbered lines than there may be in a gap.
_ENDED = 1000


def _goes_on(run: Run, number: int, unnumbered: int, *, lenient: bool) -> bool:
    """Whether `number`, so many lines without a number behind `run`, is the next one of it."""
    missing = number - run.high - 1
    if missing <= 0:
        return missing == 0
    return (missing == unnumbered or missing == 1 > unnumbered) if lenient else missing == unnumbered == 1


def _begins(runs: list[Run], number: int, unnumbered: int, *, lenient: bool) -> bool:
    """Whether `number` begins a list behind `runs`."""
    if lenient and runs and number == runs[-1].high and unnumbered == 0:
        return False
    return number <= 1 or (number <= _LATEST_START and (not runs or (not lenient and len(runs[-1]) == 1)))


def _is_decimal(lines: list[Line], run: Run) -> bool:
    """Whether the "items" are nothing but decimal numbers: prices, dates, sizes."""
    return all(line.is_tight for line in lines[run.first : run.last + 1] if line.number is not None)


def _is_table_of_figures(lines: list[Line], run: Run) -> bool:
    """Whether `run` is a table with nothing but figures in it: the first column of one counts up by chance."""
    if not _is_cell(lines[run.first]):
        return False
    items = (line.text for line in lines[run.first : run.last + 1] if line.number is not None)
    return not any(map(_LETTER.search, items))


def _with_head(lines: list[Line], run: Run) -> bool:
    """Give `run` the first numbers that it has lost; False if too little of it is left to be a list."""
    if run.low > 1 and len(run) < _SHORTEST_HEADLESS:
        return False
    before = [line for line in lines[max(0, run.first - run.low - 1) : run.first] if line.text]
    items = [line.text for line in lines[run.first : run.last + 1] if line.number is not None]
    lost = 0
    for line in reversed(before):
        label = list_label_of(line.text)
        rest = line.text[label.end :] if label else line.text
        if label and not rest:
            break
        if label and run.low > 0 and tight_number(rest) == run.low - lost - 1:
            lost += 1
            break
        if line.number is not None or numbering_length(rest) or not _may_be_item(rest, items):
            lost = 0
            break
        lost += 1
        if label:
            break
    else:
        # Without the label of a list, what stands before it is text.
        lost = 0
    if 0 < lost <= run.low:
        run.low -= lost
    elif run.low > 1:
        run.low = 1
    return True


def _may_be_item(text: str, items: list[str]) -> bool:
    """Whether `text`, which stands before `items` without a number, is no longer than an item and no sentence of its own."""
    if text.endswith(_LEADS_IN) or (
        text.endswith(_SENTENCE_ENDS) and not any(i.endswith(_SENTENCE_ENDS) for i in items)
    ):
        return False
    return len(text) <= max(_USUAL_ITEM, 2 * max(map(len, items)))


def runs_in_line(text: str, *, lenient: bool = False) -> list[Run]:
    """Return the lists of three items and more that stand in running text.

    `lenient` is for options: gaps of one are filled, and items may be nothing but numbers.
    """
    places = [numbers_within(text), circled_numbers(text) if "③" in text else []]
    runs = [run for found in places for run in _count_up(found, lenient=lenient) if len(run.places) > 2]
    return runs if lenient else [run for run in runs if _has_items(text, run)]


def _count_up(places: list[tuple[int, int, int]], *, lenient: bool = False) -> list[Run]:
    """Return the runs from 0 or 1 among numbers in running text, each given with its start and end."""
    found: list[Run] = []
    for number, start, end in places:
        missing = number - found[-1].high - 1 if found else -1
        if found and (missing == 0 or (lenient and missing == 1)):
            run = found[-1]
            run.high, run.last = number, start
            run.places.append((start, end))
        elif number <= 1:
            found.append(Run(number, number, start, start, places=[(start, end)]))
    return found


def _items(text: str, run: Run) -> list[str]:
    ends = [start for start, _ in run.places[1:]] + [len(text)]
    return [text[at:end].strip() for (_, at), end in zip(run.places, ends, strict=True)]


def _has_items(text: str, run: Run) -> bool:
    """Whether there is text behind every number of `run`, not what makes dates of them; a lost first number is put back."""
    items = _items(text, run)
    if not all(_LETTER.search(item) for item in items) or all(_MONTH.match(item) for item in items):
        return False
    # "Step 1: … Step 2: …": numbers with a word of their own are lists where they begin lines.
    words = {(text[max(0, start - 16) : start].split() or [""])[-1] for start, _ in run.places}
    if len(words) == 1 and words.pop().isalpha():
        return False
    before = text[text.rfind("\n", 0, run.first) + 1 : run.first]
    text_label = label_of(before)
    if text_label and text_label.words and text_label.words.kind in _PROSE:
        return False
    label = list_label_of(before)
    first = before[label.end :].strip() if label else ""
    if _LETTER.search(first) and run.low == 1 and _may_be_item(first, items):
        run.low = 0
    return True


def items_in_line(text: str) -> list[int]:
    """Return where the items of the longest list in running text begin, empty without a list of three items and more."""
    return [start for start, _ in max((run.places for run in runs_in_line(text)), key=len, default=[])]
