"""Each family of tasks opens with a question and each source with a raw row: what they show is what they read."""

import inspect
import json
import re
from collections import Counter
from pathlib import Path
from textwrap import dedent
from types import ModuleType

import pytest
import yaml

from submission.questions import read_question
from submission.task_types import TaskType
from training.data.sources import SOURCES, knowledge, open_source
from training.data.tasks import _FAMILIES, TASKS, ready
from training.data.tasks.task import Task

BLOCK = r"[^\n]*:\n\n((?:    [^\n]*\n)+)"
READ = {"ready_entities": TaskType.NAMED_ENTITY_RECOGNITION}


def opening_of(module: ModuleType) -> str:
    return (inspect.getdoc(module) or "") + "\n"


@pytest.mark.parametrize("family", [*_FAMILIES, ready], ids=lambda family: family.__name__.rpartition(".")[2])
def test_every_family_opens_with_a_question_that_is_read_as_its_task(family: ModuleType) -> None:
    found = re.search(r"^A question of `(\w+)`" + BLOCK, opening_of(family), re.MULTILINE)
    assert found is not None
    if family is not ready:
        assert TASKS[found[1]] in [task for task in vars(family).values() if isinstance(task, Task)]
    task_type = READ[found[1]] if family is ready else TASKS[found[1]].task_type
    text, place, answer = dedent(found[2]).strip().rpartition(": ")
    question = read_question(text + place, task_type is TaskType.MULTIPLE_CHOICE)
    assert question.task_type is task_type and question.answer_format.accepts(answer)


@pytest.mark.parametrize("name", sorted({*SOURCES} - {"knowledge"}))
def test_every_source_opens_with_a_row_that_it_reads(name: str, tmp_path: Path) -> None:
    module = inspect.getmodule(SOURCES[name])
    assert module is not None
    settings: dict[str, object] = {}
    for setting, block in re.findall(
        r"^(?:A row|Rows) of (?:a file of )?`(\w+)`" + BLOCK, opening_of(module), re.MULTILINE
    ):
        text = dedent(block)
        file = tmp_path / f"{setting}.{'jsonl' if text.startswith('{') else 'csv'}"
        file.write_text(json.dumps(json.loads(text)) if text.startswith("{") else text)
        settings[setting] = [{"path": str(file), "task": "ready", "track": 1}] if setting == "files" else str(file)
    unusable: Counter[str] = Counter()
    source = open_source(name, settings, tmp_path / "scratch")
    unusable += source.prepare_once()
    stream = next(iter(source.streams))
    records = [source.record(stream, unit, unusable) for unit in source.units(stream)]
    assert len(records) == 1 and records[0] is not None and not unusable


def test_the_knowledge_opens_with_an_entry_of_its_file() -> None:
    found = re.search(r"^An entry of `types`" + BLOCK, opening_of(knowledge), re.MULTILINE)
    assert found is not None
    shown = yaml.safe_load(dedent(found[1]))
    entry = next(entry for entry in knowledge.Knowledge(Path()).units("types") if entry["name"] == shown["name"])
    assert {**entry, **shown} == entry
