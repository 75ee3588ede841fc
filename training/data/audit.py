"""Builds questions of every task from whatever sources are there, and says what is wrong with them: who can guess what.

For each task: how many records gave a question and why the rest did not, and how often each option is right. It also
says how far length, shared words or single words give the answer away (`guessing`). Questions are built in chunks, as a
build does. The one thing to know: a task fails where one option is right too often, since a model would learn the
option.
"""

import heapq
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from evaluation.progress import steps
from submission.errors import ShopBenchError
from training.data.chunks import chunks_of
from training.data.guessing import by_length, by_shared_words, by_words, chance, listed
from training.data.recipe import DataRecipe
from training.data.rows import CandidateRow
from training.data.selection import exact_digest
from training.data.sources import Source
from training.data.sources.reading import is_on_hub, local_files
from training.data.tasks import Task
from training.data.tasks.task import Pool
from training.data.wanted import wanted_tasks

MOST_OF_AN_OPTION = 0.6
"""The share of questions in which one option may be right."""
NEAR_CHANCE = 0.15
"""By how much a guess may beat chance before a task is called easy."""
FEWEST_QUESTIONS = 20
"""With fewer questions nothing is said of a task."""

# Places are drawn: of fewer questions one has easily more than its share.
_FEWEST_FOR_PLACES = 100
# Guesses are tried on so many questions of a task.
_GUESSED = 1000


@dataclass
class TaskAudit:
    """What came of one task: records by what became of them, and a sample of its questions."""

    name: str
    records: int = 0
    asked: int = 0
    questions: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    places: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    kept: list[tuple[int, int, CandidateRow]] = field(default_factory=list)

    def add(self, row: CandidateRow) -> None:
        """Count a question, and keep it or not by a hash of its text."""
        question = listed(row, _record_of(row))
        if question is not None and question.metric == "accuracy":
            self.places[f"place {question.truth}"] += 1
            self.answers[question.options[question.truth]] += 1
        entry = (-int.from_bytes(exact_digest(row["question"])[:7], "big"), self.questions, row)
        self.questions += 1
        (heapq.heappush if len(self.kept) < _GUESSED else heapq.heappushpop)(self.kept, entry)

    @property
    def sample(self) -> list[CandidateRow]:
        """The questions that are kept, in no order of the sources."""
        return [row for _, _, row in sorted(self.kept, key=lambda entry: (-entry[0], entry[1]))]

    @property
    def most_often_right(self) -> tuple[str, float]:
        """The option, by its place or its text, that is right most often, and in which share of the questions."""
        # What is right once is an answer, no option that is offered again and again.
        counts = Counter({answer: count for answer, count in self.answers.items() if count > 1})
        if self.places.total() >= _FEWEST_FOR_PLACES:
            counts |= self.places
        name, count = max(counts.items(), key=lambda pair: (pair[1], pair[0]), default=("", 0))
        return name, count / max(1, self.places.total())


@dataclass(frozen=True)
class Guesses:
    """The mean scores of chance and of those who understand nothing; None where a task's answers are text."""

    chance: float
    by_length: float
    by_shared_words: float
    by_words: float | None

    @property
    def gives_away(self) -> list[str]:
        """What beats chance by too much."""
        scores = {"length": self.by_length, "shared words": self.by_shared_words, "single words": self.by_words}
        return [name for name, score in scores.items() if score is not None and score > self.chance + NEAR_CHANCE]


@dataclass(frozen=True)
class Verdict:
    """A task's figures, and what they come to: "fails", "easy", "few" or nothing to say."""

    audit: TaskAudit
    guesses: Guesses | None

    @property
    def fails(self) -> bool:
        """Whether one option is right too often."""
        return self.audit.questions >= FEWEST_QUESTIONS and self.audit.most_often_right[1] > MOST_OF_AN_OPTION

    @property
    def text(self) -> str:
        """The verdict in words."""
        if self.audit.questions < FEWEST_QUESTIONS:
            return "few"
        if self.fails:
            return "fails"
        easy = self.guesses.gives_away if self.guesses else []
        return f"easy: {', '.join(easy)}" if easy else ""


@dataclass(frozen=True)
class Audit:
    """The verdicts of all tasks by name, how many records were read of each stream, and which sources are not there."""

    verdicts: dict[str, Verdict]
    read: dict[str, int]
    absent: dict[str, str]

    @property
    def failing(self) -> list[str]:
        """The names of the tasks that fail."""
        return [name for name, verdict in self.verdicts.items() if verdict.fails]


