"""Turns JSON objects and rows of fields within a question into labelled lines and numbered lists, which reading knows.

`{"query": "red lamp", "task": "give the ids", "candidates": ["1 lamp", "2 rug"]}` is read as `query: red lamp`, `task: give
the ids` and a list. The order of the keys says nothing then. `slot=time | utterance=after six | value=` is three lines.
"""

import json
import re
from collections.abc import Iterator

_DECODER = json.JSONDecoder()
_NUMBER_KEYS = ("id", "no", "nr", "number", "index", "idx", "num")
_NUMBERED = re.compile(r"\s*[(\[]?(?:[a-z]{1,6}[=_:#-]?)?\d{1,3}(?!\d)")
# A slot that the answer goes into, at the end of an object: `"value": }`, `"value": ___}`, `"value":` and no more.
_OPEN_SLOT = re.compile(r'":\s*+(?:_{1,20}|\?{1,3}|\.{3}|…|"")?\s*+(?:(?=[,}])|(?P<end>\Z))')
_KEY = r"[^\W\d_][\w ()]{0,24}[=:：]"
_FIELDS = re.compile(rf"^{_KEY}[^|\n]*(?:\|[ ]?{_KEY}[^|\n]*)+$", re.M)


def with_fields_on_lines(text: str) -> str:
    """Return `text` with each row of fields ("slot=time | utterance=after six | value=") as lines, one a field."""
    if "|" not in text:
        return text
    return _FIELDS.sub(lambda row: "\n".join(map(str.strip, row.group().split("|"))), text)


def without_json(text: str) -> str:
    """Return `text` with lines in place of the JSON objects in it; what does not parse stays as it is."""
    if '{"' not in text and '{ "' not in text and "{\n" not in text:
        return text
    given, has_objects = text, False
    closing = "}" if text.count("{") == text.count("}") + 1 else ""
    text = _OPEN_SLOT.sub(lambda match: '": ""' + (closing if match["end"] is not None else ""), text)
    parts, place = [], 0
    while (start := text.find("{", place)) >= 0:
        try:
            value, end = _DECODER.raw_decode(text, start)
        except ValueError:
            # What opens here is no JSON, and what opens within it may be: one try an opening keeps the time linear.
            parts.append(text[place : start + 1])
            place = start + 1
            continue
        has_objects = True
        parts += [text[place:start], *(f"\n{line}" for line in _lines_of_object(value)), "\n"]
        place = end
    return "".join([*parts, text[place:]]).strip("\n") if has_objects else given


def _lines_of_object(value: dict[str, object]) -> Iterator[str]:
    """Yield a labelled line a key; lists come last, since what follows them on lines would be taken for items."""
    if _is_message(value):
        # A message of a chat: what it holds is the question, or a part of it.
        yield from str(value["content"]).split("\n")
        return
    lists = []
    for key, entry in value.items():
        if isinstance(entry, list) and entry and all(map(_is_message, entry)):
            for message in entry:
                yield from _lines_of_object(message)
        elif isinstance(entry, list) and len(entry) > 2:
            lists.append((key, [_item(item) for item in entry]))
        elif isinstance(entry, dict) and len(entry) > 2 and all(name.isdecimal() for name in entry):
            lists.append((key, [f"{number}: {_flat(item)}" for number, item in entry.items()]))
        else:
            yield f"{key}: {_flat(entry)}"
    for key, items in lists:
        if all(map(_NUMBERED.match, items)):
            yield from [f"{key}:", *items, ""]
        else:
            yield f"{key}: {', '.join(items)}"


def _is_message(entry: object) -> bool:
    return isinstance(entry, dict) and "role" in entry and isinstance(entry.get("content"), str)


def _item(entry: object) -> str:
    """Return an item of a list as a line, with its number in front where it has one."""
    if isinstance(entry, dict):
        for name in _NUMBER_KEYS:
            if name in entry:
                rest = ", ".join(_flat(value) for key, value in entry.items() if key != name)
                return f"{entry[name]}: {rest}"
    return _flat(entry)


def _flat(entry: object) -> str:
    if isinstance(entry, str):
        return " ".join(entry.split())
    if isinstance(entry, list):
        return ", ".join(map(_flat, entry))
    if isinstance(entry, dict):
        return ", ".join(f"{key}: {_flat(value)}" for key, value in entry.items())
    return str(entry)
