"""Reads benchmark questions: one JSON object a line, as the competition's `development.json` has them.

A file may be plain or gzipped, with or without a byte order mark, with either line ending. Whatever is wrong is
reported with file, line and field before a model is loaded. Files without `task_name`, `track` or `is_multiple_choice`
are read too: the name then comes from the file's, the track is unknown, multiple choice follows from the task type.
Everything that takes questions takes them as `Sample`s, training too.
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
    """One question with its truth. `track` is None where the data name none.

    `line` is where it was read, from 1 on, or 0. `metric` is empty where the data name none, which scoring refuses.
    """

    question: str
    truth: Any
    task_name: str
    task_type: TaskType
    metric: str
    track: Track | None = None
    line: int = 0

    @property
    def is_multiple_choice(self) -> bool:
        """Whether the question is asked as multiple choice."""
        return self.task_type is TaskType.MULTIPLE_CHOICE

    def row(self) -> dict[str, Any]:
        """Return the question in the competition's shape, as `read_samples` reads it again."""
        row = {
            "input_field": self.question,
            "output_field": self.truth,
            "task_name": self.task_name,
            "task_type": self.task_type.value,
            "metric": self.metric,
            "is_multiple_choice": self.is_multiple_choice,
            "track": self.track.challenge_id if self.track else None,
        }
        return {field: value for field, value in row.items() if value not in (None, "") or field in _NEEDED}


class FieldError(ShopBenchError):
    """What is wrong with one field of a row."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(message)
        self.field = field


_NEEDED = ("input_field", "output_field")


def read_samples(path: Path, *, scored: bool = True) -> list[Sample]:
    """Read all questions of a file; a `ShopBenchError` names file, line and field of the first fault.

    Without `scored`, for questions that are only trained on, what scoring alone needs is not checked: that a metric
    fits the type and the truth, and that a task has one type and one track. A task that is named after its file may
    then have several metrics.
    """
    samples = []
    for where, row, number in _rows(path):
        try:
            samples.append(sample_of(row, scored=scored, line=number))
        except FieldError as error:
            raise FieldError(error.field, f"{where}: {error}") from error
    if not samples:
        raise ShopBenchError(f"{path} holds no questions")
    samples = _name_unnamed_tasks(path, samples, scored)
    if scored:
        _check_tasks(path, samples)
    return samples


def read_question_texts(path: Path) -> list[str]:
    """Read the texts of a file's questions alone: their truths and types may be kept back."""
    texts = []
    for where, row, _ in _rows(path):
        try:
            texts.append(_text(row, "input_field"))
        except FieldError as error:
            raise FieldError(error.field, f"{where}: not a question with an input_field: {error}") from error
    return texts


def first_row(path: Path) -> dict[str, Any]:
    """Return the first row of a file of JSON objects, whatever it holds."""
    row = next((row for _, row, _ in _rows(path)), None)
    if row is None:
        raise ShopBenchError(f"{path}, line 1: not a JSON object; the file is empty")
    return row


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


def _rows(path: Path) -> Iterator[tuple[str, dict[str, Any], int]]:
    """Yield each row with its place, as errors name it, and the number of its line."""
    for number, line in _lines(path):
        if line.strip():
            where = f"{path}, line {number}"
            yield where, _row(where, line), number


def _row(where: str, line: bytes) -> dict[str, Any]:
    try:
        row = json.loads(line.decode("utf-8"), object_pairs_hook=lambda pairs: _object(where, pairs))
    except UnicodeDecodeError as error:
        raise ShopBenchError(f"{where}: not UTF-8 (byte {error.start + 1} of the line)") from error
    except (ValueError, RecursionError) as error:
        raise ShopBenchError(f"{where}: not a JSON object ({error}); one question a line is expected") from error
    if not isinstance(row, dict):
        raise ShopBenchError(f"{where}: not a JSON object but {_kind(row)}; one question a line is expected")
    return row


def sample_of(row: dict[str, Any], *, scored: bool = True, line: int = 0) -> Sample:
    """Return the question of one row; a `FieldError` says which field is wrong. For `scored` see `read_samples`."""
    for field, value in row.items():
        if holds_half_surrogates(json.dumps(value, ensure_ascii=False)):
            raise FieldError(field, f"field {field!r} holds half of a surrogate pair, which is no character")
    question = _text(row, "input_field")
    task_type = _known_task_type(_text(row, "task_type"))
    metric = _text(row, "metric") if scored or row.get("metric") is not None else ""
    truth_fits = _known_metric(metric, task_type) if scored else None
    if "output_field" not in row:
        raise FieldError("output_field", "field 'output_field' is missing")
    truth = row["output_field"]
    if truth_fits is not None and not truth_fits.is_truth(truth):
        raise FieldError(
            "output_field",
            f"field 'output_field' must be {truth_fits.truth_kind} for metric {metric!r}, not {_shown(truth)}",
        )
    is_multiple_choice = row.get("is_multiple_choice")
    if is_multiple_choice is not None and is_multiple_choice is not (task_type is TaskType.MULTIPLE_CHOICE):
        raise FieldError(
            "is_multiple_choice",
            f"field 'is_multiple_choice' is {_shown(is_multiple_choice)}, which contradicts "
            f"the task type {task_type.value!r}",
        )
    return Sample(
        question=question,
        truth=truth,
        task_name=_text(row, "task_name") if row.get("task_name") is not None else "",
        task_type=task_type,
        metric=metric,
        track=_known_track(_text(row, "track")) if row.get("track") is not None else None,
        line=line,
    )


def _object(where: str, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object in which no key stands twice: which of two values was meant, nobody can tell."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ShopBenchError(f"{where}: field {key!r} is given more than once; keep the value that is meant")
        found[key] = value
    return found


def _text(row: dict[str, Any], field: str) -> str:
    if field not in row:
        raise FieldError(field, f"field {field!r} is missing")
    value = row[field]
    if not isinstance(value, str):
        raise FieldError(field, f"field {field!r} must be a text, not {_shown(value)}")
    return value


def _known_task_type(value: str) -> TaskType:
    try:
        return TaskType(value)
    except ValueError as error:
        known = ", ".join(TaskType)
        raise FieldError("task_type", f"field 'task_type' is {value!r}: known are {known}") from error


def _known_metric(value: str, task_type: TaskType) -> Metric:
    try:
        metric = metric_by_name(value)
    except ShopBenchError as error:
        raise FieldError("metric", f"field 'metric': {error}") from error
    if metric.task_type is not task_type:
        fitting = ", ".join(name for name, known in METRICS.items() if known.task_type is task_type)
        raise FieldError("metric", f"field 'metric' is {value!r}, but {task_type.value} is scored with {fitting}")
    return metric


def _known_track(value: str) -> Track:
    try:
        return track_by_challenge_id(value)
    except ShopBenchError as error:
        known = ", ".join(track.challenge_id for track in TRACKS)
        raise FieldError("track", f"field 'track' is {value!r}: known are {known}") from error


def _name_unnamed_tasks(path: Path, samples: list[Sample], scored: bool) -> list[Sample]:
    """Name tasks after the file where the data do not; of several kinds of questions each is scored as a task."""
    stem = Path(path.name.removesuffix(".gz")).stem
    metrics = {sample.metric for sample in samples if not sample.task_name} if scored else {""}

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
