"""Lists all reports of a folder in one table, the oldest first: what was evaluated, when, by which code, and the scores."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from evaluation.report_folder import REPORT
from evaluation.reports import REPORTS, Report, how_to_get_one, model_name, read_report
from evaluation.tables import table
from submission.command_line import run_command
from submission.commands import as_typed
from submission.errors import ShopBenchError

_HEADER = (
    "date",
    "report",
    "model",
    "questions",
    "score",
    "95 % interval",
    "model / cut / fallback",
    "per s",
    "commit",
)


def main(arguments: Sequence[str] | None = None) -> None:
    """Print the table of the folder that the command line names."""
    parser = argparse.ArgumentParser(prog=as_typed("evaluation.history"), description=__doc__)
    parser.add_argument(
        "folder", type=Path, nargs="?", default=REPORTS, help="a folder that reports lie in (default: reports)"
    )
    parser.add_argument("--by-score", action="store_true", help="the best first")
    options = parser.parse_args(arguments)
    reports, faults = find_reports(options.folder)
    if options.by_score:
        reports.sort(key=lambda report: -(report.content.get("overall_score") or 0.0))
    print("\n".join(table(_HEADER, [cells(report, options.folder) for report in reports])))
    print("\nScores of different questions cannot be compared: the six characters tell questions apart.")
    for fault in faults:
        print(f"Warning: left out: {fault}")


def find_reports(folder: Path) -> tuple[list[Report], list[str]]:
    """Return the reports below `folder` by date, and what is wrong with those that cannot be read."""
    reports, faults = [], []
    for file in sorted(folder.rglob(REPORT)):
        try:
            reports.append(read_report(file))
        except ShopBenchError as error:
            faults.append(str(error))
    if not reports:
        raise ShopBenchError(
            f"there are no reports in {folder}" + ("; ".join(["", *faults]) or f": {how_to_get_one()}")
        )
    return sorted(reports, key=lambda report: str(report.content.get("date", ""))), faults


def cells(report: Report, folder: Path) -> tuple[object, ...]:
    """Return what the table says of a report in `folder`."""
    content = report.content
    score, interval, answers = (content.get(name) for name in ("overall_score", "overall_interval", "answers"))
    return (
        str(content.get("date") or "-")[:16].replace("T", " "),
        report.folder.relative_to(folder).as_posix(),
        model_name(content, short=True),
        _questions(content),
        "-" if score is None else f"{score:.4f}",
        f"{interval[0]:.3f} to {interval[1]:.3f}" if interval else "-",
        " / ".join(map(str, answers.values())) if answers else "-",
        f"{content['timing']['questions_per_s']:.1f}",
        _commit(content),
    )


def _questions(content: dict[str, Any]) -> str:
    count = content.get("num_samples") or sum(task["num_samples"] for task in content["tasks"].values())
    part = f" of {content['questions_in_data']}" if content.get("partial") else ""
    identity = (content.get("identity") or {}).get("questions", "")[:6]
    return f"{count}{part} {Path(str(content.get('data'))).name} {identity}".strip()


def _commit(content: dict[str, Any]) -> str:
    commit = content.get("commit")
    return "-" if not commit else commit[:7] + ("" if content.get("clean") else " changed")


if __name__ == "__main__":
    run_command(main, only_prints=True)
