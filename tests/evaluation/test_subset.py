"""Which questions are asked."""

from collections import Counter
from pathlib import Path

import pytest

from evaluation.dataset import read_samples
from evaluation.subset import Subset
from submission.errors import ShopBenchError
from submission.tracks import track_by_number

DATA = Path(__file__).resolve().parents[2] / "data" / "sample_questions.jsonl"
SAMPLES = read_samples(DATA)


def asked(**selection):
    chosen = Subset(**selection)
    return chosen.part(chosen.of_track(SAMPLES, DATA))


def test_all_are_asked_unless_a_part_is_wanted():
    assert asked() == asked(track=track_by_number(5)) == asked(limit=1000, first=1000) == SAMPLES


def test_a_limit_counts_for_each_task():
    counts = Counter(sample.task_name for sample in asked(limit=2))
    assert counts.keys() == {sample.task_name for sample in SAMPLES} and set(counts.values()) == {2}


def test_the_first_are_the_first_of_what_is_left():
    assert asked(first=5) == SAMPLES[:5]
    assert asked(limit=1, first=5) == asked(limit=1)[:5]
    rankings = [sample for sample in SAMPLES if sample.task_type == "ranking"]
    assert asked(types=("ranking",), first=2) == rankings[:2]


def test_tasks_and_types_narrow_each_other_down():
    both = asked(tasks=("query_relation", "product_ranking"), types=("ranking",))
    assert both == asked(tasks=("product_ranking",)) and {sample.task_name for sample in both} == {"product_ranking"}


@pytest.mark.parametrize(
    ("selection", "message"),
    [
        ({"tasks": ("query_relations",)}, "of the task 'query_relations': did you mean query_relation\\?"),
        ({"types": ("rank",)}, "of the task type 'rank': did you mean ranking\\?"),
        ({"types": ("xyz",)}, "of the task type 'xyz': there are generation, multiple-choice, "),
        ({"tasks": ("query_relation",), "types": ("ranking",)}, "no question is of these tasks and of these types"),
        ({"track": track_by_number(2), "types": ("ranking",)}, "no questions of the task type 'ranking'"),
    ],
)
def test_names_that_no_question_has_are_named(selection, message):
    with pytest.raises(ShopBenchError, match=message):
        asked(**selection)
