"""The plan itself: the time of every track under our design and others, with ranges, levers and what the cards hold."""

from dataclasses import dataclass, replace
from functools import cached_property
from math import sqrt

from evaluation.t4_plan.fit import Baseline, Correction, fit_and_correct
from evaluation.t4_plan.machine import Assumptions, assumption_table
from evaluation.t4_plan.memory import CardMemory, card_memory
from evaluation.t4_plan.model_shape import ModelShape
from evaluation.t4_plan.timing import Layout, Seconds, TaskLoad, TimeModel
from evaluation.t4_plan.workload import questions_per_track, track_loads
from submission.profiles import Profile
from submission.tracks import track_by_number

TARGET_SHARE = 0.85
"""A track should take less than this share of its limit."""

Loads = dict[int, list[TaskLoad]]


def layout_of(profile: Profile, *, int8_activations: bool = False) -> Layout:
    """Read the layout from an engine preset, so that the plan is about what is really run."""
    return Layout(
        batch_size=profile.batch_size,
        max_batched_tokens=profile.engine["max_num_batched_tokens"],
        tensor_parallel=profile.tensor_parallel_size,
        pipeline_parallel=profile.pipeline_parallel_size,
        int8_activations=int8_activations,
    )


@dataclass(frozen=True)
class Planner:
    """Predicts a track's time for one model, layout, after the fit to the published times.

    `assumed` are the assumptions before `fitted` is fitted to the baseline. `questions` overrides the default number of
    questions of a track.
    """

    shape: ModelShape
    layout: Layout
    baseline: Baseline
    assumed: Assumptions
    fitted: str | None
    correction: Correction
    questions: float | None = None

    @property
    def assumptions(self) -> Assumptions:
        """The assumptions after the fit."""
        return self.correction.assumptions

    def assuming(self, **values: float) -> "Planner":
        """Change assumptions for this model alone: what is known from the baseline stays as it is."""
        return replace(self, correction=replace(self.correction, assumptions=replace(self.assumptions, **values)))

    def refitted(self, **values: float) -> "Planner":
        """Change assumptions for the baseline as well, and fit and correct anew: its published times stay what they are."""
        fitted = None if self.fitted in values else self.fitted
        assumed = replace(self.assumed, **values)
        return replace(self, assumed=assumed, correction=fit_and_correct(self.baseline, assumed, fitted))

    def laid_out(self, layout: Layout) -> "Planner":
        """Plan the same for another layout of the cards."""
        return replace(self, layout=layout)

    def uncorrected(self) -> "Planner":
        """Take the stand-ins for hidden tasks as they are."""
        return replace(self, correction=replace(self.correction, factors={}))

    def seconds(self, loads: Loads, track: int) -> Seconds:
        """Predict a track; track 5 is the four others after one another, loading once."""
        model = TimeModel(self.shape, self.assumptions, self.layout)
        total = self.questions or questions_per_track(track)
        parts = (1, 2, 3, 4) if track == 5 else (track,)
        spent = model.loading()
        for part in parts:
            share = questions_per_track(part) / sum(questions_per_track(other) for other in parts)
            tasks = track_loads(loads, part, choice_share=self.assumptions.hidden_choice_share, questions=total * share)
            for task in tasks:
                spent += model.task(task).times(self.correction.factors.get(part, 1.0))
        return spent

    def share(self, loads: Loads, track: int) -> float:
        """Predicted time as a share of the track's limit."""
        return self.seconds(loads, track).total / track_by_number(track).time_limit_s

    @cached_property
    def _at_the_ends(self) -> list[tuple[str, "Planner", "Planner"]]:
        """This planner with each assumption at the low and at the high end of its range."""
        return [
            (name, self.refitted(**{name: low}), self.refitted(**{name: high}))
            for name, _, low, high, _ in assumption_table()
        ]

    def varied(self, loads: Loads, track: int) -> list[tuple[str, float, float]]:
        """Return (assumption, seconds at its low end, seconds at its high end), the widest range first.

        An assumption holds for the baseline too, whose published times are known: what makes the cards slower in both
        makes the questions lighter. So each end is fitted and corrected anew.
        """
        rows = []
        for name, *planners in self._at_the_ends:
            low, high = (planner.seconds(loads, track).total for planner in planners)
            if low != high:
                rows.append((name, low, high))
        return sorted(rows, key=lambda row: abs(row[1] - row[2]), reverse=True)

    def range(self, loads: Loads, track: int) -> tuple[float, float]:
        """Return the fewest and the most seconds of a track: each assumption's own effect, added in quadrature."""
        nominal = self.seconds(loads, track).total
        effects = self.varied(loads, track)
        better = sqrt(sum(max(0.0, nominal - min(low, high)) ** 2 for _, low, high in effects))
        worse = sqrt(sum(max(0.0, max(low, high) - nominal) ** 2 for _, low, high in effects))
        return nominal - better, nominal + worse

    def memory(self, utilisation: float) -> CardMemory:
        """Divide one card's memory."""
        return card_memory(self.shape, self.layout, self.assumptions, utilisation)
