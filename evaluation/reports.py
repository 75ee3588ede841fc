"""Reads reports that lie on the disk: what `report.json` and `predictions.jsonl` of a finished evaluation hold."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from evaluation.intervals import ScoredTask, TaskKey
from evaluation.metrics import EntityCounts, Score
from evaluation.predictions import Row, as_text, f1
from evaluation.report_folder import REPORT
from submission.commands import as_typed
from submission.errors import ShopBenchError
from submission.json_lines import from_line
from submission.near_names import hint
from submission.places import ROOT

REPORTS = ROOT / "reports"
PREDICTIONS = "predictions.jsonl"
PAGE = "report.html"


@dataclass(frozen=True)
class Report:
    """A finished evaluation: its folder and what stands in `report.json`; its questions are read when they are asked for."""

    folder: Path
    content: dict[str, Any]

    @property
    def name(self) -> str:
        """What the folder is called, also where one came to it through a link."""
        return self.folder.resolve().name

    @cached_property
    def rows(self) -> list[Row]:
        """The rows of `predictions.jsonl`, in the order of the data."""
        return list(read_rows(self.folder / PREDICTIONS))


def model_name(content: Mapping[str, Any], *, short: bool = False) -> str:
    """Return what a `report.json` says was asked: the model's folder and the adapter's, or the `short` names of both."""
    folders = [str(content.get("model")), *([content["adapter"]["folder"]] if content.get("adapter") else [])]
    return " + ".join(Path(folder).name if short else folder for folder in folders)


def read_report(path: Path) -> Report:
    """Read the report in a folder, or the one whose `report.json` is named; a `ShopBenchError` says what is there instead."""
    folder = path.parent if path.name == REPORT else path
    file = folder / REPORT
    if folder.is_file():
        raise ShopBenchError(f"{folder} is a file and no report: name the folder that an evaluation wrote")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ShopBenchError(_what_is_missing(folder)) from error
    except (OSError, ValueError) as error:
        raise ShopBenchError(f"{file} cannot be read: {error}") from error
    if not isinstance(content, dict) or "tasks" not in content:
        raise ShopBenchError(f"{file} is not a report of an evaluation")
    return Report(folder, content)


def _what_is_missing(folder: Path) -> str:
    if (folder / "journal.jsonl").is_file():
        return f"{folder} holds an evaluation that is not finished: continue it with --resume --output {folder}"
    if not folder.is_dir() and (REPORTS / folder).is_dir():
        return f"there is no folder {folder}: did you mean {REPORTS / folder}?"
    there = sorted(file.parent for place in {folder.parent, REPORTS} for file in place.glob(f"*/{REPORT}"))
    if not folder.exists() and there:
        return f"there is no folder {folder}: {hint(folder.name, (other.name for other in there), 'reports are')}"
    shown = f"`ls {REPORTS}` shows some" if there else how_to_get_one()
    return f"{folder} holds no {REPORT}: name the folder that an evaluation wrote ({shown})"


def how_to_get_one() -> str:
    """Return what a user does who has no report yet."""
    return f"`{as_typed('local_evaluation')}` answers questions and writes a report"


def read_rows(file: Path) -> list[Row]:
    """Read the rows of a `predictions.jsonl`; the line of the first fault is named."""
    rows = []
    try:
        with file.open("rb") as lines:
            for line in lines:
                row = from_line(line)
                if not isinstance(row, dict) or not {"task_name", "metric", "score"} <= row.keys():
                    raise ValueError("not an answered question")
                rows.append(_as_today(row))
    except OSError as error:
        raise ShopBenchError(f"{file} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise ShopBenchError(f"{file}, line {len(rows) + 1}: {error}") from error
    return rows


def _as_today(row: Row) -> Row:
    """Return a row as it is written today: in older reports counts stand in place of a score, and a truth is no text."""
    if isinstance(row["score"], dict):
        row = {**row, "entity_counts": row["score"], "score": f1(EntityCounts(**row["score"]))}
    return {**row, "truth": as_text(row.get("truth"))}


def scored_tasks(rows: Sequence[Row]) -> dict[TaskKey, ScoredTask]:
    """Group the rows that have a score by track and task."""
    tasks: dict[TaskKey, ScoredTask] = {}
    for row in rows:
        if row["score"] is not None:
            key = (row.get("track"), row["task_name"])
            tasks.setdefault(key, ScoredTask(row["metric"], [])).scores.append(_score(row))
    return tasks


def _score(row: Row) -> Score:
    counts = row.get("entity_counts") or row["score"]
    return EntityCounts(**counts) if isinstance(counts, dict) else float(counts)
