"""The files of a build's candidates: chunks of questions, grouped by task, each with a summary beside it.

A chunk's summary is written last: where it is there, the chunk is whole.
"""

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from submission.json_lines import from_line
from training.data.recipe import DataRecipe
from training.data.rows import CandidateRow
from training.files import write_json

CHUNK_UNITS = 1000


@dataclass
class Summary:
    """What a chunk came to, or a stream of `chunks`. `spans` are the bytes of each task's candidates in a chunk's file."""

    units: int = 0
    chunks: int = 1
    unusable: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    skipped: dict[str, Counter[str]] = field(default_factory=dict)
    contaminated: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    spans: dict[str, tuple[int, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return plain data."""
        return dict(vars(self))

    @staticmethod
    def from_json(data: dict[str, Any]) -> "Summary":
        """Read what `to_json` gave."""
        skipped = {task: Counter(reasons) for task, reasons in data["skipped"].items()}
        counters = {name: Counter(data[name]) for name in ("unusable", "counts")}
        return Summary(**{**data, **counters, "skipped": skipped})


def chunks_of(units: Iterator[Any]) -> Iterator[list[Any]]:
    """Cut the units of a stream into chunks."""
    while chunk := list(islice(units, CHUNK_UNITS)):
        yield chunk


def stream_folder(recipe: DataRecipe, stream: str) -> Path:
    """Return where the candidates of a stream ("source/stream") lie."""
    return recipe.work / "candidates" / stream.replace("/", ".")


def chunk_file(folder: Path, number: int) -> Path:
    """Return where the candidates of a stream's chunk lie."""
    return folder / f"{number:06d}.jsonl"


def write_summary(target: Path, summary: Summary) -> None:
    """Write the summary of the chunk at `target`, which is whole from now on."""
    write_json(target.with_suffix(".json"), summary.to_json())


def read_summary(target: Path) -> Summary | None:
    """Return the summary of the chunk at `target`, None where that is not whole."""
    file = target.with_suffix(".json")
    return Summary.from_json(json.loads(file.read_text())) if file.exists() else None


def candidates_of(recipe: DataRecipe, task: str, stream: str, limit: int) -> Iterator[CandidateRow]:
    """Read back up to `limit` candidates of a task from a stream ("source/stream"), in the order of the source."""
    folder = stream_folder(recipe, stream)
    chunks = json.loads((folder / "total.json").read_text())["chunks"]
    return islice(_read(folder, task, chunks), limit)


def _read(folder: Path, task: str, chunks: int) -> Iterator[CandidateRow]:
    for number in range(chunks):
        target = chunk_file(folder, number)
        summary = read_summary(target)
        start, size = summary.spans.get(task, (0, 0)) if summary else (0, 0)
        if not size:
            continue
        with target.open("rb") as file:
            file.seek(start)
            for line in file.read(size).splitlines():
                yield from_line(line)
