"""What a generator is and what it makes: questions in ShopBench's shape, wordings, or what was rejected with the reason.

The one thing to know: a writer writes wording, or labels that are checked against the page they are about. What a source
knows (the product that was judged relevant, the stars of a review, the category of a page) is never asked of it.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any, Protocol

from evaluation.dataset import Sample
from training.data.recipe import DataRecipe
from training.data.rows import AskedRow, sample_of_built
from training.data.sources import Source
from training.data.synthetic.replies import RejectedError
from training.data.synthetic.requests import Reply, WriterRequest
from training.data.tasks.task import Pool, Task


@dataclass(frozen=True)
class WrittenQuestion:
    """An accepted question, the generator that made it and what it was made from."""

    sample: Sample
    generator: str
    made_from: str

    @property
    def row(self) -> dict[str, Any]:
        """The question as it is written: `training.build_dataset` reads it again."""
        return {**self.sample.row(), "generator": self.generator}


@dataclass(frozen=True)
class WrittenWording:
    """An accepted wording of a task, for `extra_wordings` of a data recipe."""

    task_name: str
    text: str


@dataclass(frozen=True)
class Rejected:
    """What was written, what for, and why it cannot be used."""

    reason: str
    written: str
    made_from: str


Item = WrittenQuestion | WrittenWording | Rejected


@dataclass(frozen=True)
class Context:
    """What generators are made from: the sources by name, the tasks that those give, the seed, and what is held out.

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


class Generator(Protocol):
    """A way of making questions: seeds, a request about each, and what the replies come to."""

    name: str

    def seeds(self, context: Context, count: int) -> list[Any]:
        """Return up to `count` things to write about, always the same."""

    def request(self, seed: Any, context: Context) -> WriterRequest:
        """Return what is asked of the writer about a seed."""

    def items(self, written: list[tuple[Any, Reply]], context: Context) -> list[Item]:
        """Turn seeds and the replies to them into questions and rejections."""


def question_or_rejected(make: Callable[[], AskedRow], generator: str, written: str, made_from: str) -> Item:
    """Return the question whose row `make` returns, or what was `written` with the reason why there is none."""
    try:
        return WrittenQuestion(sample_of_built(make()), generator, made_from)
    except RejectedError as error:
        return Rejected(str(error), written, made_from)
