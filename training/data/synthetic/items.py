"""What a pipeline makes: questions in ShopBench's shape, or what was rejected with the reason; and the checks they share.

The one thing to know: a writer writes wording, or labels that are checked against the page they are about. What a source
knows (the product that was judged relevant, the stars of a review, the category of a page) is never asked of it.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import pairwise
from random import Random
from typing import Any, Protocol

from evaluation.dataset import Sample
from submission.languages import detect_language
from submission.questions import read_question
from submission.task_types import TaskType
from training.data.recipe import DataRecipe
from training.data.sources import Source
from training.data.synthetic.replies import RejectedError
from training.data.synthetic.requests import Reply, Request
from training.data.tasks.task import Draft, Pool, Task, sample_of_built
from training.data.tasks.words import terms


@dataclass(frozen=True)
class Question:
    """An accepted question, the pipeline that made it and what it was made from."""

    sample: Sample
    pipeline: str
    made_from: str

    @property
    def row(self) -> dict[str, Any]:
        """The question as it is written: `training.build_dataset` reads it again."""
        return {**self.sample.row(), "pipeline": self.pipeline}


@dataclass(frozen=True)
class Wording:
    """An accepted wording of a task, for `extra_wordings` of a data recipe."""

    task_name: str
    text: str


@dataclass(frozen=True)
class Rejected:
    """What was written, what for, and why it cannot be used."""

    reason: str
    written: str
    made_from: str


Item = Question | Wording | Rejected


@dataclass(frozen=True)
class Context:
    """What pipelines are made from: the sources by name, the tasks that those give, the seed, and what is held out.

    `data` is the recipe of the data that the result joins: records and wordings that it holds out are not written about.
    """

    sources: dict[str, Source]
    tasks: dict[str, Task]
    seed: int
    data: DataRecipe | None = None
    pools: dict[str, Pool[Any]] = field(default_factory=dict)

    def rng(self, name: str) -> Random:
        """Return a random generator for what is called `name`."""
        return Random(f"{self.seed}/{name}")

    def is_asked_about(self, stream: str, key: str) -> bool:
        """Whether a record ("source/stream" and its key) may be written about."""
        return self.data is None or self.data.is_asked_about(stream, key)

    def wordings(self, asked: Task) -> tuple[str, ...]:
        """Return those of a task's wordings that are not held out."""
        return asked.wordings if self.data is None else self.data.wordings(asked.wordings)


class Pipeline(Protocol):
    """A way of making questions: seeds, a request about each, and what the replies come to."""

    name: str

    def seeds(self, context: Context, count: int) -> list[Any]:
        """Return up to `count` things to write about, always the same."""

    def request(self, seed: Any, context: Context) -> Request:
        """Return what is asked of the writer about a seed."""

    def items(self, written: list[tuple[Any, Reply]], context: Context) -> list[Item]:
        """Turn seeds and the replies to them into questions and rejections."""


def schema(**properties: Any) -> str:
    """Return the JSON schema of an object with these properties, all required and no others."""
    shape = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return json.dumps(shape)


# No lengths in schemas: a grammar that counts characters takes a server minutes to compile. They are checked afterwards.
TEXT = {"type": "string"}


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


def read_back(asked: Task, text: str, draft: Draft) -> dict[str, Any]:
    """Return the row of a question as the submission reads it; `RejectedError` where it is read as something else."""
    row = asked.read_back(text, draft)
    if isinstance(row, str):
        raise RejectedError(f"the question {row.split(':', 1)[0]}")
    return row


def question_or_rejected(make: Callable[[], dict[str, Any]], pipeline: str, written: str, made_from: str) -> Item:
    """Return the question whose row `make` returns, or what was `written` with the reason why there is none."""
    try:
        return Question(sample_of_built(make()), pipeline, made_from)
    except RejectedError as error:
        return Rejected(str(error), written, made_from)


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
