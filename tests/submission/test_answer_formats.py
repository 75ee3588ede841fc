import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.metrics import EntityCounts, score
from evaluation.parsers import parse_response
from submission.answer_formats import (
    AnswerFormat,
    Choice,
    FreeText,
    Permutation,
    Selection,
    Spans,
    find_phrase,
    format_from_dict,
    format_to_dict,
)
from submission.task_types import TaskType

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


SHOES = Spans("Men's red shoes, size 10")


@pytest.mark.parametrize(
    ("form", "truth", "text"),
    [
        (Choice((0, 1, 2)), 2, "2"),
        (Choice((0, 1, 2)), 3, None),
        (Choice((0, 1, 2)), "2", None),
        (Choice((0, 1, 2)), True, None),
        (Choice((0, 1, 2)), [2], None),
        # Gains, one an item; ties stay in list order.
        (Permutation((1, 2, 3)), [0.1, 1.0, 0.1], "2,1,3"),
        (Permutation((4, 7, 9)), [0, 1, 2], "9,7,4"),
        (Permutation((1, 2, 3)), [0.1, 1.0], None),
        (Permutation((1, 2, 3)), [0.1, 1.0, 0.0, 0.0], None),
        (Permutation((1, 2, 3)), [0.1, "1", 0.0], None),
        (Permutation((1, 2, 3)), [0.1, None, 0.0], None),
        (Permutation((1, 2, 3)), [0.1, True, 0.0], None),
        (Permutation((1, 2, 3)), [0.1, float("nan"), 0.0], None),
        (Permutation((1, 2, 3)), "123", None),
        (Permutation((1, 2, 3)), 2, None),
        # The right numbers stand first, the first others fill them up.
        (Selection(TWELVE, 3), [4, 9, 1], "4,9,1"),
        (Selection(TWELVE, 3), [4], "4,1,2"),
        (Selection(TWELVE, 3), [2, 1], "2,1,3"),
        (Selection((0, 5, 9), 2), [9], "9,0"),
        (Selection(TWELVE, 3), [1, 2, 3, 4], None),
        (Selection(TWELVE, 3), [], None),
        (Selection(TWELVE, 3), [13], None),
        (Selection(TWELVE, 3), [4, 4], None),
        (Selection(TWELVE, 3), ["4"], None),
        (Selection(TWELVE, 3), [True], None),
        (Selection(TWELVE, 3), 4, None),
        (SHOES, ["red", "size 10"], "red, size 10"),
        (SHOES, ["RED", "Size 10"], "red, size 10"),
        (SHOES, "Red Shoes", "red shoes"),
        # A phrase that cannot be cited: the other one alone would teach to leave out a right answer.
        (SHOES, ["Red", "green"], None),
        (SHOES, ["Red", "hoes"], None),
        (SHOES, ["red", "Red"], "red"),
        (SHOES, [], None),
        (SHOES, [""], None),
        (SHOES, ["red", 10], None),
        (SHOES, 10, None),
        (SHOES, None, None),
        # The first place is inside of a word, or its lower case is longer than it stands there.
        (Spans("scarlet Scar"), ["scar"], "Scar"),
        (Spans("İİİ Red shoes"), ["red"], "Red"),
        (Spans("USB充電ケーブル"), ["usb", "充電"], "USB, 充電"),
        (Spans("xa a A"), ["a a"], "a A"),
        (Spans("red shoes", enforced=False), ["blue"], "blue"),
        (FreeText(9), "It is round.", "It is round."),
        (FreeText(9), ["It is round.", "It rolls."], "It is round."),
        (FreeText(9), " ", None),
        (FreeText(9), [], None),
        (FreeText(9), [1], None),
        (FreeText(9), 1, None),
        (FreeText(9, single_line=True), "two\nlines", None),
    ],
)
def test_a_truth_is_written_as_decoding_could_write_it_or_not_at_all(
    form: AnswerFormat, truth: object, text: str | None
) -> None:
    assert form.written(truth) == text
    assert text is None or form.accepts(text)


@given(number_forms, st.randoms(use_true_random=False))
def test_a_written_truth_of_numbers_has_the_full_score(form: AnswerFormat, random) -> None:
    if isinstance(form, Choice):
        # The evaluator reads one digit here, five numbers of a ranking.
        form = Choice(tuple(range(min(len(form.items), 10))))
        kind, metric, truth = TaskType.MULTIPLE_CHOICE, "accuracy", random.choice(form.items)
    elif isinstance(form, Permutation):
        form = Permutation(tuple(range(1, min(len(form.items), 5) + 1)))
        kind, metric, truth = TaskType.RANKING, "ndcg", [random.choice([0, 0.01, 0.1, 1.0]) for _ in form.items]
    else:
        form = Selection(form.items, min(form.count, 3))
        truth = random.sample(form.items, random.randint(1, form.count))
        kind, metric = TaskType.RETRIEVAL, "hit rate@3"
    text = form.written(truth)
    assert text is not None
    full = 0.0 if metric == "ndcg" and not any(truth) else 1.0
    assert score(metric, parse_response(kind, text), truth) == pytest.approx(full)


@given(
    st.lists(st.sampled_from(["red", "Shoe", "ÉTÉ", "straße", "ΟΔΟΣ", "İpek", "充電", "usb-c", "10"]), min_size=1),
    st.data(),
)
def test_written_phrases_have_the_full_score(words: list[str], data: st.DataObject) -> None:
    form = Spans(" ".join(words))
    change = data.draw(st.sampled_from([str, str.lower, str.swapcase]))
    truth = list(dict.fromkeys(change(word) for word in data.draw(st.lists(st.sampled_from(words), min_size=1))))
    text = form.written(truth)
    if text is not None:
        assert form.accepts(text)
        counts = score("micro f1", parse_response(TaskType.NAMED_ENTITY_RECOGNITION, text), truth)
        assert (
            isinstance(counts, EntityCounts) and counts.fp == 0 and counts.tp == len({word.lower() for word in truth})
        )
    else:
        assert any(find_phrase(form.source, word) is None for word in truth)
