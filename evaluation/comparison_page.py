"""Makes `comparison.html`: one file with the differences and every question, its answers side by side."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from evaluation.comparison import Comparison, Side, groups_of, in_words, shown_p
from evaluation.html_page import as_json, render
from evaluation.predictions import origin
from evaluation.reports import PAGE
from evaluation.row_scores import Difference, interval
from submission.tracks import track_by_challenge_id


def page(comparison: Comparison, picture: str, folder: Path) -> str:
    """Return the page: `picture` is an SVG element, `folder` where the page will lie, for its links to the reports."""
    tasks = list(comparison.pairs[0].found.tasks)
    return render(
        "comparison",
        _data(comparison, tasks),
        comparison=comparison,
        overall=[interval(side.rows) for side in comparison.sides],
        links=[_link(side, folder) for side in comparison.sides],
        sentences=[in_words(pair) for pair in comparison.pairs],
        groups=[groups_of(pair.found) for pair in comparison.pairs],
        tasks=tasks,
        reach=max(_bounds(comparison), default=0) or 1.0,
        shown_p=lambda one: shown_p(one).removeprefix("p = ").removeprefix("p "),
        picture=picture,
    )


def _bounds(comparison: Comparison) -> Iterator[float]:
    for pair in comparison.pairs:
        for one in [*groups_of(pair.found).values(), *pair.found.tasks.values()]:
            yield from _outermost(one)


def _outermost(one: Difference) -> tuple[float, float]:
    return abs(one.interval.low), abs(one.interval.high)


def _link(side: Side, folder: Path) -> str | None:
    """Return where a side's own page is as seen from `folder`, None where it has none."""
    file = side.report.folder.resolve() / PAGE
    return quote(Path(os.path.relpath(file, folder.resolve())).as_posix()) if file.is_file() else None


def _data(comparison: Comparison, tasks: list[str]) -> str:
    answers = [[_answer(row) for row in side.rows] for side in comparison.sides]
    questions = [
        {
            "id": row.get("id", number),
            "track": _track_number(row.get("track")),
            "task_name": row["task_name"],
            "task_type": row.get("task_type"),
            "metric": row["metric"],
            "question": row.get("question"),
            "truth": row["truth"],
            "answers": of_all,
        }
        for number, (row, *of_all) in enumerate(zip(comparison.sides[0].rows, *answers, strict=True), start=1)
    ]
    return as_json({"letters": [side.letter for side in comparison.sides], "rows": questions, "tasks": tasks})


def _track_number(challenge: str | None) -> int | None:
    return track_by_challenge_id(challenge).number if challenge else None


def _answer(row: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": row.get("id"),
        "score": row["score"],
        "response": row["response"],
        "origin": origin(row),
        "seconds": row.get("seconds"),
    }
