"""Watches the time of the whole run: is what is left enough for the questions that are left, and what to cut if not.

The evaluator says neither how much time is left nor how many questions are to come. So both are estimated: time from
the model's construction on, questions from what a track is expected to hold. What a kind of answer costs is taken from
the cheaper half of its last batches. For kinds not asked yet it is the least they may cost beside the others. What was
cut by mistake is lost, while what was not can be made up for by later cuts. When the product does not fit, answers get
shorter in a fixed order of stages. Prose goes first, since a shorter explanation still scores. Multiple choice goes
last, since it costs least and most tasks are of it. What a stage leaves out is still asked in a probe now and then.
"""

import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any, Self

from submission.answer_formats import AnswerFormat, Choice, FreeText, Spans
from submission.settings import Settings
from submission.tracks import Track

logger = logging.getLogger(__name__)

PROSE, EXTRACTION, LISTS, CHOICE = "prose", "extraction", "number lists", "multiple choice"


@dataclass(frozen=True)
class Stage:
    """What the stage is called in the log, and the share of its token budget that a kind keeps (1 where not named).

    With a share of 0 questions are not asked: the form's fallback answers them.
    """

    name: str
    shares: dict[str, float]


STAGES = (
    Stage("full budgets", {}),
    Stage("prose halved", {PROSE: 1 / 2}),
    Stage("prose quartered", {PROSE: 1 / 4}),
    Stage("prose quartered, extraction halved", {PROSE: 1 / 4, EXTRACTION: 1 / 2}),
    Stage("no prose, extraction halved", {PROSE: 0, EXTRACTION: 1 / 2}),
    Stage("no prose, no extraction", {PROSE: 0, EXTRACTION: 0}),
    Stage("multiple choice only", {PROSE: 0, EXTRACTION: 0, LISTS: 0}),
    Stage("no question is asked", {PROSE: 0, EXTRACTION: 0, LISTS: 0, CHOICE: 0}),
)
# How a batch is asked that is to show what a kind costs by now that is left out.
_PROBE = next(stage for stage in reversed(STAGES) if all(stage.shares.values()))

# How the kinds are distributed over a track's questions, in percent: as in its development questions.
_MIX = {
    1: {PROSE: 10, EXTRACTION: 40, LISTS: 20, CHOICE: 30},
    2: {CHOICE: 100},
    3: {LISTS: 41, CHOICE: 59},
    4: {PROSE: 38, CHOICE: 62},
    5: {PROSE: 9, EXTRACTION: 17, LISTS: 20, CHOICE: 54},
}
# Kept back for what happens before the model is constructed and between batches.
_MARGIN = 0.03
# A kind's cost is a mean over the cheaper half of so many batches (a restart of the engine or a busy machine is not the
# rule), of which there must be some before anything is concluded from them. Nor is anything concluded before answering
# took this share of the limit: that much time can be made up for, a kind that was left out for a few dear batches cannot.
_BATCHES = 20
_FEWEST_BATCHES = 3
_PATIENCE = 0.1
# Seconds a question by evaluation.t4_plan, the mean over the development tasks of a kind, and the share of it that a kind
# not asked yet is taken to cost beside the others. At one end of the plan's assumptions (cards that read fast and write
# slowly) multiple choice costs 0.45 of prose instead of 0.8; a little less, since most tasks are hidden.
_PLANNED_S = {PROSE: 0.41, EXTRACTION: 0.33, LISTS: 0.79, CHOICE: 0.33}
_AT_LEAST = 0.4
# Of the time of a question answered in words, what goes into reading its prompt and does not get less with a shorter
# answer: 0.3 for prose and 0.6 for extraction in the plan, where answers last their whole budgets, more where they end.
_READING = 0.5
# How many batches are left out before the first probe; every probe doubles the number until the next one.
_FIRST_GAP = 1
# More questions may come than were expected: always this share of those seen so far, at the least.
_ALWAYS_TO_COME = 0.02
# A later stage is left for an earlier one only if that needs no more than this share of the time left.
_RETURN_BELOW = 0.9
_FEWEST_TOKENS = 8


def kind_of(form: AnswerFormat) -> str:
    """Return the kind of answer, as far as time is concerned."""
    match form:
        case FreeText():
            return PROSE
        case Spans():
            return EXTRACTION
        case Choice():
            return CHOICE
        case _:
            return LISTS


