"""The plan itself: the time of every track under our design and others, with ranges, levers and what the cards hold."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import sqrt

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


def layout_of(profile: Profile) -> Layout:
    """Read the layout from an engine preset, so that the plan is about what is really run."""
    engine = profile.engine
    return Layout(
        batch_size=profile.batch_size,
        max_batched_tokens=engine["max_num_batched_tokens"],
        tensor_parallel=engine.get("tensor_parallel_size", 1),
        pipeline_parallel=engine.get("pipeline_parallel_size", 1),
    )


@dataclass(frozen=True)
class Planner:
    """Predicts a track's time for one model, set of assumptions and way to stand in for hidden tasks.

    `corrections` are factors per track from the published times (see `fit.workload_corrections`), `questions` an
    override of the default number of questions of a track.
    """

    shape: ModelShape
    assumptions: Assumptions
    layout: Layout
    hidden_tasks: str
    corrections: Mapping[int, float]
    questions: float | None = None

    def seconds(self, loads: Loads, track: int) -> Seconds:
        """Predict a track; track 5 is the four others after one another, loading once."""
        model = TimeModel(self.shape, self.assumptions, self.layout)
        total = self.questions or questions_per_track(track)
        parts = (1, 2, 3, 4) if track == 5 else (track,)
        spent = model.loading()
        for part in parts:
            share = questions_per_track(part) / sum(questions_per_track(other) for other in parts)
            tasks = track_loads(loads, part, hidden_tasks=self.hidden_tasks, questions=total * share)
            for task in tasks:
                batches = task.questions / self.layout.batch_size
                spent += model.batch(task).times(batches * self.corrections.get(part, 1.0))
        return spent

    def share(self, loads: Loads, track: int) -> float:
        """Predicted time as a share of the track's limit."""
        return self.seconds(loads, track).total / track_by_number(track).time_limit_s

    def varied(self, loads: Loads, track: int) -> list[tuple[str, float, float]]:
        """Return (assumption, seconds at its bad end, seconds at its good end), the widest range first."""
        rows = []
        for name, _, bad, good, _ in assumption_table():
            if getattr(self.assumptions, name) == good == bad:
                continue
            ends = [
                replace(self, assumptions=replace(self.assumptions, **{name: end})).seconds(loads, track).total
                for end in (bad, good)
            ]
            if ends[0] != ends[1]:
                rows.append((name, ends[0], ends[1]))
        return sorted(rows, key=lambda row: abs(row[1] - row[2]), reverse=True)

    def range(self, loads: Loads, track: int) -> tuple[float, float]:
        """Return the good and bad end of a track's seconds: each assumption's own effect, added in quadrature."""
        nominal = self.seconds(loads, track).total
        effects = self.varied(loads, track)
        better = sqrt(sum(max(0.0, nominal - good) ** 2 for _, _, good in effects))
        worse = sqrt(sum(max(0.0, bad - nominal) ** 2 for _, bad, _ in effects))
        return nominal - better, nominal + worse

    def memory(self, utilisation: float) -> CardMemory:
        """Divide one card's memory."""
        return card_memory(self.shape, self.layout, self.assumptions, utilisation)
