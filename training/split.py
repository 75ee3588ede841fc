"""Splits questions in ShopBench's shape by task into training, validation and test sets that share no content."""

import argparse

from submission.commands import as_typed
from training.command_line import run_command
from training.recipe import Recipe, add_recipe_arguments, load_recipe


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog=as_typed("training.split"), description=__doc__)
    add_recipe_arguments(parser)
    options = parser.parse_args(arguments)
    recipe = load_recipe(options.recipe, options.overrides, Recipe)
    # Heavy: what is wrong with the recipe is said before.
    from training.fine_tuning.splitting import write_split

    write_split(recipe.data, recipe.seed)


if __name__ == "__main__":
    run_command(main)
