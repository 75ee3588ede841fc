import random
from itertools import permutations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from submission.answer_formats import Choice, FreeText, Permutation, Selection, Spans, word_spans
from submission.decoding.automaton import Automaton, NumberAutomaton
from submission.decoding.spans import SpanAutomaton
from submission.decoding.token_automaton import TokenAutomaton
from submission.decoding.vocabulary import Vocabulary
from tests.submission.decoding_fixtures import REAL, real_vocabulary, wicked_vocabulary


def phrases_of(form):
    """All phrases of a source, straight from the definition."""
    words, found = word_spans(form.source), set()
    for first in range(len(words)):
        for last in range(first, min(first + form.max_words, len(words))):
            phrase = form.source[words[first][0] : words[last][1]]
            if not any(character < " " for character in phrase) and not (form.many and "," in phrase):
                found.add(phrase)
    return found


def language(form):
    """All answers of a (small) form, as texts."""
    if not isinstance(form, Spans):
        return {",".join(map(str, chosen)) for chosen in permutations(form.items, form.length)}
    phrases, answers = phrases_of(form), set()
    for count in range(1, (form.max_phrases if form.many else 1) + 1):
        for chosen in permutations(phrases, count):
            texts = {chosen[0]}
            for phrase in chosen[1:]:
                texts = {text + comma + phrase for text in texts for comma in (",", ", ")}
            answers |= texts
    return answers


def check_against_language(form, vocabulary, seed):
    """Walk at random and compare what is allowed with the language, token by token over the whole vocabulary."""
    answers = {text.encode() for text in language(form)}
    beginnings = {text[:end] for text in answers for end in range(len(text) + 1)}
    automaton, ends, rng = (
        TokenAutomaton(form, vocabulary, vocabulary.end_ids),
        set(vocabulary.end_ids),
        random.Random(seed),
    )
    state, text = automaton.start, b""
    while True:
        allowed = set(state.token_ids.tolist())
        assert len(allowed) == len(state.token_ids)
        expected = {token for token, word in vocabulary.tokens.items() if text + word in beginnings}
        assert allowed - ends == expected, text
        assert allowed & ends == (ends if text in answers else set()), text
        token = rng.choice(sorted(allowed))
        if token in ends:
            break
        state, text = automaton.advance(state, token), text + vocabulary.tokens[token]
    assert form.accepts(text.decode())
    assert automaton.advance(state, token).token_ids.tolist() == list(vocabulary.end_ids)


items = st.lists(st.sampled_from([0, 1, 2, 3, 10, 11, 12, 100, 101, 110]), min_size=1, max_size=4, unique=True).map(
    tuple
)
number_forms = st.one_of(
    items.map(Choice),
    items.map(Permutation),
    items.flatmap(lambda chosen: st.integers(1, len(chosen)).map(lambda count: Selection(chosen, count))),
)
source_pieces = st.sampled_from(
    ["a", "b", "ab", "red", "the", "é", "字", "字字", " ", "  ", ", ", ",", "\n", "-", "_", "1"]
)


@st.composite
def span_forms(draw):
    source = "".join(draw(st.lists(source_pieces, min_size=1, max_size=7)))
    assume(word_spans(source))
    return Spans(source, draw(st.booleans()), max_words=draw(st.integers(1, 3)), max_phrases=draw(st.integers(1, 3)))


@given(number_forms, st.integers(0, 9))
@settings(deadline=None, max_examples=200)
def test_number_forms_allow_exactly_their_language(form, seed):
    check_against_language(form, wicked_vocabulary(), seed)


@given(span_forms(), st.integers(0, 9))
@settings(deadline=None, max_examples=150)
def test_spans_allow_exactly_their_language(form, seed):
    assume(len(phrases_of(form)) <= 9)
    check_against_language(form, wicked_vocabulary(), seed)


@REAL
@pytest.mark.parametrize(
    "form",
    [
        Choice((0, 1, 2, 3)),
        Choice((1, 10, 2)),
        Permutation((1, 2, 3, 4, 5)),
        Selection((0, 9, 10, 11, 1, 100), 3),
        Spans("Natrol Melatonin 10mg, Erdbeergeschmack", max_phrases=2, max_words=2),
        Spans("赤い靴, été, and text", max_phrases=2, max_words=3),
        Spans("the red, the red", many=False),
    ],
)
def test_real_vocabularies_allow_exactly_the_language(name, form):
    for seed in range(4):
        check_against_language(form, real_vocabulary(name), seed)


def random_answer(automaton, vocabulary, rng, limit=200):
    state, tokens = automaton.start, []
    while len(tokens) < limit:
        token = rng.choice(state.token_ids.tolist())
        if token in vocabulary.end_ids:
            return tokens
        tokens.append(token)
        state = automaton.advance(state, token)
    raise AssertionError("no end in sight")


REVIEW = (
    "Great headphones, but the left ear cup broke after two weeks.\nThe sound is good; the sound is really good — I'd "
    "buy\nthem again (for 19,99 €). Größe: M, Farbe: schwarz. 音がとても良い、また買います。 Note: 10/10, would "
    "recommend it to a friend, the left ear cup aside. naïve naïve naïve"
)
REAL_FORMS = [
    Choice(tuple(range(1, 13))),
    Permutation((1, 2, 3, 4, 5)),
    Permutation(tuple(range(8, 20))),
    Selection(tuple(range(1, 16)), 3),
    Spans(REVIEW),
    Spans(REVIEW, many=False),
    Spans("red red, red", max_phrases=5),
    Spans("red", max_words=1),
]


