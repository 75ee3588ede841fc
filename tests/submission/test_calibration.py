import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.calibration import ChoiceCalibration

FOUR = (0, 1, 2, 3)


def logprobs(*probabilities: float) -> dict[int, float]:
    return {item: math.log(p) if p else -math.inf for item, p in enumerate(probabilities)}


def test_a_liking_for_one_number_is_taken_out() -> None:
    calibration = ChoiceCalibration()
    # A model that always likes "1" best, a little less so where another option is right.
    questions = [logprobs(0.1, 0.7, 0.1, 0.1)] * 8 + [logprobs(0.3, 0.5, 0.1, 0.1)]
    observed = [calibration.observe(FOUR, one) for one in questions]
    assert calibration.choose(FOUR, observed[-1]) == 0


def test_one_question_alone_keeps_the_models_order() -> None:
    calibration = ChoiceCalibration()
    observed = calibration.observe(FOUR, logprobs(0.2, 0.5, 0.2, 0.1))
    assert calibration.choose(FOUR, observed) == 1


def test_lists_are_counted_apart() -> None:
    calibration = ChoiceCalibration()
    for _ in range(50):
        calibration.observe(FOUR, logprobs(0.01, 0.97, 0.01, 0.01))
    two = calibration.observe((0, 1), {0: math.log(0.4), 1: math.log(0.6)})
    assert calibration.choose((0, 1), two) == 1


@pytest.mark.parametrize("bad", [{0: -1.0, 1: -1.0}, {}, dict.fromkeys(FOUR, -math.inf), dict.fromkeys(FOUR, math.nan)])
def test_what_is_missing_or_no_number_is_not_counted(bad: dict[int, float]) -> None:
    calibration = ChoiceCalibration()
    assert calibration.observe(FOUR, bad) is None
    even = calibration.observe(FOUR, logprobs(0.25, 0.25, 0.3, 0.2))
    assert calibration.choose(FOUR, even) == 2


def test_a_continued_run_chooses_as_an_undisturbed_one() -> None:
    whole, first, second = ChoiceCalibration(), ChoiceCalibration(), ChoiceCalibration()
    questions = [logprobs(0.1, 0.7, 0.1, 0.1), logprobs(0.3, 0.5, 0.1, 0.1), logprobs(0.1, 0.4, 0.4, 0.1)]
    for question in questions:
        whole.observe(FOUR, question)
    first.observe(FOUR, questions[0])
    second.load_state_dict(json.loads(json.dumps(first.state_dict())))
    for question in questions[1:]:
        observed = second.observe(FOUR, question)
    assert second.state_dict() == whole.state_dict()
    assert second.choose(FOUR, observed) == whole.choose(FOUR, observed)


@given(st.lists(st.lists(st.floats(1e-6, 1.0), min_size=4, max_size=4), min_size=1, max_size=30))
def test_the_choice_is_always_an_option(rows: list[list[float]]) -> None:
    calibration = ChoiceCalibration()
    observed = [calibration.observe(FOUR, logprobs(*(p / sum(row) for p in row))) for row in rows]
    assert all(calibration.choose(FOUR, one) in FOUR for one in observed if one)
