"""The first half of a build: streams become chunks, workers turn each chunk into candidate questions of every task.

A chunk's questions depend on its records and the seed alone, and chunks are counted in their order, so any number of
workers gives the same candidates. A chunk is a file that is whole or absent: a killed build skips those it finds.
"""

import json
import multiprocessing
import os
from collections import Counter, deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random
from threading import Thread
from typing import Any

from tqdm import tqdm

from submission.json_lines import from_line, to_line
from training.data.decontamination import Ngram, ProtectedQuestions, instruction_of, protected_texts, shared_by_many
from training.data.recipe import DataRecipe
from training.data.sources import Source
from training.data.sources.records import Record
from training.data.sources.shopbench import ShopBench
from training.data.tasks import Task
from training.data.tasks.ready import READY_STREAM
from training.data.tasks.task import Pool
from training.data.wanted import wanted_tasks
from training.files import write_json, written_whole

CHUNK_UNITS = 1000
# From so many ready-made questions it is read what all of a task say alike: a chunk may hold a handful of them.
_READY_QUESTIONS = 2000


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


class Worker:
    """What turns chunks into candidates: the sources, the tasks and the protected questions, opened once a process."""

    def __init__(self, recipe: DataRecipe) -> None:
        self.recipe = recipe
        self.sources = recipe.open_sources()
        self.tasks = wanted_tasks(recipe, self.sources)
        self.protected = ProtectedQuestions(protected_texts(recipe.all_protected), recipe.wording_from)
        self._instructions: dict[tuple[str, bool], frozenset[Ngram]] = {}

    def build(self, source: str, stream: str, units: list[Any], wanted: list[str], target: Path) -> Summary:
        """Write the candidates of a chunk for the `wanted` tasks to `target`, grouped by task."""
        summary = Summary(units=len(units))
        reader = self.sources[source]
        path = f"{source}/{stream}"
        records = [record for unit in units if (record := reader.record(stream, unit, summary.unusable)) is not None]
        asked = [record for record in records if self.recipe.is_asked_about(path, record.key)]
        # Held-out questions take wrong answers from all records, training questions nothing from those held out.
        pool = Pool(records if self.recipe.part == "held-out" else asked)
        with written_whole(target) as temporary, temporary.open("wb") as file:
            for name in wanted:
                pool.unusable = summary.skipped[name] = Counter()
                start = file.tell()
                contaminated = summary.contaminated.setdefault(name, [])
                found = self._questions(self.tasks[name], path, asked, pool, contaminated)
                for row in found:
                    file.write(to_line(row))
                    summary.counts[name] += 1
                summary.spans[name] = (start, file.tell() - start)
        return summary

    def _questions(
        self, task: Task, stream: str, asked: list[Record], pool: Pool[Record], contaminated: list[dict[str, str]]
    ) -> Iterator[dict[str, Any]]:
        instruction = self._instruction(task, is_ready=stream == READY_STREAM)
        for record in asked:
            for number in range(task.questions_per_record):
                seed = f"{self.recipe.seed}/{task.name}/{stream}/{record.key}/{number}"
                row = task.question(stream, record, pool, Random(seed))
                if row is None:
                    continue
                row = {"id": f"{stream}/{record.key}/{task.name}/{number}", **row}
                ngram = self.protected.shared_ngram(row["question"], instruction)
                if ngram is not None:
                    contaminated.append({"id": row["id"], "shared": ngram, "question": row["question"]})
                    continue
                yield row

    def _instruction(self, task: Task, is_ready: bool) -> frozenset[Ngram]:
        """Return the word sequences of a task's own wordings, or of what its ready-made questions say alike in all files."""
        key = task.name, is_ready
        if key not in self._instructions:
            shopbench = self.sources.get(ShopBench.name)
            self._instructions[key] = (
                shared_by_many(shopbench.texts(task.name, _READY_QUESTIONS))
                if is_ready and isinstance(shopbench, ShopBench)
                else instruction_of(task.wordings)
            )
        return self._instructions[key]


