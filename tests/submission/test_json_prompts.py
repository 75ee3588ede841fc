"""JSON objects within a question are read as labelled lines and lists."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.instructions import read_instruction
from submission.json_prompts import with_fields_on_lines, without_json
from submission.task_rules import Reading
from submission.task_types import judge

_ITEMS = ["0 - boom arm", "1 - pop filter", "2 - lamp", "3 - oil"]


def test_the_order_of_the_keys_says_nothing() -> None:
    first = {"task": "give the ids in descending relevance", "query": "usb microphone", "candidates": _ITEMS}
    last = {name: first[name] for name in reversed(first)}
    for made in (first, last):
        instruction = read_instruction(json.dumps(made))
        assert instruction.list and instruction.list.numbers == (0, 1, 2, 3)
        assert judge(instruction).reading is Reading.RANKING


def test_numbers_are_found_as_keys_as_fields_and_in_the_items() -> None:
    names = ["soap dish", "paint brush", "liner", "rake"]
    for items in (
        {str(number): name for number, name in enumerate(names, start=1)},
        [{"id": number, "title": name} for number, name in enumerate(names, start=1)],
        [f"{number} {name}" for number, name in enumerate(names, start=1)],
    ):
        text = json.dumps({"products": items}) + "\nPick the two that an artist would buy. Give their numbers."
        instruction = read_instruction(text)
        assert instruction.list and instruction.list.numbers == (1, 2, 3, 4)
        assert judge(instruction).reading is Reading.RETRIEVAL


def test_a_type_and_a_query_in_an_object_are_a_type_and_a_query() -> None:
    text = '{"query": "salted caramel squares bulk", "entity": "flavor"}\nGive back the words of the query that are the entity.'
    assert judge(read_instruction(text)).reading is Reading.ENTITIES


def test_what_is_no_json_stays_as_it_is() -> None:
    for text in ("a {b} c", '{"a": 1', "{" * 2000, '{"a": {"b": ' * 300, "", "{}"):
        assert without_json(text).replace("\n", "") in {text, ""}


@given(st.text(alphabet='{}[]":, a1\n', max_size=60))
def test_any_text_is_read(text: str) -> None:
    read_instruction(text)


@given(st.dictionaries(st.text(min_size=1), st.text() | st.integers() | st.lists(st.text(), max_size=4), max_size=4))
def test_any_object_is_read(made: dict[str, object]) -> None:
    read_instruction(f"Rank this.\n{json.dumps(made)}")


def test_the_content_of_a_chat_message_is_the_question() -> None:
    told = 'Which are vegan? items = ["0: wax", "1: oat bar", "2: lentil pasta"]\nGive the positions of those.'
    message = {"role": "user", "content": told}
    for made in (message, {"messages": [{"role": "system", "content": "You work for a shop."}, message]}, [message]):
        instruction = read_instruction(json.dumps(made))
        assert instruction.list and instruction.list.numbers == (0, 1, 2)
        assert judge(instruction).reading is Reading.RETRIEVAL


@given(
    st.sampled_from(("", "___", "?", "...", "…", '""')),
    st.sampled_from(("}", "", " }")),
    st.sampled_from(("value", "answer", "span")),
)
def test_a_slot_that_is_left_open_waits_for_its_value(blank: str, end: str, name: str) -> None:
    text = '{"utterance": "two packs of oat cookies", "slot": "quantity", "rule": "a span of the utterance", "%s": %s%s'
    instruction = read_instruction(text % (name, blank, end))
    assert judge(instruction).reading is Reading.ENTITIES


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("slot=time | utterance=bring it after six | value=", "slot=time\nutterance=bring it after six\nvalue="),
        ("Title: Mug, blue | Brand:\nOne word.", "Title: Mug, blue\nBrand:\nOne word."),
        ("1: mug | colour: red\n2: rug | colour: blue", None),
        ("Title: Mug | White | 0.3 l", None),
        ("| brand | Tolva |", None),
    ],
)
def test_a_row_of_fields_is_a_line_a_field(text: str, lines: str | None) -> None:
    assert with_fields_on_lines(text) == (lines or text)


def test_numbers_with_a_word_in_front_are_those_of_items() -> None:
    made = {
        "instruction": "Sort by price, low to high",
        "items": ["a=1 pan 20", "a=2 ladle 9", "a=3 mixer 90", "a=4 rug 2"],
    }
    instruction = read_instruction(json.dumps(made))
    assert instruction.list and instruction.list.numbers == (1, 2, 3, 4)
    assert judge(instruction).reading is Reading.RANKING
