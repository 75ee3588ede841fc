"""The first half of a build: streams become chunks, which workers turn into candidate questions, in their order.

Chunks are counted in the order of the source, however many workers build them. A chunk is a file that is whole or absent:
a killed build skips those it finds.
"""

import json
from collections import Counter, deque
from concurrent.futures import Executor, Future

from evaluation.progress import Bar
from training.data.chunks import Summary, chunk_file, chunks_of, read_summary, stream_folder
from training.data.recipe import DataRecipe
from training.data.sources import Source
from training.data.worker import build_chunk
from training.files import write_json


def build_stream(
    recipe: DataRecipe, source: Source, stream: str, limits: dict[str, int], executor: Executor, bar: Bar
) -> Summary:
    """Build the candidates of one stream until every task has its limit or the stream ends; return the sums."""
    folder = stream_folder(recipe, f"{source.name}/{stream}")
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
        for number, units in enumerate(chunks_of(source.units(stream))):
            wanted = open_tasks()
            if not wanted:
                break
            target = chunk_file(folder, number)
            built = read_summary(target)
            pending.append(built or executor.submit(build_chunk, source.name, stream, units, wanted, target))
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


def _add(total: Summary, summary: Summary, limits: dict[str, int], bar: Bar) -> None:
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
