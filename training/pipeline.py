"""Runs a recipe from questions to the merged model of its track, and to its AWQ checkpoint, each step once.

The one thing to know: a step is done again only if its settings or its inputs have changed, by content. A run that was
killed is continued by the same command, within the step too: training at its last training checkpoint, merging at its
next shard, an evaluation at its next batch. The recipe is read once: editing its file changes nothing in a run that has begun.
"""

import argparse

from submission.commands import as_typed
from training.command_line import run_command
from training.recipe import Recipe, add_recipe_arguments, load_recipe


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog=as_typed("training.pipeline"), description=__doc__)
    add_recipe_arguments(parser)
    options = parser.parse_args(arguments)
    recipe = load_recipe(options.recipe, options.overrides, Recipe)
    # Behind the arguments: PyTorch takes seconds to load, which nobody should wait for to read of a misspelt option.
    from training.steps import run_pipeline

    run_pipeline(recipe)


if __name__ == "__main__":
    run_command(main)
