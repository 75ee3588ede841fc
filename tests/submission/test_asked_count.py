"""How many numbers of its list a question asks for."""

import pytest

from submission.asked_count import asked_count
from submission.questions import read_question
from submission.task_rules import TaskType

ITEMS = "\n".join(f"{number}. thing {number}" for number in range(8))


@pytest.mark.parametrize(
    ("instruction", "count"),
    [
        ("pick three of them.", 3),
        ("which 2 lines back the claim?", 2),
        ("the top five queries", 5),
        ("accessories (3)", 3),
        ("wähle vier artikel aus", 4),
        ("cochez deux produits", 2),
        ("从下面选3个编号", 3),
        ("商品を二つ選んで", 2),
        ("tick one product that fits", 1),
        # Left open.
        ("select all that apply.", None),
        ("select one or more numbers.", None),
        ("choose at least two products.", None),
        ("pick between 1 and 5 items.", None),
        ("select 1 to 5 items.", None),
        ("choose up to five products.", None),
        ("choose up to two products.", 2),
        ("tick all that apply, and write the ticked numbers one after another.", None),
        # Lengths of lists, and what has nothing to do with them.
        ("from a list of 8 products", None),
        ("a cable of 2 metres", None),
    ],
)
def test_the_number_that_is_asked_for(instruction: str, count: int | None) -> None:
    assert asked_count(instruction, 8) == count


@pytest.mark.parametrize(
    "instruction",
    [
        "Which of these are kitchen things? Select all that apply.",
        "Select all options that fit the query 'lamp'.",
        "Choose one or more products that go with a lamp.",
        "Indiquez tous les produits qui vont avec une lampe.",
        "Wähle alle passenden Artikel.",
    ],
)
def test_where_the_number_is_left_open_as_many_are_written_as_are_scored(instruction: str) -> None:
    question = read_question(f"{instruction}\n{ITEMS}\nOutput:", False)
    assert (question.task_type, question.asked) == (TaskType.RETRIEVAL, 3)
    assert question.answer_format.accepts("0,7,4")


def test_a_short_list_is_written_whole_where_the_number_is_left_open() -> None:
    question = read_question("Select all numbers that apply.\nProducts: 0. pan\n1. pot\n2. lid\nOutput:", False)
    assert (question.task_type, question.asked) == (TaskType.RETRIEVAL, 3)
