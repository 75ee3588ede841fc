"""Alpaca-Cleaned: instructions of every kind with their answers, which keep the model's prose alive.

A row of `instructions`, as it is published:

    {"instruction": "Give a reason for keeping a diary.", "input": "",
     "output": "It helps to see what has changed since last year."}
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from training.data.sources.cleaning import on_one_line
from training.data.sources.reading import open_rows
from training.data.sources.records import AnsweredInstruction, Record
from training.data.sources.source import Source, as_list

_COLUMNS = ("instruction", "input", "output")
# Answers are prose of a length that ShopBench's prose has; longer ones would be cut off at inference.
_MOST_ANSWER_WORDS = 40
# What the set writes where there is no input or no answer; behind the second an apology may follow.
_MARKER = re.compile(
    r"(?:<|&lt;)\s*/?\s*no[ _-]?(?:in|out)put\s*/?\s*(?:>|&gt;)|\A\W*no(?:in|out)put\W*\Z", re.IGNORECASE
)
_NO_INPUT = re.compile(r"\W*no[ _-]?input(?: (?:is )?(?:given|needed|necessary|provided|required))?\W*", re.IGNORECASE)


class Alpaca(Source):
    """Streams "instructions"."""

    name = "alpaca"
    licence = "CC BY-NC 4.0"
    streams: ClassVar[dict[str, type]] = {"instructions": AnsweredInstruction}

    def __init__(self, scratch: Path, instructions: str | list[str], limit: int | None = None) -> None:
        super().__init__(scratch, limit)
        self.instructions = as_list(instructions)

    def locations(self) -> list[str]:
        """Return the instruction locations."""
        return self.instructions

    def units(self, stream: str) -> Iterator[Any]:
        """Stream numbered raw rows."""
        yield from enumerate(open_rows(self.instructions, _COLUMNS, revision=self.revision, limit=self.limit))

    def record(self, stream: str, unit: Any, unusable: Counter[str]) -> Record | None:
        """Read a row; tags are what it is about, and answers keep their line breaks: they are what is learned."""
        number, row = unit
        instruction, context, answer = (_without_marker(row.get(column)) for column in _COLUMNS)
        instruction, context = on_one_line(instruction), on_one_line(context)
        if _NO_INPUT.fullmatch(context):
            context = ""
        if not instruction or not answer:
            unusable["row without an instruction or an answer"] += 1
            return None
        if len(answer.split()) > _MOST_ANSWER_WORDS:
            unusable[f"row with an answer of more than {_MOST_ANSWER_WORDS} words"] += 1
            return None
        return AnsweredInstruction(f"row/{number}", instruction, context, answer)


def _without_marker(value: object) -> str:
    # What is not a number stands for nothing in a table.
    return "" if value is None or value != value else _MARKER.sub("", str(value)).strip()
