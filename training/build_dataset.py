"""Builds training data from public sources, as a recipe says.

Sources are streamed into questions of every task. Duplicates and what is too near to protected questions are removed,
the rest is mixed into shards and described. Run it again after a kill: it continues where it was, and the bytes are
those of a build that was never stopped, with any number of workers.
"""

import argparse

from submission.commands import as_typed
from training.command_line import run_command
from training.data.building import build
from training.data.recipe import add_data_recipe_arguments, data_recipe


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog=as_typed("training.build_dataset"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_data_recipe_arguments(parser)
    options = parser.parse_args(arguments)
    recipe = data_recipe(options)
    report = build(recipe)
    short = [name for name, counts in report["tasks"].items() if counts["kept"] < counts["wanted"]]
    print(f"{report['examples']} examples of {len(report['tasks'])} tasks in {recipe.output}")
    if short:
        print(
            f"{len(short)} tasks have fewer examples than wanted: their sources are too small or "
            "repeat themselves (see README.md there)"
        )


if __name__ == "__main__":
    run_command(main)
