"""One JSON value a line: the one pair of functions that every file of lines is written and read with.

The one thing to know: orjson is several times as fast as the standard library and refuses some of what that takes.
Halves of surrogate pairs, NaN and integers of more than 64 bits are such. What it refuses goes through the standard
library.
"""

import json
from typing import Any

import orjson


def to_line(value: Any) -> bytes:
    """Return plain data as a line of JSON in UTF-8, its end included; `TypeError` where something is no plain data."""
    try:
        return orjson.dumps(value, option=orjson.OPT_APPEND_NEWLINE)
    except TypeError:
        # In ASCII, since half a surrogate pair can be spelt but not encoded.
        return json.dumps(value).encode("ascii") + b"\n"


def from_line(line: bytes | str) -> Any:
    """Return what a line holds; `ValueError` where it is not JSON or nested too deeply to be read.

    Integers of more than 64 bits come as floats.
    """
    try:
        return orjson.loads(line)
    except orjson.JSONDecodeError:
        try:
            return json.loads(line)
        except RecursionError as error:
            raise ValueError("nested too deeply") from error