class TimeBudget:
    """The time of one run: `limit_s` seconds (None: unlimited) for about `questions` questions of `track`."""

    def __init__(
        self, track: Track, limit_s: float | None, questions: int, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._started = clock()
        self._limit_s = limit_s
        mix = _MIX[track.number]
        self._expected = {kind: questions * share / sum(mix.values()) for kind, share in mix.items()}
        self._seen = dict.fromkeys((PROSE, EXTRACTION, LISTS, CHOICE), 0)
        self._seconds: dict[str, list[float]] = {}
        """Seconds a question with its full budget, batch by batch, by kind."""
        self._answering_s = 0.0
        self._stage = 0
        self._is_probe = False
        self._gap = _FIRST_GAP
        self._left_out = 0
        """Batches since the last probe of which something was not asked."""

    @classmethod
    def of_run(cls, track: Track, settings: Settings) -> Self:
        """Return the budget of a run that begins now: the track's, or what the settings say instead."""
        limit_s = track.time_limit_s if settings.time_limit_s is None else settings.time_limit_s
        questions = track.expected_questions if settings.questions is None else settings.questions
        return cls(track, limit_s, questions)

    def left(self) -> float:
        """Return the seconds that may still be used, a margin taken off; infinite without a limit."""
        if self._limit_s is None:
            return float("inf")
        return self._limit_s * (1 - _MARGIN) - (self._clock() - self._started)

    def choose_stage(self) -> Stage:
        """Return the first stage whose estimate fits into the time left, and log it if it is another than before.

        Every so often it is a probe instead: the stage that leaves nothing out, with the smallest budgets.
        """
        left = self.left()
        chosen = self._stage
        # There is nothing to save time for by not asking multiple choice: that goes on as long as there is any.
        last = len(STAGES) - (1 if left <= 0 else 2)
        while chosen < last and self._needed(STAGES[chosen]) > left:
            chosen += 1
        while chosen > 0 and self._needed(STAGES[chosen - 1]) <= left * _RETURN_BELOW:
            chosen -= 1
        if chosen != self._stage:
            logger.warning(
                "time of the run: %.0f s left, %.0f s needed with %s: now %s",
                left,
                self._needed(STAGES[self._stage]),
                STAGES[self._stage].name,
                STAGES[chosen].name,
            )
            self._stage = chosen
            if all(STAGES[chosen].shares.values()):
                self._gap, self._left_out = _FIRST_GAP, 0
        self._is_probe = self._left_out >= self._gap and left > 0
        return self._asking()

    def record(self, forms: Sequence[AnswerFormat], seconds: float) -> None:
        """Count a batch that was answered in `seconds` in the stage chosen last."""
        counts = Counter(map(kind_of, forms))
        efforts = {kind: self._effort(kind, self._asking()) for kind in counts}
        asked = sum(count for kind, count in counts.items() if efforts[kind] > 0)
        left_out = {kind for kind in counts if self._effort(kind, STAGES[self._stage]) == 0}
        for kind, count in counts.items():
            self._seen[kind] += count
            if efforts[kind] > 0:
                batches = list(self._seconds.get(kind, []))
                if kind in left_out and len(batches) >= _FEWEST_BATCHES:
                    # What a probe shows is news; what had the kind left out is not.
                    batches.remove(max(batches))
                full = seconds / asked / efforts[kind]
                self._seconds[kind] = [*batches, full][-_BATCHES:]
        self._answering_s += seconds
        if left_out and self._is_probe:
            self._gap, self._left_out = 2 * self._gap, 0
        elif left_out:
            self._left_out += 1

    def state_dict(self) -> dict[str, Any]:
        """Return what a run that is continued later must know, as JSON data."""
        return {
            "used_s": self._clock() - self._started,
            "seen": dict(self._seen),
            "seconds": dict(self._seconds),
            "answering_s": self._answering_s,
            "stage": self._stage,
            "gap": self._gap,
            "left_out": self._left_out,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned: the time used before counts too."""
        self._started -= state["used_s"]
        self._seen, self._seconds = dict(state["seen"]), dict(state["seconds"])
        self._answering_s, self._stage = state["answering_s"], state["stage"]
        self._gap, self._left_out = state["gap"], state["left_out"]

    def _asking(self) -> Stage:
        """Return the stage in which the current batch is asked."""
        return _PROBE if self._is_probe else STAGES[self._stage]

    def _needed(self, stage: Stage) -> float:
        """Return the seconds that the questions to come would take in `stage`, 0 as long as too little is known."""
        if self._limit_s is None or self._answering_s < _PATIENCE * self._limit_s:
            return 0.0
        costs = {kind: _cost(seconds) for kind, seconds in self._seconds.items() if len(seconds) >= _FEWEST_BATCHES}
        slowness = min((cost / _PLANNED_S[kind] for kind, cost in costs.items()), default=0.0)
        return sum(
            self._to_come(kind) * costs.get(kind, slowness * _PLANNED_S[kind] * _AT_LEAST) * self._effort(kind, stage)
            for kind in self._seen
        )

    def _to_come(self, kind: str) -> float:
        seen = self._seen[kind]
        return max(self._expected.get(kind, 0.0) - seen, seen * _ALWAYS_TO_COME)

    @staticmethod
    def _effort(kind: str, stage: Stage) -> float:
        share = stage.shares.get(kind, 1.0)
        return _READING + (1 - _READING) * share if share else 0.0


def _cost(seconds: Sequence[float]) -> float:
    """Return the mean of the cheaper half."""
    return fmean(sorted(seconds)[: len(seconds) // 2])


def tokens_within(form: AnswerFormat, stage: Stage) -> int:
    """Return the token budget of an answer in `stage`, 0 where the question is not to be asked.

    Answers in numbers are as short as they can be: they are asked in full or not at all.
    """
    share = stage.shares.get(kind_of(form), 1.0)
    if share in (0, 1):
        return form.max_tokens if share else 0
    return min(form.max_tokens, max(_FEWEST_TOKENS, round(form.max_tokens * share)))
