"""Turns responses into scores: by question, by task, by track and overall.

A task's score is what its metric makes of its questions' scores. A track's score is the plain mean over its tasks. The
overall score is the mean over the tracks, as the all-around track defines it. Questions that name no track count as one
track of their own. A task whose sentence encoder is not there is left out of every mean and listed with the reason.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from statistics import fmean

import numpy as np

from evaluation.dataset import Sample
from evaluation.intervals import (
    Interval,
    ScoredTask,
    TaskKey,
    by_track,
    interval_of,
    mean_over_tasks,
    mean_over_tracks,
    resample,
)
from evaluation.metrics import Score, aggregate, metric_by_name
from evaluation.parsers import Answer, is_unparsable, parse_response
from evaluation.sentence_embeddings import MissingWeightsError
from submission.tracks import Track


@dataclass(frozen=True)
class ScoredSample:
    """A question, the response to it, the answer read from that, and its score; None where the task is left out."""

    sample: Sample
    response: str
    answer: Answer
    score: Score | None


@dataclass(frozen=True)
class TaskScore:
    """One task; `score` is None and `skipped_because` a reason where it could not be scored."""

    name: str
    track: Track | None
    task_type: str
    metrics: tuple[str, ...]
    num_samples: int
    score: float | None
    skipped_because: str | None


@dataclass(frozen=True)
class Intervals:
    """The 95 % bootstrap intervals of all that has a score: by task, by track (None: none named), and of both means."""

    tasks: dict[str, Interval]
    tracks: dict[Track | None, Interval]
    overall: Interval | None
    mean_over_tasks: Interval | None


@dataclass(frozen=True)
class Scores:
    """All scores of an evaluation. Means are over scored tasks, None where there are none."""

    samples: list[ScoredSample]
    tasks: list[TaskScore]

    @property
    def unparsable(self) -> int:
        """How many responses held no answer that the evaluator can read."""
        return sum(is_unparsable(scored.answer) for scored in self.samples)

    @property
    def by_track(self) -> dict[Track | None, float]:
        """Mean over the scored tasks of each track that has any, in the order of the tracks; None: no track named."""
        groups: dict[Track | None, list[float]] = {}
        for task in self.tasks:
            if task.score is not None:
                groups.setdefault(task.track, []).append(task.score)
        ordered = sorted(groups, key=lambda track: track.number if track else 0)
        return {track: fmean(groups[track]) for track in ordered}

    @property
    def overall(self) -> float | None:
        """Mean over the tracks."""
        by_track = self.by_track
        return fmean(by_track.values()) if by_track else None

    @property
    def mean_over_tasks(self) -> float | None:
        """Mean over the tasks of all tracks, the figure that the competition's starter kit prints."""
        scores = [task.score for task in self.tasks if task.score is not None]
        return fmean(scores) if scores else None

    @cached_property
    def intervals(self) -> Intervals:
        """How sure the scores are."""
        resamples = resample(self._scored_tasks())
        overall, mean = self.overall, self.mean_over_tasks
        scores = {task.name: task.score for task in self.tasks if task.score is not None}
        groups = by_track(resamples)
        return Intervals(
            {name: interval_of(scores[name], values) for (_, name), values in resamples.items()},
            {
                track: interval_of(score, np.mean(groups[track.challenge_id if track else None], axis=0))
                for track, score in self.by_track.items()
            },
            None if overall is None else interval_of(overall, mean_over_tracks(resamples)),
            None if mean is None else interval_of(mean, mean_over_tasks(resamples)),
        )

    def _scored_tasks(self) -> dict[TaskKey, ScoredTask]:
        tasks: dict[TaskKey, ScoredTask] = {}
        for one in self.samples:
            if one.score is not None:
                key = (one.sample.track.challenge_id if one.sample.track else None, one.sample.task_name)
                tasks.setdefault(key, ScoredTask(one.sample.metric, [])).scores.append(one.score)
        return tasks


def unscorable_tasks(samples: Sequence[Sample]) -> dict[str, str]:
    """Return the names of the tasks that need weights which are not there, each with what is missing."""
    reasons: dict[str, str] = {}
    for metric in sorted({sample.metric for sample in samples}):
        if missing := _missing_weights(metric):
            reasons |= {sample.task_name: missing for sample in samples if sample.metric == metric}
    return reasons


def score_responses(samples: Sequence[Sample], responses: Sequence[str]) -> Scores:
    """Read and score `responses`, one for each of `samples` and in their order."""
    skipped = unscorable_tasks(samples)
    answers = [parse_response(sample.task_type, text) for sample, text in zip(samples, responses, strict=True)]
    scores: list[Score | None] = [None] * len(samples)
    for metric in sorted({sample.metric for sample in samples}):
        chosen = [i for i, s in enumerate(samples) if s.metric == metric and s.task_name not in skipped]
        if chosen:
            score_all = metric_by_name(metric).score_all
            values = score_all([answers[i] for i in chosen], [samples[i].truth for i in chosen])
            for position, value in zip(chosen, values, strict=True):
                scores[position] = value
    scored = [ScoredSample(*row) for row in zip(samples, responses, answers, scores, strict=True)]
    return Scores(scored, list(_task_scores(scored, skipped)))


def _task_scores(scored: Sequence[ScoredSample], skipped: dict[str, str]) -> Iterator[TaskScore]:
    tasks: dict[str, list[ScoredSample]] = {}
    for one in scored:
        tasks.setdefault(one.sample.task_name, []).append(one)
    for name, members in tasks.items():
        first = members[0].sample
        values = [member.score for member in members if member.score is not None]
        yield TaskScore(
            name=name,
            track=first.track,
            task_type=first.task_type.value,
            metrics=tuple(dict.fromkeys(member.sample.metric for member in members)),
            num_samples=len(members),
            # Metrics that share a task are all means, so any of them aggregates it.
            score=aggregate(first.metric, values) if name not in skipped else None,
            skipped_because=skipped.get(name),
        )


def _missing_weights(metric: str) -> str | None:
    encoder = metric_by_name(metric).encoder
    try:
        if encoder:
            encoder.check_weights()
    except MissingWeightsError as error:
        return str(error)
    return None
