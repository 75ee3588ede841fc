"""Fits one assumption to the published time of one track of the baseline, and checks it on the other three.

The published times are those of a zero-shot Llama-3-8B-Instruct: fp16, tensor parallel 4, batches of 16, 100 tokens for
every question that is not multiple choice. One number can fix one unknown; what the fit is worth is the error on the
tracks that it has not seen.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from evaluation.t4_plan.machine import Assumptions
from evaluation.t4_plan.model_shape import ModelShape
from evaluation.t4_plan.timing import Layout, TaskLoad, TimeModel
from evaluation.t4_plan.workload import questions_per_track, track_loads

PUBLISHED_SECONDS = {1: 1490.0, 2: 397.0, 3: 576.0, 4: 359.0}
"""The baseline's times per track, from the competition's starter kit."""

BASELINE_LAYOUT = Layout(batch_size=16, max_batched_tokens=8192, tensor_parallel=4)

FITTABLE = ("evaluator_overhead_s", "matmul_efficiency", "bus_bandwidth", "step_overhead_s")
"""Assumptions that the fit is tried with; the one that predicts the other tracks best is used."""

_RANGES = {
    "evaluator_overhead_s": (0.0, 10.0),
    "matmul_efficiency": (0.01, 1.0),
    "bus_bandwidth": (1e8, 1e11),
    "step_overhead_s": (0.0, 1.0),
}


@dataclass(frozen=True)
class Baseline:
    """The model and the workload whose times are published, as the time model sees them."""

    shape: ModelShape
    loads: dict[int, list[TaskLoad]]
    hidden_tasks: str

    def seconds(self, track: int, assumptions: Assumptions) -> float:
        """Predict the baseline's time on a track."""
        tasks = track_loads(self.loads, track, hidden_tasks=self.hidden_tasks, questions=questions_per_track(track))
        return TimeModel(self.shape, assumptions, BASELINE_LAYOUT).track(tasks).total


@dataclass(frozen=True)
class Fit:
    """An assumption fitted to one track, and the baseline's predicted seconds on all four with it."""

    parameter: str
    track: int
    value: float
    predicted: dict[int, float]

    @property
    def errors(self) -> dict[int, float]:
        """Relative error on the tracks that were not fitted, (predicted − published) / published."""
        return {
            track: self.predicted[track] / published - 1
            for track, published in PUBLISHED_SECONDS.items()
            if track != self.track
        }

    @property
    def mean_error(self) -> float:
        """Mean absolute relative error on the tracks that were not fitted."""
        return sum(abs(error) for error in self.errors.values()) / len(self.errors)


def _bisect(error: Callable[[float], float], low: float, high: float) -> float:
    """Find where a monotonic `error` crosses zero, or the end of the range that comes closest."""
    rising = error(high) > error(low)
    for _ in range(60):
        middle = (low + high) / 2
        if (error(middle) > 0) == rising:
            high = middle
        else:
            low = middle
    return (low + high) / 2


def fit(baseline: Baseline, assumptions: Assumptions, parameter: str, track: int) -> Fit:
    """Set `parameter` so that the baseline's time on `track` is the published one, as nearly as its range allows."""

    def seconds(value: float, on: int = track) -> float:
        return baseline.seconds(on, replace(assumptions, **{parameter: value}))

    value = _bisect(lambda candidate: seconds(candidate) - PUBLISHED_SECONDS[track], *_RANGES[parameter])
    return Fit(parameter, track, value, {other: seconds(value, other) for other in PUBLISHED_SECONDS})


def workload_corrections(baseline: Baseline, assumptions: Assumptions) -> dict[int, float]:
    """Return, per track, published over predicted time of the baseline, loading left out.

    The hidden tasks of a track are guessed; the published time tells by how much the guess is too heavy or too light,
    and the same factor then holds for any other model on the same questions.
    """
    loading = TimeModel(baseline.shape, assumptions, BASELINE_LAYOUT).loading().total
    return {
        track: (published - loading) / (baseline.seconds(track, assumptions) - loading)
        for track, published in PUBLISHED_SECONDS.items()
    }
