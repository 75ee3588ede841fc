"""No question may hold up a batch: reading looks at a text a bounded number of times, whatever is repeated in it."""

import gc
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from submission.prompts import chat_messages
from submission.questions import read_question
from submission.tracks import track_by_number
from tests.awkward_questions import sample_questions

# Seconds of the processor for one question: no benchmark, reading 40,000 characters takes a fiftieth of it.
HANG = 1.0
ENDED = 20.0
LENGTHS = (20_000, 40_000)
INSTRUCTIONS = (
    ("Explain", False),
    ("In one sentence, Describe", False),
    ("Input: Explain what", False),
    ("Title: x", False),
    ("Translate this title into German: ", False),
    ("Extract the brand from the query '", False),
    ("Extract the keyphrase of the aspect.\nReview: ", False),
    ("Select three numbers.\n1. a\n2. b\n3. c\n4. d\n5. e", False),
    ("Which?\n0. a\n1. b", True),
    ("Rate the review on a scale of 1", True),
)
FRAGMENTS = (
    *(" ", "\n", "\t", "\r\n", " \n", "\u3000", "\x0b", "'", '"', "“", " '", "'a ", "'a'a", "1", "1 ", "1 (a) ", "1. "),
    *(
        "\n1. a",
        "\n0. a",
        "1.1",
        "\n１．",
        "3 a a ",
        "1 to ",
        "Title: ",
        "\nTitle: ",
        "keyword:\r\n",
        "review:\n\n",
        "Query: '",
    ),
    *("[", "]", "((", "()", ",", ", ", "a", "é", "商", "ab ", "_", "*", "\n**", "-", ":", "\na: ", " .", ". write "),
    *(
        "\nextract a ",
        "answer*",
        "extracted ",
        "explain ",
        "explain the ",
        "what is ",
        "user ",
        "search ",
        "english in ",
    ),
    *("title in ", "order 1 ", "the list of ", "review phrase ", "best to ", "&quot;", "\x00", "🛒"),
)
TAILS = ("", "\x00:", "y", " the following: stainless steel colander", "'", "\n0. a\n1. b\nAnswer:")


@contextmanager
def cpu_limit(seconds: float) -> Iterator[None]:
    """Fail if the body uses the processor for longer, and end it where it does not end by itself.

    Counted is this thread alone, without the garbage of other tests: what the library's idle threads do is no reading.
    The end comes by a signal, for which patterns look out while they search, and by the time of all threads together.
    """

    def stop(number: int, frame: FrameType | None) -> None:
        raise AssertionError(f"still reading after {ENDED} s of the processor")

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, ENDED)
    gc.disable()
    started = time.thread_time()
    try:
        yield
        used = time.thread_time() - started
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
        gc.enable()
    assert used < seconds, f"reading took {used:.1f} s of the processor"


def read_all_of(text: str, is_multiple_choice: bool) -> None:
    """Read what a batch asks of a question, and what training asks besides."""
    with cpu_limit(HANG):
        question = read_question(text, is_multiple_choice)
        question.answer_format.fallback()
        chat_messages(question, track_by_number(5))
        assert question.language and question.body is not None


@pytest.mark.parametrize("fragment", FRAGMENTS)
def test_no_repetition_hangs_the_reading(fragment: str) -> None:
    for instruction, is_multiple_choice in INSTRUCTIONS:
        for tail in TAILS[:4]:
            read_all_of(instruction + fragment * (LENGTHS[0] // len(fragment)) + tail, is_multiple_choice)


@settings(max_examples=100, deadline=None)
@given(
    st.sampled_from([*INSTRUCTIONS, *sample_questions()]),
    st.lists(st.sampled_from(FRAGMENTS), min_size=1, max_size=3).map("".join),
    st.sampled_from(LENGTHS),
    st.sampled_from(TAILS),
)
def test_no_combination_hangs_the_reading(question: tuple[str, bool], unit: str, length: int, tail: str) -> None:
    text, is_multiple_choice = question
    read_all_of(text + unit * (length // len(unit)) + tail, is_multiple_choice)
