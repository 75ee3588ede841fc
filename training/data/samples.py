"""Questions of each task, built like those of the data set from the first records of the sources, but kept nowhere."""

from collections import Counter
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

from submission.errors import ShopBenchError
from submission.near_names import hint
from training.data.chunks import CHUNK_UNITS
from training.data.recipe import DataRecipe
from training.data.rows import CandidateRow
from training.data.tasks.task import Pool
from training.data.wanted import wanted_tasks


def sample_questions(recipe: DataRecipe, names: list[str], count: int) -> dict[str, list[CandidateRow]]:
    """Return up to `count` questions of each named task (of all where none is named), in the build's columns."""
    with TemporaryDirectory() as scratch:
        recipe = recipe.model_copy(update={"output": Path(scratch) / "sample"})
        sources = recipe.open_sources()
        tasks = wanted_tasks(recipe, sources)
        if unknown := [name for name in names if name not in tasks]:
            raise ShopBenchError(f"there is no task {unknown[0]!r}: {hint(unknown[0], sorted(tasks))}")
        questions: dict[str, list[CandidateRow]] = {name: [] for name in names or sorted(tasks)}
        for source in sources.values():
            source.prepare_once()
            for stream in source.streams:
                path = f"{source.name}/{stream}"
                building = [tasks[name] for name in questions if path in tasks[name].builders]
                if not building:
                    continue
                units = islice(source.units(stream), CHUNK_UNITS)
                records = [source.record(stream, unit, Counter()) for unit in units]
                pool = Pool([record for record in records if record is not None])
                for task in building:
                    for record in pool.records:
                        questions[task.name] += task.questions(path, record, pool, recipe.seed)
    return {name: spread(found, count) for name, found in questions.items()}


def spread(rows: list[CandidateRow], count: int) -> list[CandidateRow]:
    """Return `count` rows from all over the list: some sources give their rows sorted."""
    return [rows[place * len(rows) // count] for place in range(count)] if len(rows) > count else rows
