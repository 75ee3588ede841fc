"""Halves of surrogate pairs: found, joined where they belong together, replaced where they stand alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.half_surrogates import holds_half_surrogates, replace_half_surrogates

ANY_TEXT = st.text(st.one_of(st.characters(exclude_categories=()), st.sampled_from("\ud83d\ude00\ufeff\ufffd")))


@pytest.mark.parametrize(
    ("text", "replaced"),
    [
        ("", ""),
        ("plain ü 🛒", "plain ü 🛒"),
        ("a\ud83d", "a\ufffd"),
        ("\ude00\ud83d", "\ufffd\ufffd"),
        ("\ud83d\ude00", "\U0001f600"),
        ("\ufeff\ud83d", "\ufeff\ufffd"),
    ],
)
def test_pairs_are_joined_and_halves_replaced(text: str, replaced: str) -> None:
    assert replace_half_surrogates(text) == replaced
    assert replace_half_surrogates(text, "?") == replaced.replace("\ufffd", "?")


@given(ANY_TEXT)
def test_what_is_returned_can_be_encoded_and_the_rest_stays(text: str) -> None:
    replaced = replace_half_surrogates(text)
    assert replaced.encode("utf-8").decode("utf-8") == replaced
    assert not holds_half_surrogates(replaced)
    if not holds_half_surrogates(text):
        assert replaced == text


@given(ANY_TEXT)
def test_a_text_holds_halves_exactly_where_it_cannot_be_encoded(text: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        assert holds_half_surrogates(text)
    else:
        assert not holds_half_surrogates(text)
