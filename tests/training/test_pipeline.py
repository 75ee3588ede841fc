"""The pipeline on a tiny model: every step once, nothing twice, nothing half."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml

from submission.errors import ShopBenchError
from submission.model_folder import check_model
from tests.training.lora_fixtures import build_llama, questions, write_questions
from tests.training.tiny_models import needs_smollm2
from training import pipeline, sft, split, steps
from training.files import write_json
from training.fine_tuning import supervised
from training.fine_tuning.comparison import chosen_alpha
from training.fine_tuning.soup import soup_file
from training.fine_tuning.supervised import train_adapter
from training.kept_recipe import keep_recipe
from training.recipe import Recipe, load_recipe


@pytest.fixture
def recipe_file(tmp_path: Path) -> Path:
    build_llama(tmp_path / "base")
    for task in ("choice", "entities", "explanation"):
        write_questions(tmp_path / "questions" / f"{task}.jsonl", questions(task, 20))
    write_questions(tmp_path / "protected.jsonl", questions("choice", 1, seed=9))
    recipe = yaml.safe_load(Path("training/recipes/cpu_demo.yaml").read_text())
    recipe.update(
        base_model=str(tmp_path / "base"),
        output=str(tmp_path / "run"),
        adapters={
            "choice": {"trained_on": "choice", "tasks": ["choice"], "weight": 0.7, "sft": {"lora": {"rank": 2}}},
            "text": {"trained_on": "entities", "tasks": ["entities"], "weight": 0.5},
        },
        wise_ft={"alpha": 0.8},
        compare=None,
    )
    recipe["data"]["split"].update(
        questions=str(tmp_path / "questions"),
        protected=str(tmp_path / "protected.jsonl"),
        unseen_tasks=["explanation"],
        validation_per_task=4,
        test_per_task=4,
        derive_choices=False,
    )
    recipe["sft"].update(
        evaluations=1, batch_size=4, per_device_batch_size=4, lora={**recipe["sft"]["lora"], "rank": 4}
    )
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return tmp_path / "recipe.yaml"


@needs_smollm2
def test_pipeline_does_every_step_once(
    recipe_file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    # In this process: the command line of training.sft is tried elsewhere, and starting Python twice takes long.
    monkeypatch.setattr(steps, "_train", lambda recipe, kept, content, adapter: train_adapter(recipe, adapter))
    output = recipe_file.parent / "run"
    pipeline.main(["--recipe", str(recipe_file)])
    check_model(output / "model")
    assert json.loads((output / "ensemble" / "adapter_config.json").read_text())["r"] == 6
    assert {path.name for path in output.iterdir()} == {"data", "adapters", "ensemble", "model", "done"}
    written = {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}
    capsys.readouterr()

    pipeline.main(["--recipe", str(recipe_file)])
    assert written == {path: path.stat().st_mtime_ns for path in output.rglob("*") if path.is_file()}
    assert capsys.readouterr().out.count("done before with the same inputs") == 3

    model = (output / "model" / "model.safetensors").read_bytes()
    pipeline.main(["--recipe", str(recipe_file), "--set", "adapters.text.weight=0.1"])
    changed = {path for path, before in written.items() if path.stat().st_mtime_ns != before}
    assert {path.relative_to(output).parts[0] for path in changed} == {"ensemble", "model", "done"}
    changed_model = (output / "model" / "model.safetensors").read_bytes()
    assert changed_model != model

    # What somebody has removed is made again, although its marker says that it was made.
    shutil.rmtree(output / "model")
    pipeline.main(["--recipe", str(recipe_file), "--set", "adapters.text.weight=0.1"])
    assert (output / "model" / "model.safetensors").read_bytes() == changed_model


@needs_smollm2
def test_a_soup_takes_the_place_of_the_written_weights(recipe_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "_train", lambda recipe, kept, content, adapter: train_adapter(recipe, adapter))
    chosen = []

    def choose(recipe: Recipe) -> None:
        chosen.append(recipe.name)
        write_json(soup_file(recipe), {"weights": {"choice": 1.0, "text": 0.0}, "tried": []})

    monkeypatch.setattr(steps, "choose_members", choose)
    output, override = recipe_file.parent / "run", ["--set", "ensemble.weights=soup"]
    pipeline.main(["--recipe", str(recipe_file), *override])
    # The first adapter alone, at its own rank; without a comparison nobody needs the mean of all.
    assert json.loads((output / "ensemble" / "adapter_config.json").read_text())["r"] == 2
    assert not (output / "uniform").exists()
    pipeline.main(["--recipe", str(recipe_file), *override])
    assert len(chosen) == 1
    pipeline.main(["--recipe", str(recipe_file), *override, "adapters.text.seed=5"])
    assert len(chosen) == 2


@needs_smollm2
def test_a_step_killed_after_its_work_is_done_again_with_the_same_result(
    recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(steps, "_train", lambda recipe, kept, content, adapter: train_adapter(recipe, adapter))
    output = recipe_file.parent / "run"
    pipeline.main(["--recipe", str(recipe_file)])
    before = {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}
    for marker in (output / "done").iterdir():
        marker.unlink()
    (output / "model").rename(output / "model.partial")
    pipeline.main(["--recipe", str(recipe_file)])
    assert before == {path: path.read_bytes() for path in output.rglob("*") if path.is_file()}


@needs_smollm2
@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("base_model=nowhere", "there is no model folder nowhere"),
        (
            "data.split.questions=nowhere",
            "data.split.questions: there is no nowhere; .*--set data.split.questions=PATH",
        ),
        ("data.split.protected=nowhere", "data.split.protected: there is no nowhere"),
        ("compare={development: nowhere, results: unused}", "compare.development: there is no nowhere"),
        ("accelerate_config=nowhere", "accelerate_config: there is no nowhere"),
        ("sft.report_to=wandb", "wandb is not installed: pip install wandb"),
        ("data.split=null", "data.train: there is no .*train.jsonl"),
        ("wise_ft={alpha: null, sweep: '0:2:1'}", "start:stop:step"),
    ],
)
def test_what_would_fail_after_hours_is_refused_at_once(recipe_file: Path, override: str, message: str) -> None:
    with pytest.raises(ShopBenchError, match=message):
        pipeline.main(["--recipe", str(recipe_file), "--set", override])
    assert not (recipe_file.parent / "run").exists()


@needs_smollm2
def test_split_alone_writes_the_five_sets(recipe_file: Path) -> None:
    split.main(["--recipe", str(recipe_file)])
    found = {path.name for path in (recipe_file.parent / "run" / "data").glob("*_*seen.jsonl")}
    assert found == {f"{kind}_{task}.jsonl" for kind in ("validation", "test") for task in ("seen", "unseen")}
    counts = json.loads((recipe_file.parent / "run" / "data" / "split.json").read_text())["questions"]
    assert counts["test_unseen"] == {"explanation": 4} and set(counts["train"]) == {"choice", "entities"}


def test_alpha_must_have_been_chosen(tmp_path: Path) -> None:
    recipe = load_recipe(Path("training/recipes/cpu_demo.yaml"), [f"output={tmp_path}"], Recipe)
    with pytest.raises(ShopBenchError, match="alpha is not chosen yet"):
        chosen_alpha(recipe)


@needs_smollm2
def test_an_edit_during_a_run_changes_nothing_in_it(recipe_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trained = {}

    def run(command: list[str]) -> subprocess.CompletedProcess[None]:
        """Stands in for starting Python twice: reads what `training.sft` would read, in this process."""
        arguments = command[command.index("training.sft") + 1 :]
        monkeypatch.setattr(supervised, "train_adapter", lambda recipe, adapter: trained.update({adapter: recipe}))
        sft.main(arguments)
        recipe_file.write_text(recipe_file.read_text().replace("rank: 4", "rank: 8"))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(steps, "fingerprint", lambda *paths: "")
    monkeypatch.setattr(steps, "combine_adapters", lambda *arguments: None)
    monkeypatch.setattr(steps, "write_interpolated", lambda *arguments: None)
    began_with = load_recipe(recipe_file, ["sft.epochs=0.5"], Recipe)
    pipeline.main(["--recipe", str(recipe_file), "--set", "sft.epochs=0.5"])
    assert trained == {"choice": began_with, "text": began_with}
    assert load_recipe(recipe_file, [], Recipe).sft.lora.rank == 8


@needs_smollm2
def test_a_kept_recipe_that_was_changed_is_refused(recipe_file: Path) -> None:
    kept, content = keep_recipe(load_recipe(recipe_file, [], Recipe))
    kept.write_text(kept.read_text().replace("rank: 4", "rank: 8"))
    with pytest.raises(ShopBenchError, match="not the recipe any more that this run began with"):
        sft.main(["--recipe", str(kept), "--expect", content, "--adapter", "text"])
    assert not (recipe_file.parent / "run" / "adapters").exists()


@pytest.mark.parametrize(
    "file", [*sorted(Path("training/recipes").glob("track*.yaml")), Path("training/recipes/cpu_demo.yaml")]
)
def test_a_kept_recipe_says_the_same(tmp_path: Path, file: Path) -> None:
    recipe = load_recipe(file, [f"output={tmp_path}", "sft.learning_rate=1e-5", "wise_ft={sweep: '0:1:0.5'}"], Recipe)
    kept, content = keep_recipe(recipe)
    assert load_recipe(kept, [], Recipe) == recipe
    written = kept.stat().st_mtime_ns
    assert keep_recipe(recipe) == (kept, content) and kept.stat().st_mtime_ns == written
