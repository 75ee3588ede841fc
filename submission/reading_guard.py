"""Reads whatever the evaluator hands over: a prompt that cannot be read costs its own form, never the batch."""

import logging

from submission.errors import one_line
from submission.half_surrogates import replace_half_surrogates
from submission.questions import Question, UnreadQuestion, read_question

logger = logging.getLogger(__name__)


def read_guarded(prompt: object, is_multiple_choice: bool) -> Question:
    """Read a prompt together with the form of its answer; whatever fails at that, the question gets a default form."""
    text = readable_text(prompt)
    try:
        question = read_question(text, is_multiple_choice)
        # Made when it is first asked for, which must not be further on, where the whole batch would fail with it.
        _ = question.answer_format
    except Exception as error:
        logger.error("a question cannot be read, it gets a default form: %s", one_line(error))
        question = UnreadQuestion.of(text, is_multiple_choice)
    return question


def readable_text(text: object) -> str:
    """Return a prompt or an answer, whatever it is, as text that can be encoded: one bad one must not lose the batch."""
    if not isinstance(text, str):
        logger.warning("a text is a %s, not a str: what it prints is taken", type(text).__name__)
        try:
            text = "" if text is None else str(text)
        except Exception as error:
            logger.error("a text cannot be printed and counts as empty: %s", one_line(error))
            text = ""
    return replace_half_surrogates(text)
