"""Brings what was generated into the form that its question asks for, and says where that should not be needed."""

import logging
from enum import StrEnum

from submission.answer_formats import AnswerFormat, FreeText, Spans
from submission.engine import Generation
from submission.questions import Question
from submission.reading_guard import readable_text
from submission.thoughts import without_thought

logger = logging.getLogger(__name__)


class AnswerSource(StrEnum):
    """Where a valid answer came from: the text as it is, the text completed or cut into its form, or the fallback."""

    TEXT = "text"
    COMPLETED = "completed"
    FALLBACK = "fallback"


def settle(form: AnswerFormat, generation: Generation) -> tuple[str, AnswerSource]:
    """Return what was generated, brought into its form, and where that came from.

    It stays as it is if it ended by itself and is valid. Else it is completed or cut, and the form's fallback at the worst.
    """
    text = readable_text(generation.text)
    if isinstance(form, FreeText) or (isinstance(form, Spans) and not form.enforced):
        # Nothing kept the model from thinking aloud, or from ending inside a character.
        text = (without_thought(text) or "").replace("\ufffd", "")
    if generation.finished and form.accepts(text):
        return text.strip(), AnswerSource.TEXT
    completed = form.complete(text) if text.strip() else None
    return (form.fallback(), AnswerSource.FALLBACK) if completed is None else (completed, AnswerSource.COMPLETED)


def valid_answer(form: AnswerFormat, generation: Generation) -> str:
    """Return what was generated, brought into its form."""
    return settle(form, generation)[0]


def report_strange_texts(questions: list[Question], generations: list[Generation]) -> None:
    """Log, in one line a batch, texts that the constraints should have made impossible: something is broken below."""
    strange = [
        generation.text
        for question, generation in zip(questions, generations, strict=True)
        if generation.finished
        and not isinstance(question.answer_format, FreeText)
        and not question.answer_format.accepts(readable_text(generation.text))
    ]
    if strange:
        logger.error("the engine returned %d texts outside their forms, such as %.60r", len(strange), strange[0])
