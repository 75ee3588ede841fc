"""Intervals, paired differences and p-values of scores."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.dataset import Sample
from evaluation.intervals import (
    RESAMPLES,
    ScoredTask,
    interval_of,
    mean_over_tracks,
    p_value,
    resample,
    resample_differences,
)
from evaluation.metrics import EntityCounts
from evaluation.scoring import score_responses
from submission.task_types import TaskType
from submission.tracks import track_by_number

KEY = (None, "a")


def interval(scores, metric="accuracy"):
    task = ScoredTask(metric, list(scores))
    return interval_of(task.score, resample({KEY: task})[KEY])


def test_three_questions_do_not_look_as_sure_as_three_thousand():
    for value in (0.0, 1.0):
        few, many = interval([value] * 3), interval([value] * 3000)
        assert few.score == many.score == value
        assert few.high - few.low > 0.4
        assert many.high - many.low < 0.003


def test_intervals_are_as_wide_as_the_normal_approximation_where_that_holds():
    scores = np.random.default_rng(1).random(1000)
    expected = 2 * 1.96 * scores.std() / 1000**0.5
    found = interval(scores)
    assert found.high - found.low == pytest.approx(expected, rel=0.08)


def test_intervals_cover_the_true_score_about_as_often_as_they_say():
    generator = np.random.default_rng(2)
    for count, rate in ((5, 0.9), (20, 0.5), (20, 0.95), (100, 0.3)):
        found = [interval((generator.random(count) < rate).astype(float)) for _ in range(200)]
        assert np.mean([one.low <= rate <= one.high for one in found]) > 0.92, (count, rate)


def test_micro_f1_is_resampled_by_its_counts():
    counts = [EntityCounts(1, 0, 1), EntityCounts(2, 1, 0), EntityCounts(0, 1, 1)] * 40
    found = interval(counts, "micro f1")
    assert found.score == pytest.approx(6 / 10)
    assert 0.5 < found.low < found.score < found.high < 0.7
    assert interval([EntityCounts(0, 2, 3)], "micro f1").score == 0.0


def test_large_tasks_are_resampled_in_pieces_to_the_same_end(monkeypatch):
    scores = np.random.default_rng(3).random(50)
    whole = resample({KEY: ScoredTask("accuracy", list(scores))})[KEY]
    monkeypatch.setattr("evaluation.intervals._CHUNK", 700)
    assert np.array_equal(resample({KEY: ScoredTask("accuracy", list(scores))})[KEY], whole)


def difference(one, other, metric="accuracy", cautious=True):
    tasks = [{KEY: ScoredTask(metric, list(scores))} for scores in (one, other)]
    return resample_differences(*tasks, cautious=cautious)[KEY]


def test_what_is_alike_differs_by_nothing():
    scores = [0.0, 1.0, 0.3] * 10
    for cautious in (True, False):
        assert not difference(scores, scores, cautious=cautious).any()
        assert p_value(difference(scores, scores, cautious=cautious)) == 1.0
    counts = [EntityCounts(1, 0, 1), EntityCounts(0, 1, 1)]
    assert not difference(counts, counts, "micro f1").any()


def test_a_p_value_is_small_where_many_questions_got_better_and_not_where_three_did():
    assert p_value(difference([1.0] * 3, [0.0] * 3)) > 0.1
    assert p_value(difference([1.0, 0.0] * 50, [0.0, 0.0] * 50)) == pytest.approx(2 / (RESAMPLES + 1))
    assert p_value(difference([EntityCounts(1, 0, 0)] * 3, [EntityCounts(0, 1, 1)] * 3, "micro f1")) > 0.05
    assert p_value(difference([EntityCounts(1, 0, 0)] * 60, [EntityCounts(0, 1, 1)] * 60, "micro f1")) < 0.002
    assert p_value(difference([0.0, 1.0, 0.0] * 20, [0.0, 0.0, 1.0] * 20)) > 0.5


def test_differences_are_as_wide_as_those_of_pairs():
    generator = np.random.default_rng(4)
    reference = generator.random(400)
    better = np.clip(reference + generator.normal(0.02, 0.05, 400), 0, 1)
    for cautious in (True, False):
        found = interval_of(0.02, difference(better, reference, cautious=cautious), lowest=-1)
        assert found.high - found.low == pytest.approx(2 * 1.96 * (better - reference).std() / 20, rel=0.15)


def test_worse_is_better_the_other_way_round():
    found = interval_of(-1.0, difference([0.0] * 3, [1.0] * 3), lowest=-1)
    assert found.low == -1 and found.high > -0.7


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30))
def test_an_interval_holds_its_score_and_stays_where_scores_can_be(scores):
    found = interval(scores)
    assert 0 <= found.low <= found.score <= found.high <= 1


def test_tracks_weigh_alike_whatever_they_hold():
    assert mean_over_tracks({("x", "a"): 1.0, ("x", "b"): 0.0, ("y", "c"): 0.0}) == 0.25
    arrays = {("x", "a"): np.array([1.0, 0.0]), (None, "c"): np.array([0.0, 1.0])}
    assert mean_over_tracks(arrays).tolist() == [0.5, 0.5]


def test_an_evaluation_has_intervals_for_all_that_has_a_score():
    track = track_by_number(1)
    samples = [Sample("?", 1, task, TaskType.MULTIPLE_CHOICE, "accuracy", track, 1) for task in "aab"]
    samples.append(Sample("?", 1, "c", TaskType.MULTIPLE_CHOICE, "accuracy", None, 1))
    found = score_responses(samples, ["1", "0", "1", "1"]).intervals
    assert {name: one.score for name, one in found.tasks.items()} == {"a": 0.5, "b": 1.0, "c": 1.0}
    assert {track: one.score for track, one in found.tracks.items()} == {None: 1.0, track: 0.75}
    assert found.overall.score == 0.875 and found.mean_over_tasks.score == pytest.approx(2.5 / 3)
    assert found.overall.low < 0.875 < found.overall.high <= 1
