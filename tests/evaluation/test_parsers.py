import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.parsers import MAX_RESPONSE_CHARACTERS, is_unparsable, parse_response
from submission.errors import ShopBenchError
from submission.task_types import TaskType


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("2", 2),
        ("  3\n", 3),
        ("12", 1),
        ("0. wood", 0),
        ("Answer: 2", -1),
        ("-1", -1),
        ("", -1),
        (" \n\t", -1),
        ("½", -1),
        ("²", -1),
        ("٣", 3),
        ("4", 4),
    ],
)
def test_multiple_choice_reads_the_first_character(response, answer):
    assert parse_response("multiple-choice", response) == answer


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("1,2,3,4,5", [1, 2, 3, 4, 5]),
        ("3, 1, 2", [3, 1, 2]),
        ("[5, 4, 3, 2, 1]", [5, 4, 3, 2, 1]),
        ("1 2, 3", [3]),
        ("1.5, 2", [2]),
        ("7, 1, 9, 2", [1, 2]),
        ("1, 2, 1", []),
        ("1,2,3,4,5,1", [1, 2, 3, 4, 5]),
        ("0,1,2,3,4", [0, 1, 2, 3, 4]),
        ("-3, 2", [3, 2]),
        ("½, 2, ², ٣", [2, 3]),
        ("1\n2, 3", [3]),
        ("none", []),
    ],
)
def test_ranking(response, answer):
    assert parse_response("ranking", response) == answer


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("4, 11, 13, 2", [4, 11, 13]),
        ("4, 4, 4", [4, 4, 4]),
        ("100,7", [100, 7]),
        ("1 2, 3", [3]),
        ("Snippets 4, 5 and 6", [4]),
        ("1.5", [15]),
        ("", []),
    ],
)
def test_retrieval(response, answer):
    assert parse_response("retrieval", response) == answer


@pytest.mark.parametrize(
    ("response", "answer"),
    [
        ("red, blue ", ["red", "blue"]),
        ("['red', ' blue']", ["red", " blue"]),
        ("[]", []),
        ("['red', 3]", ["['red'", "3]"]),
        ("('red', 'blue')", ["('red'", "'blue')"]),
        ("'red'", ["'red'"]),
        ("{[]: 1}", ["{[]: 1}"]),
        ("a,, ,b\n", ["a", "b"]),
        ("", []),
        ("['a\\d']", ["a\\d"]),
    ],
)
def test_named_entity_recognition(response, answer):
    assert parse_response("named_entity_recognition", response) == answer


@pytest.mark.parametrize("response", ["[1," * 1600, "-" * 4999 + "1", "[" * 5000, "\x00"])
def test_named_entity_recognition_survives_what_python_cannot_parse(response):
    assert parse_response("named_entity_recognition", response) == [s for s in response.split(",") if s]


def test_generation_is_stripped():
    assert parse_response("generation", " \n two words \n") == "two words"


def test_only_the_first_5000_characters_count():
    assert parse_response("generation", "a" * 4999 + "bc") == "a" * 4999 + "b"
    assert parse_response("retrieval", " " * 4999 + "12") == [1]
    assert parse_response("multiple-choice", " " * 5000 + "1") == -1


def test_a_number_too_long_for_python_is_skipped():
    assert sys.get_int_max_str_digits() < 5000
    assert parse_response("retrieval", "9" * 4400 + ", 2") == [2]


def test_unknown_task_type_names_the_known_ones():
    with pytest.raises(ShopBenchError, match=r"'classification'.*multiple-choice.*retrieval"):
        parse_response("classification", "1")


@pytest.mark.parametrize(
    ("answer", "unparsable"), [(-1, True), ([], True), ("", True), (0, False), ([0], False), ("x", False)]
)
def test_unparsable(answer, unparsable):
    assert is_unparsable(answer) is unparsable


LIKELY_TEXT = st.lists(
    st.one_of(st.sampled_from([*"0123456789,. \n[]()'\"-½²٣④", "and ", "['", "']"]), st.characters())
).map("".join)
RESPONSES = st.one_of(st.text(), LIKELY_TEXT)


@given(st.sampled_from(list(TaskType)), RESPONSES, st.text())
def test_no_parser_raises_and_nothing_past_the_limit_is_read(task_type, response, tail):
    padded = response.ljust(MAX_RESPONSE_CHARACTERS)
    assert parse_response(task_type, padded + tail) == parse_response(task_type, padded)


@given(RESPONSES)
def test_answers_stay_in_their_bounds(response):
    assert parse_response("multiple-choice", response) in range(-1, 10)
    ranked = parse_response("ranking", response)
    assert len(ranked) <= 5 and len(set(ranked)) == len(ranked) and all(0 <= item <= 5 for item in ranked)
    retrieved = parse_response("retrieval", response)
    assert len(retrieved) <= 3 and all(item >= 0 for item in retrieved)
    assert all(isinstance(entity, str) for entity in parse_response("named_entity_recognition", response))


@given(st.lists(st.integers(0, 30), max_size=6))
def test_numbers_written_out_are_read_back(numbers):
    assert parse_response("retrieval", ", ".join(map(str, numbers))) == numbers[:3]


@given(st.lists(st.text()))
def test_a_python_list_of_entities_is_taken_as_it_is(entities):
    literal = repr(entities)
    if len(literal) <= MAX_RESPONSE_CHARACTERS:
        assert parse_response("named_entity_recognition", literal) == entities
