"""Shortens a question that is too long for the context where it hurts least: in the middle of its longest free text.

A text is divided into parts, each with a beginning that is never cut: all of an instruction, the number of a list's item,
the label of a body. What is longer than a common cap loses its middle down to the cap.
"""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

from submission.item_numbers import numbering_length
from submission.numbered_lists import items_in_line
from submission.question_text import is_body_line

_ELLIPSIS = " … "
# In characters: a longer line is a text that the question is about, whatever it begins with.
_LONGEST_INSTRUCTION = 500


@dataclass(frozen=True)
class _Part:
    """A piece of text whose `kept` beginning and whose end (a line break or nothing) must stay."""

    kept: str
    text: str
    end: str = ""

    @property
    def least(self) -> int:
        return len(self.kept) + len(self.end)

    def __len__(self) -> int:
        return len(self.kept) + len(self.text) + len(self.end)

    def cut(self, cap: int) -> str:
        return self.kept + _without_middle(self.text, max(0, cap - self.least)) + self.end


def shorten(text: str, length: int) -> str:
    """Shorten `text` to at most `length` characters.

    Instructions and the numbers of lists stay whole. Only where they alone are too long for that, the middle of the whole
    text is taken out.
    """
    if len(text) <= length:
        return text
    parts = list(_parts(text, length))
    if sum(part.least for part in parts) > length:
        return _without_middle(text, length)

    def total(cap: int) -> int:
        return sum(max(part.least, min(len(part), cap)) for part in parts)

    cap = bisect_right(range(length + 1), length, key=total) - 1
    return "".join(part.cut(cap) for part in parts)


def _parts(text: str, length: int) -> Iterator[_Part]:
    lines = text.split("\n")
    numbering = [numbering_length(line) for line in lines]
    instructions = _instructions(lines, numbering, length)
    body: list[str] = []
    for index, line in enumerate(lines):
        end = "\n" if index < len(lines) - 1 else ""
        items = items_in_line(line)
        is_body = not (numbering[index] or items or index in instructions)
        # Lines of free text in a row are one text, which begins anew behind a label.
        if body and (not is_body or is_body_line(line)):
            yield _part_of_body("".join(body))
            body = []
        if is_body:
            body.append(line + end)
        elif items:
            yield from _parts_of_line(line, items, end)
        else:
            kept = len(line) if index in instructions else numbering[index]
            yield _Part(line[:kept], line[kept:], end)
    if body:
        yield _part_of_body("".join(body))


def _part_of_body(text: str) -> _Part:
    first_line, _, _ = text.partition("\n")
    label = text[: text.index(":") + 1] if is_body_line(first_line) else ""
    return _Part(label, text[len(label) :].removesuffix("\n"), "\n" if text.endswith("\n") else "")


def _parts_of_line(line: str, items: list[int], end: str) -> Iterator[_Part]:
    """Divide a list on one line at its items; an instruction may stand before it and, behind its last item, at its end."""
    head, last = line[: items[0]], line[items[-1] :]
    yield _Part(head, "") if len(head) <= _LONGEST_INSTRUCTION else _Part("", head)
    for start, stop in pairwise(items):
        numbering = start + numbering_length(line[start:stop])
        yield _Part(line[start:numbering], line[numbering:stop])
    kept = len(last) if len(last) <= _LONGEST_INSTRUCTION else numbering_length(last)
    yield _Part(last[:kept], last[kept:], end)


def _instructions(lines: list[str], numbering: list[int], length: int) -> set[int]:
    """Return the indices of the lines that are instructions, as far as there is room for them.

    They stand at the beginning, at the end and before lists: what is nearest to these comes first.
    """
    to_list, distance = len(lines), [len(lines)] * len(lines)
    for index in range(len(lines) - 1, -1, -1):
        to_list = 0 if numbering[index] else to_list + 1
        distance[index] = min(index, len(lines) - 1 - index, to_list)
    candidates = [
        index
        for index, line in enumerate(lines)
        if 0 < len(line) <= _LONGEST_INSTRUCTION and not numbering[index] and not is_body_line(line)
    ]
    room = max(length // 4, (length - sum(numbering)) // 2)
    chosen = set()
    for index in sorted(candidates, key=distance.__getitem__):
        room -= len(lines[index]) + 1
        if room < 0:
            break
        chosen.add(index)
    return chosen


def _without_middle(text: str, length: int) -> str:
    if len(text) <= length:
        return text
    kept = max(0, length - len(_ELLIPSIS))
    tail = kept // 3
    return text[: kept - tail] + _ELLIPSIS[:length] + (text[-tail:] if tail else "")