def audit(recipe: DataRecipe, names: list[str], units: int) -> Audit:
    """Build from the sources of `recipe` that are there, up to `units` rows or groups of each stream, and judge the tasks.

    All tasks, or the named ones; held-out records and wordings are asked about too.
    """
    with TemporaryDirectory() as scratch:
        whole: dict[str, Any] = {
            "output": Path(scratch) / "audit",
            "held_out": None,
            "weights": {},
            "default_weight": 1.0,
        }
        recipe = recipe.model_copy(update=whole)
        absent = _absent(recipe)
        present = {name: settings for name, settings in recipe.sources.items() if name not in absent}
        if not present:
            raise ShopBenchError(f"recipe {recipe.name}: none of its sources is there: {'; '.join(absent.values())}")
        recipe = recipe.model_copy(update={"sources": present})
        sources = recipe.open_sources()
        tasks = wanted_tasks(recipe, sources)
        if unknown := [name for name in names if name not in tasks]:
            raise ShopBenchError(f"there is no task {unknown[0]!r}: there are {', '.join(sorted(tasks))}")
        audits = {name: TaskAudit(name) for name in names or sorted(tasks)}
        read: dict[str, int] = {}
        for source in sources.values():
            source.prepare_once()
            for stream in source.streams:
                path = f"{source.name}/{stream}"
                if wanted := [tasks[name] for name in audits if path in tasks[name].builders]:
                    read[path] = _build(source, stream, wanted, audits, recipe.seed, units)
    verdicts = {name: Verdict(one, _guesses(one)) for name, one in steps(audits.items(), "Guessing answers", "task")}
    return Audit(verdicts, read, absent)


def _absent(recipe: DataRecipe) -> dict[str, str]:
    """Return why sources cannot be read, by name: their files are not there, or the hub is out of reach."""
    absent = {}
    for name, source in recipe.open_all_sources().items():
        missing = [one for one in source.locations() if not local_files(one) and not is_on_hub(one)]
        if missing:
            absent[name] = f"there is no {missing[0]}"
        elif any(map(is_on_hub, source.locations())):
            try:
                next(source.units(next(iter(source.streams))), None)
            except ShopBenchError as error:
                absent[name] = str(error)
    return absent


def _build(source: Source, stream: str, tasks: list[Task], audits: dict[str, TaskAudit], seed: int, units: int) -> int:
    path = f"{source.name}/{stream}"
    read = 0
    rows = steps(islice(source.units(stream), units), path, "row")
    for chunk in chunks_of(iter(rows)):
        unreadable: Counter[str] = Counter()
        records = []
        for unit in chunk:
            unusable: Counter[str] = Counter()
            record = source.record(stream, unit, unusable)
            if record is None:
                unreadable[_first(unusable)] += 1
            else:
                records.append(record)
        pool: Pool[Any] = Pool(records)
        read += len(chunk)
        for task in tasks:
            one = audits[task.name]
            one.records += len(chunk)
            one.reasons.update(unreadable)
            for record in records:
                pool.unusable = Counter()
                questions = [*task.questions(path, record, pool, seed)]
                one.asked += bool(questions)
                for row in questions:
                    one.add(row)
                if not questions:
                    one.reasons[_first(pool.unusable)] += 1
    return read


def _first(reasons: Counter[str]) -> str:
    """Return one reason of a record, which may have been tried to be asked about several times."""
    return next(iter(reasons))


def _record_of(row: CandidateRow) -> str:
    return row["id"].rsplit("/", 2)[0]


def _guesses(audit: TaskAudit) -> Guesses | None:
    questions = [question for row in audit.sample if (question := listed(row, _record_of(row))) is not None]
    if not questions:
        return None
    return Guesses(chance(questions), by_length(questions), by_shared_words(questions), by_words(questions))


def audit_text(found: Audit) -> Iterator[str]:
    """Yield an audit as lines of Markdown, without the questions."""
    yield "| task | records | gave questions | questions | right most often | chance | length | shared words | single words | |"
    yield "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |"
    for name, verdict in found.verdicts.items():
        one, guesses = verdict.audit, verdict.guesses
        option, share = one.most_often_right
        often = f"{share:.0%} {option}".replace("|", "\\|") if option else "–"
        scores = ["–"] * 4
        if guesses:
            figures = (guesses.chance, guesses.by_length, guesses.by_shared_words, guesses.by_words)
            scores = ["–" if figure is None else f"{figure:.2f}" for figure in figures]
        cells = [f"`{name}`", one.records, one.asked, one.questions, often, *scores, verdict.text]
        yield f"| {' | '.join(map(str, cells))} |"
    yield ""
    yield "Why the other records gave none:"
    yield ""
    for name, verdict in found.verdicts.items():
        reasons = ", ".join(f"{reason} {count}" for reason, count in verdict.audit.reasons.most_common())
        yield f"- `{name}`: {reasons or 'all gave one'}"
    for name, reason in found.absent.items():
        yield f"- the source {name} was not read: {reason}"
