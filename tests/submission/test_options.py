import re
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.answer_formats import Choice
from submission.options import option_numbers
from submission.questions import Question, read_question
from tests.shared_data import development_questions, ec_guide_questions


@pytest.mark.parametrize(
    ("text", "items"),
    [
        # A number lost at the beginning, in the middle and at the end, or two of them.
        ("Which?\na\n1. b\n2. c\n3. d\nAnswer:", (0, 1, 2, 3)),
        ("Which?\na\n1. b\nc\n3. d\nAnswer:", (0, 1, 2, 3)),
        ("Which?\na\nb\n2. c\n3. d\nAnswer:", (0, 1, 2, 3)),
        ("Which?\na\nb\n2. c\n3. d\n4. e\nAnswer:", (0, 1, 2, 3, 4)),
        ("How many?\nIt cannot be inferred.\n1. 1\n2. 2\n4\nAnswer:", (0, 1, 2, 3)),
        ("Which?\n1. a\n2. b\n3. c\nd\nAnswer:", (1, 2, 3, 4)),
        ("Which?\n0. a\n1. b\n2. c\nd\nAnswer:", (0, 1, 2, 3)),
        ("Which?\n0. a\n1. b\n2. c\nd", (0, 1, 2, 3)),
        ("Which?\n0. a\n1. b\nc\nd\nAnswer:", (0, 1, 2, 3)),
        ("Which?\n0. a\nb\nc\n3. d\n4. e\nAnswer:", (0, 1, 2, 3, 4)),
        ("Which?\n0. A red one.\n1. A blue one.\n2. A green one.\nA grey one.\nAnswer:", (0, 1, 2, 3)),
        ("Which?\nColour: red\n1. Size: 5\n2. Weight: 1 kg\n3. Width: 2 cm\nAnswer:", (0, 1, 2, 3)),
        # A number that stands twice, or one that is skipped.
        ("Which?\n0. a\n1. b\n1. c\n2. d\n3. e\nAnswer:", (0, 1, 2, 3)),
        ("Which?\n0. a\n1. b\n1. c\n3. d\nAnswer:", (0, 1, 2, 3)),
        ("Which?\n0. a\n1. b\n2. c\n2. d\nAnswer:", (0, 1, 2, 3)),
        ("Which?\n0. a\n0. b\n1. c\n2. d\nAnswer:", (0, 1, 2)),
        ("Which?\n0. a\n1. b\n3. c\n4. d\nAnswer:", (0, 1, 2, 3, 4)),
        ("Which? 0. red 1. green blue 3. none Answer:", (0, 1, 2, 3)),
        ("Which? red 1. green 2. blue 3. none Answer:", (0, 1, 2, 3)),
        # Another list behind the options.
        ("Which?\n0. a\n1. b\n2. c\n3. d\nRules:\n1. One number only.\n2. No text.", (0, 1, 2, 3)),
        ("Which?\n1. a\n2. b\n3. c\nImportant notes:\n1. One number only.\n2. No text.", (1, 2, 3)),
        ("Which?\na\n1. b\n2. c\n3. d\n\nRules:\n1. One number only.\n2. No text.", (0, 1, 2, 3)),
        # A list within the review that is to be rated.
        ("Rate the review from 1 to 5.\nReview: Good:\n1. it is warm\n2. it is red\nAnswer:", (1, 2, 3, 4, 5)),
    ],
)
def test_no_option_is_impossible_to_answer(text: str, items: tuple[int, ...]) -> None:
    assert read_question(text, True).answer_format == Choice(items)


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("Which is a colour\n1. red\n2. five\n3. shoe", (1, 2, 3)),
        ("What is it?\nTitle: Red shoe\n1. shoe\n2. hat\n3. sock\nAnswer:", (1, 2, 3)),
        ("What is it?\n'Red shoe'.\n1. shoe\n2. hat\n3. sock\nAnswer:", (1, 2, 3)),
        ("What is it?\n'Red shoe'\n1. shoe\n2. hat\n3. sock\nWe count on you.", (1, 2, 3)),
        ("Choose the type:\n1. shoe\n2. hat\n3. sock", (1, 2, 3)),
        ("Which?\n0. red\n1. blue\n2. green\nAnswer with one number", (0, 1, 2)),
        ("Which?\n0. red\n1. blue\n2. green\nThe odd one is", (0, 1, 2)),
        ("Welche?\n1. rot\n2. blau\n3. grün\nAntworte nur mit der Nummer.", (1, 2, 3)),
        ("Which?\n0. red\nand warm\n1. blue\nand cold\n2. green\nand so on\nAnswer:", (0, 1, 2)),
        ("Which?\n0. red\n1. blue\n2. green\n\nIt is a shoe\nAnswer:", (0, 1, 2)),
        ("The shoe:\n1. warm\n2. red\n3. soft\n4. new\n5. big\nWhich fits?\n0. a\n1. b\n2. c\nAnswer:", (0, 1, 2)),
        ("The shoe:\n1. warm\n2. red\n3. soft\n4. new\n5. big\nWhich fits?\n1. a\n2. b\n3. c\nAnswer:", (1, 2, 3)),
        ("Choose one of these 1. red 2. green 3. blue", (1, 2, 3)),
        ("Which one is red? 1. shoe 2. hat 3. sock", (1, 2, 3)),
    ],
)
def test_options_are_no_more_than_listed(text: str, items: tuple[int, ...]) -> None:
    assert read_question(text, True).answer_format == Choice(items)


