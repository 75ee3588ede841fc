"""How well questions with a list are answered by somebody who understands nothing: by lengths, by shared words, by single words.

What can be told so teaches a model no more than that. The one thing to know: all guesses are scored by the task's own metric
and compared with chance, which is answering in random order.
"""

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from statistics import fmean
from typing import Any

from evaluation.metrics import score
from submission.answer_formats import Choice, Permutation, Selection
from submission.questions import read_question
from submission.task_types import TaskType
from training.data.rows import BuiltRow
from training.data.sources.cleaning import words
from training.data.tasks.words import terms

_LINE = re.compile(r"^(\d+)\. ?(.*)$")
# So many random orders make a question's chance.
_ORDERS = 20
# A text that is an option of so many questions may go with words of the questions: "positive" with "love".
_COMMON_OPTION = 0.1

Order = Sequence[int]


@dataclass(frozen=True)
class Listed:
    """A question whose answer is of a list: its other text, the texts listed by number, and what the metric takes.

    `group` names the record that it was made from.
    """

    group: str
    stem: str
    options: dict[int, str]
    metric: str
    truth: Any

    def score(self, order: Order) -> float:
        """Return what the metric gives for the numbers in this order, the best first."""
        found = score(self.metric, order[0] if self.metric == "accuracy" else list(order), self.truth)
        assert isinstance(found, float), "only text has entities to count"
        return found

    def is_right(self, number: int) -> bool:
        """Whether a number is the answer, one of the answers or one of those that gain most."""
        if self.metric == "accuracy":
            return number == self.truth
        if self.metric == "ndcg":
            return bool(self.truth[number - 1] == max(self.truth))
        return number in self.truth


def listed(row: BuiltRow, group: str) -> Listed | None:
    """Return a built question as one with a list, None where its answer is text."""
    form = read_question(row["question"], row["task_type"] == TaskType.MULTIPLE_CHOICE).answer_format
    if not isinstance(form, Choice | Permutation | Selection):
        return None
    # Stars are no list: the numbers are what is chosen from.
    options = {number: str(number) for number in form.items}
    stem = []
    for line in row["question"].split("\n"):
        match = _LINE.match(line)
        if match and int(match[1]) in options:
            options[int(match[1])] = match[2]
        else:
            stem.append(line)
    return Listed(group, "\n".join(stem), options, row["metric"], row["truth"])


def chance(questions: Sequence[Listed]) -> float:
    """Return the mean score of answering in random order."""
    return fmean(map(_chance, questions))


def _chance(question: Listed) -> float:
    numbers = [*question.options]
    if question.metric == "accuracy":
        return 1 / len(numbers)
    rng = Random(question.group)
    return fmean(question.score(rng.sample(numbers, len(numbers))) for _ in range(_ORDERS))


def by_length(questions: Sequence[Listed]) -> float:
    """Return the mean score of the longest first or the shortest first, whichever is higher."""
    return _better(questions, lambda question, number: len(question.options[number]))


def by_shared_words(questions: Sequence[Listed]) -> float:
    """Return the mean score of what shares most words with the question first, or fewest, whichever is higher."""
    return _better(questions, lambda question, number: len(_shared(question, number)))


def _shared(question: Listed, number: int) -> frozenset[str]:
    return terms(question.options[number]) & terms(question.stem)


def _better(questions: Sequence[Listed], size: Callable[[Listed, int], float]) -> float:
    def mean(sign: int) -> float:
        sizes = ({number: sign * size(question, number) for number in question.options} for question in questions)
        return fmean(question.score(_ordered(question, by)) for question, by in zip(questions, sizes, strict=True))

    return max(mean(1), mean(-1))


def _ordered(question: Listed, sizes: Mapping[int, float]) -> list[int]:
    """Return the numbers by falling size, those of one size in random order."""
    numbers = [*question.options]
    Random(question.group).shuffle(numbers)
    return sorted(numbers, key=lambda number: sizes[number], reverse=True)


def by_words(questions: Sequence[Listed]) -> float | None:
    """Return the mean score of a classifier of bags of words, each half of the questions guessed by one trained on the other.

    Questions about one record are in one half. None where a half has nothing to learn from.
    """
    halves: tuple[list[Listed], list[Listed]] = ([], [])
    for question in questions:
        halves[hashlib.blake2b(question.group.encode(), digest_size=8).digest()[0] % 2].append(question)
    if not all(halves):
        return None
    scores = [score for seen, asked in (halves, halves[::-1]) for score in _guessed(seen, asked)]
    return fmean(scores) if scores else None


def _guessed(seen: Sequence[Listed], asked: Sequence[Listed]) -> Iterator[float]:
    from sklearn.feature_extraction import DictVectorizer  # the builders never need it
    from sklearn.linear_model import LogisticRegression

    common = _common_options(seen)
    vectorizer = DictVectorizer()
    labels = [question.is_right(number) for question in seen for number in question.options]
    if len({*labels}) < 2:
        return
    model = LogisticRegression(class_weight="balanced", max_iter=200)
    features = [_features(question, number, common) for question in seen for number in question.options]
    model.fit(vectorizer.fit_transform(features), labels)
    for question in asked:
        rows = vectorizer.transform([_features(question, number, common) for number in question.options])
        liking = dict(zip(question.options, model.decision_function(rows), strict=True))
        yield question.score(_ordered(question, liking))


def _common_options(questions: Sequence[Listed]) -> set[str]:
    counts: dict[str, int] = {}
    for question in questions:
        for option in {*question.options.values()}:
            counts[option] = counts.get(option, 0) + 1
    return {option for option, count in counts.items() if count >= _COMMON_OPTION * len(questions)}


def _features(question: Listed, number: int, common: set[str]) -> dict[str, float]:
    """Return the words of an option, how its length and its shared words compare with those of the others."""
    option = question.options[number]
    found = dict.fromkeys((f"option:{word}" for word in words(option)), 1.0)
    lengths = {other: len(text) for other, text in question.options.items()}
    shared = {other: len(_shared(question, other)) for other in question.options}
    for name, sizes in (("length", lengths), ("shared", shared)):
        most = max(sizes.values())
        found[f"{name} of the most"] = sizes[number] / most if most else 0.0
        found[f"{name} is the most"] = float(sizes[number] == most)
        found[f"{name} is the least"] = float(sizes[number] == min(sizes.values()))
    found["shares a word"] = float(shared[number] > 0)
    if option in common:
        found |= dict.fromkeys((f"{option}:{word}" for word in words(question.stem)), 1.0)
    return found
