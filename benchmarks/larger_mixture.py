"""Whether a larger mixture of training data helps the fine-tuning demo, on questions that nobody trained on.

Both adapters of the recipe, trained with the same number of steps (its head has the commands), answer the demo's
development and test questions; the difference between them is paired.

    python -m benchmarks.larger_mixture
"""

import argparse
from pathlib import Path

from evaluation.row_scores import interval
from submission.errors import ShopBenchError
from training.command_line import run_command
from training.fine_tuning.comparison import ask
from training.fine_tuning.tables import (
    ON,
    SETS,
    ZERO_SHOT,
    Predictions,
    copy_pictures,
    difference_cell,
    line,
    task_table,
    write_marked_section,
)
from training.fine_tuning.variant_scores import Variant
from training.recipe import Recipe, add_recipe_arguments, load_recipe

RECIPE = Path("training/recipes/cpu_demo_mixture.yaml")


def section(predictions: Predictions, own: str, larger: str) -> list[str]:
    """Return the tables: every variant's scores with intervals, and what `larger` has over `own`, paired."""
    header = [f"{kind} ({len(rows)} questions)" for kind, rows in next(iter(predictions.values())).items()]
    lines = [line("", *header), "|---|" + "---|" * len(header)]
    for (name, _), sets in predictions.items():
        lines.append(line(name, *(str(interval(sets[kind])) for kind in SETS)))
    for name, reference in ((own, ZERO_SHOT), (larger, ZERO_SHOT), (larger, own)):
        cells = (difference_cell(predictions[name, ON], predictions[reference, ON], kind) for kind in SETS)
        lines.append(line(f"{name} against {reference}", *cells))
    return [*lines, "", "By task:", "", *task_table(predictions)]


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.larger_mixture", description=__doc__.split("\n", 1)[0])
    add_recipe_arguments(parser, needs_recipe=False)
    options = parser.parse_args(arguments)
    recipe = load_recipe(options.recipe or RECIPE, options.overrides, Recipe)
    assert recipe.compare is not None
    results = recipe.compare.results
    own, larger = recipe.adapters
    for name in recipe.adapters:
        if not recipe.adapter_folder(name).is_dir():
            raise ShopBenchError(f"{name} is not trained: python -m training.sft --recipe {RECIPE} --adapter {name}")
    found = {ZERO_SHOT: Variant(recipe.base_model)}
    found |= {name: Variant(recipe.base_model, recipe.adapter_folder(name)) for name in recipe.adapters}
    predictions = ask(recipe, found, dict.fromkeys(found, (ON,)))
    text = [
        "## A larger mixture for the demo",
        "",
        "`python -m benchmarks.larger_mixture`",
        "",
        f"Scores with 95 % bootstrap intervals as above, constraints and calibration on. `{own}` was trained on "
        f"{recipe.adapters[own].trained_on}, `{larger}` on {recipe.adapters[larger].trained_on}.",
        "",
        *section(predictions, own, larger),
        "",
        *copy_pictures(recipe, results),
    ]
    write_marked_section(results, f"larger mixture {recipe.name}", "\n".join(text))


if __name__ == "__main__":
    run_command(main)
