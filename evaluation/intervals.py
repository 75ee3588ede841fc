"""Scores with 95 % bootstrap intervals: of a task, a track, everything, and of the difference between two models.

The one thing to know: questions are resampled within their tasks (Efron and Tibshirani, "An Introduction to the Bootstrap",
1993). For a difference both models get the same draws, so the interval is that of the paired difference.

Three questions that are all answered rightly would give an interval of no width. So a score's resamples draw from two
more questions, one answered wrongly and one rightly, and are then moved back to the score. Agresti and Coull do the
same for proportions ("Approximate is better than 'exact'", 1998). For the difference in a single task, the two more
questions differ as much as any question did, one in each direction. A difference over several tasks needs no such
caution: they make up for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, NamedTuple

import numpy as np

from evaluation.metrics import EntityCounts, Score, aggregate

RESAMPLES = 2000
_CHUNK = 2_000_000
"""Draws that are held in memory at a time."""

TaskKey = tuple[str | None, str]
"""The track's challenge id (None where the data name none) and the task's name."""


class ScoredTask(NamedTuple):
    """The metric of a task and the score of each of its questions."""

    metric: str
    scores: list[Score]

    @property
    def score(self) -> float:
        """The task's score, as the metric makes it of those of its questions."""
        return aggregate(self.metric, self.scores)


Tasks = Mapping[TaskKey, ScoredTask]


@dataclass(frozen=True)
class Interval:
    """A score with its 95 % bootstrap interval."""

    score: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.score:.3f} [{self.low:.3f}, {self.high:.3f}]"


def interval_of(score: float, resamples: np.ndarray, lowest: float = 0.0) -> Interval:
    """Return `score` with the middle 95 % of its `resamples`, kept where scores can be and wide enough to hold it.

    `lowest` is -1 for a difference.
    """
    low, high = np.quantile(resamples, (0.025, 0.975))
    return Interval(score, max(lowest, min(float(low), score)), min(1.0, max(float(high), score)))


def p_value(differences: np.ndarray) -> float:
    """Return how often chance alone would give such a difference: two-sided, from the resampled differences.

    It is twice the smaller share of the resamples on either side of nothing, with one more counted on each side. So it
    is never below 2 / (RESAMPLES + 1). Source: Davison and Hinkley, "Bootstrap Methods and their Application", 1997,
    section 4.2.
    """
    lower = (1 + np.count_nonzero(differences <= 0)) / (1 + len(differences))
    upper = (1 + np.count_nonzero(differences >= 0)) / (1 + len(differences))
    return min(1.0, 2 * float(min(lower, upper)))


def resample(tasks: Tasks, seed: int = 0) -> dict[TaskKey, np.ndarray]:
    """Return `RESAMPLES` scores of each task, each over as many questions as it has, drawn with replacement."""
    generator = np.random.default_rng(seed)
    found = {}
    for key, task in tasks.items():
        columns = _columns(task.scores, extra=(0.0, 1.0))
        (values,) = _drawn_scores([columns], len(task.scores), generator)
        found[key] = values - values.mean() + task.score
    return found


def resample_differences(one: Tasks, other: Tasks, seed: int = 0, *, cautious: bool) -> dict[TaskKey, np.ndarray]:
    """Return `RESAMPLES` times by how much `one` scored more than `other` on the same draws of questions, by task.

    Both hold the same questions in the same order. `cautious` is for what is looked at task by task.
    """
    generator = np.random.default_rng(seed)
    found = {}
    for key, task in one.items():
        reference = other[key]
        largest = _largest_difference(task.scores, reference.scores) if cautious else None
        extra = ((0.0, largest), (largest, 0.0)) if largest is not None else ((), ())
        columns = [
            _columns(scores, extra=added) for scores, added in zip((task.scores, reference.scores), extra, strict=True)
        ]
        values = _drawn_scores(columns, len(task.scores), generator)
        found[key] = values[0] - values[1]
    return found


def _largest_difference(one: Sequence[Score], other: Sequence[Score]) -> float:
    pairs = list(zip(one, other, strict=True))
    if isinstance(one[0], EntityCounts):
        return float(any(first != second for first, second in pairs))
    return max(abs(first - second) for first, second in pairs)  # type: ignore[operator]


def _columns(scores: Sequence[Score], extra: Sequence[float]) -> np.ndarray:
    """Return what is summed over questions, a row each: scores or, of entities, those found and those wrong or missed."""
    if isinstance(scores[0], EntityCounts):
        counts = [(one.tp, one.fp + one.fn) for one in scores if isinstance(one, EntityCounts)]
        return np.array([*counts, *((1, 0) if right else (0, 2) for right in extra)], dtype=float)
    return np.array([*scores, *extra], dtype=float)[:, None]


def _drawn_scores(columns: Sequence[np.ndarray], count: int, generator: np.random.Generator) -> list[np.ndarray]:
    """Return the scores of `RESAMPLES` draws of `count` rows, the same rows of all `columns`."""
    sums: list[list[np.ndarray]] = [[] for _ in columns]
    rows = max(1, _CHUNK // count)
    for start in range(0, RESAMPLES, rows):
        draws = generator.integers(len(columns[0]), size=(min(rows, RESAMPLES - start), count))
        for parts, values in zip(sums, columns, strict=True):
            parts.append(values[draws].sum(axis=1))
    return [_scores(np.concatenate(parts), count) for parts in sums]


def _scores(sums: np.ndarray, count: int) -> np.ndarray:
    if sums.shape[1] == 1:
        return sums[:, 0] / count
    hits, wrong = sums[:, 0], sums[:, 1]
    # Micro F1 of the summed counts, 0 where nothing was right.
    return np.divide(2 * hits, 2 * hits + wrong, out=np.zeros(len(sums)), where=hits > 0)


def mean_over_tracks(values: Mapping[TaskKey, Any]) -> Any:
    """Return the mean over the tracks of the mean over their tasks, of numbers or of arrays of resamples.

    Questions that name no track count as one track of their own.
    """
    return _mean(_mean(group) for group in by_track(values).values())


def mean_over_tasks(values: Mapping[TaskKey, Any]) -> Any:
    """Return the mean over all tasks, of numbers or of arrays of resamples."""
    return _mean(values.values())


def mean_over_drawn_tasks(values: Mapping[TaskKey, np.ndarray], seed: int = 0) -> np.ndarray:
    """Return the mean over tracks of the mean over as many of their tasks, drawn with replacement for each resample.

    `values` are arrays of resamples. A two-stage bootstrap: Davison and Hinkley, 1997, section 3.8.
    """
    generator = np.random.default_rng(seed)
    means = []
    for tasks in by_track(values).values():
        stacked = np.stack(tasks)
        drawn = generator.integers(len(stacked), size=stacked.shape)
        means.append(np.take_along_axis(stacked, drawn, axis=0).mean(axis=0))
    return np.mean(means, axis=0)


def by_track(values: Mapping[TaskKey, Any]) -> dict[str | None, list[Any]]:
    """Group what belongs to the tasks by their track."""
    groups: dict[str | None, list[Any]] = {}
    for (track, _), value in values.items():
        groups.setdefault(track, []).append(value)
    return groups


def _mean(values: Iterable[Any]) -> Any:
    found = list(values)
    return np.mean(found, axis=0) if isinstance(found[0], np.ndarray) else fmean(found)
