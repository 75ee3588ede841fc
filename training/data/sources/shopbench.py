"""Questions that are in ShopBench's shape already.

A recipe names task and track for each file, or the rows do (`task_name`, and `track` where they know it: else it is
guessed from the wording, as the all-around track does). What cannot be read as the type that its row claims is counted,
not built.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from submission.errors import ShopBenchError
from submission.languages import detect_language
from submission.prompts import track_of
from submission.questions import read_question
from submission.task_types import TaskType
from submission.tracks import TRACKS
from training.data.sources.reading import Row, open_rows
from training.data.sources.records import ReadyQuestion, Record
from training.data.sources.source import Source

_COLUMNS = ("input_field", "output_field", "task_type", "metric")
_TYPES = frozenset(map(str, TaskType))
_TRACKS = {track.challenge_id: track.number for track in TRACKS[:4]}


class ShopBench(Source):
    """Streams "questions" from `files`, a list of `{path, task, track}`, or of `{path}` where rows name their task."""

    name = "shopbench"
    streams: ClassVar[dict[str, type]] = {"questions": ReadyQuestion}

    def __init__(self, scratch: Path, files: list[dict[str, Any]], limit: int | None = None) -> None:
        super().__init__(scratch, limit)
        for file in files:
            if set(file) not in ({"path", "task", "track"}, {"path"}) or file.get("track", 1) not in _TRACKS.values():
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
                name = row.get("task_name")
                if isinstance(name, str) and name not in tasks and (track := _track(row)):
                    tasks[name] = track
        return tasks

    def _open(self, file: dict[str, Any]) -> Iterator[Row]:
        columns = _COLUMNS if "task" in file else (*_COLUMNS, "task_name")
        return open_rows(file["path"], columns, limit=self.limit)

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
        text = row.get("input_field")
        if not isinstance(text, str) or not text.strip() or row.get("output_field") in (None, "", []):
            unusable["row without a question or a truth"] += 1
            return None
        if not isinstance(row.get("task_type"), str) or row["task_type"] not in _TYPES:
            unusable["row of an unknown task type"] += 1
            return None
        task, track = self._task(place, row)
        if not task or not track:
            unusable["row without a task or of an unknown track"] += 1
            return None
        return ReadyQuestion(
            key=f"{place}/{number}",
            language=detect_language(text.strip().rsplit("\n", 1)[0][-600:]),
            task=task,
            task_type=row["task_type"],
            metric=str(row.get("metric")),
            track=track,
            text=text,
            truth=row["output_field"],
        )

    def _task(self, place: int, row: Row) -> tuple[str, int | None]:
        file = self.files[place]
        if "task" in file:
            return file["task"], file["track"]
        name = row.get("task_name")
        return (name if isinstance(name, str) else ""), _track(row)


def _track(row: Row) -> int | None:
    """Return the number of the track that a row names, or that its wording suggests where it names none."""
    name = row.get("track")
    if name is not None:
        return _TRACKS.get(name) if isinstance(name, str) else None
    text = row.get("input_field")
    if not isinstance(text, str):
        return None
    return track_of(read_question(text, row.get("task_type") == TaskType.MULTIPLE_CHOICE)).number
