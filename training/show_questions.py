"""Prints questions of each task with their answers, for a reader.

They are built like those of the data set, from the first records of the recipe's sources, but kept nowhere.
"""

import argparse

from submission.commands import as_typed
from training.command_line import run_command
from training.data.chunks import CHUNK_UNITS
from training.data.recipe import add_data_recipe_arguments, data_recipe
from training.data.samples import sample_questions


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog=as_typed("training.show_questions"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_data_recipe_arguments(parser)
    parser.add_argument("--task", nargs="+", default=[], metavar="NAME", help="which tasks (default: all)")
    parser.add_argument("-n", type=int, default=10, help="how many questions of each (default: 10)")
    options = parser.parse_args(arguments)
    recipe = data_recipe(options)
    for name, rows in sample_questions(recipe, options.task, options.n).items():
        for number, row in enumerate(rows, start=1):
            print(f"=== {name} {number}/{len(rows)} ({row['task_type']}, {row['metric']}, {row['language']})")
            print(f"{row['question']}\n--> {row['completion'][0]['content']}   (truth: {row['truth']!r})\n")
        if not rows:
            print(f"=== {name}: the first {CHUNK_UNITS} records of its sources give no question\n")


if __name__ == "__main__":
    run_command(main)
