r"""Questions that are in ShopBench's shape already.

A row of a file of `files`:

    {"input_field": "Find the color in the query.\nQuery: black leather belt men\nOutput:",
     "output_field": ["black"], "task_type": "named_entity_recognition", "metric": "micro f1"}

A recipe names task and track for each file, or the rows do (`task_name`, and `track` where they know it: else it is
guessed from the wording, as the all-around track does). What cannot be read as the type that its row claims is counted,
not built.
"""

import json
from collections import Counter
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

from evaluation.dataset import FieldError, Sample, sample_of
from submission.errors import ShopBenchError
from submission.languages import detect_language
from submission.prompts import track_of
from submission.questions import read_question
from submission.tracks import TRACKS
from training.data.sources.reading import Row, open_rows
from training.data.sources.records import ReadyQuestion, Record
from training.data.sources.source import Source
from training.files import write_json

_COLUMNS = ("input_field", "output_field", "task_type", "metric")
# The all-around track asks the questions of the others.
_TRACKS = tuple(track.number for track in TRACKS[:4])
# From so many questions it is read what all of a task say alike: a chunk may hold a handful of them.
_FIRST_QUESTIONS = 2000
_FAULTS = {
    "input_field": "row without a question or a truth",
    "output_field": "row without a question or a truth",
    "task_type": "row of an unknown task type",
    "task_name": "row without a task or of an unknown track",
    "track": "row without a task or of an unknown track",
}


class ShopBench(Source):
    """Streams "questions" from `files`, a list of `{path, task, track}`, or of `{path}` where rows name their task."""

    name = "shopbench"
    streams: ClassVar[dict[str, type]] = {"questions": ReadyQuestion}

    def __init__(self, scratch: Path, files: list[dict[str, Any]], limit: int | None = None) -> None:
        super().__init__(scratch, limit)
        for file in files:
            if set(file) not in ({"path", "task", "track"}, {"path"}) or file.get("track", 1) not in _TRACKS:
                raise ShopBenchError(
                    f"shopbench: a file needs a path, and task and track (1 to 4) or neither, not {file}"
                )
        self.files = files

    def tasks(self) -> dict[str, int]:
        """Return the track of each task; files that do not name one are read through for it."""
        tasks = {}
        for file in self.files:
            if "task" in file:
                tasks[file["task"]] = file["track"]
                continue
            for row in self._open(file):
                if row.get("task_name") in tasks:
                    continue
                try:
                    sample = sample_of(row, scored=False)
                except FieldError:
                    continue
                if sample.task_name and (track := _track(sample)) in _TRACKS:
                    tasks[sample.task_name] = track
        return tasks

    def prepare(self, unusable: Counter[str]) -> None:
        """Keep the texts of each task's first questions beside what is built: workers would take seconds to open the files."""
        self._kept_texts.parent.mkdir(parents=True, exist_ok=True)
        write_json(self._kept_texts, {task: self._read_texts(task) for task in self.tasks()})

    def texts(self, task: str) -> list[str]:
        """Return the texts of a task's first questions, of all files."""
        kept = json.loads(self._kept_texts.read_text()) if self._kept_texts.exists() else {}
        return kept[task] if task in kept else self._read_texts(task)

    @property
    def _kept_texts(self) -> Path:
        return self.scratch / "texts.json"

    def _read_texts(self, task: str) -> list[str]:
        rows = (
            row
            for file in self.files
            if file.get("task", task) == task
            for row in self._open(file)
            if "task" in file or row.get("task_name") == task
        )
        return list(islice((str(row.get("input_field")) for row in rows), _FIRST_QUESTIONS))

    def _open(self, file: dict[str, Any]) -> Iterator[Row]:
        columns = _COLUMNS if "task" in file else (*_COLUMNS, "task_name")
        return open_rows(file["path"], columns, revision=self.revision, limit=self.limit)

    def locations(self) -> list[str]:
        """Return the path of each file."""
        return [file["path"] for file in self.files]

    def units(self, stream: str) -> Iterator[Any]:
        """Stream (place of the file, number of the row, row)."""
        for place, file in enumerate(self.files):
            for number, row in enumerate(self._open(file)):
                yield place, number, row

    def record(self, stream: str, unit: Any, unusable: Counter[str]) -> Record | None:
        """Check that a row is whole."""
        place, number, row = unit
        file = self.files[place]
        named = {"task_name": file["task"], "track": None} if "task" in file else {}
        try:
            sample = sample_of(row | named, scored=False)
        except FieldError as error:
            unusable[_FAULTS.get(error.field, f"row with a wrong {error.field}")] += 1
            return None
        if not sample.question.strip() or sample.truth in (None, "", []):
            unusable[_FAULTS["output_field"]] += 1
            return None
        track = file["track"] if "task" in file else _track(sample)
        if not sample.task_name or track not in _TRACKS:
            unusable[_FAULTS["track"]] += 1
            return None
        return ReadyQuestion(
            key=f"{place}/{number}",
            language=detect_language(sample.question.strip().rsplit("\n", 1)[0][-600:]),
            task=sample.task_name,
            task_type=sample.task_type,
            metric=sample.metric,
            track=track,
            text=sample.question,
            truth=sample.truth,
        )


def _track(sample: Sample) -> int:
    """Return the number of the track that a row names, or that its wording suggests where it names none."""
    return (sample.track or track_of(read_question(sample.question, sample.is_multiple_choice))).number
