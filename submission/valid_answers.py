"""Brings what was generated into the form that its question asks for, and says where that should not be needed."""

import logging
import re
from enum import StrEnum

from submission.answer_formats import AnswerFormat, FreeText, Spans
from submission.engine import Generation
from submission.questions import Question
from submission.reading_guard import readable_text
from submission.thoughts import without_thought

logger = logging.getLogger(__name__)

# A text that was cut inside an emoji of several characters: a joiner with nothing to join, half of a flag.
_HALF_EMOJI = re.compile(
    "(?<=[\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d+$"
    "|(?:(?<=^)|(?<=[^\U0001f1e6-\U0001f1ff]))[\U0001f1e6-\U0001f1ff]$"
)


class AnswerSource(StrEnum):
    """Where a valid answer came from: the text as it is, the text completed or cut into its form, or the fallback."""

    TEXT = "text"
    COMPLETED = "completed"
    FALLBACK = "fallback"


def settle(form: AnswerFormat, generation: Generation) -> tuple[str, AnswerSource]:
    """Return what was generated, brought into its form, and where that came from.

    It stays as it is if it ended by itself and is valid. Else it is completed or cut, and the form's fallback at the worst.
    """
    # Some tokenizers begin a text with a space that is no part of the answer.
    text = readable_text(generation.text).lstrip(" ")
    if isinstance(form, FreeText) or (isinstance(form, Spans) and not form.enforced):
        # Nothing kept the model from thinking aloud, or from ending inside a character.
        text = _HALF_EMOJI.sub("", (without_thought(text) or "").replace("\ufffd", ""))
    if generation.finished and form.accepts(text):
        return text.strip(), AnswerSource.TEXT
    completed = form.complete(text) if text.strip() else None
    if completed is None:
        return form.fallback(), AnswerSource.FALLBACK
    # The budget of numbers is just what they take: it ends answers that are whole. Prose that it ends is not.
    is_whole = completed == generation.text.strip() and not isinstance(form, FreeText | Spans)
    return completed, AnswerSource.TEXT if is_whole else AnswerSource.COMPLETED


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
