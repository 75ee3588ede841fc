"""The evaluation from the data file to the report: reads, selects, has answered, scores, writes."""

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from evaluation.dataset import Sample, find_duplicates, fingerprint, read_samples
from evaluation.journal import Journal
from evaluation.limits import Limits
from evaluation.report import Evaluation, summarise, write_answers, write_report
from evaluation.runner import answer_samples
from evaluation.scoring import Scores, score_responses, unscorable_tasks
from submission.errors import ShopBenchError
from submission.tracks import Track, track_by_number

ALL_AROUND = track_by_number(5)


@dataclass(frozen=True)
class Settings:
    """What to evaluate and how: `limit` is a number of questions, `with_limits` asks for phase 2's time limits."""

    data: Path
    output: Path
    track: Track | None = None
    limit: int | None = None
    with_limits: bool = False
    resume: bool = False


def evaluate(settings: Settings, load_model: Callable[[], Any]) -> None:
    """Evaluate the model, print its scores and write the report into `settings.output`.

    What a user can mend raises `ShopBenchError`; a model that is late raises `LimitExceeded`, or ends the process.
    """
    samples = _select(read_samples(settings.data), settings)
    _announce(samples, settings)
    limits = _limits(samples, settings) if settings.with_limits else None
    # What the competition's evaluator leaves to guess is known here.
    os.environ.setdefault("SHOPBENCH_QUESTIONS", str(len(samples)))
    os.environ.setdefault("SHOPBENCH_TIME_LIMIT", f"{limits.total_s:g}" if limits else "off")
    journal = Journal(settings.output, _identity(samples), settings.resume)
    try:
        if settings.resume:
            answered = sum(len(batch.positions) for batch in journal.batches)
            print(f"Resuming: {answered} of {len(samples)} questions were answered before")
        loaded = answer_samples(samples, load_model, journal, limits)
        answers = write_answers(settings.output, samples, journal.batches)
        started = time.monotonic()
        try:
            scores = _score(samples, journal)
        except Exception as error:
            # Whatever a metric trips over, hours of answers are worth more than a traceback.
            raise ShopBenchError(
                f"the answers could not be scored ({type(error).__name__}: {error}): they are kept in {answers}; fix "
                "that and score them with --resume"
            ) from error
        evaluation = Evaluation(str(settings.data), loaded, journal.batches, scores, time.monotonic() - started)
        write_report(settings.output, evaluation)
        journal.remove()
        answers.unlink()
    finally:
        journal.close()
    print(f"\n{summarise(evaluation)}\nReport: {settings.output / 'report.md'}")


def _select(samples: list[Sample], settings: Settings) -> list[Sample]:
    """Keep the questions of the track asked for, and those that name none, up to the limit asked for."""
    if settings.track not in (None, ALL_AROUND):
        samples = [sample for sample in samples if sample.track in (None, settings.track)]
        if not samples:
            raise ShopBenchError(f"{settings.data} holds no questions of track {settings.track.number}")
    return samples[: settings.limit]


def _announce(samples: Sequence[Sample], settings: Settings) -> None:
    print(f"{len(samples)} questions from {settings.data}")
    for line, first in find_duplicates(samples):
        print(f"Warning: {settings.data}, line {line}: asks the same as line {first}; it is asked and counted again")
    for task, reason in unscorable_tasks(samples).items():
        print(f"Warning: task {task!r} will be answered but not scored: {reason}")


def _limits(samples: Sequence[Sample], settings: Settings) -> Limits:
    tracks = {sample.track for sample in samples}
    only = tracks.pop() if len(tracks) == 1 else None
    limits = Limits.phase_2(settings.track or only or ALL_AROUND)
    print(f"Time limits: {limits.per_question_s:g} s a question in each batch, {limits.total_s:g} s for {limits.name}")
    return limits


def _identity(samples: Sequence[Sample]) -> dict[str, str]:
    """What must be the same for answers of an earlier process to count: the questions and all that steers the model."""
    steering = {
        name: value for name, value in os.environ.items() if name.startswith("SHOPBENCH_") or name == "AICROWD_RUN_SEED"
    }
    return {"questions": fingerprint(samples), **steering}


def _score(samples: Sequence[Sample], journal: Journal) -> Scores:
    responses = [""] * len(samples)
    for batch in journal.batches:
        for position, response in zip(batch.positions, batch.responses, strict=True):
            responses[position] = response
    return score_responses(samples, responses)
