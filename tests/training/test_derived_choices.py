"""Derived multiple choice: one right option, at a random place, readable and reproducible."""

import pytest

from evaluation.dataset import Sample, sample_of
from submission.questions import read_question
from submission.task_types import TaskType
from submission.tracks import track_by_number
from tests.shared_data import ec_guide_questions
from training.fine_tuning.derived_choices import derive_choices
from training.fine_tuning.examples import prompt_completion


@pytest.fixture(scope="module")
def sources() -> list[Sample]:
    found = ec_guide_questions()
    return [
        sample_of({"task_name": task, **row})
        for task in ("generation_mt", "ner_ner", "mcq_sa")
        for row in found[task][:200]
    ]


def options_of(row: Sample) -> list[str]:
    lines = row.question.rpartition("\nAnswer:")[0].split("\n")[-4:]
    return [line.partition(". ")[2] for line in lines]


def test_questions_are_read_as_four_options_of_which_one_is_right(sources: list[Sample]) -> None:
    derived = derive_choices(sources, seed=1)
    assert {row.task_name for row in derived} == {"choice_same_text", "choice_keywords", "choice_value"}
    assert len(derived) > 350
    known = {" ".join(answer.split()) for row in sources for answer in _texts(row)}
    for row in derived:
        question = read_question(row.question, True)
        assert question.task_type is TaskType.MULTIPLE_CHOICE and question.items[-4:] == (0, 1, 2, 3)
        assert prompt_completion(row, track_by_number(5))[0] is not None
        options = options_of(row)
        assert len({option.lower() for option in options}) == 4
        right = options[row.truth]
        if row.task_name == "choice_same_text":
            assert right in known
        elif row.task_name == "choice_value":
            asked = row.question.lower()
            elsewhere = [option for option in options if option != right and not option.startswith("It cannot")]
            text = asked.rpartition("\n0. ")[0]
            assert not any(option.lower() in text for option in elsewhere)
    places = [row.truth for row in derived]
    assert all(0.18 < places.count(place) / len(places) < 0.32 for place in range(4))


def _texts(row: Sample) -> list[str]:
    truth = row.truth
    return [read_question(row.question, False).body, *(truth if isinstance(truth, list) else [str(truth)])]


def test_same_rows_and_seed_give_the_same_questions(sources: list[Sample]) -> None:
    assert derive_choices(sources, seed=1) == derive_choices(sources, seed=1)
    assert derive_choices(sources, seed=1) != derive_choices(sources, seed=2)


def test_too_few_answers_of_a_kind_give_no_question(sources: list[Sample]) -> None:
    assert derive_choices(sources[:2], seed=1) == []
