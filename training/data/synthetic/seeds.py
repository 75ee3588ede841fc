"""Seeds from the sources: built questions and records, spread over streams and always in the same order."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice, zip_longest
from typing import Any

from training.data.chunks import CHUNK_UNITS
from training.data.rows import CandidateRow
from training.data.sources.records import Record
from training.data.synthetic.items import Context
from training.data.tasks.task import Pool, Task


def records(context: Context, stream: str) -> Iterator[Record]:
    """Yield the records of a stream ("source/stream") that are not held out, none where the recipe has no such source."""
    source_name, stream_name = stream.split("/")
    source = context.sources.get(source_name)
    if source is None:
        return
    source.prepare_once()
    for unit in source.units(stream_name):
        record = source.record(stream_name, unit, Counter())
        if record is not None and context.is_asked_about(stream, record.key):
            yield record


def pools(context: Context, stream: str) -> Iterator[Pool[Any]]:
    """Yield the records of a stream in chunks, each a pool of its own, so that any number of them fits in memory."""
    found = records(context, stream)
    while chunk := list(islice(found, CHUNK_UNITS)):
        yield Pool(chunk)


def first_pool(context: Context, stream: str) -> Pool[Any]:
    """Return the first records of a stream, read once."""
    if stream not in context.pools:
        context.pools[stream] = next(pools(context, stream), Pool([]))
    return context.pools[stream]


def built_questions(context: Context, count: int, usable: Callable[[CandidateRow], bool]) -> list[CandidateRow]:
    """Return questions of all tasks in turn that are `usable`, in the build's columns."""
    tasks = [replace(task, wordings=context.wordings(task)) for _, task in sorted(context.tasks.items())]
    by_task: dict[str, list[CandidateRow]] = {task.name: [] for task in tasks}
    # Twice a task's share: some tasks give less than theirs.
    most = -(-2 * count // max(1, len(tasks)))
    for stream in sorted({stream for task in tasks for stream in task.builders}):
        chunks = pools(context, stream)
        while asked := [task for task in tasks if stream in task.builders and len(by_task[task.name]) < most]:
            pool = next(chunks, None)
            if pool is None:
                break
            for task in asked:
                found = by_task[task.name]
                found += islice(filter(usable, _questions(task, stream, pool, context)), most - len(found))
    turns = (row for rows in zip_longest(*by_task.values()) for row in rows if row is not None)
    return list(islice(turns, count))


def _questions(task: Task, stream: str, pool: Pool[Record], context: Context) -> Iterator[CandidateRow]:
    for record in pool.records:
        row = task.question(stream, record, pool, context.rng(f"{task.name}/{stream}/{record.key}"))
        if row is not None:
            yield {**row, "id": f"{stream}/{record.key}/{task.name}"}
