"""The checks that written texts pass before they become questions; each raises `RejectedError` with its reason."""

import re
from itertools import pairwise
from typing import Any

from submission.languages import detect_language
from submission.questions import read_question
from submission.task_types import TaskType
from training.data.rows import AskedRow
from training.data.synthetic.replies import RejectedError
from training.data.tasks.task import Draft, Task
from training.data.tasks.words import terms


def one_line(value: Any) -> str:
    """Return a written text without line breaks and the quotation marks around it; `RejectedError` if nothing is left."""
    text = " ".join(value.split()).strip('"“”` ') if isinstance(value, str) else ""
    if not text:
        raise RejectedError("the text is empty")
    return text


def check_length(text: str, fewest: int, most: int) -> None:
    """Reject a text of fewer or more words."""
    count = len(text.split())
    if not fewest <= count <= most:
        raise RejectedError(f"the text is too {'short' if count < fewest else 'long'}")


def check_language(text: str, language: str) -> None:
    """Reject a text in another language than asked for."""
    if detect_language(text) != language:
        raise RejectedError("the text is in another language")


_SIMILARITY_WORD = re.compile(r"\{\w+\}|\[\d+\]|[^\W_]+")


def similarity(first: str, second: str) -> float:
    """Return the Jaccard similarity of the words and pairs of words of two texts, 0 to 1."""
    shingles = []
    for text in (first, second):
        words = _SIMILARITY_WORD.findall(text.lower())
        shingles.append({*words, *pairwise(words)})
    union = len(shingles[0] | shingles[1])
    return len(shingles[0] & shingles[1]) / union if union else 1.0


_FEWEST_SHARED = 0.2


def check_overlap(text: str, source: str, *, most: float) -> None:
    """Reject a text that repeats its source, or that has next to nothing to do with it."""
    if similarity(text, source) > most:
        raise RejectedError("the text repeats its source")
    wanted = terms(source)
    if len(terms(text) & wanted) < _FEWEST_SHARED * len(wanted):
        raise RejectedError("the text has nothing to do with its source")


def check_gives_nothing_away(text: str, source: str, answer: str, *, most: int = 0) -> None:
    """Reject a text with more than `most` words of the right answer that its source does not have."""
    if len((terms(text) & terms(answer)) - terms(source)) > most:
        raise RejectedError("the text gives the answer away")


def read_back(asked: Task, text: str, draft: Draft) -> AskedRow:
    """Return the row of a question as the submission reads it; `RejectedError` where it is read as something else."""
    row = asked.read_back(text, draft)
    if isinstance(row, str):
        raise RejectedError(f"the question {row.split(':', 1)[0]}")
    return row


def check_read_alike(original: str, changed: str, task_type: str, answer: str) -> None:
    """Reject a reworded question that is read as another type or form, or that no longer takes its answer."""
    is_multiple_choice = task_type == TaskType.MULTIPLE_CHOICE
    before, after = (read_question(text, is_multiple_choice) for text in (original, changed))
    if after.task_type != before.task_type:
        raise RejectedError(f"the question is read as {after.task_type}")
    if _form(after.answer_format) != _form(before.answer_format) or not after.answer_format.accepts(answer):
        raise RejectedError("the question does not take its answer any more")


def _form(form: Any) -> tuple[Any, ...]:
    return form.name, getattr(form, "items", None), getattr(form, "count", None), getattr(form, "source", None)
