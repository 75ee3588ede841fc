import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.shortening import shorten

INSTRUCTION = (
    "Select the three products that a customer with this query would most likely buy, going by what it names: the brand, the "
    "type, the size. Output their three numbers only."
)


def numbers_of(text: str) -> list[int]:
    return [int(number) for number in re.findall(r"(?:^|\s)(\d+)\. ", text)]


def test_the_instruction_and_the_numbering_survive_the_cut() -> None:
    text = (
        "Pick one.\nReview: "
        + "so very good " * 400
        + "\n"
        + "\n".join(f"{i}. {'o' * 90}" for i in range(9))
        + "\nAnswer:"
    )
    short = shorten(text, 700)
    assert len(short) <= 700
    assert short.startswith("Pick one.\nReview: so very") and short.endswith("\nAnswer:")
    assert all(f"\n{i}. o" in short for i in range(9))


@pytest.mark.parametrize("count", [50, 500])
@pytest.mark.parametrize(("before", "between"), [("\n", "\n"), (" ", " "), ("\n", " ")])
def test_no_number_of_a_long_list_is_cut_and_no_instruction(count: int, before: str, between: str) -> None:
    items = [f"{number}. {'long option ' * 20}" for number in range(1, count + 1)]
    text = f"{INSTRUCTION}{before}{between.join(items)}{before}Output three numbers:"
    short = shorten(text, 12_000)
    assert 11_000 < len(short) <= 12_000
    assert short.startswith(INSTRUCTION) and short.endswith("Output three numbers:")
    assert numbers_of(short) == list(range(1, count + 1))


def test_an_instruction_between_a_body_and_its_list_survives() -> None:
    body = "\n".join(f"On day {day} it did what it should." for day in range(900))
    items = "\n".join(f"{number}. an aspect" for number in range(10))
    text = f"Read the review.\nReview: {body}\n{INSTRUCTION}\n{items}\nAnswer:"
    short = shorten(text, 3000)
    assert 2500 < len(short) <= 3000
    assert short.startswith("Read the review.\nReview: On day 0 ") and short.endswith(
        f"{INSTRUCTION}\n{items}\nAnswer:"
    )


def test_the_longest_free_text_is_cut_first() -> None:
    items = "\n".join(f"{number}. {'an aspect of it ' * 5}" for number in range(5))
    text = f"{INSTRUCTION}\nTitle: A red shoe\nReview: {'so very good ' * 1000}\n{items}\nAnswer:"
    short = shorten(text, 1500)
    assert "\nTitle: A red shoe\n" in short and short.endswith(f"\n{items}\nAnswer:")


def test_lists_without_room_for_their_numbers_lose_the_middle_of_the_text() -> None:
    text = INSTRUCTION + "\n" + "\n".join(f"{number}. x" for number in range(1000)) + "\nAnswer:"
    short = shorten(text, 900)
    assert len(short) == 900 and short.startswith(INSTRUCTION) and short.endswith("\n999. x\nAnswer:")


PIECES = st.sampled_from(
    ["\n", "1. ", "2. ", "3. a", " 1. a 2. b 3. c ", "Review: ", "word ", "x" * 40, "Pick one.", "…", "é"]
)


@given(st.one_of(st.text(max_size=300), st.lists(PIECES, max_size=60).map("".join)), st.integers(0, 400))
def test_shortened_texts_are_short_and_others_as_they_were(text: str, length: int) -> None:
    short = shorten(text, length)
    assert len(short) <= length or short == text
    assert short == text if len(text) <= length else len(short) <= length
