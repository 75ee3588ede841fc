"""The split: five sets that share no content, the same every time."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation.dataset import Sample
from submission.errors import ShopBenchError
from tests.training.lora_fixtures import questions, samples, write_questions
from training.fine_tuning.splitting import split_questions, write_split
from training.recipe import DataSettings, SplitSettings

SETTINGS = SplitSettings(
    questions="unused", protected="unused", unseen_tasks=["explanation"], validation_per_task=5, test_per_task=6
)


def rows() -> list[Sample]:
    return [row for task in ("choice", "entities", "explanation") for row in samples(task, 40)]


def texts(chosen: list[Sample]) -> set[str]:
    return {row.question for row in chosen}


def test_sets_are_disjoint_and_unseen_tasks_are_not_trained_on() -> None:
    sets, removed = split_questions(rows(), [], SETTINGS, seed=1)
    assert {name: len(chosen) for name, chosen in sets.items()} == {
        "train": 2 * 29 - len(removed),
        "validation_seen": 10,
        "validation_unseen": 5,
        "test_seen": 12,
        "test_unseen": 6,
    }
    assert sum(len(texts(chosen)) for chosen in sets.values()) == len(set().union(*map(texts, sets.values())))
    assert {row.task_name for row in sets["train"]} == {"choice", "entities"}
    assert {row.task_name for row in sets["test_unseen"]} == {"explanation"}


def test_leaks_and_repetitions_are_removed_and_counted() -> None:
    review = "the handle broke after two days of light use and nobody answered my mails about it"
    leaking = replace(samples("choice", 1, seed=7)[0], question=f"Review: {review}\n0. a\n1. b\nAnswer: ")
    repeated = rows()[0]
    sets, removed = split_questions([*rows(), leaking, repeated], [f"Read '{review}' twice."], SETTINGS, seed=1)
    leaks = [entry for entry in removed if "protected" in entry["reason"]]
    assert [(entry["task_name"], entry["question"]) for entry in leaks] == [("choice", leaking.question)]
    assert leaks[0]["shared"] == " ".join(review.split()[:13])
    assert [entry["question"] for entry in removed if entry["reason"] == "asked twice"] == [repeated.question]
    assert not any(review in row.question for chosen in sets.values() for row in chosen)


def test_split_depends_on_the_seed_alone() -> None:
    assert split_questions(rows(), [], SETTINGS, seed=1)[0] == split_questions(rows()[::1], [], SETTINGS, seed=1)[0]
    assert split_questions(rows(), [], SETTINGS, seed=1)[0] != split_questions(rows(), [], SETTINGS, seed=2)[0]


def test_faults_are_named(tmp_path: Path) -> None:
    with pytest.raises(ShopBenchError, match="'explanation' does not exist"):
        split_questions(samples("choice", 40), [], SETTINGS, seed=1)
    with pytest.raises(ShopBenchError, match="task choice has 8 questions"):
        split_questions(samples("choice", 8) + samples("explanation", 40), [], SETTINGS, seed=1)


@pytest.mark.parametrize("key", ["questions", "protected"])
def test_an_absent_set_is_named_with_its_setting_and_where_it_comes_from(tmp_path: Path, key: str) -> None:
    write_questions(tmp_path / "there" / "choice.jsonl", questions("choice", 40))
    paths = {name: tmp_path / "there" for name in ("questions", "protected")}
    settings = SETTINGS.model_copy(update={**paths, key: Path("data/no_such_set")})
    names = ("train", "validation_seen", "validation_unseen", "test_seen", "test_unseen")
    data = DataSettings(**{name: tmp_path / "data" / f"{name}.jsonl" for name in names}, split=settings)
    with pytest.raises(ShopBenchError, match=rf"data\.split\.{key}: there is no data/no_such_set; .*data/README\.md"):
        write_split(data, seed=1)
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("key", ["questions", "protected"])
def test_a_faulty_row_is_named_before_anything_is_written(tmp_path: Path, key: str) -> None:
    row = questions("choice", 1)[0]
    whole = write_questions(tmp_path / "whole.jsonl", [row])
    faulty = write_questions(tmp_path / "faulty.jsonl", [row, {**row, "task_type": "quiz"}])
    settings = SETTINGS.model_copy(update={"questions": whole, "protected": whole, key: faulty})
    names = ("train", "validation_seen", "validation_unseen", "test_seen", "test_unseen")
    data = DataSettings(**{name: tmp_path / "data" / f"{name}.jsonl" for name in names}, split=settings)
    with pytest.raises(ShopBenchError, match=r"faulty\.jsonl, line 2: field 'task_type' is 'quiz'"):
        write_split(data, seed=1)
    assert not (tmp_path / "data").exists()


def test_what_was_removed_is_counted_and_listed(tmp_path: Path) -> None:
    for task in ("choice", "explanation"):
        rows = questions(task, 40)
        write_questions(tmp_path / "questions" / f"{task}.jsonl", [*rows, rows[0]])
    write_questions(tmp_path / "protected.jsonl", questions("entities", 1))
    settings = SETTINGS.model_copy(
        update={"questions": tmp_path / "questions", "protected": tmp_path / "protected.jsonl"}
    )
    names = ("train", "validation_seen", "validation_unseen", "test_seen", "test_unseen")
    data = DataSettings(**{name: tmp_path / "data" / f"{name}.jsonl" for name in names}, split=settings)
    write_split(data, seed=1)
    listed = [json.loads(line) for line in (tmp_path / "data" / "removed.jsonl").read_text().splitlines()]
    counted = json.loads((tmp_path / "data" / "split.json").read_text())["removed"]
    assert counted["asked twice"] == {"choice": 1, "explanation": 1}
    assert len(listed) == sum(count for by_task in counted.values() for count in by_task.values())


def test_several_sources_are_read_and_some_tasks_of_them_taken(tmp_path: Path) -> None:
    for task in ("choice", "entities", "explanation"):
        write_questions(tmp_path / "questions" / f"{task}.jsonl", questions(task, 20))
    exam = [{**row, "task_name": "exam"} for row in questions("choice", 20, seed=5)]
    write_questions(tmp_path / "exam.jsonl", exam)
    write_questions(tmp_path / "protected.jsonl", questions("retrieval", 1))
    sources, names = (
        [tmp_path / "questions", tmp_path / "exam.jsonl"],
        ("train", "validation_seen", "validation_unseen"),
    )
    settings = SETTINGS.model_copy(
        update={
            "questions": sources,
            "protected": tmp_path / "protected.jsonl",
            "tasks": ["choice", "explanation", "exam"],
            "unseen_tasks": ["explanation", "exam"],
        }
    )
    paths = {name: tmp_path / f"{name}.jsonl" for name in (*names, "test_seen", "test_unseen")}
    write_split(DataSettings(**paths, split=settings), 1)
    counts = json.loads((tmp_path / "split.json").read_text())["questions"]
    assert set(counts["train"]) == {"choice"} and counts["test_unseen"] == {"exam": 6, "explanation": 6}

    misspelt = settings.model_copy(update={"tasks": ["choise"]})
    with pytest.raises(ShopBenchError, match=r"data\.split\.tasks: there is no task 'choise': did you mean choice\?"):
        write_split(DataSettings(**paths, split=misspelt), 1)
    absent = settings.model_copy(update={"questions": [sources[0], tmp_path / "nowhere"]})
    with pytest.raises(ShopBenchError, match=r"data\.split\.questions\[1\]: there is no .*nowhere"):
        write_split(DataSettings(**paths, split=absent), 1)
