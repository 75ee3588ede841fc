"""Finds the numbers that may begin the items of a list: at the beginning of lines, and within them where lines were joined."""

import re
from functools import lru_cache
from typing import NamedTuple

import regex

from submission.question_text import UNSPACED_LETTER

# What sets a number off from its item: "1.", "(1)", "[1]", "1:", "1.)", "1、", and with a blank behind it "1 -", "1/", "1 ->",
# "1 |", which may be a cell of a table.
_CLOSING = r"(?:\.\)|\s?[)\].:、．：）}】](?!\d)|\s?(?:[-–—=]|[-=]>|→|…)(?=\s)|[/>](?=\s)|\s{0,3}\|)"
_ITEM = re.compile(rf"[\s\"'*•>|-]*(?P<open>[(\[{{（【]?)(?P<number>[\d]{{1,3}})(?P<close>{_CLOSING})")
# A point between digits is a decimal point, unless the list counts on there ("1.100% cotton").
_TIGHT_ITEM = re.compile(r"\s*(?P<open>)(?P<number>\d{1,3})(?P<close>\.)(?=\d)")
# Numbers that only their row makes a list: "1 soap", "r1 soap", "Opinion 1 - soap", "#1 soap", "① soap", "(a=1) soap",
# "1,soap", "**1** soap".
_LOOSE_ITEM = re.compile(
    rf"[\s\"'`*•>|-]*(?P<open>[(\[（{{<]?(?:[^\W\d_][^\W\d_ ]{{0,11}}[ _=:.-]{{0,2}})?(?:#|n°|nº|nr\. ?|no\. ?)?[(\[（]?)"
    rf"(?P<number>[\d①-⑳]{{1,3}})(?P<close>{_CLOSING}|\s|[,;](?=[^\W\d_])|[*`]{{1,2}}(?=\s)|(?<=[①-⑳]))",
    re.I,
)
_INSIDE = re.compile(
    r"(?P<number>[0-9０-９]{1,3})(?P<close>\.\)|[)\].:、．：）}】]| ?(?:[-–—=]|[-=]>|→)(?=\s)|[/|>](?=\s))(?=\s*[^\s\d]|\s+\d)"
)
_CIRCLED = re.compile("[①-⑳]")
_OPENING = frozenset("([{（【")
_FIRST_FIGURE = re.compile(r"\s*(\d{1,9})")
_RANGE, _DIGIT = re.compile(r" ?[-–—=]"), re.compile(r"\s*\d")
_TIGHT_INSIDE = regex.compile(r"(?<![\w.,$€£-])(?P<number>\d{1,3})\.(?=\d)")
# What may stand before a number within a line; everything else makes it part of a word, a price or a date.
_BEFORE_INSIDE = frozenset(" \t\r\n\u3000\u00a0:：;；?？。、，\"“'「>|")
# Where words have no spaces, a number stands alone by what follows it: "(1)肥皂(2)盘子".
_CLOSING_UNSPACED = frozenset(")）]］】}、.．")
# Behind these another item begins; so many of them are a list, whatever digits stand in their texts.
_SEPARATING = frozenset(",;:，；：\n")
_COUNTS = [list(range(first, first + length)) for first in (0, 1) for length in range(4, 31)]
_WIDE = str.maketrans("（）［］．：｛｝", "()[].:{}")
_TO_WIDE = str.maketrans("0123456789", "０１２３４５６７８９")
# An item may take some lines before the next one.
_MOST_CONTINUATIONS = 6


class Line(NamedTuple):
    """A line, or the part of one that an item takes: its number (None without one) and the text behind the number.

    It stands in line `row` of the text, its number (or its text) from character `start` on and its text from `at` on.
    `style` is what surrounds the number; `is_tight` says that it may be a decimal number as well.
    """

    number: int | None
    text: str
    row: int = 0
    start: int = 0
    at: int = 0
    style: str = ""
    is_tight: bool = False


def numbering_length(line: str) -> int:
    """Return the length of the number that `line` begins with and of what sets it off, 0 without one."""
    match = _ITEM.match(line) or _TIGHT_ITEM.match(line)
    return match.end() if match else 0


def tight_number(line: str) -> int | None:
    """Return the number of the item that `line` begins with where a digit follows its point ("0.3-in-1 charger"), else None."""
    match = _TIGHT_ITEM.match(line)
    return int(match["number"]) if match else None


def lines_of(text: str, *, loose: bool = False) -> list[Line]:
    """Split `text` into lines and each into its number and its text; empty lines are kept.

    A line that holds several items, or a label and the first item, is split where the numbers of its neighbours say so.
    `loose` takes numbers for those of items that nothing sets off from the text.
    """
    lines, numbered = [], 0
    for row, line in enumerate(text.split("\n")):
        stripped = line.strip()
        # Most lines of prose begin with a letter: one test spares them the patterns.
        if not stripped or (stripped[0].isalpha() and not loose):
            lines.append(Line(None, stripped, row))
            continue
        match = _LOOSE_ITEM.match(line) if loose else _ITEM.match(line)
        tight = None if match or loose else _TIGHT_ITEM.match(line)
        if (match := match or tight) is None:
            lines.append(Line(None, stripped, row))
            continue
        numbered += 1
        start, at = match.start("number") - len(match["open"]), match.end()
        style = _style(match["open"], match["close"])
        lines.append(Line(_value(match["number"]), line[at:].strip(), row, start, at, style, tight is not None))
    return _split_lines(lines) if numbered > 1 else lines


def _value(digits: str) -> int:
    if digits.isascii():
        return int(digits)
    circled = ord(digits[-1]) - ord("①")
    return circled + 1 if 0 <= circled < 20 else int(digits)


