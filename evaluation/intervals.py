"""Scores with 95 % bootstrap intervals: of a task, a track, everything, and of the difference between two models.

The one thing to know: questions are resampled within their tasks, and the draws depend on the seed and on how many
questions there are alone. So the resamples of two models over the same questions are paired, and the difference of their
scores has an interval of its own (Efron and Tibshirani, "An Introduction to the Bootstrap", 1993, chapter 13).

Three questions that are all answered rightly would give an interval of no width. So every resample draws from two more
questions, one answered wrongly and one rightly, as Agresti and Coull do for proportions ("Approximate is better than
'exact'", 1998). Both models of a pair answer them alike: a difference is only drawn towards nothing, never away from it.
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


def interval_of(score: float, resamples: np.ndarray) -> Interval:
    """Return `score` with the middle 95 % of its `resamples`, widened where need be to hold it."""
    low, high = np.quantile(resamples, (0.025, 0.975))
    return Interval(score, min(float(low), score), max(float(high), score))


def p_value(differences: np.ndarray) -> float:
    """Return how often chance alone would give such a difference: two-sided, from the resampled differences.

    Twice the smaller share of the resamples on either side of nothing, one counted on each (Davison and Hinkley,
    "Bootstrap Methods and their Application", 1997, section 4.2): it is never below 2 / (RESAMPLES + 1).
    """
    lower = (1 + np.count_nonzero(differences <= 0)) / (1 + len(differences))
    upper = (1 + np.count_nonzero(differences >= 0)) / (1 + len(differences))
    return min(1.0, 2 * float(min(lower, upper)))


def resample(tasks: Tasks, seed: int = 0) -> dict[TaskKey, np.ndarray]:
    """Return `RESAMPLES` scores of each task, each over as many questions as it has, drawn with replacement."""
    generator = np.random.default_rng(seed)
    return {key: _resample_task(task, generator) for key, task in tasks.items()}


def _resample_task(task: ScoredTask, generator: np.random.Generator) -> np.ndarray:
    columns = _columns(task.scores)
    count = len(task.scores)
    found = []
    rows = max(1, _CHUNK // count)
    for start in range(0, RESAMPLES, rows):
        draws = generator.integers(len(columns), size=(min(rows, RESAMPLES - start), count))
        found.append(columns[draws].sum(axis=1))
    sums = np.concatenate(found)
    if sums.shape[1] == 1:
        return sums[:, 0] / count
    hits, wrong = sums[:, 0], sums[:, 1]
    # Micro F1 of the summed counts, 0 where nothing was right.
    return np.divide(2 * hits, 2 * hits + wrong, out=np.zeros(len(sums)), where=hits > 0)


def _columns(scores: Sequence[Score]) -> np.ndarray:
    """Return what is summed over questions, a row each, and behind them the two that nobody asked."""
    if isinstance(scores[0], EntityCounts):
        counts = [(one.tp, one.fp + one.fn) for one in scores if isinstance(one, EntityCounts)]
        return np.array([*counts, (0, 2), (1, 0)], dtype=float)
    return np.array([*scores, 0.0, 1.0], dtype=float)[:, None]


def mean_over_tracks(values: Mapping[TaskKey, Any]) -> Any:
    """Return the mean over the tracks of the mean over their tasks, of numbers or of arrays of resamples.

    Questions that name no track count as one track of their own.
    """
    return _mean(_mean(group) for group in by_track(values).values())


def mean_over_tasks(values: Mapping[TaskKey, Any]) -> Any:
    """Return the mean over all tasks, of numbers or of arrays of resamples."""
    return _mean(values.values())


def by_track(values: Mapping[TaskKey, Any]) -> dict[str | None, list[Any]]:
    """Group what belongs to the tasks by their track."""
    groups: dict[str | None, list[Any]] = {}
    for (track, _), value in values.items():
        groups.setdefault(track, []).append(value)
    return groups


def _mean(values: Iterable[Any]) -> Any:
    found = list(values)
    return np.mean(found, axis=0) if isinstance(found[0], np.ndarray) else fmean(found)
