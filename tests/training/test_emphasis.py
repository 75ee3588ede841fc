"""Which questions an adapter sees: part of each task, some tasks more often, others for another seed."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.errors import ShopBenchError
from training.fine_tuning.emphasis import drawn

TASKS = ["a"] * 10 + ["b"] * 20


def test_share_and_emphasis_multiply() -> None:
    found = drawn(TASKS, 0.5, {"a": 3}, seed=1)
    counts = Counter(found)
    assert found == sorted(found)
    assert {TASKS[index]: 0 for index in found} == {"a": 0, "b": 0}
    # 1.5 times each of `a`: all of them once, half of them twice; half of `b`.
    assert Counter(counts[index] for index in range(10)) == {1: 5, 2: 5}
    assert sum(counts[index] for index in range(10, 30)) == 10 and max(counts[i] for i in range(10, 30)) == 1


def test_a_seed_draws_others() -> None:
    assert drawn(TASKS, 0.5, {}, seed=1) == drawn(TASKS, 0.5, {}, seed=1) != drawn(TASKS, 0.5, {}, seed=2)
    assert drawn(TASKS, 1.0, {}, seed=1) == list(range(30))


@given(st.floats(0.05, 1), st.floats(0, 4), st.integers(0, 5))
def test_counts_are_as_asked(share: float, times: float, seed: int) -> None:
    found = Counter(TASKS[index] for index in drawn(TASKS, share, {"a": times}, seed))
    assert abs(found["a"] - 10 * share * times) <= 0.5 and abs(found["b"] - 20 * share) <= 0.5


def test_faults_are_named() -> None:
    with pytest.raises(ShopBenchError, match=r"emphasis: there are no questions of task 'aa'.*a"):
        drawn(TASKS, 1.0, {"aa": 2}, seed=1)
    with pytest.raises(ShopBenchError, match="leave no question"):
        drawn(["a"], 1.0, {"a": 0}, seed=1)
