"""Every task is trained in three wordings or more, all of which are read as the task promises."""

from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random
from string import Formatter

import pytest

from training.data.recipe import DataRecipe, HeldOut
from training.data.sources.records import AnsweredInstruction
from training.data.tasks import TASKS
from training.data.tasks.task import Draft, Pool
from training.recipe import load_recipe

ROOT = Path(__file__).parent.parent.parent
RECIPE = ROOT / "training" / "recipes" / "data_fixtures.yaml"


def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> DataRecipe:
    monkeypatch.chdir(ROOT)
    return load_recipe(RECIPE, [f"output={tmp_path / 'dataset'}"], DataRecipe)


def test_three_wordings_are_trained_on_where_one_is_held_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    held_out = HeldOut(folder=tmp_path, share=0.02, validation_per_task=1, test_per_task=1, unseen_tasks=[])
    made = recipe(tmp_path, monkeypatch).model_copy(update={"held_out": held_out})
    evaluated = made.model_copy(update={"part": "held-out"})
    for name, task in TASKS.items():
        trained = made.wordings(task.wordings)
        assert len({wording.lower() for wording in trained}) >= 3, name
        assert set(trained).isdisjoint(evaluated.wordings(task.wordings)), name


def test_wordings_of_a_task_differ_in_more_than_a_few_words() -> None:
    """No two share more than half of their words."""
    for name, task in TASKS.items():
        bags = [
            Counter(word for text, _, _, _ in Formatter().parse(wording) for word in text.lower().split() if word[0].isalpha())
            for wording in task.wordings
        ]  # fmt: skip
        for place, bag in enumerate(bags):
            for other in bags[:place]:
                shared = (bag & other).total() / max(1, (bag | other).total())
                assert shared <= 0.7, (name, task.wordings[place])


def test_every_wording_is_read_as_its_task_promises(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    checked = set()
    for source in recipe(tmp_path, monkeypatch).open_sources().values():
        source.prepare_once()
        for stream in source.streams:
            path = f"{source.name}/{stream}"
            made = (source.record(stream, unit, Counter()) for unit in source.units(stream))
            pool = Pool([record for record in made if record is not None])
            for task in TASKS.values():
                if path not in task.builders:
                    continue
                drafts = (task.builders[path](record, pool, Random(1)) for record in pool.records)
                for draft in [draft for draft in drafts if isinstance(draft, Draft)][:20]:
                    for wording in task.wordings:
                        read = task.read_back(wording.format(**draft.slots), draft)
                        assert isinstance(read, dict), read
                    checked.add(task.name)
    assert checked == set(TASKS)


def test_an_instruction_is_worded_as_the_recipe_says_and_a_looping_answer_is_counted() -> None:
    task = replace(TASKS["general_instruction"], wordings=("Please: {instruction}{context}\nAnswer:",))
    rows = [
        AnsweredInstruction("a", "Name a colour.", "", "Blue is one."),
        AnsweredInstruction("b", "Make it short.", "A long text.", "A text."),
        AnsweredInstruction("c", "Repeat the word hello.", "", " ".join(["hello"] * 10)),
    ]
    pool = Pool(rows)
    built = [task.question("alpaca/instructions", row, pool, Random(0)) for row in rows]
    assert [row and row["question"] for row in built] == [
        "Please: Name a colour.\nAnswer:",
        "Please: Make it short.\nInput: A long text.\nAnswer:",
        None,
    ]
    assert pool.unusable.total() == 1
