"""Writes what an evaluation found: `report.json`, `predictions.jsonl`, `report.md`, its picture and the page `report.html`.

All files are made in full beside the old ones before the first of them is replaced, and `report.json` comes last: while
it is there, everything in the folder belongs together.
"""

import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from evaluation.figure import draw
from evaluation.intervals import Interval
from evaluation.journal import AnsweredBatch, LoadedModel
from evaluation.predictions import count_origins, scored_row, warning
from evaluation.provenance import machine, versions
from evaluation.readings import found_types, shown_readings, weak_readings
from evaluation.report_page import page
from evaluation.scoring import Scores, TaskScore
from evaluation.tables import table
from submission.errors import ShopBenchError
from submission.json_lines import to_line

_FILES = ("predictions.jsonl", "report.png", "report.md", "report.html", "report.json")


@dataclass(frozen=True)
class Origin:
    """What made an evaluation: `identity` is what a resumed one must agree with, `code` the commit, `date` its end.

    `questions_in_data` are those of the track, of which fewer were asked where a part was wanted.
    """

    identity: Mapping[str, Any]
    code: Mapping[str, Any]
    date: str
    settings: Mapping[str, Any]
    limits: Mapping[str, Any] | None
    questions_in_data: int


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation: the data file, the model, the batches as they were answered, what they scored.

    `answers` are the rows of `answers.jsonl`, in the order of the questions.
    """

    data: str
    loaded: LoadedModel
    batches: Sequence[AnsweredBatch]
    scores: Scores
    scoring_s: float
    answers: Sequence[Mapping[str, Any]]
    origin: Origin

    @cached_property
    def rows(self) -> list[dict[str, Any]]:
        """The rows of `predictions.jsonl`."""
        return [scored_row(row, scored) for row, scored in zip(self.answers, self.scores.samples, strict=True)]

    @property
    def is_partial(self) -> bool:
        """Whether only some of the questions were asked."""
        return len(self.scores.samples) < self.origin.questions_in_data

    @property
    def warnings(self) -> list[str]:
        """What makes the scores doubtful."""
        found = warning(count_origins(self.rows))
        return [found] if found else []

    def origins_of(self, task: TaskScore) -> dict[str, int] | None:
        """Return how many answers of a task are the model's, cut and fallbacks; None where the model does not tell."""
        return count_origins(row for row in self.rows if row["task_name"] == task.name)

    @property
    def timing(self) -> dict[str, float]:
        """Loading, answering and the slowest batch in seconds, questions answered a second, number of batches."""
        predict_s = sum(batch.seconds for batch in self.batches)
        return {
            "load_s": self.loaded.load_s,
            "predict_s": predict_s,
            "questions_per_s": len(self.scores.samples) / predict_s if predict_s else 0.0,
            "batches": len(self.batches),
            "slowest_batch_s": max((batch.seconds for batch in self.batches), default=0.0),
        }

    @property
    def seconds_by_part(self) -> dict[str, float]:
        """What each part of the run took: loading, each task type, scoring."""
        parts = {"loading": self.loaded.load_s}
        for batch in self.batches:
            parts[batch.task_type] = parts.get(batch.task_type, 0.0) + batch.seconds
        return parts | {"scoring": self.scoring_s}


def summarise(evaluation: Evaluation) -> str:
    """Return the tables by task, by track and overall, with the time used, as Markdown that reads well as it is."""
    scores, intervals = evaluation.scores, evaluation.scores.intervals
    tasks = [
        (
            task.track.number if task.track else "-",
            task.name,
            task.task_type,
            ", ".join(task.metrics),
            task.num_samples,
            _shown_origins(evaluation.origins_of(task)),
            *(("left out", "") if task.score is None else _shown(intervals.tasks[task.name])),
        )
        for task in sorted(scores.tasks, key=lambda task: task.track.number if task.track else 0)
    ]
    tracks: list[tuple[object, ...]] = [
        (f"{track.number} {track.name}" if track else "no track named", *_shown(intervals.tracks[track]))
        for track in scores.by_track
    ]
    tracks.append(("overall (mean over the tracks)", *_shown(intervals.overall)))
    tracks.append(("mean over the tasks", *_shown(intervals.mean_over_tasks)))
    timing = evaluation.timing
    parts = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in evaluation.seconds_by_part.items())
    lines = [
        *(line for text in evaluation.warnings for line in (f"**{text}**", "")),
        *table(
            ("track", "task", "type", "metric", "questions", "model / cut / fallback", "score", "95 % interval"), tasks
        ),
        "",
        *table(("track", "score", "95 % interval"), tracks),
        "",
        f"{len(scores.samples)} questions in {timing['batches']} batches: loading {timing['load_s']:.1f} s, answering "
        f"{timing['predict_s']:.1f} s ({timing['questions_per_s']:.1f} questions a second, slowest batch "
        f"{timing['slowest_batch_s']:.1f} s). Time by part: {parts}.",
        *shown_readings(evaluation.rows),
        *_remarks(evaluation),
    ]
    return "\n".join(lines)


def _remarks(evaluation: Evaluation) -> Iterator[str]:
    asked, there = len(evaluation.scores.samples), evaluation.origin.questions_in_data
    if evaluation.is_partial:
        yield f"PARTIAL: {asked} of {there} questions were asked; do not compare these scores with those of all."
    if counts := count_origins(evaluation.rows):
        yield (
            f"Answers: {counts['model']} by the model, {counts['cut']} cut by the clock, {counts['fallback']} fallbacks."
        )
    yield f"Unparsable answers: {evaluation.scores.unparsable}."
    for task in evaluation.scores.tasks:
        if task.skipped_because:
            yield f"Left out: {task.name}: {task.skipped_because}."


