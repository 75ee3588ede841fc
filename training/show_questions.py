"""Prints questions of each task with their answers, for a reader, or audits the tasks.

`python -m training.show_questions --recipe … -n 10` builds from the first records of the recipe's sources and prints
ten questions of each task. With `--audit` it builds from all sources of the recipe that are there (without `--recipe`:
from those in data/sources) and prints beside the questions what is wrong with a task: how many records gave a question
and why the rest did not, and how often each option is right. It also says whether the answer can be guessed by its
length, by shared words or by single words. A task where one option is right in over 60 % fails, and so does the
command, with exit code 1.
"""

import argparse
from pathlib import Path

from submission.commands import as_typed
from training.command_line import run_command
from training.data.audit import Audit, audit, audit_text
from training.data.chunks import CHUNK_UNITS
from training.data.recipe import add_data_recipe_arguments, data_recipe
from training.data.rows import CandidateRow
from training.data.samples import sample_questions, spread

_AUDITED = Path(__file__).with_name("recipes") / "audit.yaml"


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog=as_typed("training.show_questions"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_data_recipe_arguments(parser, needs_recipe=False)
    parser.add_argument("--task", nargs="+", default=[], metavar="NAME", help="which tasks (default: all)")
    parser.add_argument("-n", type=int, default=10, help="how many questions of each (default: 10)")
    parser.add_argument(
        "--audit", action="store_true", help="say what is wrong with the tasks on the sources that are there"
    )
    parser.add_argument(
        "--rows",
        type=int,
        default=20_000,
        help="how many rows or groups of a stream are audited at most (default: 20000)",
    )
    options = parser.parse_args(arguments)
    if options.recipe is None:
        if not options.audit:
            parser.error("--recipe is required, but with --audit")
        options.recipe = _AUDITED
    recipe = data_recipe(options)
    if options.audit:
        _print_audit(audit(recipe, options.task, options.rows), options.n)
        return
    for name, rows in sample_questions(recipe, options.task, options.n).items():
        _print_questions(name, rows)
        if not rows:
            print(f"=== {name}: the first {CHUNK_UNITS} records of its sources give no question\n")


def _print_questions(name: str, rows: list[CandidateRow]) -> None:
    for number, row in enumerate(rows, start=1):
        print(f"=== {name} {number}/{len(rows)} ({row['task_type']}, {row['metric']}, {row['language']})")
        print(f"{row['question']}\n--> {row['completion'][0]['content']}   (truth: {row['truth']!r})\n")


def _print_audit(found: Audit, count: int) -> None:
    for name, verdict in found.verdicts.items():
        _print_questions(name, spread(verdict.audit.sample, count))
    for line in audit_text(found):
        print(line)
    if found.failing:
        print(f"\n{len(found.failing)} tasks fail, one option is right too often: {', '.join(found.failing)}")
        raise SystemExit(1)


if __name__ == "__main__":
    run_command(main)
