"""Compares what fine-tuning made: base, each adapter, the ensemble and the wise-ft choice, on questions nobody trained on."""

import argparse

from submission.commands import as_typed
from training.command_line import run_command
from training.recipe import Recipe, add_recipe_arguments, load_recipe


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog=as_typed("training.compare"), description=__doc__)
    add_recipe_arguments(parser)
    options = parser.parse_args(arguments)
    recipe = load_recipe(options.recipe, options.overrides, Recipe)
    # Heavy: what is wrong with the recipe is said before.
    from training.fine_tuning.comparison import chosen_alpha, compare

    compare(recipe, chosen_alpha(recipe))


if __name__ == "__main__":
    run_command(main)
