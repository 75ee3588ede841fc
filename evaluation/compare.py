"""Compares two or more reports: which is better, by how much, how sure that is, and on which questions.

The first report is what the others are compared with. Nothing but the reports is read: neither the model nor the data.
Questions are resampled within their tasks, for both reports alike. Questions that not all reports hold are left out, and
that is said.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from evaluation.comparison import Comparison, compare
from evaluation.comparison_report import summarise, write_comparison
from evaluation.reports import REPORTS, read_report
from submission.command_line import run_command
from submission.commands import as_typed


def main(arguments: Sequence[str] | None = None) -> None:
    """Compare the reports of the command line, print what was found and write it into a folder."""
    options = _parser().parse_args(arguments)
    comparison = compare([read_report(path) for path in options.reports])
    output = options.output or _default_output(comparison)
    write_comparison(output, comparison, options.changes)
    print(
        f"{summarise(comparison, options.changes)}\n\nComparison: {output / 'comparison.md'}; in a browser: comparison.html"
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=as_typed("evaluation.compare"),
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("reports", type=Path, nargs="+", metavar="REPORT", help="folders of reports, two or more")
    parser.add_argument(
        "--changes", type=int, default=10, metavar="N", help="questions to show that gained and lost most (default: 10)"
    )
    parser.add_argument(
        "--output",
        type=Path,
        help="folder of comparison.md, its picture and its page (default: one in reports/comparisons)",
    )
    return parser


def _default_output(comparison: Comparison) -> Path:
    names = "--".join(side.report.name for side in comparison.sides)
    return REPORTS / "comparisons" / names[:200]


if __name__ == "__main__":
    run_command(main)
