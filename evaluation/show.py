"""Shows questions of a report: how each was read, what was sent, what came back, and what that is worth."""

import argparse
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from evaluation.predictions import Row
from evaluation.question_view import brief, view
from evaluation.reports import PAGE, REPORTS, Report, read_report
from evaluation.subset import check_names
from submission.command_line import run_command
from submission.commands import as_typed
from submission.errors import ShopBenchError


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the questions that the command line asks for."""
    options = _parser().parse_args(arguments)
    report = read_report(options.report)
    rows = choose(report, options.task, options.type, options.id, options.wrong)
    if options.brief:
        print("    id  score  cf  task (c: cut by the clock, f: fallback)         answer | truth")
    for row in rows:
        print(brief(row) if options.brief else view(row) + "\n")
    if not rows:
        print("No question is of that kind.")
    page = report.folder / PAGE
    if page.is_file():
        # Beside the output, which may go into a file or another program.
        print(f"All questions, in a browser: {page}", file=sys.stderr)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=as_typed("evaluation.show"), description=__doc__)
    parser.add_argument(
        "report", type=Path, nargs="?", default=REPORTS / "latest", help="a report's folder (default: reports/latest)"
    )
    parser.add_argument("--task", nargs="+", default=[], metavar="NAME", help="questions of these tasks")
    parser.add_argument("--type", nargs="+", default=[], metavar="NAME", help="questions of these task types")
    parser.add_argument("--id", nargs="+", type=int, default=[], metavar="N", help="the questions with these ids")
    parser.add_argument("--wrong", action="store_true", help="those without the full score, the worst first")
    parser.add_argument("--brief", action="store_true", help="a line a question")
    return parser


def choose(
    report: Report, tasks: Sequence[str], types: Sequence[str], ids: Sequence[int], only_wrong: bool
) -> list[Row]:
    """Return the rows of a report that are of the named tasks, types and ids (all where none is named)."""
    check_names("task", tasks, (row["task_name"] for row in report.rows))
    check_names("task type", types, (row["task_type"] for row in report.rows))
    _check_ids(ids, {row.get("id") for row in report.rows}, report)
    rows = [
        row
        for row in report.rows
        if (not tasks or row["task_name"] in tasks)
        and (not types or row["task_type"] in types)
        and (not ids or row.get("id") in ids)
    ]
    if only_wrong:
        rows = sorted(
            (row for row in rows if row["score"] is not None and row["score"] < 1), key=lambda row: row["score"]
        )
    return rows


def _check_ids(ids: Iterable[int], known: set[int | None], report: Report) -> None:
    there = sorted(number for number in known if number is not None)
    for number in ids:
        if number not in known:
            reach = f"its ids are {there[0]} to {there[-1]}" if there else "it is from before questions had ids"
            raise ShopBenchError(f"{report.folder} holds no question {number}: {reach}")


if __name__ == "__main__":
    run_command(main, only_prints=True)
