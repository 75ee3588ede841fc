"""Evaluation questions of a recipe's own sources and tasks, made before anything that is trained on.

They are a small data set of their own: built from the records that the recipe holds out, in the wording that it holds
out. They are then dealt out to the four files that fine-tuning recipes name. The one thing to know: files that are
there are left alone as long as they are what the recipe would make, and nothing replaces them silently.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from evaluation.dataset import Sample
from submission.errors import ShopBenchError
from training.data.recipe import DataRecipe, HeldOut
from training.data.rows import CandidateRow, sample_of_built
from training.files import folder_written_whole, read_lines, remove, write_json, write_lines
from training.held_out_sets import HELD_OUT_SETS, deal_out


def hold_out(recipe: DataRecipe, build: Callable[[DataRecipe], Any]) -> None:
    """Write the held-out sets of `recipe` unless they are there; `build` makes a data set of a recipe."""
    settings = recipe.held_out
    if settings is None:
        return
    own = _recipe_of_held_out(recipe, settings)
    inputs = own.inputs_hash(own.open_sources())
    note = settings.folder / "held_out.json"
    if settings.folder.exists():
        if not note.is_file() or json.loads(note.read_text()).get("inputs") != inputs:
            raise ShopBenchError(
                f"{settings.folder} holds questions of another recipe, other files or other code: remove it to make them "
                "anew, or choose another held_out.folder"
            )
        # What a kill between the last two steps has left.
        remove(own.output)
        return
    print(f"building the questions that are held out in {settings.folder}")
    build(own)
    dealt = deal_out(_read(own.output), settings)
    sets = {name: dealt[name] for name in HELD_OUT_SETS}
    with folder_written_whole(settings.folder) as folder:
        for name, samples in sets.items():
            write_lines(folder / f"{name}.jsonl", (sample.row() for sample in samples))
        counts = {name: Counter(sample.task_name for sample in samples) for name, samples in sets.items()}
        write_json(folder / "held_out.json", {"inputs": inputs, "questions": counts})
    remove(own.output)


def _recipe_of_held_out(recipe: DataRecipe, settings: HeldOut) -> DataRecipe:
    # Ready-made questions come in one wording, which would be that of the training questions.
    sources = {name: source for name, source in recipe.sources.items() if name != "shopbench"}
    return recipe.model_copy(
        update={
            "name": f"{recipe.name}, held out",
            "part": "held-out",
            "output": settings.folder.with_name(f"{settings.folder.name}.questions"),
            "sources": sources,
            "weights": {name: 0.0 for name, weight in recipe.weights.items() if weight == 0},
            "default_weight": 1.0,
            "extra_wordings": None,
        }
    )


def _read(output: Path) -> list[Sample]:
    return [sample_of_built(row) for shard in sorted((output / "data").iterdir()) for row in _rows(shard)]


def _rows(shard: Path) -> Iterator[CandidateRow]:
    """Yield the rows of a shard, whose truths are JSON: a column holds one type."""
    rows: Iterator[CandidateRow] = read_lines(shard)
    for row in rows:
        yield {**row, "truth": json.loads(row["truth"])}
