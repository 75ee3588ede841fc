"""Seeds from the sources: built questions and records, spread over streams and always in the same order."""

from collections import Counter
from collections.abc import Iterator
from itertools import islice
from typing import Any

from training.candidates import CHUNK_UNITS
from training.sources.records import Record
from training.synthetic.items import Context
from training.tasks.task import Pool


def records(context: Context, stream: str) -> Iterator[Record]:
    """Yield the records of a stream ("source/stream"), none where the recipe has no such source."""
    source_name, stream_name = stream.split("/")
    source = context.sources.get(source_name)
    if source is None:
        return
    source.prepare_once()
    for unit in source.units(stream_name):
        record = source.record(stream_name, unit, Counter())
        if record is not None:
            yield record


def pool_of(context: Context, stream: str) -> Pool:
    """Return the first records of a stream, read once."""
    if stream not in context.pools:
        context.pools[stream] = Pool(list(islice(records(context, stream), CHUNK_UNITS)))
    return context.pools[stream]


def built_questions(context: Context, count: int) -> list[dict[str, Any]]:
    """Return questions of all tasks in turn, built from the first records of each stream, in the build's columns."""
    by_task: dict[str, list[dict[str, Any]]] = {name: [] for name in sorted(context.tasks)}
    streams = sorted({stream for task in context.tasks.values() for stream in task.builders})
    each = -(-count // max(1, len(by_task)))
    for stream in streams:
        pool = pool_of(context, stream)
        for name, found in by_task.items():
            task = context.tasks[name]
            if stream in task.builders:
                found += islice(_questions(task, stream, pool, context), each - len(found))
    turns = (found[place] for place in range(each) for found in by_task.values() if place < len(found))
    return list(islice(turns, count))


def _questions(task: Any, stream: str, pool: Pool, context: Context) -> Iterator[dict[str, Any]]:
    for record in pool.records:
        row = task.question(stream, record, pool, context.rng(f"{task.name}/{stream}/{record.key}"))
        if row is not None:
            yield {**row, "id": f"{stream}/{record.key}/{task.name}"}
