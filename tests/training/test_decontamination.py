"""Leaks are found literally; by content alone where wording is taken out."""

from hypothesis import given
from hypothesis import strategies as st

from tests.shared_data import development_questions, ec_guide_questions
from training.data.decontamination import (
    NGRAM_WORDS,
    WORDING_FROM,
    ProtectedQuestions,
    instruction_of,
    shared_by_many,
)

REVIEW = "the handle broke after two days of light use and nobody answered my mails about a refund for it"
INSTRUCTION = "You are given a review of a product. Please choose three aspects from the list that are covered by it."


def asked(review: str) -> str:
    return f"{INSTRUCTION}\nReview: {review}\nOutput:"


OTHERS = [
    asked(f"{word} works well and I would buy it again any day of the week for sure") for word in ("lamp", "tent")
]


def test_shared_content_is_found_across_instructions_case_and_punctuation() -> None:
    for wording_from in (0, WORDING_FROM):
        protected = ProtectedQuestions([asked(REVIEW), *OTHERS], wording_from)
        leak = protected.shared_ngram(f"Rate this review from 1 to 5: {REVIEW.upper().replace(' ', ', ')}!")
        assert leak == " ".join(REVIEW.split()[:NGRAM_WORDS])


def test_twelve_words_are_no_leak() -> None:
    protected = ProtectedQuestions([REVIEW])
    words = REVIEW.split()
    assert protected.shared_ngram("so " + " ".join(words[:12]) + " indeed") is None
    assert protected.shared_ngram("so " + " ".join(words[:13]) + " indeed") is not None


def test_shared_wording_counts_unless_it_is_taken_out() -> None:
    questions = [asked(REVIEW), *OTHERS]
    other = asked("arrived early and fits")
    shared = "you are given a review of a product please choose three aspects from"
    assert ProtectedQuestions(questions).shared_ngram(other) == shared
    assert ProtectedQuestions(questions, WORDING_FROM).shared_ngram(other) is None


def test_short_questions_match_as_a_whole() -> None:
    protected = ProtectedQuestions(["Explain the product type Mallet", "Erkläre 木槌"])
    assert protected.shared_ngram("explain the product type: mallet?") == "explain the product type mallet"
    assert protected.shared_ngram("Explain the product type Hammer") is None


@given(st.lists(st.text(max_size=60), max_size=6), st.text(max_size=200))
def test_protected_questions_are_always_found(questions: list[str], other: str) -> None:
    protected = ProtectedQuestions(questions)
    for text in questions:
        assert protected.shared_ngram(text) is not None or not any(char.isalnum() for char in text)
    found = protected.shared_ngram(other)
    assert found is None or any(char.isalnum() for char in found)


def test_development_questions_leak_from_none_but_themselves() -> None:
    """EC-Guide's questions share instructions with them, which the literal rule counts, and nothing else."""
    development = [row["input_field"] for row in development_questions()]
    literal, by_content = ProtectedQuestions(development), ProtectedQuestions(development, WORDING_FROM)
    texts = [row["input_field"] for rows in ec_guide_questions().values() for row in rows]
    assert not [text for text in texts if by_content.shared_ngram(text)]
    assert len([text for text in texts if literal.shared_ngram(text)]) > 1000
    assert all(literal.shared_ngram(text) and by_content.shared_ngram(text) for text in development)


def test_words_between_the_slots_are_instruction_and_those_that_reach_into_one_are_not() -> None:
    wording = "Tell us in one word or two what the customer who wrote the following lines thinks of it: {review} Done?\nAnswer: "
    other = wording.format(review="Splendid.")
    protected = ProtectedQuestions([wording.format(review=REVIEW)])
    instruction = instruction_of([wording])
    assert protected.shared_ngram(other) and protected.shared_ngram(other, instruction) is None
    assert protected.shared_ngram(wording.format(review=REVIEW), instruction)
    # Twelve words of the instruction and one of the review, or five.
    assert (
        protected.shared_ngram(wording.format(review=f"{REVIEW.split()[0]} box was very fine indeed."), instruction)
        is None
    )
    assert protected.shared_ngram(wording.format(review=" ".join(REVIEW.split()[:5]) + " was very fine."), instruction)
    # All there is of a short one.
    brief = ProtectedQuestions([wording.format(review="black leather belt")])
    assert brief.shared_ngram(wording.format(review="Black leather belt"), instruction)
    assert brief.shared_ngram(wording.format(review="black leather shoe"), instruction) is None


def test_only_what_many_questions_of_a_ready_made_task_say_is_instruction() -> None:
    instruction = "Read what a customer wrote and say on a scale of one to five how pleased that customer was:"
    questions = [f"{instruction} {word} as could be." for word in ("Good", "Bad", "Odd", "Fine", "Great", "Poor")]
    protected = ProtectedQuestions([f"{instruction} {REVIEW}"])
    alike = shared_by_many([*questions, f"{instruction} {REVIEW}"])
    assert all(protected.shared_ngram(text, alike) is None for text in questions)
    assert protected.shared_ngram(f"{instruction} {REVIEW}", alike) is not None
    assert shared_by_many(questions[:4]) == frozenset(), "a handful of questions could be about one review"
