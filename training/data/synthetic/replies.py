"""Reads the JSON object out of a reply: as it stands, behind a thought, in a fence, or among words.

A reply that was cut at its length is never read, whatever it holds: what is missing cannot be seen.
"""

import json
import re
from typing import Any

from submission.thoughts import without_thought
from training.data.sources.cleaning import without_half_characters
from training.data.synthetic.requests import Reply, WriterRequest

_OPENING = re.compile(r"[\[{]")
_FENCED = re.compile(r"^[ \t>]*(?:```|~~~)[ \t]*[\w+-]*\s*(?=[\[{])", re.MULTILINE)
_DECODER = json.JSONDecoder()


class RejectedError(Exception):
    """What a writer wrote cannot be used; the message is the reason, counted as it stands."""


def read_reply(reply: Reply) -> dict[str, Any]:
    """Return the object of a structured reply; `RejectedError` where the writer refused, was cut off or wrote another."""
    if reply.refusal:
        raise RejectedError("the writer refused the request")
    if reply.is_cut:
        raise RejectedError("the reply was cut at its length")
    value = _read(reply.text)
    if not isinstance(value, dict):
        raise RejectedError("the reply is not a JSON object")
    return without_half_characters(value)


def why_unreadable(request: WriterRequest, reply: Reply) -> str:
    """Return why a reply does not hold the object that was asked for, empty where it does."""
    try:
        value = read_reply(reply)
    except RejectedError as error:
        return str(error)
    wanted = json.loads(request.schema)["required"] if request.schema else []
    lacking = [key for key in wanted if value.get(key) is None]
    return f"the object lacks {lacking[0]!r}" if lacking else ""


def is_readable(request: WriterRequest, reply: Reply) -> bool:
    """Whether a reply holds the object that was asked for, with all its keys."""
    return not why_unreadable(request, reply)


def _read(text: str) -> Any:
    # What is JSON as a whole is not searched: its texts may well speak of thoughts and fences.
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        pass
    answer = without_thought(text)
    if answer is None:
        raise RejectedError("the reply ends inside a thought")
    # Where there is a fence, braces among the words around it mean nothing.
    values = _values_at(_FENCED, answer) if _FENCED.search(answer) else _values_at(_OPENING, answer)
    objects = [value for value in values if isinstance(value, dict)] or values
    if not objects:
        raise RejectedError("the reply is not whole JSON")
    if any(value != objects[0] for value in objects):
        raise RejectedError("the reply holds several JSON objects")
    return objects[0]


def _values_at(opening: re.Pattern[str], text: str) -> list[Any]:
    """Return the JSON objects and lists that begin there, none where one is broken: its inner objects are not the answer."""
    values = []
    place = 0
    while found := opening.search(text, place):
        start = found.end() if opening is _FENCED else found.start()
        try:
            value, place = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):
            return []
        values.append(value)
    return values
