"""The rows of `predictions.jsonl`: one question each, with its answer, where that came from, and its score.

The one thing to know: every field has one type in all rows (or is null), so that any tool reads the file as a table. A truth
and an answer are numbers, lists or texts by the question's type: they stand as text, what is no text as JSON.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from evaluation.dataset import Sample
from evaluation.journal import AnsweredBatch
from evaluation.metrics import EntityCounts
from evaluation.scoring import ScoredSample
from submission.errors import ShopBenchError

Row = dict[str, Any]

DETAILS: Mapping[str, Callable[[Any], Any]] = {
    "task_type": str,
    "form": str,
    "confidence": float,
    "prompt": str,
    "prompt_tokens": int,
    "tokens": int,
    "seconds": float,
    "option_logprobs": dict,
    "raw_text": str,
    "answer": str,
    "cut": bool,
    "completed": bool,
    "fallback": bool,
    "calibrated": bool,
}
"""What a model may tell of an answer, by the name of the attribute, and the type that it has in the file."""

_SHOWN = [name for name in DETAILS if name not in ("task_type", "answer")]
ORIGINS = ("model", "cut", "fallback")


def details_of(answer: Any) -> dict[str, Any]:
    """Return what `answer`, one of a model's `last_answers`, tells of itself; attributes that are not there are left out."""
    found = {}
    for name, convert in DETAILS.items():
        value = getattr(answer, name, None)
        if value is not None:
            try:
                found[name] = convert(value)
            except (TypeError, ValueError) as error:
                raise ShopBenchError(
                    f"last_answers of the model: {name!r} must be {convert.__name__}, not {value!r}"
                ) from error
    return found


def answer_rows(samples: Sequence[Sample], numbers: Mapping[int, int], batches: Sequence[AnsweredBatch]) -> list[Row]:
    """Return the rows of `answers.jsonl`, one a question and in their order; `numbers` are `numbers_of` the whole file."""
    responses: dict[int, str] = {}
    details: dict[int, Mapping[str, Any]] = {}
    for batch in batches:
        responses.update(zip(batch.positions, batch.responses, strict=True))
        details.update(zip(batch.positions, batch.details or (), strict=False))
    return [
        _answer_row(numbers[sample.line], sample, responses[position], details.get(position, {}))
        for position, sample in enumerate(samples)
    ]


def _answer_row(number: int, sample: Sample, response: str, details: Mapping[str, Any]) -> Row:
    return {
        "id": number,
        "line": sample.line,
        "question": sample.question,
        "task_name": sample.task_name,
        "track": sample.track.challenge_id if sample.track else None,
        "task_type": sample.task_type.value,
        "metric": sample.metric,
        "task_type_found": details.get("task_type"),
        **{name: details.get(name) for name in _SHOWN},
        "response": response,
    }


def scored_row(answer: Mapping[str, Any], scored: ScoredSample) -> Row:
    """Return the row of `predictions.jsonl`: an answer with what the evaluator reads in it and what that is worth."""
    counts = scored.score if isinstance(scored.score, EntityCounts) else None
    return {
        **answer,
        "answer": as_text(scored.answer),
        "truth": as_text(scored.sample.truth),
        "score": scored.score if counts is None else f1(counts),
        "entity_counts": asdict(counts) if counts else None,
    }


def as_text(value: Any) -> str:
    """Return a text as it is and anything else as JSON."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def f1(counts: EntityCounts) -> float:
    """Return the F1 of a single question, 0 where nothing was right."""
    return 2 * counts.tp / (2 * counts.tp + counts.fp + counts.fn) if counts.tp else 0.0


def origin(row: Mapping[str, Any]) -> str | None:
    """Return whose the answer is, one of `ORIGINS`: the model's, one that the clock ended or prevented, or a fallback.

    None where the model does not tell.
    """
    if row.get("cut") is None or row.get("fallback") is None:
        return None
    return "cut" if row["cut"] else "fallback" if row["fallback"] else "model"


def count_origins(rows: Iterable[Mapping[str, Any]]) -> dict[str, int] | None:
    """Return how many answers are the model's, cut and fallbacks; None where the model does not tell."""
    found = Counter(map(origin, rows))
    return None if None in found else {name: found[name] for name in ORIGINS}


def warning(counts: Mapping[str, int] | None) -> str | None:
    """Return a line for an evaluation whose score says little, since most answers are not the model's."""
    total = sum(counts.values()) if counts else 0
    if not counts or 2 * counts["model"] >= total:
        return None
    return (
        f"ONLY {counts['model']} OF {total} ANSWERS ARE THE MODEL'S: {counts['cut']} were cut by the clock and "
        f"{counts['fallback']} are fallbacks. These scores say little about the model."
    )


def numbers_of(samples: Sequence[Sample]) -> dict[int, int]:
    """Return by line the number of each question of a file, counted from 1."""
    return {sample.line: number for number, sample in enumerate(samples, start=1)}
