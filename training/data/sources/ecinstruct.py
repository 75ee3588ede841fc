r"""ECInstruct: ten e-commerce tasks as instruction, input, options and output, all of them text.

A row of `rows`, as it is published:

    {"split": "train", "task": "Product_Matching", "setting": "IND_Diverse_Instruction", "few_shot_example": null,
     "instruction": "Do the two entries stand for one product?",
     "input": "{\"product 1\": {\"title\": \"Casterly Photo Studio 12\"}, \"product 2\": {\"title\": \"photo studio 12\"}}",
     "options": "[\"yes\", \"no\"]", "output": "yes"}

The input is JSON in text for most tasks and a bare review for sentiment. Options are letters with a text ("A: …"), and
the output is a letter, the option's text, or both; here the letter is resolved, so a record's answer is words. Most samples
come twice, under a fixed and a varied instruction: a record's key is made of what it says, so that both are one.
"""

import ast
import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from training.data.sources.cleaning import clean, without_markup
from training.data.sources.reading import Row, open_rows
from training.data.sources.records import EcInstructRow, Record
from training.data.sources.source import Source, as_list

TASKS = (
    "Product_Matching",
    "Product_Substitute_Identification",
    "Product_Relation_Prediction",
    "Attribute_Value_Extraction",
    "Query_Product_Rank",
    "Multiclass_Product_Classification",
    "Sentiment_Analysis",
    "Sequential_Recommendation",
    "Answerability_Prediction",
    "Answer_Generation",
)
_COLUMNS = ("split", "task", "instruction", "input", "options", "output")
_LETTERED = re.compile(r"\(?([A-Z])\s*[:.)]\s*(.+)")
_LETTER = re.compile(r"\(?([A-Z])\)?\s*[:.]?")
# The outputs of these tasks are data to be read by the task (a list of letters, JSON lines), not one option.
_RAW_OUTPUT = frozenset({"Query_Product_Rank", "Attribute_Value_Extraction"})


class EcInstruct(Source):
    """Streams "rows", each with its task's name."""

    name = "ecinstruct"
    licence = "CC BY 4.0"
    streams: ClassVar[dict[str, type]] = {"rows": EcInstructRow}

    def __init__(self, scratch: Path, rows: str | list[str], split: str = "train", limit: int | None = None) -> None:
        super().__init__(scratch, limit)
        self.rows = as_list(rows)
        self.split = split

    def locations(self) -> list[str]:
        """Return the row locations."""
        return self.rows

    def units(self, stream: str) -> Iterator[Any]:
        """Stream raw rows."""
        yield from open_rows(self.rows, _COLUMNS, split=self.split, revision=self.revision, limit=self.limit)

    def record(self, stream: str, unit: Any, unusable: Counter[str]) -> Record | None:
        """Read input, options and output of a row."""
        task = unit.get("task")
        if unit.get("split") != self.split:
            unusable[f"row of another split than {self.split}"] += 1
        elif task not in TASKS:
            unusable["row of an unknown task"] += 1
        else:
            return self._row(task, unit, unusable)
        return None

    def _row(self, task: str, row: Row, unusable: Counter[str]) -> EcInstructRow | None:
        fields = _read_fields(row.get("input"))
        options = _read_options(row.get("options"))
        answer = str(row.get("output") or "").strip() if task in _RAW_OUTPUT else _resolve(row.get("output"), options)
        if not fields:
            unusable["row whose input cannot be read"] += 1
        elif not answer:
            unusable["row whose output is empty or none of the options"] += 1
        else:
            return EcInstructRow(_key(task, fields, answer), task, fields, tuple(options.values()), answer)
        return None


def _key(task: str, fields: dict[str, Any], answer: str) -> str:
    """Return what names a sample whatever its instruction, the order of its keys and its place in the file."""
    said = json.dumps([task, fields, answer.lower().rstrip(". ")], sort_keys=True)
    return f"row/{hashlib.blake2b(said.encode(), digest_size=12).hexdigest()}"


def _read_fields(text: object) -> dict[str, Any]:
    """Read an input into keys in lower case without punctuation at the end; bare text comes under "text"."""
    value = read_data(text)
    if isinstance(value, dict):
        return {str(key).strip(" :").lower(): _clean_deep(item) for key, item in value.items()}
    if isinstance(value, list):
        return {"items": _clean_deep(value)}
    words = clean(value)
    return {"text": words} if words else {}


def read_data(text: object) -> Any:
    """Read JSON, or the Python literal that some rows hold instead; anything else stays text."""
    if not isinstance(text, str) or text.lstrip()[:1] not in ("{", "["):
        return text
    try:
        return json.loads(text)
    except ValueError:
        pass
    try:
        return ast.literal_eval(text.strip())
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text


def _clean_deep(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key).strip(" :").lower(): _clean_deep(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean_deep(item) for item in value]
    return clean(value)


def _read_options(value: object) -> dict[str, str]:
    """Read options into text by letter; options without letters get theirs by place."""
    value = read_data(value)
    if not isinstance(value, list):
        return {}
    options = {}
    for place, item in enumerate(map(without_markup, value)):
        match = _LETTERED.fullmatch(item)
        letter, text = match.groups() if match else (chr(ord("A") + place), item)
        if text:
            options[letter] = text
    return options


def _resolve(output: object, options: dict[str, str]) -> str:
    """Return the words of an output, empty where it is a letter or text that no option has."""
    if not options:
        return clean(output)
    text = without_markup(output)
    match = _LETTER.fullmatch(text) or _LETTERED.fullmatch(text)
    if match:
        return options.get(match.group(1), "")
    return next((option for option in options.values() if option.lower().rstrip(".") == text.lower().rstrip(".")), "")