_worker: Worker | None = None


def start_worker(recipe: DataRecipe) -> None:
    """Set up this process for `build_chunk`."""
    global _worker
    Thread(target=_end_with_parent, daemon=True).start()
    _worker = Worker(recipe)


def _end_with_parent() -> None:
    """End this process when the build is killed: it would wait for work for ever, or write what a new build writes."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def build_chunk(source: str, stream: str, units: list[Any], wanted: list[str], target: Path) -> Summary:
    """Build one chunk in a worker process; the summary beside it says that it is whole."""
    assert _worker is not None
    summary = _worker.build(source, stream, units, wanted, target)
    write_json(target.with_suffix(".json"), summary.to_json())
    return summary


def build_stream(
    recipe: DataRecipe, source: Source, stream: str, limits: dict[str, int], executor: Executor, bar: tqdm
) -> Summary:
    """Build the candidates of one stream until every task has its limit or the stream ends; return the sums."""
    folder = recipe.work / "candidates" / f"{source.name}.{stream}"
    total_file = folder / "total.json"
    if total_file.exists():
        total = Summary.from_json(json.loads(total_file.read_text()))
        bar.update(sum(total.counts.values()))
        return total
    folder.mkdir(parents=True, exist_ok=True)
    total = Summary(chunks=0)
    pending: deque[Summary | Future[Summary]] = deque()

    def open_tasks() -> list[str]:
        return [name for name, limit in limits.items() if total.counts[name] < limit]

    def take_first() -> None:
        result = pending.popleft()
        _add(total, result.result() if isinstance(result, Future) else result, limits, bar)

    try:
        for number, units in enumerate(_batches(source.units(stream), CHUNK_UNITS)):
            wanted = open_tasks()
            if not wanted:
                break
            target = folder / f"{number:06d}.jsonl"
            summary_file = target.with_suffix(".json")
            if summary_file.exists():
                pending.append(Summary.from_json(json.loads(summary_file.read_text())))
            else:
                pending.append(executor.submit(build_chunk, source.name, stream, units, wanted, target))
            if len(pending) > 2 * recipe.workers:
                take_first()
        while pending and open_tasks():
            take_first()
    finally:
        for result in pending:
            if isinstance(result, Future):
                result.cancel()
    write_json(total_file, total.to_json())
    return total


def _add(total: Summary, summary: Summary, limits: dict[str, int], bar: tqdm) -> None:
    """Add a chunk; a task that had its limit before is not counted on, however much of it was built ahead."""
    total.units += summary.units
    total.chunks += summary.chunks
    total.unusable.update(summary.unusable)
    for name, limit in limits.items():
        if total.counts[name] >= limit:
            continue
        added = min(summary.counts[name], limit - total.counts[name])
        total.counts[name] += added
        total.skipped.setdefault(name, Counter()).update(summary.skipped.get(name, {}))
        total.contaminated.setdefault(name, []).extend(summary.contaminated.get(name, []))
        bar.update(added)


def candidates_of(recipe: DataRecipe, task: str, stream: str, limit: int) -> Iterator[dict[str, Any]]:
    """Read back up to `limit` candidates of a task from a stream ("source/stream"), in the order of the source."""
    folder = recipe.work / "candidates" / stream.replace("/", ".")
    chunks = json.loads((folder / "total.json").read_text())["chunks"]
    return islice(_read(folder, task, chunks), limit)


def _read(folder: Path, task: str, chunks: int) -> Iterator[dict[str, Any]]:
    for number in range(chunks):
        target = folder / f"{number:06d}.jsonl"
        span = json.loads(target.with_suffix(".json").read_text())["spans"].get(task)
        if not span or not span[1]:
            continue
        with target.open("rb") as file:
            file.seek(span[0])
            for line in file.read(span[1]).splitlines():
                yield from_line(line)


def _batches(units: Iterator[Any], size: int) -> Iterator[list[Any]]:
    while batch := list(islice(units, size)):
        yield batch