@lru_cache(maxsize=1024)
def _style(opening: str, closing: str) -> str:
    return (opening + closing.strip()).translate(_WIDE).lower().replace(" ", "")


def _split_lines(lines: list[Line]) -> list[Line]:
    """Split lines at the items within them that the numbered lines behind them are missing."""
    split: list[Line] = []
    previous, has_inner = None, False
    for line in lines:
        if line.number is not None:
            if line.number > 0 and line.number - 1 != previous:
                has_inner |= _split_before(split, line)
            previous = line.number
        split.append(line)
    last = max(index for index, line in enumerate(split) if line.number is not None)
    # Behind the last item nothing tells what is missing: only what other lines do, or brackets, make it an item there.
    if has_inner or split[last].style[-1:] in {")", "]", "}"}:
        split[last : last + 1] = _forwards(split[last])
    return split


def _split_before(lines: list[Line], follower: Line) -> bool:
    """Split the line of `lines` that holds the items before `follower`; return whether there is one."""
    passed = 0
    for index in range(len(lines) - 1, max(-1, len(lines) - 1 - 2 * _MOST_CONTINUATIONS), -1):
        line = lines[index]
        if line.text:
            pieces = _backwards(line, follower, must_follow_colon=passed > 0)
            first = pieces[0].number if pieces else None
            if first is not None and (first <= 1 or first - 1 == line.number):
                head = line._replace(text=line.text[: pieces[0].start - line.at].strip())
                lines[index : index + 1] = [head, *pieces] if head.text or head.number is not None else pieces
                return True
            passed += 1
        if line.number is not None or passed > _MOST_CONTINUATIONS:
            break
    return False


def _backwards(line: Line, follower: Line, *, must_follow_colon: bool) -> list[Line]:
    """Return the items within `line` that count up to `follower`, as far down as they go."""
    pieces: list[Line] = []
    wanted, stop = (follower.number or 0) - 1, len(line.text)
    digits = str(wanted)
    if digits not in line.text and digits.translate(_TO_WIDE) not in line.text:
        return pieces
    for number, start, end in reversed(numbers_within(line.text, follower.style, follower.number)):
        if number == wanted and (not must_follow_colon or _is_led_in(line.text, start)):
            pieces.append(_piece(line, number, start, end, stop, follower.style))
            wanted, stop = wanted - 1, start
    return pieces[::-1]


def _forwards(line: Line) -> list[Line]:
    """Return `line` with the items that count on within it."""
    pieces = [line]
    for number, start, end in numbers_within(line.text, line.style):
        last = pieces[-1]
        if number == (last.number or 0) + 1:
            pieces[-1] = last._replace(text=line.text[last.at - line.at : start].strip())
            pieces.append(_piece(line, number, start, end, len(line.text), line.style))
    return pieces


def _piece(line: Line, number: int, start: int, end: int, stop: int, style: str) -> Line:
    return Line(number, line.text[end:stop].strip(), line.row, line.at + start, line.at + end, style)


def circled_numbers(text: str) -> list[tuple[int, int, int]]:
    """Return number, start and end of every circled number in `text`: "①肥皂②盘子"."""
    return [(_value(match.group()), match.start(), match.end()) for match in _CIRCLED.finditer(text)]


def numbers_within(text: str, style: str | None = None, follower: int | None = None) -> list[tuple[int, int, int]]:
    """Return number, start and end of every number (of that `style`) that may begin an item within `text`.

    `follower` is the number of the item behind `text`, where one follows.
    """
    found, ranges = [], []
    for match in _INSIDE.finditer(text):
        start = match.start()
        opening = text[start - 1] if start and text[start - 1] in _OPENING else ""
        start -= len(opening)
        stands_alone = (
            start == 0
            or text[start - 1] in _BEFORE_INSIDE
            or (match["close"][-1] in _CLOSING_UNSPACED and UNSPACED_LETTER.match(text, start - 1) is not None)
        )
        # "1 - 2" is a range, unless the other items are set off so.
        if style is None:
            fits = not (_RANGE.match(match["close"]) and _DIGIT.match(text, match.end()))
        else:
            fits = _style(opening, match["close"]) == style
        place = (int(match["number"]), start, match.end())
        if stands_alone and fits:
            found.append(place)
        elif style is None and stands_alone and (start == 0 or text[start - 2 : start].strip()[-1:] in _SEPARATING):
            ranges.append(place)
    if not found and [number for number, _, _ in ranges] in _COUNTS:
        # "1 - 27 in, 2 - 65 in": what counts up behind commas are items, unless all go as far: "1 - 2 years, 2 - 3 years".
        firsts = [_FIRST_FIGURE.match(text, end) for _, _, end in ranges]
        if len({int(first[1]) - number for first, (number, _, _) in zip(firsts, ranges, strict=True) if first}) > 1:
            return ranges
    known = {number for number, _, _ in found} | ({follower} if follower is not None else set())
    if known and style in {None, "."} and (tight := _tight_within(text, known)):
        return sorted([*found, *tight], key=lambda place: place[1])
    return found


def _tight_within(text: str, known: set[int]) -> list[tuple[int, int, int]]:
    """Return the numbers that a digit follows and that the `known` ones lack: one between two of them, the first behind a colon."""
    places = [(int(match["number"]), match.start(), match.end()) for match in _TIGHT_INSIDE.finditer(text)]
    return [
        (number, start, end)
        for number, start, end in places
        if number not in known
        and number + 1 in known
        and (number - 1 in known or (number <= 1 and _is_led_in(text, start)))
    ]


def _is_led_in(text: str, start: int) -> bool:
    return text[max(0, start - 4) : start].rstrip().endswith((":", "："))
