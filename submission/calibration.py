"""Takes a model's liking for an option's number out of its multiple-choice answers.

The order of listed options says nothing about which is right, yet models prefer some numbers: a small one answers "1"
nearly always. Batch Calibration (Zhou et al., "Batch Calibration: Rethinking Calibration for In-Context Learning and
Prompt Engineering", ICLR 2024) estimates that prior from the model's own probabilities, averaged over questions, and
divides by it: log p(option | question) − log mean p(option). No labels are needed. Scales (ratings of 1 to 5) are left
alone, since there the numbers mean something.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from submission.engine import Generation
from submission.questions import Question
from submission.task_types import TaskType

# Uniform pseudo-observations: with few questions seen, the estimate stays near "no prior" and never ties the options.
_PSEUDO_COUNT = 4.0


class ChoiceCalibration:
    """The mean probabilities of options seen so far, by the numbers of the list."""

    def __init__(self) -> None:
        self._sums: dict[tuple[int, ...], list[float]] = {}
        self._counts: dict[tuple[int, ...], int] = {}

    def state_dict(self) -> list[dict[str, Any]]:
        """Return the sums of probabilities and the counts by list of numbers, as JSON data."""
        return [
            {"items": list(items), "sums": sums, "count": self._counts[items]} for items, sums in self._sums.items()
        ]

    def load_state_dict(self, state: list[dict[str, Any]]) -> None:
        """Take over what `state_dict` returned."""
        self._sums = {tuple(entry["items"]): list(entry["sums"]) for entry in state}
        self._counts = {tuple(entry["items"]): entry["count"] for entry in state}

    def observe(self, items: tuple[int, ...], logprobs: Mapping[int, float]) -> list[float] | None:
        """Count one question's log-probabilities by option number; return them normalised over `items`.

        None, and nothing counted, where an option's probability is missing or not a number.
        """
        weights = [math.exp(min(logprobs.get(item, -math.inf), 0.0)) for item in items]
        total = sum(weights)
        if any(item not in logprobs for item in items) or not 0 < total < math.inf:
            return None
        probabilities = [weight / total for weight in weights]
        sums = self._sums.setdefault(items, [0.0] * len(items))
        self._sums[items] = [old + new for old, new in zip(sums, probabilities, strict=True)]
        self._counts[items] = self._counts.get(items, 0) + 1
        return probabilities

    def choose(self, items: tuple[int, ...], probabilities: Sequence[float]) -> int:
        """Return the option with the largest calibrated probability, given what was observed so far."""
        share = _PSEUDO_COUNT / len(items)
        total = _PSEUDO_COUNT + self._counts.get(items, 0)
        sums = self._sums.get(items, [0.0] * len(items))
        calibrated = [
            probability / ((seen + share) / total) for probability, seen in zip(probabilities, sums, strict=True)
        ]
        return items[calibrated.index(max(calibrated))]


def can_be_calibrated(question: Question) -> bool:
    """Whether the options are listed (on a scale the numbers mean something) and one token each."""
    is_choice = question.task_type is TaskType.MULTIPLE_CHOICE and question.has_list
    return is_choice and question.answer_format.max_tokens == 1


def calibrate_choices(calibration: ChoiceCalibration, questions: list[Question], generations: list[Generation]) -> None:
    """Put calibrated choices beside those of the model, the whole batch counted before any of it is decided."""
    observed = []
    for question, generation in zip(questions, generations, strict=True):
        logprobs = {int(text): value for text, value in generation.logprobs.items() if text.isdecimal()}
        if probabilities := calibration.observe(question.items, logprobs) if logprobs else None:
            observed.append((question.items, probabilities, generation))
    for items, probabilities, generation in observed:
        generation.calibrated = str(calibration.choose(items, probabilities))
