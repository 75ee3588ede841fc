"""Reads benchmark questions: one JSON object a line, as the competition's `development.json` has them.

A file may be plain or gzipped, with or without a byte order mark, with either line ending. Whatever is wrong is
reported with file, line and field before a model is loaded. Files without `task_name`, `track` or `is_multiple_choice`
are read too: the name then comes from the file's, the track is unknown, multiple choice follows from the task type.
"""

import gzip
import hashlib
import json
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, replace
from pathlib import Path
from typing import Any

from evaluation.metrics import METRICS, Metric, metric_by_name
from submission.errors import ShopBenchError
from submission.half_surrogates import holds_half_surrogates
from submission.task_types import TaskType
from submission.tracks import TRACKS, Track, track_by_challenge_id

_GZIP_MAGIC = b"\x1f\x8b"
# Half of a character: JSON can spell it, but neither a file nor a tokenizer takes it.


@dataclass(frozen=True)
class Sample:
    """One question with its truth. `track` is None where the data name none; `line` counts from 1."""

    question: str
    truth: Any
    task_name: str
    task_type: TaskType
    metric: str
    track: Track | None
    line: int


def read_samples(path: Path) -> list[Sample]:
    """Read all questions of a file; a `ShopBenchError` names file, line and field of the first fault."""
    samples = [_read_sample(path, number, line) for number, line in _lines(path) if line.strip()]
    if not samples:
        raise ShopBenchError(f"{path} holds no questions")
    samples = _name_unnamed_tasks(path, samples)
    _check_tasks(path, samples)
    return samples


def find_duplicates(samples: Sequence[Sample]) -> list[tuple[int, int]]:
    """Return (line, line of the first occurrence) for every question that is asked again word for word."""
    first: dict[str, int] = {}
    return [
        (sample.line, first[sample.question])
        for sample in samples
        if first.setdefault(sample.question, sample.line) != sample.line
    ]


def fingerprint(samples: Sequence[Sample]) -> str:
    """Return a SHA-256 over everything in `samples`, to recognise the same questions again."""
    digest = hashlib.sha256()
    for sample in samples:
        digest.update(repr(astuple(sample)).encode("utf-8", "backslashreplace"))
    return digest.hexdigest()


def _lines(path: Path) -> Iterator[tuple[int, bytes]]:
    try:
        with path.open("rb") as raw:
            is_gzip = raw.read(2) == _GZIP_MAGIC
        with gzip.open(path) if is_gzip else path.open("rb") as file:
            for number, line in enumerate(file, start=1):
                yield number, line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line
    except (OSError, EOFError, zlib.error) as error:
        raise ShopBenchError(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from error


def _read_sample(path: Path, number: int, line: bytes) -> Sample:
    where = f"{path}, line {number}"
    try:
        row = json.loads(line.decode("utf-8"), object_pairs_hook=lambda pairs: _object(where, pairs))
    except UnicodeDecodeError as error:
        raise ShopBenchError(f"{where}: not UTF-8 (byte {error.start + 1} of the line)") from error
    except (ValueError, RecursionError) as error:
        raise ShopBenchError(f"{where}: not a JSON object ({error}); one question a line is expected") from error
    if not isinstance(row, dict):
        raise ShopBenchError(f"{where}: not a JSON object but {_kind(row)}; one question a line is expected")
    for field, value in row.items():
        if holds_half_surrogates(json.dumps(value, ensure_ascii=False)):
            raise ShopBenchError(f"{where}: field {field!r} holds half of a surrogate pair, which is no character")
    task_type = _known_task_type(where, _text(where, row, "task_type"))
    metric = _known_metric(where, _text(where, row, "metric"), task_type)
    if "output_field" not in row:
        raise ShopBenchError(f"{where}: field 'output_field' is missing")
    truth = row["output_field"]
    if not metric.is_truth(truth):
        raise ShopBenchError(
            f"{where}: field 'output_field' must be {metric.truth_kind} for metric {metric.name!r}, not {_shown(truth)}"
        )
    is_multiple_choice = row.get("is_multiple_choice")
    if is_multiple_choice is not None and is_multiple_choice is not (task_type is TaskType.MULTIPLE_CHOICE):
        raise ShopBenchError(
            f"{where}: field 'is_multiple_choice' is {_shown(is_multiple_choice)}, which contradicts "
            f"the task type {task_type.value!r}"
        )
    return Sample(
        question=_text(where, row, "input_field"),
        truth=truth,
        task_name=_text(where, row, "task_name") if row.get("task_name") is not None else "",
        task_type=task_type,
        metric=metric.name,
        track=_known_track(where, _text(where, row, "track")) if row.get("track") is not None else None,
        line=number,
    )


def _object(where: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object in which no key stands twice: which of two values was meant, nobody can tell."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ShopBenchError(f"{where}: field {key!r} is given more than once; keep the value that is meant")
        found[key] = value
    return found


def _text(where: str, row: dict[str, Any], field: str) -> str:
    if field not in row:
        raise ShopBenchError(f"{where}: field {field!r} is missing")
    value = row[field]
    if not isinstance(value, str):
        raise ShopBenchError(f"{where}: field {field!r} must be a text, not {_shown(value)}")
    return value


def _known_task_type(where: str, value: str) -> TaskType:
    try:
        return TaskType(value)
    except ValueError as error:
        known = ", ".join(TaskType)
        raise ShopBenchError(f"{where}: field 'task_type' is {value!r}: known are {known}") from error


def _known_metric(where: str, value: str, task_type: TaskType) -> Metric:
    try:
        metric = metric_by_name(value)
    except ShopBenchError as error:
        raise ShopBenchError(f"{where}: field 'metric': {error}") from error
    if metric.task_type is not task_type:
        fitting = ", ".join(name for name, known in METRICS.items() if known.task_type is task_type)
        raise ShopBenchError(f"{where}: field 'metric' is {value!r}, but {task_type.value} is scored with {fitting}")
    return metric


def _known_track(where: str, value: str) -> Track:
    try:
        return track_by_challenge_id(value)
    except ShopBenchError as error:
        known = ", ".join(track.challenge_id for track in TRACKS)
        raise ShopBenchError(f"{where}: field 'track' is {value!r}: known are {known}") from error


def _name_unnamed_tasks(path: Path, samples: list[Sample]) -> list[Sample]:
    """Name tasks after the file where the data do not; one file may hold several kinds of questions."""
    stem = path.name.split(".")[0]
    metrics = {sample.metric for sample in samples if not sample.task_name}

    def name(sample: Sample) -> str:
        return stem if len(metrics) == 1 else f"{stem} ({sample.metric})"

    return [sample if sample.task_name else replace(sample, task_name=name(sample)) for sample in samples]


def _check_tasks(path: Path, samples: Sequence[Sample]) -> None:
    """A task has one type and one track. Its metrics may differ: titles into German and Japanese are one task."""
    first: dict[str, Sample] = {}
    for sample in samples:
        other = first.setdefault(sample.task_name, sample)
        for field in ("task_type", "track"):
            if getattr(sample, field) is not getattr(other, field):
                raise ShopBenchError(
                    f"{path}, line {sample.line}: field {field!r} of task {sample.task_name!r} differs from the one in "
                    f"line {other.line}; a task has one"
                )


def _kind(value: Any) -> str:
    return {list: "a list", str: "a text", bool: "true or false", type(None): "null"}.get(type(value), "a number")


def _shown(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 60 else text[:57] + "..."
