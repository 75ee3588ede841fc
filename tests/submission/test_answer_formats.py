import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.answer_formats import (
    AnswerFormat,
    Choice,
    FreeText,
    Permutation,
    Selection,
    Spans,
    format_from_dict,
    format_to_dict,
)

FIVE = (1, 2, 3, 4, 5)
TWELVE = tuple(range(1, 13))


@pytest.mark.parametrize(
    ("form", "text", "valid"),
    [
        (Choice((0, 1, 2, 3)), "2", True),
        (Choice((0, 1, 2, 3)), " 2\n", True),
        (Choice((0, 1, 2, 3)), "4", False),
        (Choice((0, 1, 2, 3)), "2.", False),
        (Choice((0, 1, 2, 3)), "２", False),
        (Choice((0, 1, 2, 3)), "", False),
        (Choice((0, 1, 2, 3)), "1" * 5000, False),
        (Permutation(FIVE), "3,1,2,5,4", True),
        (Permutation(FIVE), "3, 1, 2, 5, 4", True),
        (Permutation(FIVE), "3,1,2,5", False),
        (Permutation(FIVE), "3,1,2,5,5", False),
        (Permutation(FIVE), "03,1,2,5,4", False),
        (Selection(TWELVE, 3), "12,1,2", True),
        (Selection(TWELVE, 3), "12,1", False),
        (Selection(TWELVE, 3), "12,1,1", False),
        (Selection(TWELVE, 3), "12,1,13", False),
        (Spans("Men's red shoes, size 10"), "red shoes", True),
        (Spans("Men's red shoes, size 10"), "red, shoes", True),
        (Spans("Men's red shoes, size 10"), "Men's", True),
        (Spans("Men's red shoes, size 10"), "red,red", False),
        (Spans("Men's red shoes, size 10"), "Red", False),
        (Spans("Men's red shoes, size 10"), "shoe", False),
        (Spans("Men's red shoes, size 10"), "ed shoes", False),
        (Spans("Men's red shoes, size 10"), "", False),
        (Spans("Men's red shoes, size 10", many=False), "shoes, size 10", True),
        (Spans("防水スマートウォッチ"), "スマート", True),
        (Spans("red shoes", enforced=False), "blue", True),
        (FreeText(10), "Any text.\nTwo lines.", True),
        (FreeText(10, single_line=True), "Any text.\nTwo lines.", False),
        (FreeText(10), " \n", False),
        (FreeText(10), "cheri di cerca di cerca di cerca di cerca", False),
        (FreeText(10), "10 x 10 x 10 cm, 10 x 10 x 10", True),
    ],
)
def test_what_each_form_accepts(form: AnswerFormat, text: str, valid: bool) -> None:
    assert form.accepts(text) is valid


@pytest.mark.parametrize(
    ("form", "text", "rest"),
    [
        (Choice((0, 1, 2, 3)), "2", ""),
        (Choice((0, 1, 2, 3)), "", None),
        (Choice(tuple(range(11))), "1", None),
        (Choice(tuple(range(11))), "10", ""),
        (Choice((7,)), "", "7"),
        (Permutation(FIVE), "3,1,2", None),
        (Permutation(FIVE), "3,1,2,5", ",4"),
        (Permutation(FIVE), "3,1,2,5,", "4"),
        (Permutation(TWELVE), "1", None),
        (Selection(TWELVE, 3), "2,3,4", ""),
        (Selection(TWELVE, 3), "2,3,1", None),
        (Selection(TWELVE, 3), "10,11,1", None),
        (Selection(TWELVE, 3), "2,3,12", ""),
        (Selection((1, 2, 3), 3), "1,3", ",2"),
        (Selection(TWELVE, 3), "2,x", None),
        (FreeText(9, single_line=True), "one line\n", ""),
        (FreeText(9, single_line=True), "one line", None),
        (FreeText(9), "so good, so good, so good, ", ""),
    ],
)
def test_decoding_stops_where_only_one_thing_can_follow(form: AnswerFormat, text: str, rest: str | None) -> None:
    assert form.determined_rest(text) == rest


