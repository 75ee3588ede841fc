import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from datasets import load_dataset
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import Split

from submission.errors import ShopBenchError
from training.data.building import _executor, build
from training.data.card import percentile
from training.data.decontamination import ProtectedQuestions
from training.data.recipe import DataRecipe
from training.data.selection import DuplicateFilter
from training.data.tasks import TASKS
from training.data.wanted import quotas, wanted_tasks
from training.data.worker import Worker
from training.recipe import load_recipe

ROOT = Path(__file__).parent.parent.parent
KNOWLEDGE = {"knowledge/types", "knowledge/attributes", "knowledge/events"}
RECIPE = ROOT / "training" / "recipes" / "data_fixtures.yaml"


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


def recipe(output: Path, *overrides: str) -> DataRecipe:
    return load_recipe(RECIPE, [f"output={output}", *overrides], DataRecipe)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The whole fixture data set, built by two workers."""
    output = tmp_path_factory.mktemp("built") / "dataset"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        build(recipe(output, "workers=2"))
    return output


@pytest.fixture(scope="module")
def rows(built: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for shard in sorted((built / "data").iterdir()) for line in shard.read_text().splitlines()]


def test_datasets_opens_it_in_trls_shape(built: Path, tmp_path: Path) -> None:
    dataset = load_dataset(str(built), split="train", cache_dir=str(tmp_path))
    assert len(dataset) == json.loads((built / "build.json").read_text())["examples"] > 2000
    row = dataset[0]
    assert [message["role"] for message in row["prompt"]] == ["system", "user"]
    assert [message["role"] for message in row["completion"]] == ["assistant"]
    columns = {"id", "task_name", "task_type", "metric", "track", "source", "language", "question", "truth"}
    assert columns | {"prompt", "completion"} == set(row)
    assert json.loads(row["truth"]) is not None


def test_all_tasks_are_in_it_and_ids_are_unique(rows: list[dict[str, Any]]) -> None:
    assert {row["task_name"] for row in rows} >= set(TASKS)
    assert len({row["id"] for row in rows}) == len(rows)
    assert len({" ".join(row["question"].lower().split()) for row in rows}) == len(rows)


def test_shards_are_mixed(built: Path, rows: list[dict[str, Any]]) -> None:
    tasks = len({row["task_name"] for row in rows})
    for shard in (built / "data").iterdir():
        assert len({json.loads(line)["task_name"] for line in shard.read_text().splitlines()}) > tasks / 2


def test_no_task_has_more_than_its_share(rows: list[dict[str, Any]], tmp_path: Path) -> None:
    wanted = quotas(recipe(tmp_path), wanted_tasks(recipe(tmp_path), recipe(tmp_path).open_sources()))
    assert all(count <= wanted[task] for task, count in Counter(row["task_name"] for row in rows).items())


def test_what_was_removed_or_unusable_is_counted_and_listed(built: Path) -> None:
    report = json.loads((built / "build.json").read_text())
    removed = Counter(json.loads(line)["reason"] for line in (built / "removed.jsonl").read_text().splitlines())
    for reason, counts in report["removed"].items():
        assert removed[reason] == (counts if isinstance(counts, int) else sum(counts.values()))
    assert removed["record that the source holds twice"] > 0  # the fixtures hold a review and a page twice
    assert report["unusable"]["amazon_reviews/reviews"]["line that is not JSON"] == 1
    assert report["unusable"]["esci"]["judgement of an unknown locale"] == 1
    assert report["not asked"]["ready_entities"] == {"named_entity_recognition question that is read as generation": 1}


def test_the_card_counts_what_is_there(built: Path, rows: list[dict[str, Any]]) -> None:
    card = (built / "README.md").read_text()
    counts = Counter(row["task_name"] for row in rows)
    for task, count in counts.items():
        assert f"| {task} | {count} | " in card
    for column in ("task_type", "source", "language"):
        for value, count in Counter(row[column] for row in rows).items():
            assert f"| {value} | {count} |" in card
    assert "## Lengths in words" in card and (built / "data_card.png").stat().st_size > 10_000
    assert not (built / "work").exists() and not built.with_name("dataset.building").exists()


def test_killed_and_continued_by_more_workers_it_is_the_same(built: Path, tmp_path: Path) -> None:
    output = tmp_path / "dataset"
    command = [sys.executable, "-m", "training.build_dataset", "--recipe", str(RECIPE), "--set", f"output={output}"]
    process = subprocess.Popen([*command, "workers=1"], cwd=ROOT, stderr=subprocess.DEVNULL)
    candidates = tmp_path / "dataset.building" / "work" / "candidates"
    deadline = time.monotonic() + 120
    while not (candidates / "amazon_m2.translations" / "total.json").exists():
        assert process.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    workers = children_of(process.pid)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert not output.exists()
    while any(Path(f"/proc/{worker}").exists() for worker in workers):
        assert time.monotonic() < deadline, "a worker outlived the build"
        time.sleep(0.01)
    build(recipe(output, "workers=3"))
    assert contents(output) == contents(built)


def children_of(process: int) -> list[int]:
    listed = Path(f"/proc/{process}/task/{process}/children").read_text()
    return [int(child) for child in listed.split()]


def contents(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


def small(output: Path, **changes: Any) -> DataRecipe:
    """Return a recipe of the knowledge source only, or as `changes` has it."""
    made = recipe(output, "examples=60", "workers=1", "shard_examples=1000")
    update = {"sources": {"knowledge": None}, "weights": {"commonsense_use": 3}, **changes}
    return made.model_copy(update=update)


def test_weights_share_the_examples_out(tmp_path: Path) -> None:
    made = small(tmp_path)
    wanted = quotas(made, wanted_tasks(made, made.open_sources()))
    total_weight = len(wanted) + 2
    assert wanted["commonsense_use"] == -(-60 * 3 // total_weight)
    assert wanted["category_description"] == -(-60 // total_weight)


def test_at_full_size_tasks_from_what_is_written_by_hand_want_what_it_gives(tmp_path: Path) -> None:
    """What a task is short of is given to no other: with weights of 1 these would be short of 40,000 examples."""
    full = load_recipe(RECIPE.with_name("data_shopbench.yaml"), [], DataRecipe)
    wanted = quotas(full, wanted_tasks(full, full.open_sources()))
    own = {name: count for name, count in wanted.items() if set(TASKS[name].builders) <= KNOWLEDGE}
    assert sum(own.values()) > 500
    made = small(tmp_path / "dataset", weights=own, default_weight=0.0, examples=sum(own.values()), protected=[])
    report = build(made)
    kept = {name: counts["kept"] for name, counts in report["tasks"].items()}
    assert set(kept) == set(own)
    assert sum(own.values()) - sum(kept.values()) < 0.002 * full.examples
    assert not {name: (own[name], kept[name]) for name in own if kept[name] < own[name] / 2}


def test_a_weight_of_zero_leaves_a_task_out(tmp_path: Path) -> None:
    made = small(tmp_path, default_weight=0.0)
    assert set(wanted_tasks(made, made.open_sources())) == {"commonsense_use"}


def test_protected_questions_and_what_is_like_them_are_removed(tmp_path: Path) -> None:
    """One question of the task is protected: no example shares a 13-gram with it, and what was removed is listed."""
    mark = "a lighthouse keeper polishes the great brass lamp every single evening before the ships come in"
    exam = {"subject": "trade", "choices": ["one", "two", "three", "four"], "answer": 2}
    questions = [
        {**exam, "question": f"In the story {mark}, how many {thing} are there?"} for thing in ("gulls", "boats")
    ]
    questions += [{**exam, "question": f"How many {thing} make a dozen, less eight?"} for thing in ("eggs", "buns")]
    source = tmp_path / "mmlu.jsonl"
    source.write_text("\n".join(map(json.dumps, questions)))
    protected = tmp_path / "protected.jsonl"
    protected.write_text(json.dumps({"input_field": f"Once upon a time {mark} and sang."}))
    sources = {"mmlu": {"questions": str(source)}}
    report = build(small(tmp_path / "dataset", sources=sources, weights={}, protected=[protected]))
    assert report["examples"] == 2
    assert report["removed"]["contaminated"] == {"general_knowledge": 2}
    listed = [json.loads(line) for line in (tmp_path / "dataset" / "removed.jsonl").read_text().splitlines()]
    assert {entry["shared"] for entry in listed} == {" ".join(mark.split()[:13])}
    against = ProtectedQuestions([f"Once upon a time {mark} and sang."])
    shard = next((tmp_path / "dataset" / "data").iterdir())
    assert not any(against.shared_ngram(json.loads(line)["question"]) for line in shard.read_text().splitlines())


def test_an_instruction_alone_is_no_leak_with_and_without_wording_taken_out(tmp_path: Path) -> None:
    ratings = "tests/training/fixtures/shopbench/ratings.jsonl"
    asked = json.loads(Path(ratings).read_text().splitlines()[0])["input_field"]
    instruction = asked.split("Input:")[0]
    protected = tmp_path / "protected.jsonl"
    others = [
        f"{instruction}Input: {thing} it is, I would say, all in all.\nOutput:" for thing in ("Good", "Bad", "Odd")
    ]
    protected.write_text("\n".join(json.dumps({"input_field": text}) for text in others))
    sources = {"shopbench": {"files": [{"path": ratings, "task": "ready_ratings", "track": 3}]}}
    made = small(tmp_path / "literal", sources=sources, weights={}, protected=[protected])
    literal = build(made)
    assert literal["examples"] > 8 and literal["removed"]["contaminated"] == {}
    lenient = build(made.model_copy(update={"output": tmp_path / "lenient", "wording_from": 3}))
    assert lenient["examples"] == literal["examples"] and lenient["removed"]["contaminated"] == {}
    # What reaches into the review counts: it is the same question.
    protected.write_text(json.dumps({"input_field": asked}))
    again = build(made.model_copy(update={"output": tmp_path / "again"}))
    assert again["removed"]["contaminated"] == {"ready_ratings": 1}
    assert again["examples"] == literal["examples"] - 1


def test_a_chunk_with_a_handful_of_ready_made_questions_loses_none_for_their_instruction(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ratings = "tests/training/fixtures/shopbench/ratings.jsonl"
    asked = json.loads(Path(ratings).read_text().splitlines()[0])["input_field"]
    protected = tmp_path / "protected.jsonl"
    protected.write_text(
        json.dumps({"input_field": f"{asked.split('Input:')[0]}Input: Good it is, all in all.\nOutput:"})
    )
    sources = {"shopbench": {"files": [{"path": ratings, "task": "ready_ratings", "track": 3}]}}
    made = small(tmp_path / "whole", sources=sources, weights={}, protected=[protected])
    whole = build(made)
    monkeypatch.setattr("training.data.chunks.CHUNK_UNITS", 3)
    assert build(made.model_copy(update={"output": tmp_path / "chunks"}))["tasks"] == whole["tasks"]


def test_lengths_are_counted_in_the_tokens_of_the_tokenizer(tmp_path: Path) -> None:
    tokenizer = Tokenizer(WordLevel({"[unk]": 0}, unk_token="[unk]"))
    tokenizer.pre_tokenizer = Split("", "isolated")
    (tmp_path / "letters").mkdir()
    tokenizer.save(str(tmp_path / "letters" / "tokenizer.json"))
    made = small(
        tmp_path / "dataset", tokenizer=tmp_path / "letters", weights={"commonsense_use": 1}, default_weight=0.0
    )
    build(made)
    shard = next((tmp_path / "dataset" / "data").iterdir())
    rows = [json.loads(line) for line in shard.read_text().splitlines()]
    letters = sorted(sum(len(message["content"]) for message in row["prompt"]) + 1 for row in rows)
    card = (tmp_path / "dataset" / "README.md").read_text()
    line = next(line for line in card.splitlines() if line.startswith("| prompt |"))
    assert "## Lengths in tokens of letters" in card
    assert line.split("|")[2].strip() == f"{sum(letters) / len(letters):.1f}"
    assert line.split("|")[-2].strip() == str(letters[-1])
    with pytest.raises(ShopBenchError, match=r"tokenizer\.json, which does not exist"):
        build(made.model_copy(update={"output": tmp_path / "other", "tokenizer": tmp_path / "nowhere"}))


def test_duplicates_exact_near_and_of_the_same_record() -> None:
    filter_ = DuplicateFilter(0.8)
    title = "Fleetstep women's aero glide running shoes in white with a cushioned sole for long runs on the road, size "
    assert filter_.add("a", f"Rate: {title}8", f"{title}8") is None
    assert filter_.add("b", f"rate:  {title}8", f"{title}8") == ("exact duplicate", "a")
    assert filter_.add("c", f"How many stars? {title}9", f"{title}9") == ("near duplicate", "a")
    assert filter_.add("a", "Another question", "Another question") == ("record that the source holds twice", "a")
    assert filter_.add("d", "Rate: a garden hose of fifty feet", "a garden hose of fifty feet") is None


def test_a_finished_data_set_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = small(tmp_path / "dataset")
    first = build(made)
    assert first["examples"] == sum(counts["kept"] for counts in first["tasks"].values())
    assert build(made) == first
    assert "is complete already" in capsys.readouterr().out
    with pytest.raises(ShopBenchError, match="holds something else: remove it or choose another output"):
        build(made.model_copy(update={"seed": 2}))


def test_another_recipe_does_not_continue_a_killed_build(tmp_path: Path) -> None:
    made = small(tmp_path / "dataset")
    (made.work).mkdir(parents=True)
    (made.work / "inputs").write_text("of another recipe")
    with pytest.raises(ShopBenchError, match="begun with another recipe, other files or other code"):
        build(made)


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("protected=[nowhere.jsonl]", "names the file nowhere.jsonl, which does not exist"),
        ("weights={no_such_task: 1}", "names the task 'no_such_task', which its sources do not give"),
        ("default_weight=0", "gives no task a weight above 0"),
        ("near_duplicate=1", "near_duplicate: Input should be less than or equal to 0.95"),
        ("sources.mmlu.questions=nowhere.jsonl", "nowhere.jsonl does not exist"),
    ],
)
def test_faults_of_a_recipe_are_named(tmp_path: Path, override: str, message: str) -> None:
    with pytest.raises(ShopBenchError, match=message):
        made = recipe(tmp_path / "dataset", "examples=10", override)
        made.inputs_hash(made.open_sources())
        Worker(made)
        for source in made.open_sources().values():
            for stream in source.streams if source.name in {"mmlu", "knowledge"} else ():
                next(iter(source.units(stream)))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ({"task_name": "no_such_task", "wording": "{title}"}, "there is no task 'no_such_task'"),
        ({"task_name": "review_rating", "wording": "{stars}?"}, "asks for 'stars', which task review_rating"),
        ({"task_name": "review_rating", "wording": "{"}, "has a brace too many"),
    ],
)
def test_wordings_that_no_question_can_be_asked_in_are_named(
    tmp_path: Path, line: dict[str, str], message: str
) -> None:
    file = tmp_path / "wordings.jsonl"
    file.write_text(json.dumps(line) + "\n")
    with pytest.raises(ShopBenchError, match=message):
        build(recipe(tmp_path / "dataset", f"extra_wordings={file}"))
    # Nothing is begun that the changed recipe would be told to remove.
    assert list(tmp_path.iterdir()) == [file]


def test_a_broken_file_of_protected_questions_is_named_before_the_workers_start(tmp_path: Path) -> None:
    file = tmp_path / "protected.jsonl"
    file.write_text('{"input_field": ["a", "b"]}\n')
    with pytest.raises(ShopBenchError, match=r"protected\.jsonl, line 1: not a question with an input_field"):
        build(recipe(tmp_path / "dataset", f"protected=[{file}]"))


def test_a_worker_that_dies_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ShopBenchError, match="a worker process ended"), _executor(recipe(tmp_path / "x")) as executor:
        executor.submit(os._exit, 1).result()


def test_the_command_ends_with_a_message_and_code_2(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "training.build_dataset", "--recipe", str(RECIPE), "--set"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [*command, f"output={tmp_path}", "workers=1"], cwd=ROOT, capture_output=True, text=True, env=environment
    )
    assert done.returncode == 2
    assert done.stderr.strip() == f"Error: {tmp_path} holds something else: remove it or choose another output"


def test_percentiles() -> None:
    lengths = Counter({1: 50, 2: 40, 10: 9, 99: 1})
    assert [percentile(lengths, percent) for percent in (50, 90, 99, 100)] == [1, 2, 10, 99]
