"""The split: five sets that share no content, the same every time."""

import json
from pathlib import Path

import pytest

from submission.errors import ShopBenchError
from tests.training.lora_fixtures import questions
from training.recipe import SplitSettings
from training.split import split_questions

SETTINGS = SplitSettings(
    questions="unused", protected="unused", unseen_tasks=["explanation"], validation_per_task=5, test_per_task=6
)


def rows() -> list[dict]:
    return [row for task in ("choice", "entities", "explanation") for row in questions(task, 40)]


def texts(chosen: list[dict]) -> set[str]:
    return {row["input_field"] for row in chosen}


def test_sets_are_disjoint_and_unseen_tasks_are_not_trained_on() -> None:
    sets, removed = split_questions(rows(), [], SETTINGS, seed=1)
    assert {name: len(chosen) for name, chosen in sets.items()} == {
        "train": 2 * 29 - sum(sum(by_task.values()) for by_task in removed.values()),
        "validation_seen": 10,
        "validation_unseen": 5,
        "test_seen": 12,
        "test_unseen": 6,
    }
    assert sum(len(texts(chosen)) for chosen in sets.values()) == len(set().union(*map(texts, sets.values())))
    assert {row["task_name"] for row in sets["train"]} == {"choice", "entities"}
    assert {row["task_name"] for row in sets["test_unseen"]} == {"explanation"}


def test_leaks_and_repetitions_are_removed_and_counted() -> None:
    review = "the handle broke after two days of light use and nobody answered my mails about it"
    leaking = {**questions("choice", 1, seed=7)[0], "input_field": f"Review: {review}\n0. a\n1. b\nAnswer: "}
    repeated = rows()[0]
    sets, removed = split_questions([*rows(), leaking, repeated], [f"Read '{review}' twice."], SETTINGS, seed=1)
    assert removed["asked twice"]["choice"] == 1
    assert removed["shares a 13-gram with a protected question"]["choice"] == 1
    assert not any(review in row["input_field"] for chosen in sets.values() for row in chosen)


def test_split_depends_on_the_seed_alone() -> None:
    assert json.dumps(split_questions(rows(), [], SETTINGS, seed=1)[0]) == json.dumps(
        split_questions(rows()[::1], [], SETTINGS, seed=1)[0]
    )
    assert split_questions(rows(), [], SETTINGS, seed=1)[0] != split_questions(rows(), [], SETTINGS, seed=2)[0]


def test_faults_are_named(tmp_path: Path) -> None:
    with pytest.raises(ShopBenchError, match="'explanation' does not exist"):
        split_questions(questions("choice", 40), [], SETTINGS, seed=1)
    with pytest.raises(ShopBenchError, match="task choice has 8 questions"):
        split_questions(questions("choice", 8) + questions("explanation", 40), [], SETTINGS, seed=1)
