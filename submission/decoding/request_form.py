"""Reads the form that a request brings in its extra arguments, and refuses what a server could not afford.

Over HTTP, `vllm_xargs` passes strings, numbers and lists of them only: there the form is its plain data as a JSON string.
"""

from collections.abc import Mapping
from typing import Any

import orjson

from submission.answer_formats import AnswerFormat, FreeText, Spans, format_from_dict

EXTRA_ARG = "answer_format"
"""The key of a request's form in `SamplingParams.extra_args`."""

# One request must not hold up all others. Building these takes about a second, and no memory worth mentioning.
_MOST_NUMBERS = 10_000
_LARGEST_NUMBER = 10**9
_LONGEST_SOURCE = 1_000_000
_MOST_WORDS = 100


def read_form(extra_args: Mapping[str, Any] | None) -> AnswerFormat | None:
    """Return the form that constrains a request, None where nothing does; `ValueError` says what is wrong with it."""
    data = (extra_args or {}).get(EXTRA_ARG)
    if data is None:
        return None
    form = format_from_dict(_from_json(data) if isinstance(data, str) else data)
    if isinstance(form, FreeText):
        return None
    _check_size(form)
    return form


def check_form(extra_args: Mapping[str, Any] | None, has_structure: bool) -> None:
    """Raise a `ValueError` that names the argument unless `read_form` can read it.

    `has_structure` says whether vLLM is to keep the answer to a grammar of its own: no token may be left by both.
    """
    try:
        if read_form(extra_args) is not None and has_structure:
            raise ValueError("a request has a form or structured_outputs (response_format), not both")
    except ValueError as error:
        # What is wrong may be a list of a million numbers.
        raise ValueError(f"extra_args[{EXTRA_ARG!r}]: {str(error)[:500]}") from error


def _from_json(text: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError as error:
        raise ValueError(
            f"an answer format is a dict with the key 'form', or that as a JSON string, which this is not: {error}"
        ) from error


def _check_size(form: AnswerFormat) -> None:
    if isinstance(form, Spans):
        if len(form.source) > _LONGEST_SOURCE:
            raise ValueError(f"a source has at most {_LONGEST_SOURCE:,} characters, not {len(form.source):,}")
        if max(form.max_words, form.max_phrases) > _MOST_WORDS:
            raise ValueError(f"max_words and max_phrases are at most {_MOST_WORDS}")
    elif not isinstance(form, FreeText):
        if len(form.items) > _MOST_NUMBERS:
            raise ValueError(f"a form has at most {_MOST_NUMBERS:,} numbers, not {len(form.items):,}")
        if max(form.items) > _LARGEST_NUMBER:
            raise ValueError(f"numbers are at most {_LARGEST_NUMBER:,}")
