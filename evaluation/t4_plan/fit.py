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

BASELINE_LAYOUT = Layout(batch_size=16, max_batched_tokens=8192, tensor_parallel=4, tensor_core_attention=True)

_RANGES = {
    "hidden_choice_share": (0.0, 1.0),
    "evaluator_overhead_s": (0.0, 10.0),
    "matmul_efficiency": (0.01, 1.0),
    "bus_bandwidth": (1e8, 1e11),
    "step_overhead_s": (0.0, 1.0),
}
FITTABLE = tuple(_RANGES)
"""Assumptions that the fit is tried with; the one that predicts the other tracks best is used."""

FITTED_TRACK = 1
"""The longest by far, so that loading, which the published times may or may not hold, counts least."""

_REACHED = 0.01


@dataclass(frozen=True)
class Baseline:
    """The model and the workload whose times are published, as the time model sees them."""

    shape: ModelShape
    loads: dict[int, list[TaskLoad]]

    def loading(self, assumptions: Assumptions) -> float:
        """Seconds of loading that the published times hold."""
        loading = TimeModel(self.shape, assumptions, BASELINE_LAYOUT).loading().total
        return loading * assumptions.published_loading

    def seconds(self, track: int, assumptions: Assumptions) -> float:
        """Predict the baseline's time on a track."""
        model = TimeModel(self.shape, assumptions, BASELINE_LAYOUT)
        tasks = track_loads(
            self.loads, track, choice_share=assumptions.hidden_choice_share, questions=questions_per_track(track)
        )
        return self.loading(assumptions) + sum(model.task(task).total for task in tasks)


@dataclass(frozen=True)
class Fit:
    """An assumption fitted to one track, and the baseline's predicted seconds on all four with it."""

    parameter: str
    track: int
    value: float
    predicted: dict[int, float]

    @property
    def reached(self) -> bool:
        """Whether the published time lies within what the assumption's range allows."""
        return abs(self.predicted[self.track] / PUBLISHED_SECONDS[self.track] - 1) < _REACHED

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
    for _ in range(40):
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


@dataclass(frozen=True)
class Correction:
    """Assumptions after the fit, and per track the factor that makes the baseline's predicted time the published one.

    The hidden tasks of a track are guessed; the factor says by how much the guess is too heavy or too light. It then
    holds for any other model on the same questions. Loading is left out of it.
    """

    assumptions: Assumptions
    factors: dict[int, float]


def fit_and_correct(baseline: Baseline, assumptions: Assumptions, fitted: str | None) -> Correction:
    """Fit `fitted` (nothing if None) to the fitted track, and correct every track by its published time."""
    if fitted is not None:
        assumptions = replace(assumptions, **{fitted: fit(baseline, assumptions, fitted, FITTED_TRACK).value})
    loading = baseline.loading(assumptions)
    factors = {
        track: (published - loading) / (baseline.seconds(track, assumptions) - loading)
        for track, published in PUBLISHED_SECONDS.items()
    }
    return Correction(assumptions, factors)
