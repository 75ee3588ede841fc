"""Makes `report.html`: one file that shows a report and all of its questions, and needs neither a network nor a server.

The one thing to know: what questions and answers hold is never markup here. Jinja escapes what it writes, the rows travel as
JSON in which no tag can begin, and the page puts them in as text. A policy in the page forbids every script but its own.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from evaluation.html_page import as_json, render
from evaluation.predictions import Row
from evaluation.readings import WEAK_EVIDENCE
from submission.commands import as_typed
from submission.tracks import track_by_challenge_id

_COLUMNS = (
    *("id", "line", "track", "task_name", "task_type", "metric", "task_type_found", "form", "confidence", "prompt"),
    *("prompt_tokens", "tokens", "seconds", "option_logprobs", "raw_text", "response", "truth", "score"),
    *("entity_counts", "cut", "completed", "fallback", "calibrated", "question"),
)
_QUESTION = "\0"
"""Stands in a prompt for the question, which the page has already."""
_MADE_BY = ("model", "adapter", "date", "seed", "commit", "clean", "limits", "settings", "versions", "machine")


def page(name: str, content: Mapping[str, Any], rows: Sequence[Row], picture: str) -> str:
    """Return the page of a report: `content` is what `report.json` holds, `picture` an SVG element."""
    tasks = sorted(
        {**content["tasks"], **content["skipped_tasks"]}.items(), key=lambda pair: _track_number(pair[1]["track"])
    )
    return render(
        "report",
        _data(rows, [task_name for task_name, _ in tasks]),
        name=name,
        content=content,
        tasks=tasks,
        types_found=_types_found(content["readings"]["found"] or {}),
        number_of=_track_number,
        picture=picture,
        made_by=json.dumps({key: content[key] for key in _MADE_BY if key in content}, indent=2, ensure_ascii=False),
    )


def _types_found(matrix: Mapping[str, Mapping[str, int]]) -> list[str]:
    return sorted(matrix.keys() | {found for by_found in matrix.values() for found in by_found})


def _track_number(challenge: str | None) -> int:
    return track_by_challenge_id(challenge).number if challenge else 0


def _data(rows: Sequence[Row], tasks: Sequence[str]) -> str:
    prompts: dict[str, int] = {}
    packed = [[_packed_value(row, name, prompts) for name in _COLUMNS] for row in rows]
    return as_json(
        {
            "columns": _COLUMNS,
            "prompts": list(prompts),
            "rows": packed,
            "tasks": tasks,
            "weakEvidence": WEAK_EVIDENCE,
            "show": as_typed("evaluation.show"),
        }
    )


def _packed_value(row: Row, name: str, prompts: dict[str, int]) -> Any:
    value = row.get(name)
    if name == "track":
        return _track_number(value) or None
    if name == "raw_text" and value is not None and value == row["response"]:
        return 0
    question = row["question"].strip()
    if name == "prompt" and value is not None and question and _QUESTION not in value and value.count(question) == 1:
        # Prompts share all but their questions.
        return [prompts.setdefault(value.replace(question, _QUESTION), len(prompts))]
    return value
