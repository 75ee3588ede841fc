"""A task, and the way from a record of a source to a question that is asked and answered as at inference.

A builder fills the slots of a task's wordings and knows the truth. What it makes is read back by
`submission.questions.read_question`: if the type or the form of the answer is not what the task promises, the build
fails and names the builder. A question that is read otherwise would be answered otherwise.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, wraps
from random import Random
from string import Formatter
from typing import Any, Generic, TypeVar

from submission.answer_formats import AnswerFormat, Choice, FreeText, Permutation, Selection, Spans
from submission.errors import ShopBenchError
from submission.options import option_numbers
from submission.questions import read_question
from submission.task_types import TaskType
from training.data.rows import AskedRow, BuiltRow, CandidateRow, asked_row
from training.data.sources.records import Record
from training.data.tasks.equivalents import is_vague, related
from training.data.tasks.unsuitable import is_vulgar, names_a_price

_FORMS: dict[TaskType, type] = {
    TaskType.MULTIPLE_CHOICE: Choice,
    TaskType.RANKING: Permutation,
    TaskType.RETRIEVAL: Selection,
    TaskType.NAMED_ENTITY_RECOGNITION: Spans,
}
# Slots that hold the list of a question; every other slot must not hold a list of its own.
_LIST_SLOTS = frozenset({"options", "items"})
# Slots that hold words of ours rather than a source's.
_OWN_SLOTS = frozenset({"language", "mood", "opinion", "entity", "quantity", "measure", "unit", "amount", "count"})
_PLAIN_TEXT = "apple"
# So many records of a kind are asked about however few there are of others.
_FEW = 10
_LIST_ITEM = re.compile(r"(?m)^(\d+\. ?).*$")

OF_ANOTHER_TASK = "row of "
"""How the reason begins of a row whose source holds several tasks, and that is asked about by another."""

AnyValue = TypeVar("AnyValue")
AnyRecord = TypeVar("AnyRecord", bound=Record)


@dataclass(frozen=True)
class Draft:
    """What a builder hands over: values for the slots, the truth as the metric takes it, the numbers of the list.

    `answer` is what the model is to say where that is not the truth itself (a permutation for graded relevance).
    `language` overrides the record's. `content` is what duplicates are found by; it is all the slots unless some of them hold
    the same long text in every question.
    """

    slots: dict[str, str]
    truth: Any
    numbers: tuple[int, ...] = ()
    answer: Any = None
    language: str = ""
    content: str = ""


class Pool(Generic[AnyRecord]):
    """The records that were read together with one, which wrong answers are drawn from."""

    def __init__(self, records: Sequence[AnyRecord], unusable: Counter[str] | None = None) -> None:
        self.records = records
        self.unusable = unusable if unusable is not None else Counter()
        self.skipped = 0
        self._made: dict[str, Any] = {}

    def once(self, name: str, make: Callable[["Pool[AnyRecord]"], AnyValue]) -> AnyValue:
        """Return what `make` makes of the pool, made once and kept under `name`."""
        if name not in self._made:
            self._made[name] = make(self)
        return self._made[name]

    def is_in_balance(self, record: AnyRecord, task: str, kind_of: Callable[[AnyRecord], str]) -> bool:
        """Whether `record` is asked about if no kind is more frequent than all others together; if not, that is counted.

        `kind_of` tells what is right for a record, "" for one that is not asked about. A few of a kind are never too many.
        """
        too_many = self.once(f"too many for {task}", lambda pool: _too_many(pool.records, kind_of))
        if record.key in too_many:
            self.skip("record whose answer would be right too often")
        return record.key not in too_many

    def skip(self, reason: str) -> Draft | None:
        """Count why a record gives no question, and return none."""
        self.unusable[reason] += 1
        self.skipped += 1
        return None


def _too_many(records: Sequence[AnyRecord], kind_of: Callable[[AnyRecord], str]) -> frozenset[str]:
    """Return the keys of the records that make one kind more frequent than all others together, in no order of the source."""
    by_kind: dict[str, list[str]] = {}
    for record in records:
        by_kind.setdefault(kind_of(record), []).append(record.key)
    by_kind.pop("", None)
    most = max(by_kind.values(), key=len, default=[])
    others = sum(map(len, by_kind.values())) - len(most)
    return frozenset(sorted(most, key=in_no_order)[max(_FEW, others) :])


def in_no_order(key: str) -> bytes:
    """Return what records are sorted by that come in no order of their source, always the same."""
    return hashlib.blake2b(key.encode(), digest_size=8).digest()


# A builder of ready-made questions returns the row itself.
Builder = Callable[[AnyRecord, Pool[AnyRecord], Random], Draft | BuiltRow | None]


def in_english(record: Record) -> bool:
    """Whether a record is in English: those of the other languages are asked about in tasks of track 4."""
    return record.language == "en"


def in_another_language(record: Record) -> bool:
    """Whether a record is in another language than English."""
    return not in_english(record)


@dataclass
class Task:
    """A task of the benchmark, or one like it: what is asked, how it is worded, how it is scored.

    `questions_per_record` is how many different questions are tried to be built from one record.
    """

    name: str
    task_type: TaskType
    metric: str
    track: int
    wordings: tuple[str, ...]
    questions_per_record: int = 1
    builders: dict[str, Builder[Any]] = field(default_factory=dict)

    def built_from(
        self, *streams: str, when: Callable[[Record], bool] | None = None
    ) -> Callable[[Builder[AnyRecord]], Builder[AnyRecord]]:
        """Register the decorated function as the builder for these streams ("source/stream"), of records that are as `when`."""

        def register(builder: Builder[AnyRecord]) -> Builder[AnyRecord]:
            @wraps(builder)
            def build_when(record: AnyRecord, pool: Pool[AnyRecord], rng: Random) -> Draft | BuiltRow | None:
                if when is None or when(record):
                    return builder(record, pool, rng)
                return pool.skip(f"record that is not {when.__name__.replace('_', ' ')}")

            self.builders.update(dict.fromkeys(streams, build_when))
            return builder

        return register

    def slots(self, wording: str) -> list[str]:
        """Return the names of the slots in a wording."""
        return [name for _, name, _, _ in Formatter().parse(wording) if name]

    def questions(self, stream: str, record: Record, pool: Pool[Any], seed: int) -> Iterator[CandidateRow]:
        """Build the questions about `record` that a build with this seed asks, with the `id` of each."""
        for number in range(self.questions_per_record):
            row = self.question(stream, record, pool, Random(f"{seed}/{self.name}/{stream}/{record.key}/{number}"))
            if row is not None:
                yield {"id": f"{stream}/{record.key}/{self.name}/{number}", **row}

    def question(self, stream: str, record: Record, pool: Pool[Any], rng: Random) -> BuiltRow | None:
        """Build a question about `record`, or return None where the record does not suit the task.

        The result has the columns of the data set without `id`; `content` is the part that is not wording. Raises
        `ShopBenchError` where the wording or the draft makes the question read as something else than the task promises;
        where only a source's text does, the record is skipped.
        """
        builder = self.builders[stream]
        skipped = pool.skipped
        draft = builder(record, pool, rng)
        if draft is None and pool.skipped == skipped:
            pool.skip("too few answers that are surely wrong, or two of them the same")
        if not isinstance(draft, Draft):
            return draft
        if any(_holds_a_list(value) for name, value in draft.slots.items() if name not in _LIST_SLOTS):
            pool.skip("text that holds a numbered list of its own")
            return None
        if "query" in draft.slots and names_a_price(draft.slots["query"]):
            pool.skip("query about a price")
            return None
        # Line by line, as the titles in a list are those of other questions.
        lines = [line.partition(". ")[2] or line for value in draft.slots.values() for line in value.split("\n")]
        if any(map(is_vulgar, lines)) or (isinstance(draft.truth, str) and is_vulgar(draft.truth)):
            pool.skip("text with a vulgar word")
            return None
        wording = rng.choice(self.wordings)
        row = self.read_back(wording.format(**draft.slots), draft)
        if isinstance(row, str):
            # A title can say "translate": then it is the text, not the builder, that makes the question read otherwise.
            fault = self.read_back(wording.format(**_plain(draft.slots)), _plain_answer(draft))
            if isinstance(fault, str):
                name = f"{builder.__module__}.{builder.__name__}"
                raise ShopBenchError(
                    f"{name} ({record.key}): a question of task {self.name} ({self.task_type}) {fault}"
                )
            pool.skip("text that makes its question read as something else")
            return None
        source = stream.split("/", 1)[0]
        language = draft.language or record.language
        content = draft.content or "\n".join(draft.slots.values())
        return {**row, "source": source, "language": language, "content": content}

    def read_back(self, text: str, draft: Draft) -> AskedRow | str:
        """Return prompt, completion and what describes them, or what is wrong with the question as it is read."""
        question = read_question(text, self.task_type is TaskType.MULTIPLE_CHOICE)
        form = question.answer_format
        fault = (
            f"is read as {question.task_type}" if question.task_type != self.task_type else self._misfit(form, draft)
        )
        if fault:
            return f"{fault}:\n{text}"
        answer = form.render(draft.truth if draft.answer is None else draft.answer)
        if not form.accepts(answer):
            return f"does not take its own answer {answer!r}:\n{text}"
        return asked_row(self.name, self.metric, self.track, question, answer, draft.truth)

    def _misfit(self, form: AnswerFormat, draft: Draft) -> str:
        expected = _FORMS.get(self.task_type) or (Spans if self.metric == "rougel" else FreeText)
        if not isinstance(form, expected):
            return f"takes the form {form.name}, not {expected.__name__}"
        if isinstance(form, Choice | Permutation | Selection) and form.items != draft.numbers:
            return f"lists {draft.numbers}, but {form.items} are read"
        if isinstance(form, Selection) and form.count != 3:
            return f"asks for three numbers, but {form.count} are read"
        if isinstance(form, Spans) and form.many is not (self.task_type is TaskType.NAMED_ENTITY_RECOGNITION):
            return "is read as asking for another number of phrases"
        return ""


@lru_cache(maxsize=16384)
def _holds_a_list(text: str) -> bool:
    """Whether a text of a source is read as holding a numbered list; most have no two digits, and are not looked at closely."""
    return sum(map(str.isdigit, text)) > 1 and bool(option_numbers(text))


def _plain(slots: dict[str, str]) -> dict[str, str]:
    """Return the slots with text that says nothing in place of what sources said."""
    return {name: value if name in _OWN_SLOTS else _LIST_ITEM.sub(r"\1" + _PLAIN_TEXT, value) if name in _LIST_SLOTS
            else _PLAIN_TEXT for name, value in slots.items()}  # fmt: skip


def _plain_answer(draft: Draft) -> Draft:
    """Return the draft with an answer that can be cited from the plain text, where its answer is text."""
    if isinstance(draft.truth, str):
        return replace(draft, truth=_PLAIN_TEXT)
    if isinstance(draft.truth, list) and isinstance(draft.truth[0], str):
        return replace(draft, truth=[_PLAIN_TEXT])
    return draft


def numbered(items: Iterable[str], start: int, *, tight: bool = False) -> str:
    """Return a numbered list, one item a line; `tight` leaves out the space behind the point, as real questions do."""
    return "\n".join(f"{number}.{'' if tight else ' '}{item}" for number, item in enumerate(items, start=start))


def choice(rng: Random, right: str, wrong: Sequence[str], **slots: str) -> Draft | None:
    """Draft a multiple-choice question of the right answer and three (or all given) wrong ones, in random order.

    None where there are fewer than two wrong answers or where two options are the same but for case.
    """
    options = [option.lower().strip(". ") for option in (right, *wrong[:3])]
    return choice_by_case(rng, right, wrong, **slots) if len(set(options)) == len(options) else None


def choice_by_case(rng: Random, right: str, wrong: Sequence[str], **slots: str) -> Draft | None:
    """Draft what `choice` drafts, of options that may differ in case alone."""
    options = [right, *wrong[:3]]
    if len(options) < 3 or len({option.strip(". ") for option in options}) != len(options):
        return None
    rng.shuffle(options)
    numbers = tuple(range(len(options)))
    return Draft({**slots, "options": numbered(options, 0)}, options.index(right), numbers)


def selection(rng: Random, right: Sequence[str], wrong: Sequence[str], **slots: str) -> Draft:
    """Draft a retrieval question whose list mixes right and wrong items, numbered from 1."""
    items = [*right, *wrong]
    rng.shuffle(items)
    truth = sorted(items.index(item) + 1 for item in right)
    tight = rng.random() < 0.2
    return Draft({**slots, "items": numbered(items, 1, tight=tight)}, truth, tuple(range(1, len(items) + 1)))


def ranking(rng: Random, graded: Sequence[tuple[str, float]], **slots: str) -> Draft:
    """Draft a ranking question of items with their gains; the answer puts higher gains first, ties as listed."""
    graded = list(graded)
    rng.shuffle(graded)
    gains = [gain for _, gain in graded]
    numbers = tuple(range(1, len(graded) + 1))
    answer = sorted(numbers, key=lambda number: -gains[number - 1])
    return Draft({**slots, "items": numbered([item for item, _ in graded], 1)}, gains, numbers, answer)


def draw(
    rng: Random, candidates: Sequence[AnyValue], count: int, accept: Callable[[AnyValue], bool], tries: int = 200
) -> list[AnyValue]:
    """Draw up to `count` different candidates that are accepted, looking at no more than `tries` of them."""
    drawn: list[AnyValue] = []
    for candidate in _in_random_order(rng, candidates, tries):
        if len(drawn) == count:
            break
        if candidate not in drawn and accept(candidate):
            drawn.append(candidate)
    return drawn


def draw_any(rng: Random, candidates: Sequence[AnyValue], count: int) -> list[AnyValue]:
    """Draw `count` candidates, all of them where there are fewer."""
    return rng.sample(candidates, min(count, len(candidates)))


def draw_unrelated(
    rng: Random, candidates: Sequence[str], count: int, context: str, drawn: Sequence[str] = ()
) -> list[str]:
    """Draw up to `count` wrong answers that say nothing of what `context` says, nor two of them (or of `drawn`) the same.

    `context` holds the right answer and whatever else could make another one right.
    """
    taken = [*drawn]

    def accept(candidate: str) -> bool:
        if is_vague(candidate) or related(candidate, context) or any(related(candidate, other) for other in taken):
            return False
        taken.append(candidate)
        return True

    return draw(rng, candidates, count, accept)


def _in_random_order(rng: Random, candidates: Sequence[AnyValue], tries: int) -> Iterator[AnyValue]:
    if len(candidates) > tries:
        for _ in range(tries):
            yield candidates[rng.randrange(len(candidates))]
        return
    # Most draws end after a few candidates: they are not all shuffled for those.
    left = [*candidates]
    while left:
        place = rng.randrange(len(left))
        left[place], left[-1] = left[-1], left[place]
        yield left.pop()
