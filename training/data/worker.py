"""What a worker process of a build does: it turns a chunk of a source's records into candidate questions of every task.

A chunk's questions depend on its records and the seed alone, so any number of workers gives the same candidates.
"""

import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from typing import Any

from submission.json_lines import to_line
from training.data.chunks import Summary, write_summary
from training.data.decontamination import Ngram, ProtectedQuestions, instruction_of, protected_texts, shared_by_many
from training.data.recipe import DataRecipe
from training.data.rows import CandidateRow
from training.data.sources.records import Record
from training.data.sources.shopbench import ShopBench
from training.data.tasks import Task
from training.data.tasks.ready import READY_STREAM
from training.data.tasks.task import Pool
from training.data.wanted import wanted_tasks
from training.files import written_whole


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
    ) -> Iterator[CandidateRow]:
        instruction = self._instruction(task, is_ready=stream == READY_STREAM)
        for record in asked:
            for row in task.questions(stream, record, pool, self.recipe.seed):
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
                shared_by_many(shopbench.texts(task.name))
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
    write_summary(target, summary)
    return summary
