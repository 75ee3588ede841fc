"""What the rows of `predictions.jsonl` are worth together, and by how much one model's are worth more than another's.

The one thing to know: `difference` and `differences` are paired. Both lists hold the same questions in the same order.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from evaluation.intervals import (
    Interval,
    ScoredTask,
    TaskKey,
    by_track,
    interval_of,
    mean_over_drawn_tasks,
    mean_over_tasks,
    mean_over_tracks,
    p_value,
    resample,
    resample_differences,
)
from evaluation.predictions import Row
from evaluation.reports import scored_tasks

Mean = Callable[[dict[TaskKey, Any]], Any]


def task_scores(rows: Sequence[Row]) -> dict[str, float]:
    """Return the score of each task by its name."""
    return {name: task.score for (_, name), task in scored_tasks(rows).items()}


def overall_score(rows: Sequence[Row]) -> float:
    """Return the mean over the tracks (questions without one count as one) of the mean over their tasks."""
    return mean_over_tracks(_scores(scored_tasks(rows)))


def interval(rows: Sequence[Row]) -> Interval:
    """Return the overall score with its interval."""
    tasks = scored_tasks(rows)
    return interval_of(mean_over_tracks(_scores(tasks)), mean_over_tracks(resample(tasks)))


def difference(rows: Sequence[Row], reference: Sequence[Row]) -> Interval:
    """Return how much better `rows` scored than `reference` on the same questions, with the paired interval."""
    return differences(rows, reference).overall.interval


def difference_over_tasks(rows: Sequence[Row], reference: Sequence[Row]) -> Interval:
    """Return `difference` with the interval that other tasks of the kind would give: tasks are resampled too."""
    one, other = scored_tasks(rows), scored_tasks(reference)
    draws = resample_differences(one, other, cautious=False)
    score = mean_over_tracks(_scores(one)) - mean_over_tracks(_scores(other))
    return interval_of(score, mean_over_drawn_tasks(draws), lowest=-1.0)


@dataclass(frozen=True)
class Difference:
    """By how much one model scored more than another, how often chance alone would give that, and over how many tasks."""

    reference: float
    interval: Interval
    p: float
    tasks: int
    questions: int


@dataclass(frozen=True)
class Differences:
    """The differences between two models over the same questions."""

    overall: Difference
    tracks: dict[str | None, Difference]
    types: dict[str, Difference]
    tasks: dict[str, Difference]


def differences(rows: Sequence[Row], reference: Sequence[Row]) -> Differences:
    """Return by how much `rows` scored more than `reference`: overall, by track, by task type and by task."""
    return _Paired(scored_tasks(rows), scored_tasks(reference)).all(_types(rows))


def _types(rows: Sequence[Row]) -> dict[str, list[TaskKey]]:
    types: dict[TaskKey, str] = {
        (row.get("track"), row["task_name"]): row["task_type"] for row in rows if row.get("task_type")
    }
    groups: dict[str, list[TaskKey]] = {}
    for key, kind in types.items():
        groups.setdefault(kind, []).append(key)
    return groups


def _scores(tasks: dict[TaskKey, ScoredTask]) -> dict[TaskKey, float]:
    return {key: task.score for key, task in tasks.items()}


class _Paired:
    """Two models' scores on the same questions, and the resampled differences between them."""

    def __init__(self, one: dict[TaskKey, ScoredTask], other: dict[TaskKey, ScoredTask]) -> None:
        self.one, self.other = one, other
        self.single = resample_differences(one, other, cautious=True)
        self.several = resample_differences(one, other, cautious=False)

    def all(self, types: dict[str, list[TaskKey]]) -> Differences:
        keys = list(self.one)
        tracks = by_track({key: key for key in keys})
        known = {kind: [key for key in members if key in self.one] for kind, members in types.items()}
        return Differences(
            self.over(keys, mean_over_tracks),
            {track: self.over(members, mean_over_tasks) for track, members in tracks.items()},
            {kind: self.over(members, mean_over_tasks) for kind, members in known.items() if members},
            {name: self.over([(track, name)], mean_over_tasks) for track, name in keys},
        )

    def over(self, keys: list[TaskKey], mean: Mean) -> Difference:
        """Return the difference of the means over some tasks."""
        draws: dict[TaskKey, np.ndarray] = self.single if len(keys) == 1 else self.several
        found = mean({key: draws[key] for key in keys})
        one, other = (mean({key: tasks[key].score for key in keys}) for tasks in (self.one, self.other))
        questions = sum(len(self.one[key].scores) for key in keys)
        return Difference(other, interval_of(one - other, found, lowest=-1.0), p_value(found), len(keys), questions)
