"""What a data recipe holds out: the files that fine-tuning reads, sharing nothing with what is trained on."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from evaluation.dataset import Sample
from submission.chat_encoder import ChatEncoder
from submission.errors import ShopBenchError
from submission.prompts import chat_messages
from submission.questions import read_question
from submission.task_types import TaskType
from submission.tracks import track_by_number
from tests.training.tiny_models import SMOLLM2, needs_smollm2
from training.data.building import build
from training.data.decontamination import ProtectedQuestions
from training.data.recipe import DataRecipe, HeldOut
from training.data.tasks import TASKS
from training.fine_tuning.examples import load_examples, read_questions
from training.held_out_sets import HELD_OUT_SETS, deal_out
from training.recipe import Recipe, load_recipe

ROOT = Path(__file__).parent.parent.parent
RECIPES = ROOT / "training" / "recipes"
UNSEEN = ("use_of_product", "query_for_product")


def recipe(folder: Path, *overrides: str) -> DataRecipe:
    counts = f"share: 0.2, validation_per_task: 3, test_per_task: 4, unseen_tasks: [{', '.join(UNSEEN)}]"
    held_out = f"{{folder: {folder / 'held_out'}, {counts}}}"
    values = [f"output={folder / 'dataset'}", "workers=1", "examples=900", "shard_examples=500", f"held_out={held_out}"]
    made = load_recipe(RECIPES / "data_fixtures.yaml", [*values, *overrides], DataRecipe)
    return made.model_copy(
        update={"sources": {name: made.sources[name] for name in ("esci", "shopbench", "knowledge")}}
    )


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("held_out")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        build(recipe(folder))
    return folder


@pytest.fixture(scope="module")
def sets(built: Path) -> dict[str, list[Sample]]:
    return {name: read_questions(built / "held_out" / f"{name}.jsonl") for name in HELD_OUT_SETS}


@pytest.fixture(scope="module")
def train(built: Path) -> list[dict[str, Any]]:
    shards = sorted((built / "dataset" / "data").iterdir())
    return [json.loads(line) for shard in shards for line in shard.read_text().splitlines()]


def test_every_task_is_held_out_once_and_unseen_ones_are_not_trained_on(
    sets: dict[str, list[Sample]], train: list[dict[str, Any]]
) -> None:
    trained_on = {row["task_name"] for row in train}
    for name, rows in sets.items():
        counts = Counter(row.task_name for row in rows)
        assert max(counts.values()) == (3 if name.startswith("validation") else 4)
        assert (set(counts) <= set(UNSEEN)) if name.endswith("unseen") else (set(counts) <= trained_on)
    assert trained_on.isdisjoint(UNSEEN) and len({row.task_name for row in sets["test_seen"]}) > 15
    texts = [row.question for rows in sets.values() for row in rows]
    assert len(set(texts)) == len(texts)


def test_no_training_question_shares_13_words_with_one_that_is_held_out(
    built: Path, sets: dict[str, list[Sample]], train: list[dict[str, Any]]
) -> None:
    held_out = ProtectedQuestions(row.question for rows in sets.values() for row in rows)
    assert not [row["question"] for row in train if held_out.shared_ngram(row["question"])]
    removed = [json.loads(line) for line in (built / "dataset" / "removed.jsonl").read_text().splitlines()]
    contaminated = [entry for entry in removed if entry["reason"] == "contaminated"]
    assert contaminated and all(held_out.shared_ngram(entry["question"]) == entry["shared"] for entry in contaminated)


def test_records_and_wordings_are_held_out(
    built: Path, sets: dict[str, list[Sample]], train: list[dict[str, Any]]
) -> None:
    made = recipe(built)
    for row in train:
        source, stream, *key, _task, _number = row["id"].split("/")
        assert made.is_asked_about(f"{source}/{stream}", "/".join(key))
    quoted = [text for text in (row["question"] for row in train) if text.startswith('"I would like to ')]
    assert not quoted  # the last wording of commonsense_use
    asked = [row.question for row in sets["test_seen"] if row.task_name == "commonsense_use"]
    assert asked and all(text.startswith('"I would like to ') for text in asked)


def test_a_share_of_the_records_is_held_out(tmp_path: Path) -> None:
    made = recipe(tmp_path)
    other = made.model_copy(update={"part": "held-out"})
    asked = [
        (made.is_asked_about("esci/queries", str(n)), other.is_asked_about("esci/queries", str(n))) for n in range(2000)
    ]
    assert all(first is not second for first, second in asked)
    assert 0.17 < sum(second for _, second in asked) / len(asked) < 0.23
    assert all(made.is_asked_about("shopbench/questions", str(n)) for n in range(100))


def test_they_are_made_once_and_never_replaced_silently(built: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = {path: path.stat().st_mtime_ns for path in (built / "held_out").iterdir()}
    assert {path.name for path in before} == {"held_out.json", *(f"{name}.jsonl" for name in HELD_OUT_SETS)}
    (built / "held_out.questions").mkdir()  # a kill may leave it
    build(recipe(built))
    assert {path: path.stat().st_mtime_ns for path in (built / "held_out").iterdir()} == before
    assert not (built / "held_out.questions").exists()
    with pytest.raises(ShopBenchError, match=r"holds questions of another recipe.*remove it"):
        build(recipe(built, "seed=2"))
    with pytest.raises(ShopBenchError, match="names the task 'dream', which its sources do not give"):
        build(recipe(built / "other").model_copy(update={"held_out": made_unseen("dream", built / "other")}))


def made_unseen(task: str, folder: Path) -> HeldOut:
    return HeldOut(folder=folder / "held", share=0.2, validation_per_task=1, test_per_task=1, unseen_tasks=[task])


def test_tasks_with_too_few_questions_share_them_out() -> None:
    numbers = {"few": 4, "many": 30, "new": 9}
    rows = [
        Sample("?", 0, name, TaskType.MULTIPLE_CHOICE, "accuracy") for name in numbers for _ in range(numbers[name])
    ]
    settings = HeldOut(folder=Path("x"), share=0.1, validation_per_task=4, test_per_task=4, unseen_tasks=["new"])
    counts = {name: Counter(row.task_name for row in found) for name, found in deal_out(rows, settings).items()}
    assert counts["test_seen"] == {"few": 2, "many": 4} and counts["validation_seen"] == {"few": 2, "many": 4}
    assert counts["test_unseen"] == {"new": 4} and counts["validation_unseen"] == {"new": 4}


@pytest.mark.parametrize("track", range(1, 6))
def test_the_recipes_of_the_tracks_read_what_the_data_recipe_writes(track: int) -> None:
    data = load_recipe(RECIPES / "data_shopbench.yaml", [], DataRecipe)
    fine_tuning = load_recipe(RECIPES / f"track{track}.yaml", [], Recipe)
    assert data.held_out is not None
    assert fine_tuning.data.train == data.output / "data"
    assert [getattr(fine_tuning.data, name) for name in HELD_OUT_SETS] == data.held_out.files
    assert data.wording_from == 0
    trained_on = set(TASKS) - set(data.held_out.unseen_tasks)
    for adapter in fine_tuning.adapters.values():
        assert set(adapter.tasks) <= trained_on


def check_on_its_sets(recipe: Recipe, data: DataRecipe, questions: Recipe) -> None:
    """Check that `recipe` trains on what `data` builds of the training set of `questions`, and is asked its other sets."""
    assert recipe.data.train == data.output / "data" and recipe.data.split is None
    held_out = [getattr(questions.data, name) for name in HELD_OUT_SETS]
    assert [getattr(recipe.data, name) for name in HELD_OUT_SETS] == held_out
    assert questions.data.split is not None and data.protected == [questions.data.split.protected, *held_out]
    assert data.sources["shopbench"] == {"files": [{"path": str(questions.data.train)}]}


def test_the_larger_mixture_of_the_demo_is_compared_on_the_demos_questions() -> None:
    demo = load_recipe(RECIPES / "cpu_demo.yaml", [], Recipe)
    mixture = load_recipe(RECIPES / "cpu_demo_mixture.yaml", [], Recipe)
    check_on_its_sets(mixture, load_recipe(RECIPES / "data_cpu_demo.yaml", [], DataRecipe), demo)
    assert (mixture.sft, mixture.seed, mixture.track) == (demo.sft, demo.seed, demo.track)
    own, larger = (mixture.sft_of(name).model_dump() for name in ("own", "larger"))
    assert list(mixture.adapters) == ["own", "larger"] and mixture.adapters["larger"].tasks == []
    trained = {task for adapter in demo.adapters.values() for task in adapter.tasks}
    assert set(mixture.adapters["own"].tasks) == trained
    # The same number of steps: the questions of at most 352 tokens, which `training.sft` counts.
    assert round(own.pop("epochs") * 4398) == round(larger.pop("epochs") * 6096) == 1600 and own == larger


def test_the_qwen_demo_trains_on_no_kind_of_its_unseen_tasks() -> None:
    questions = load_recipe(RECIPES / "qwen_demo_questions.yaml", [], Recipe)
    recipe = load_recipe(RECIPES / "qwen_demo.yaml", [], Recipe)
    data = load_recipe(RECIPES / "data_qwen_demo.yaml", [], DataRecipe)
    check_on_its_sets(recipe, data, questions)
    # What the four unseen tasks ask for: relations of queries and products, descriptions, translation, knowledge.
    left_out = {name for name, weight in data.weights.items() if weight == 0}
    assert left_out >= {"query_product_relation", "product_description", "category_description", "title_translation"}
    assert "mmlu" not in data.sources
    for adapter in recipe.adapters.values():
        assert not adapter.tasks and not adapter.emphasis.keys() & left_out


@needs_smollm2
def test_fine_tuning_reads_them(built: Path) -> None:
    encoder = ChatEncoder(SMOLLM2)
    track = track_by_number(1)
    tasks = ["query_entities", "applicable_attribute"]
    train = load_examples(built / "dataset" / "data", track, encoder, tasks, 2048, 1)
    seen = load_examples(built / "held_out" / "validation_seen.jsonl", track, encoder, tasks, 2048, 1)
    unseen = load_examples(built / "held_out" / "test_unseen.jsonl", track, encoder, [], 2048, 1)
    assert len(train) > 25 and len(seen) >= 4 and len(unseen) > 3


@needs_smollm2
def test_the_all_around_track_is_trained_on_the_prompts_that_it_asks(built: Path) -> None:
    """A question's own track is guessed at inference, and some guesses are wrong: training has the same ones."""
    encoder = ChatEncoder(SMOLLM2)
    shards, task = built / "dataset" / "data", "commonsense_use"
    prompts = {}
    for number in (2, 5):
        rows = load_examples(shards, track_by_number(number), encoder, [task], 2048, 1)
        prompts[number] = [encoder.tokenizer.decode(ids) for ids in rows["input_ids"]]
    assert all("reasoning over product knowledge" in text for text in prompts[2])
    asked = [chat_messages(read_question(text.split("<|im_start|>user\n")[1].split("<|im_end|>")[0], True), track_by_number(5))
             for text in prompts[5]]  # fmt: skip
    assert all(messages[0]["content"] in text for messages, text in zip(asked, prompts[5], strict=True))
    assert not all("reasoning over product knowledge" in text for text in prompts[5])
