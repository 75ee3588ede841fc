"""Where wordings come from whose task type is known: files of questions, and the wordings of the tasks that are built."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from submission.errors import ShopBenchError, one_line
from submission.instructions import Instruction, read_instruction
from submission.task_rules import Reading, TaskType
from submission.task_types import evidence_of
from training.data.tasks import TASKS
from training.data.tasks.task import Task
from training.files import read_lines

OWN_FILES = (Path(__file__).with_name("wordings"), Path("tests/data/unseen_wordings.jsonl"))
# Wordings that were not looked at while rules were written, and are not fitted to.
KEPT_BACK = OWN_FILES[0] / "kept_back"
_READINGS = {
    TaskType.RANKING: Reading.RANKING,
    TaskType.RETRIEVAL: Reading.RETRIEVAL,
    TaskType.NAMED_ENTITY_RECOGNITION: Reading.ENTITIES,
    TaskType.GENERATION: Reading.FREE,
}
# What the slots of built tasks are filled with here: a list for those that hold one, words that say nothing for others.
_SLOTS = {
    "options": "\n".join(f"{number}. apple {number}" for number in range(4)),
    "items": "\n".join(f"{number}. apple {number}" for number in range(1, 11)),
    "count": "3",
    "language": "German",
    "entity": "brand",
}


@dataclass(frozen=True)
class Wording:
    """A question with what it is to be read as."""

    text: str
    is_multiple_choice: bool
    reading: Reading | None

    @property
    def task_type(self) -> TaskType:
        """Its task type; a question that is multiple choice has no reading."""
        return self.reading.task_type if self.reading else TaskType.MULTIPLE_CHOICE


def sources_of(paths: list[Path]) -> dict[str, list[Wording]]:
    """Return the wordings of files, and of the files in folders, by the name of the file or of the families it names."""
    sources: dict[str, list[Wording]] = {}
    for path in paths:
        if not path.exists():
            raise ShopBenchError(f"there is no {path}")
        for file in sorted(path.glob("*.jsonl")) if path.is_dir() else [path]:
            for family, wording in _wordings(file):
                sources.setdefault(f"{file.stem}: {family}" if family else file.stem, []).append(wording)
    return sources


def _wordings(file: Path) -> Iterator[tuple[str | None, Wording]]:
    number = 0
    try:
        for row in read_lines(file):
            yield row.get("family"), _wording(row)
            number += 1
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ShopBenchError(
            f"{file}, line {number + 1}: this is no question with a text or input_field and a task_type ({one_line(error)})"
        ) from None


def _wording(row: dict[str, object]) -> Wording:
    text = row.get("text") or row["input_field"]
    if not isinstance(text, str):
        raise TypeError(f"a text is a {type(text).__name__}")
    task_type = TaskType(str(row["task_type"]))
    if task_type is TaskType.MULTIPLE_CHOICE:
        return Wording(text, True, None)
    is_cited = row.get("answer_kind") == "extraction" or row.get("metric") == "rougel"
    reading = Reading.PHRASE if is_cited and task_type is TaskType.GENERATION else _READINGS[task_type]
    return Wording(text, False, reading)


def built_sources() -> dict[str, list[Wording]]:
    """Return the wordings of the tasks that are built, by the module (the family) that builds them."""
    sources: dict[str, list[Wording]] = {}
    for task in TASKS.values():
        family = next(iter(task.builders.values())).__module__.rsplit(".", 1)[-1] if task.builders else "other"
        sources.setdefault(f"built: {family}", []).extend(_filled(task))
    return sources


def _filled(task: Task) -> list[Wording]:
    is_multiple_choice = task.task_type is TaskType.MULTIPLE_CHOICE
    reading = None if is_multiple_choice else _READINGS[task.task_type]
    if task.task_type is TaskType.GENERATION and task.metric == "rougel":
        reading = Reading.PHRASE
    return [
        Wording(
            wording.format(**{name: _SLOTS.get(name, "apple") for name in _names(wording)}), is_multiple_choice, reading
        )
        for wording in task.wordings
    ]


def _names(wording: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(wording) if name}


@dataclass(frozen=True)
class Example:
    """Wordings that the rules cannot tell apart: what was read, which rules speak, what it is, for how many they count."""

    instruction: Instruction
    evidence: tuple[str, ...]
    reading: Reading
    count: float


def examples_of(wordings: list[Wording]) -> list[Example]:
    """Return the wordings that are not multiple choice as read, each kind of them once with its number."""
    counts: Counter[tuple[str, frozenset[str], Reading]] = Counter()
    read: dict[tuple[str, frozenset[str], Reading], Instruction] = {}
    for wording in wordings:
        if wording.reading is not None:
            instruction = read_instruction(wording.text)
            key = (instruction.kinds, instruction.tags, wording.reading)
            counts[key] += 1
            read[key] = instruction
    return [Example(read[key], tuple(evidence_of(read[key])), key[2], count) for key, count in counts.items()]
