"""Questions that are in ShopBench's shape already: the files say what the question and the truth are, not the task.

A recipe names task and track for each file. What cannot be read as the type that its row claims is counted, not built.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from submission.errors import ShopBenchError
from submission.languages import detect_language
from submission.task_types import TaskType
from training.sources.reading import open_rows
from training.sources.records import ReadyQuestion, Record
from training.sources.source import Source

_COLUMNS = ("input_field", "output_field", "task_type", "metric")
_TYPES = frozenset(map(str, TaskType))


class ShopBench(Source):
    """Streams "questions" from `files`, a list of `{path, task, track}`."""

    name = "shopbench"
    streams: ClassVar[dict[str, type]] = {"questions": ReadyQuestion}

    def __init__(self, scratch: Path, files: list[dict[str, Any]], limit: int | None = None) -> None:
        super().__init__(scratch, limit)
        for file in files:
            if set(file) != {"path", "task", "track"} or file["track"] not in (1, 2, 3, 4):
                raise ShopBenchError(f"shopbench: every file needs path, task and track (1 to 4), not {file}")
        self.files = files

    def locations(self) -> list[str]:
        """Return the path of each file."""
        return [file["path"] for file in self.files]

    def units(self, stream: str) -> Iterator[Any]:
        """Stream (place of the file, number of the row, row)."""
        for place, file in enumerate(self.files):
            for number, row in enumerate(open_rows(file["path"], _COLUMNS, limit=self.limit)):
                yield place, number, row

    def record(self, stream: str, unit: Any, unusable: Counter[str]) -> Record | None:
        """Check that a row is whole."""
        place, number, row = unit
        text = row.get("input_field")
        if not isinstance(text, str) or not text.strip() or row.get("output_field") in (None, "", []):
            unusable["row without a question or a truth"] += 1
            return None
        if row.get("task_type") not in _TYPES:
            unusable["row of an unknown task type"] += 1
            return None
        file = self.files[place]
        return ReadyQuestion(
            key=f"{file['task']}/{number}",
            language=detect_language(text.strip().rsplit("\n", 1)[0][-600:]),
            task=file["task"],
            task_type=row["task_type"],
            metric=str(row.get("metric")),
            track=file["track"],
            text=text,
            truth=row["output_field"],
        )
