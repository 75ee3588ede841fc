"""Watches the time of the whole run: is what is left enough for the questions that are left, and what to cut if not.

The evaluator says neither how much time is left nor how many questions are to come, so both are reckoned: time from the
model's construction on, questions from what a track is expected to hold. Seconds a question are a mean over the last
batches of each kind of answer, less the dearest, so that one restart of the engine is not taken for the rule. When the
product no longer fits, answers get shorter in a fixed order of stages, in which prose goes first, since a shorter
explanation still scores, and multiple choice last, since it costs least and most tasks are of it.
"""

import logging
import math
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from submission.answer_formats import AnswerFormat, Choice, FreeText, Spans
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
# How many batches a mean is taken over, which share of them, the dearest, is left out, and how many there must be before
# anything is concluded from them.
_BATCHES = 20
_LEFT_OUT = 0.1
_FEWEST_BATCHES = 3
# Of a question's time, what goes into reading its prompt and does not get less with a shorter answer (docs/t4_plan.md).
_READING = 0.9
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
        self._recent: list[float] = []
        """The same for whole batches, whatever is in them."""
        self._stage = 0

    def left(self) -> float:
        """Return the seconds that may still be used, a margin taken off; infinite without a limit."""
        if self._limit_s is None:
            return float("inf")
        return self._limit_s * (1 - _MARGIN) - (self._clock() - self._started)

    def choose_stage(self) -> Stage:
        """Return the first stage whose estimate fits into the time left, and log it if it is another than before."""
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
        return STAGES[chosen]

    def record(self, forms: Sequence[AnswerFormat], seconds: float) -> None:
        """Count a batch that was answered in `seconds` in the stage chosen last."""
        counts = Counter(map(kind_of, forms))
        efforts = {kind: self._effort(kind, STAGES[self._stage]) for kind in counts}
        asked = sum(count for kind, count in counts.items() if efforts[kind] > 0)
        for kind, count in counts.items():
            self._seen[kind] += count
            if efforts[kind] > 0:
                full = seconds / asked / efforts[kind]
                self._seconds[kind] = [*self._seconds.get(kind, []), full][-_BATCHES:]
        if asked:
            effort = sum(efforts[kind] * count for kind, count in counts.items()) / asked
            self._recent = [*self._recent, seconds / asked / effort][-_BATCHES:]

    def state_dict(self) -> dict[str, Any]:
        """Return what a run that is continued later must know, as JSON data."""
        return {
            "used_s": self._clock() - self._started,
            "seen": self._seen,
            "seconds": self._seconds,
            "recent": self._recent,
            "stage": self._stage,
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned: the time used before counts too."""
        self._started -= state["used_s"]
        self._seen, self._seconds = dict(state["seen"]), dict(state["seconds"])
        self._recent, self._stage = list(state["recent"]), state["stage"]

    def _needed(self, stage: Stage) -> float:
        """Return the seconds that the questions to come would take in `stage`.

        Kinds of which there were too few batches cost what a batch usually does: one of them may have waited for a restart.
        """
        if len(self._recent) < _FEWEST_BATCHES:
            return 0.0
        usual = _mean_of_usual(self._recent)
        means = {
            kind: _mean_of_usual(seconds) for kind, seconds in self._seconds.items() if len(seconds) >= _FEWEST_BATCHES
        }
        return sum(self._to_come(kind) * means.get(kind, usual) * self._effort(kind, stage) for kind in self._seen)

    def _to_come(self, kind: str) -> float:
        seen = self._seen[kind]
        return max(self._expected.get(kind, 0.0) - seen, seen * _ALWAYS_TO_COME)

    @staticmethod
    def _effort(kind: str, stage: Stage) -> float:
        share = stage.shares.get(kind, 1.0)
        return _READING + (1 - _READING) * share if share else 0.0


def _mean_of_usual(seconds: Sequence[float]) -> float:
    """Return the mean without the dearest batches, one of them at the least."""
    kept = sorted(seconds)[: len(seconds) - math.ceil(len(seconds) * _LEFT_OUT)]
    return sum(kept) / len(kept)


def tokens_within(form: AnswerFormat, stage: Stage) -> int:
    """Return the token budget of an answer in `stage`, 0 where the question is not to be asked.

    Answers in numbers are as short as they can be: they are asked in full or not at all.
    """
    share = stage.shares.get(kind_of(form), 1.0)
    if share in (0, 1):
        return form.max_tokens if share else 0
    return min(form.max_tokens, max(_FEWEST_TOKENS, round(form.max_tokens * share)))