def _shown(interval: Interval | None) -> tuple[str, str]:
    return (f"{interval.score:.4f}", f"{interval.low:.3f} to {interval.high:.3f}") if interval else ("-", "")


def _shown_origins(counts: Mapping[str, int] | None) -> str:
    return " / ".join(str(count) for count in counts.values()) if counts else "-"


def write_answers(folder: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write `answers.jsonl`, what `predictions.jsonl` will hold but for what the answers are worth; return its path.

    The report replaces it. Until then an older report in the folder stays what it is.
    """
    path = folder / "answers.jsonl"
    new = path.with_suffix(".new")
    try:
        _write_rows(new, rows)
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise _cannot_write(folder, error) from error
    return path


def write_report(folder: Path, evaluation: Evaluation) -> None:
    """Write the files into `folder`, replacing older ones only when all are complete."""
    content = _as_json(evaluation)
    new = folder / ".report.new"
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        _write(new / "report.json", [json.dumps(content, indent=2, ensure_ascii=False)])
        _write_rows(new / "predictions.jsonl", evaluation.rows)
        _write(new / "report.md", _markdown(evaluation))
        picture = draw(new / "report.png", evaluation.scores, evaluation.seconds_by_part)
        _write(new / "report.html", [page(folder.resolve().name, content, evaluation.rows, picture)])
        (folder / "report.json").unlink(missing_ok=True)
        for name in _FILES:
            (new / name).replace(folder / name)
        new.rmdir()
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        raise _cannot_write(folder, error) from error


def _cannot_write(folder: Path, error: OSError) -> ShopBenchError:
    return ShopBenchError(f"cannot write the report to {folder}: {error.strerror}; fix that and write it with --resume")


def _as_json(evaluation: Evaluation) -> dict[str, Any]:
    scores, intervals, origin = evaluation.scores, evaluation.scores.intervals, evaluation.origin
    return {
        "overall_score": scores.overall,
        "overall_interval": _bounds(intervals.overall),
        "mean_over_tasks": scores.mean_over_tasks,
        "mean_over_tasks_interval": _bounds(intervals.mean_over_tasks),
        "tracks": {
            track.challenge_id: {
                "number": track.number,
                "name": track.name,
                "score": score,
                "interval": _bounds(intervals.tracks[track]),
            }
            for track, score in scores.by_track.items()
            if track
        },
        "tasks": {task.name: _task_as_json(evaluation, task) for task in scores.tasks if not task.skipped_because},
        "skipped_tasks": {task.name: _task_as_json(evaluation, task) for task in scores.tasks if task.skipped_because},
        "num_samples": len(scores.samples),
        "partial": evaluation.is_partial,
        "questions_in_data": origin.questions_in_data,
        "answers": count_origins(evaluation.rows),
        "readings": {"found": found_types(evaluation.rows), "weak": weak_readings(evaluation.rows)},
        "warnings": evaluation.warnings,
        "timing": evaluation.timing,
        "unparsable": scores.unparsable,
        "data": evaluation.data,
        "model": evaluation.loaded.model,
        **({"adapter": evaluation.loaded.adapter} if evaluation.loaded.adapter else {}),
        "profile": evaluation.loaded.profile,
        "seed": origin.settings["submission"]["seed"],
        "date": origin.date,
        **origin.code,
        "limits": origin.limits,
        "settings": origin.settings,
        "identity": origin.identity,
        "versions": versions(),
        "machine": machine(),
    }


def _task_as_json(evaluation: Evaluation, task: TaskScore) -> dict[str, Any]:
    entry = {
        "task_type": task.task_type,
        "metric": ", ".join(task.metrics),
        "num_samples": task.num_samples,
        "track": task.track.challenge_id if task.track else None,
        "answers": evaluation.origins_of(task),
    }
    if task.skipped_because:
        return {**entry, "reason": task.skipped_because}
    return {**entry, "score": task.score, "interval": _bounds(evaluation.scores.intervals.tasks[task.name])}


def _bounds(interval: Interval | None) -> list[float] | None:
    return [interval.low, interval.high] if interval else None


def _markdown(evaluation: Evaluation) -> Iterator[str]:
    origin = evaluation.origin
    yield "# Evaluation"
    yield ""
    loaded = evaluation.loaded
    yield f"Questions: `{evaluation.data}`. Model: `{loaded.model}`{_shown_adapter(loaded)}, profile `{loaded.profile}`."
    yield ""
    yield summarise(evaluation)
    yield ""
    yield "![Score by task, grouped by track, and where the time went](report.png)"
    yield ""
    yield f"{origin.date}, seed {origin.settings['submission']['seed']}, {_shown_code(origin.code)}."
    yield "Made with " + ", ".join(f"{name} {number}" for name, number in versions().items()) + "."


def _shown_adapter(loaded: LoadedModel) -> str:
    adapter = loaded.adapter
    return f" with the LoRA adapter `{adapter['folder']}` of rank {adapter['rank']}" if adapter else ""


def _shown_code(code: Mapping[str, Any]) -> str:
    if code["commit"] is None:
        return "no Git commit known"
    return f"commit {code['commit'][:12]}" + ("" if code["clean"] else " with changes that are not committed")


def _write_rows(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    with path.open("wb") as file:
        file.writelines(map(to_line, rows))


def _write(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
