"""Shows an answered question to somebody at a terminal: all that is known of it, in the order in which it came about."""

import math
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from evaluation.predictions import origin
from evaluation.readings import WEAK_EVIDENCE
from evaluation.why import why
from submission.task_types import TaskType

_WIDTH = 100
_INDENT = "    "
_PICTURES = {code: 0x2400 + code for code in range(32) if chr(code) not in "\n\t"} | {0x7F: 0x2421}
# Those of eight bits steer some terminals too.
_PICTURES |= dict.fromkeys(range(0x80, 0xA0), 0xFFFD)


def view(row: Mapping[str, Any]) -> str:
    """Return everything about a row of `predictions.jsonl`, or about an answer without a truth, as lines of text."""
    return "\n".join(_lines(row))


def _lines(row: Mapping[str, Any]) -> Iterator[str]:
    yield _title(row)
    yield from _block("QUESTION", row["question"])
    is_multiple_choice = row["task_type"] == TaskType.MULTIPLE_CHOICE
    reading = why(row["question"], is_multiple_choice)
    yield from _block("READ AS", "\n".join(reading))
    yield from _doubts(row, reading[0].removeprefix("type: "))
    if row.get("prompt") is not None:
        yield from _block(f"PROMPT SENT ({_tokens(row['prompt_tokens'])})", row["prompt"])
    else:
        yield from _block("PROMPT SENT", "none" if row.get("cut") is not None else "the model does not tell")
    if row.get("option_logprobs"):
        yield from _block("LOG-PROBABILITIES OF THE OPTIONS, before calibration", _options(row["option_logprobs"]))
    if row.get("raw_text") is not None:
        yield from _block("RAW TEXT", row["raw_text"])
    yield from _block("ANSWER", row["response"])
    if "truth" in row:
        yield from _block("TRUTH", row["truth"])
        yield f"SCORE  {_score(row)}"
    if how := how_it_came(row):
        yield f"HOW    {how}"


def _title(row: Mapping[str, Any]) -> str:
    parts = [f"question {row['id']}", f"line {row['line']}"] if "id" in row else []
    parts += [str(row[name]) for name in ("task_name", "task_type", "metric") if row.get(name)]
    return f"── {visible(' · '.join(parts))} ".ljust(_WIDTH, "─")


def _block(label: str, text: str) -> Iterator[str]:
    yield label
    yield textwrap.indent(visible(text) or "(empty)", _INDENT, predicate=lambda line: True)


def visible(text: str) -> str:
    """Return `text` with control characters, which could steer the terminal, as their pictures (U+2400 to U+2421)."""
    return text.translate(_PICTURES)


def _doubts(row: Mapping[str, Any], read_now: str) -> Iterator[str]:
    """Say where the reading is not what the data or the run say."""
    found, given = row.get("task_type_found"), row.get("task_type")
    if (confidence := row.get("confidence")) is not None and confidence < WEAK_EVIDENCE:
        yield f"{_INDENT}! weak evidence: the reading is right with a probability of {confidence:.0%}"
    if found is not None and given and found != given:
        yield f"{_INDENT}! the data say that it is {given}; it was read as {found}"
    if found is not None and found != read_now:
        yield f"{_INDENT}! the code reads it as {read_now} today; when it was answered it was read as {found}"


def _options(logprobs: Mapping[str, float]) -> str:
    ordered = sorted(logprobs.items(), key=lambda pair: int(pair[0]))
    return "\n".join(f"{option:>3}  {value:8.3f}  {100 * math.exp(value):5.1f} %" for option, value in ordered)


def _score(row: Mapping[str, Any]) -> str:
    if row["score"] is None:
        return "none: its task could not be scored"
    if counts := row.get("entity_counts"):
        return f"{row['score']:.3f}  ({counts['tp']} right, {counts['fp']} wrong, {counts['fn']} missed)"
    return f"{row['score']:.3f}"


def how_it_came(row: Mapping[str, Any]) -> str:
    """Return in words whose the answer is, what was done to it and what it took; empty where the model does not tell."""
    parts = []
    if row.get("tokens") is not None:
        parts.append(f"{_tokens(row['tokens'])}, {row['seconds']:.2f} s after its batch began")
    whose = {
        "cut": "CUT by the clock",
        "fallback": "FALLBACK: the form answered, not the model",
        "model": "the model's",
    }
    if (from_whom := origin(row)) is not None:
        parts.append(whose[from_whom])
    if row.get("cut") and row.get("fallback"):
        parts.append("the form's fallback")
    if row.get("completed"):
        parts.append("completed or shortened into its form")
    if row.get("calibrated"):
        parts.append("chosen by calibration")
    return "; ".join(parts)


def _tokens(count: int) -> str:
    return "1 token" if count == 1 else f"{count} tokens"


def brief(row: Mapping[str, Any]) -> str:
    """Return a line about a row of `predictions.jsonl`: which, its score, its answer and its truth."""
    score = "   - " if row["score"] is None else f"{row['score']:.3f}"
    flags = "".join(letter if row.get(name) else "." for name, letter in (("cut", "c"), ("fallback", "f")))
    cells = [f"{row.get('id', '?'):>6}", score, flags, row["task_name"][:28].ljust(28)]
    return "  ".join([*cells, f"{_cell(row['response'])} | {_cell(str(row['truth']))}"])


def _cell(text: str) -> str:
    line = visible(" ".join(text.split()))
    return line if len(line) <= 40 else line[:39] + "…"
