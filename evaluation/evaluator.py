"""The evaluation from the data file to the report: reads, selects, has answered, scores, writes."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from evaluation.dataset import Sample, find_duplicates, fingerprint, read_samples
from evaluation.html_page import table_library
from evaluation.journal import Journal
from evaluation.limits import Limits
from evaluation.predictions import answer_rows, numbers_of
from evaluation.progress import Detail, waiting
from evaluation.provenance import code_state, model_settings, now
from evaluation.report import Evaluation, Origin, summarise, write_answers, write_report
from evaluation.report_folder import is_finished
from evaluation.runner import answer_samples
from evaluation.scoring import Scores, score_responses, unscorable_tasks
from evaluation.subset import ALL_AROUND, Subset
from submission.errors import ShopBenchError


@dataclass(frozen=True)
class EvaluationSettings:
    """What to evaluate and how: `with_limits` asks for phase 2's time limits.

    `resume` continues what was interrupted in the `output` folder, `overwrite` replaces a finished report there.
    `detail` is how much of it is shown.
    """

    data: Path
    output: Path
    subset: Subset = field(default_factory=Subset)
    with_limits: bool = False
    resume: bool = False
    overwrite: bool = False
    detail: Detail = Detail.USUAL


def evaluate(settings: EvaluationSettings, load_model: Callable[[], Any]) -> None:
    """Evaluate the model, print its scores and write the report into `settings.output`.

    What a user can fix raises `ShopBenchError`; a model that is late raises `LimitExceeded`, or ends the process.
    """
    whole = read_samples(settings.data)
    of_track = settings.subset.of_track(whole, settings.data)
    samples = settings.subset.part(of_track)
    _announce(samples, len(of_track), settings)
    limits = _limits(samples, settings) if settings.with_limits else None
    # What the competition's evaluator leaves to guess is known here.
    os.environ.setdefault("SHOPBENCH_QUESTIONS", str(len(samples)))
    os.environ.setdefault("SHOPBENCH_TIME_LIMIT", f"{limits.total_s:g}" if limits else "off")
    identity = _identity(samples)
    if is_finished(settings.output, identity, resume=settings.resume, overwrite=settings.overwrite):
        print(f"{settings.output} is finished, nothing is left to do: --overwrite in place of --resume evaluates again")
        return
    # Whatever the report needs is missed now, and not after hours of answers.
    table_library()
    code = code_state()
    journal = Journal(settings.output, identity, settings.resume)
    try:
        _announce_journal(journal, len(samples), settings)
        loaded = _answer(samples, load_model, journal, limits, settings.detail)
        answers = answer_rows(samples, numbers_of(whole), journal.batches)
        kept = write_answers(settings.output, answers)
        started = time.monotonic()
        with waiting("Scoring the answers", settings.detail):
            scores = _score(samples, journal, kept)
        evaluation = Evaluation(
            str(settings.data),
            loaded,
            journal.batches,
            scores,
            time.monotonic() - started,
            answers,
            Origin(
                identity=identity,
                code=code,
                date=now(),
                settings=_as_plain(settings) | model_settings(loaded.profile),
                limits=asdict(limits) if limits else None,
                questions_in_data=len(of_track),
            ),
        )
        write_report(settings.output, evaluation)
        journal.remove()
        kept.unlink()
    finally:
        journal.close()
    _print_found(evaluation, settings)


def _print_found(evaluation: Evaluation, settings: EvaluationSettings) -> None:
    text = settings.output / "report.md"
    if settings.detail is not Detail.QUIET:
        print(f"\n{summarise(evaluation)}\nReport: {text}; every question, in a browser: report.html")
        return
    for line in evaluation.warnings:
        print(f"Warning: {line}")
    overall = evaluation.scores.overall
    score = "no task could be scored" if overall is None else f"score {overall:.4f}"
    print(f"{len(evaluation.rows)} questions, {score}: {text}")


def _answer(
    samples: Sequence[Sample],
    load_model: Callable[[], Any],
    journal: Journal,
    limits: Limits | None,
    detail: Detail,
) -> Any:
    try:
        return answer_samples(samples, load_model, journal, limits, detail)
    except ShopBenchError:
        if journal.loaded is None:
            # A model that cannot be loaded leaves nothing to resume.
            journal.remove()
            if not any(journal.path.parent.iterdir()):
                journal.path.parent.rmdir()
        raise


def _say(text: str, settings: EvaluationSettings) -> None:
    if settings.detail is not Detail.QUIET:
        print(text)


def _announce(samples: Sequence[Sample], count: int, settings: EvaluationSettings) -> None:
    part = f" (of {count}: the report is marked as partial)" if len(samples) < count else ""
    _say(f"{len(samples)} questions from {settings.data}{part}", settings)
    for line, first in find_duplicates(samples):
        print(f"Warning: {settings.data}, line {line}: asks the same as line {first}; it is asked and counted again")
    for task, reason in unscorable_tasks(samples).items():
        print(f"Warning: task {task!r} will be answered but not scored: {reason}")


def _announce_journal(journal: Journal, count: int, settings: EvaluationSettings) -> None:
    if settings.resume:
        answered = sum(len(batch.positions) for batch in journal.batches)
        _say(f"Resuming: {answered} of {count} questions were answered before", settings)
    elif journal.discarded:
        print(f"Starting again: what an interrupted evaluation left in {settings.output} is discarded")


def _limits(samples: Sequence[Sample], settings: EvaluationSettings) -> Limits:
    tracks = {sample.track for sample in samples}
    only = tracks.pop() if len(tracks) == 1 else None
    limits = Limits.phase_2(settings.subset.track or only or ALL_AROUND)
    per_batch = f"{limits.per_question_s:g} s a question in each batch"
    _say(f"Time limits: {per_batch}, {limits.total_s:g} s for {limits.name}", settings)
    return limits


def _identity(samples: Sequence[Sample]) -> dict[str, str]:
    """What must be the same for answers of an earlier process to count: the questions and all that steers the model."""
    steering = {
        name: value for name, value in os.environ.items() if name.startswith("SHOPBENCH_") or name == "AICROWD_RUN_SEED"
    }
    return {"questions": fingerprint(samples), **steering}


def _as_plain(settings: EvaluationSettings) -> dict[str, Any]:
    """Return the evaluation's own settings as JSON data."""
    subset = settings.subset
    return {
        "evaluation": {
            "data": str(settings.data),
            "track": subset.track.number if subset.track else None,
            "tasks": list(subset.tasks),
            "types": list(subset.types),
            "limit": subset.limit,
            "first": subset.first,
            "limits": "phase2" if settings.with_limits else "none",
        }
    }


def _score(samples: Sequence[Sample], journal: Journal, kept: Path) -> Scores:
    responses = [""] * len(samples)
    for batch in journal.batches:
        for position, response in zip(batch.positions, batch.responses, strict=True):
            responses[position] = response
    try:
        return score_responses(samples, responses)
    except Exception as error:
        # Whatever a metric trips over, hours of answers are worth more than a traceback.
        raise ShopBenchError(
            f"the answers could not be scored ({type(error).__name__}: {error}): they are kept in {kept}; fix "
            "that and score them with --resume"
        ) from error