@pytest.mark.parametrize(
    ("form", "text", "answer"),
    [
        (Permutation(FIVE), "3,1", "3,1,2,4,5"),
        (Permutation(FIVE), "", "1,2,3,4,5"),
        (Permutation(FIVE), "3, 1, 2, 5, 4", "3,1,2,5,4"),
        (Permutation(FIVE), "Sure! 3", None),
        (Selection(TWELVE, 3), "12,1", "12,1,2"),
        (Selection(TWELVE, 3), "1,1", "1,10,2"),
        (Choice((0, 1)), "", "0"),
        (Spans("a big red dog"), "big red d", "big red"),
        (Spans("a big red dog"), "big, re", "big"),
        (Spans("a big red dog"), "cat", None),
        (FreeText(9), "It is round. It is", "It is round."),
        (FreeText(9), "It is", "It is"),
        # A sentence end that is none: the number of an item, an abbreviation, an initial.
        (FreeText(9), "1. A colander is a bowl with holes that", "1. A colander is a bowl with holes that"),
        (FreeText(9), "1. A colander is a bowl. 2. It has", "1. A colander is a bowl."),
        (FreeText(9), "Vitamin D vs. vitamin K: a supplement", "Vitamin D vs. vitamin K: a supplement"),
        (FreeText(9), "Approx. 30 cm wide, with", "Approx. 30 cm wide, with"),
        (FreeText(9), "A bowl with holes, e.g. round", "A bowl with holes, e.g. round"),
        (FreeText(9), "A book by Mark L. Smith", "A book by Mark L. Smith"),
        (FreeText(9), "It costs 5 dollars. It is", "It costs 5 dollars."),
        (FreeText(9), "It has 5. It", "It has 5. It"),
        # More would be lost than is gained.
        (FreeText(9), "Yes. A colander is a bowl with holes", "Yes. A colander is a bowl with holes"),
        (FreeText(9), "ザルは穴のある器です。水を", "ザルは穴のある器です。"),
        (FreeText(9, single_line=True), "ein Titel\n\nNote: x", "ein Titel"),
        (FreeText(9), "  ", None),
        (FreeText(9, single_line=True), "a case, a case, a case, a case, a case,", "a case, a case, a case,"),
    ],
)
def test_unfinished_answers_are_completed(form: AnswerFormat, text: str, answer: str | None) -> None:
    assert form.complete(text) == answer


@pytest.mark.parametrize(
    ("form", "fallback"),
    [
        (FreeText(9, True, "one line\nanother"), "one line"),
        (FreeText(9, False, "so good, so good, so good, so good"), "so good, so good, so good"),
        (FreeText(9, False, " \n"), "I cannot tell from the question."),
    ],
)
def test_a_fallback_that_is_no_answer_is_brought_into_form(form: FreeText, fallback: str) -> None:
    assert form.fallback() == fallback and form.accepts(form.fallback())


@pytest.mark.parametrize("text", ["", "7,5", "7,5,"])
def test_long_lists_are_completed_without_looking_through_them_for_each_number(text: str) -> None:
    class Counted(int):
        compared = 0

        def __eq__(self, other: object) -> bool:
            Counted.compared += 1
            return int(self) == other

        __hash__ = int.__hash__

    form = Permutation(tuple(Counted(number) for number in range(1000)))
    completed = form.complete(text)
    assert completed is not None and form.accepts(completed) and completed.startswith(text)
    assert Counted.compared < 50_000


PIECES = st.sampled_from(["word ", "so good, ", "1. ", "A cat. ", "\n", "vs. ", "x"])


@given(
    st.lists(st.builds(str.__mul__, PIECES, st.sampled_from([1, 1, 9])), max_size=12).map("".join),
    st.booleans(),
)
def test_completed_texts_are_valid(text: str, single_line: bool) -> None:
    form = FreeText(48, single_line)
    completed = form.complete(text)
    assert completed is None or form.accepts(completed)


numbers = st.lists(st.integers(0, 30), min_size=1, max_size=12, unique=True).map(tuple)
number_forms = st.one_of(
    numbers.map(Choice),
    numbers.map(Permutation),
    numbers.flatmap(lambda items: st.integers(1, len(items)).map(lambda count: Selection(items, count))),
)


@given(number_forms, st.randoms(use_true_random=False))
def test_every_beginning_of_a_valid_answer_is_completed_to_one(form: AnswerFormat, random) -> None:
    answer = form.render(random.sample(form.items, form.length))
    assert form.accepts(answer) and form.accepts(form.fallback())
    assert len(answer) <= form.max_tokens
    for end in range(len(answer) + 1):
        completed = form.complete(answer[:end])
        assert completed is not None and form.accepts(completed)
        rest = form.determined_rest(answer[:end])
        if rest is not None:
            assert answer[:end] + rest == answer


@given(st.text("abcé .,'-日本 ", min_size=1, max_size=60), st.text(max_size=40))
def test_completed_citations_are_cited(source: str, text: str) -> None:
    try:
        form = Spans(source)
    except ValueError:
        return
    assert form.accepts(form.fallback())
    completed = form.complete(text)
    assert completed is None or form.accepts(completed)


@pytest.mark.parametrize(
    ("data", "named"),
    [
        (None, "NoneType"),
        ({"form": "choise"}, "choise"),
        ({"form": "choice"}, "items"),
        ({"form": "choice", "items": []}, "choice"),
        ({"form": "choice", "items": "12"}, "items"),
        ({"form": "choice", "items": [1, True]}, "items"),
        ({"form": "choice", "items": [-1, 2]}, "choice"),
        ({"form": "choice", "items": [1, 1]}, "choice"),
        ({"form": "selection", "items": [1, 2], "count": 3}, "3"),
        ({"form": "selection", "items": [1, 2], "count": "2"}, "count"),
        ({"form": "permutation", "items": [1], "size": 1}, "size"),
        ({"form": "spans", "source": "..."}, "word"),
        ({"form": "spans", "source": "a", "max_words": 0}, "one word"),
    ],
)
def test_bad_plain_data_is_refused_by_name(data: object, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        format_from_dict(data)


def test_forms_travel_as_plain_data() -> None:
    for form in (Choice((0, 1)), Permutation(FIVE), Selection(TWELVE, 3), Spans("a b", many=False), FreeText(5, True)):
        assert format_from_dict(format_to_dict(form)) == form