WORDS = st.lists(
    st.sampled_from(["red", "blue", "warm", "soft", "shoe", "hat", "sock", "lamp"]), min_size=2, max_size=3
)


@given(
    st.lists(WORDS.map(" ".join), min_size=4, max_size=9),
    st.sampled_from((0, 1)),
    st.sampled_from(("{}. {}", "{}) {}", "{}.{}")),
    st.sets(st.integers(0, 8), max_size=2),
    st.sampled_from(
        ("\nAnswer:", "\nAnswer: ", "", "\n\nAnswer with the number only.", "\nRules:\n1. One number.\n2. No text.")
    ),
)
def test_every_option_can_be_answered_whichever_numbers_are_lost(
    options: list[str], start: int, style: str, lost: set[int], end: str
) -> None:
    lines = [
        option if place in lost else style.format(number, option)
        for place, (number, option) in enumerate(enumerate(options, start=start))
    ]
    found = read_question("Which one is it?\n" + "\n".join(lines) + end, True).items
    assert set(range(start, start + len(options))) <= set(found) <= set(range(start + len(options)))


def listed_options() -> list[Question]:
    """Real multiple-choice questions with listed options."""
    rows = [*development_questions(), *ec_guide_questions()["mcq_qprp"]]
    questions = [read_question(row["input_field"], True) for row in rows if row["task_type"] == "multiple-choice"]
    return [question for question in questions if question.has_list]


def without_numbers(text: str, number: int, count: int) -> str:
    """Take the numbers from `number` on away from the options, as noise does."""
    start = [match.start() for match in re.finditer(r"\n\W*0\W", text)][-1]
    head, options = text[:start], text[start:]
    for lost in range(number, number + count):
        options = re.sub(rf"\n\W*{lost}[.)\s]+", "\n", options, count=1)
    return head + options


@pytest.mark.parametrize("count", [1, 2])
def test_real_options_that_lost_their_numbers_can_be_answered(count: int) -> None:
    lost: Counter[int] = Counter()
    questions = listed_options()
    assert len(questions) > 700
    for question in questions:
        assert question.items == (0, 1, 2, 3)
        for number in range(4 - count + 1):
            lost[number] += read_question(without_numbers(question.text, number, count), True).items != (0, 1, 2, 3)
    # What is left are options that begin or end like an instruction.
    assert sum(lost.values()) <= 0.01 * len(questions), lost


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("Is the match good? 1 = Yes, 2 = No", (1, 2)),
        ("Does it fit? Answer 0 = no, 1 = yes.", (0, 1)),
        ("Passt es? (1: ja, 2: nein)", (1, 2)),
        ("Relevant? 0) irrelevant 1) relevant", (0, 1)),
        ("Write 1 - genuine or 2 - fake.", (1, 2)),
        # Two numbers that do not follow each other, the times of a day and a scale are no pair.
        ("Is the match good? 0 = Yes, 2 = No", ()),
        ("The shop opens at 1:30 and closes at 2:15.", ()),
        ("A lamp of 1.5 kg, 2 cm high", ()),
    ],
)
def test_two_options_that_a_sign_sets_off_from_what_they_mean(text: str, numbers: tuple[int, ...]) -> None:
    assert option_numbers(text) == numbers