@REAL
@pytest.mark.parametrize("form", REAL_FORMS, ids=[f"{form.name}-{number}" for number, form in enumerate(REAL_FORMS)])
def test_random_answers_are_valid_and_within_their_budget(name, form):
    vocabulary, rng = real_vocabulary(name), random.Random(7)
    automaton = TokenAutomaton(form, vocabulary, vocabulary.end_ids)
    for _ in range(40):
        tokens = random_answer(automaton, vocabulary, rng)
        text = b"".join(vocabulary.tokens[token] for token in tokens).decode()
        assert form.accepts(text), text
        if isinstance(form, Spans):
            assert set(form.phrases(text)) <= phrases_of(form)
        else:
            assert " " not in text
            assert len(tokens) <= form.max_tokens


@REAL
@pytest.mark.parametrize(
    "form", [form for form in REAL_FORMS if isinstance(form, Spans)], ids=lambda f: f"{f.source[:5]}-{f.many}"
)
def test_spans_find_the_same_tokens_as_the_general_walk(name, form):
    vocabulary, rng = real_vocabulary(name), random.Random(3)
    spans = SpanAutomaton(form, vocabulary)
    for _ in range(25):
        state = spans.start
        for _ in range(25):
            found = spans.allowed_tokens(state, vocabulary.root).tolist()
            assert sorted(found) == sorted(Automaton.allowed_tokens(spans, state, vocabulary.root).tolist())
            if not found:
                break
            state = spans.read(state, vocabulary.tokens[rng.choice(found)])


@given(span_forms(), st.lists(st.sampled_from(["a", "b", "ab", "red", "é", "字", " ", ", ", ",", "\n"]), max_size=4))
@settings(deadline=None, max_examples=300)
def test_spans_read_many_bytes_as_one_after_the_other(form, pieces):
    spans = SpanAutomaton(form, wicked_vocabulary())
    for state in {spans.start, *spans.successors(spans.start).values()}:
        text = "".join(pieces).encode()
        assert spans.read(state, text) == Automaton.read(spans, state, text)


def test_the_order_of_what_was_chosen_makes_no_new_states():
    numbers = NumberAutomaton(Permutation((1, 2, 3, 4, 5)))
    assert numbers.read(numbers.start, b"1,2,3,") == numbers.read(numbers.start, b"3,1,2,")
    assert numbers.read(numbers.start, b"1,1") is None


def test_only_the_end_may_follow_a_number_that_cannot_go_on():
    vocabulary = wicked_vocabulary()
    automaton = TokenAutomaton(Choice((1, 2, 10)), vocabulary, vocabulary.end_ids)
    tokens = {word: token for token, word in vocabulary.tokens.items()}
    assert automaton.advance(automaton.start, tokens[b"2"]).token_ids.tolist() == list(vocabulary.end_ids)
    after_one = set(automaton.advance(automaton.start, tokens[b"1"]).token_ids.tolist())
    assert after_one == {tokens[b"0"], *vocabulary.end_ids}


def test_a_token_out_of_form_leaves_only_the_end():
    vocabulary = wicked_vocabulary()
    automaton = TokenAutomaton(Choice((1, 2)), vocabulary, vocabulary.end_ids)
    letter = next(token for token, word in vocabulary.tokens.items() if word == b"a")
    assert automaton.advance(automaton.start, letter).token_ids.tolist() == list(vocabulary.end_ids)


def test_phrases_go_round_what_the_vocabulary_cannot_write():
    full = wicked_vocabulary()
    vocabulary = Vocabulary(
        {token: word for token, word in full.tokens.items() if word not in (b"-", b"z")}, full.end_ids
    )
    for source, phrases in (("ab-b z", {b"ab", b"b"}), ("z zz", set())):
        automaton = TokenAutomaton(Spans(source, many=False), vocabulary, vocabulary.end_ids)
        for seed in range(20):
            answer = random_answer(automaton, vocabulary, random.Random(seed))
            assert b"".join(vocabulary.tokens[token] for token in answer) in (phrases or {b""})


def test_favoured_spans_find_back_after_a_comma():
    vocabulary = wicked_vocabulary()
    automaton = TokenAutomaton(Spans("the red hat", enforced=False), vocabulary, vocabulary.end_ids)
    tokens = {word: token for token, word in vocabulary.tokens.items()}
    assert not automaton.enforced
    lost = automaton.advance(automaton.start, tokens[b"z"])
    assert set(lost.token_ids.tolist()) == {tokens[b","], *vocabulary.end_ids}
    found = automaton.advance(lost, tokens[b", "])
    assert tokens[b"red"] in found.token_ids
    assert automaton.advance(automaton.start, tokens[b"the"]).state.phrase == b"the"


def test_free_text_has_no_automaton():
    with pytest.raises(ValueError, match="free text"):
        TokenAutomaton(FreeText(10), wicked_vocabulary(), (1000,))


def test_long_lists_stay_cheap():
    vocabulary = wicked_vocabulary()
    automaton = TokenAutomaton(Permutation(tuple(range(60))), vocabulary, vocabulary.end_ids)
    answer = random_answer(automaton, vocabulary, random.Random(1))
    assert b"".join(vocabulary.tokens[token] for token in answer).count(b",") == 59
