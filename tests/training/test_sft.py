"""Fine-tuning: what the loss is on, and that a killed run goes on to the very same adapter."""

import importlib.util
import json
import re
import shutil
from pathlib import Path
from typing import ClassVar

import pytest
import torch
import yaml
from transformers import TrainerCallback
from trl.trainer import utils as trl_utils

from evaluation import progress
from submission.chat_encoder import ChatEncoder
from submission.errors import ShopBenchError
from tests.training.lora_fixtures import build_llama, load, logits_of, questions, write_questions
from tests.training.tiny_models import needs_smollm2
from training.checkpoints.lora import LoraUpdate
from training.checkpoints.merging import merge_adapter
from training.checkpoints.rewriting import CheckpointReader
from training.command_line import run_command
from training.fine_tuning import reporting
from training.fine_tuning import supervised as sft
from training.recipe import Recipe, load_recipe
from training.sft import main as sft_main

pytestmark = needs_smollm2


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe for a tiny model, eight steps of four questions."""
    folder = tmp_path_factory.mktemp("sft")
    build_llama(folder / "base")
    train = [row for task in ("choice", "retrieval", "entities") for row in questions(task, 12)]
    write_questions(folder / "train.jsonl", train)
    write_questions(folder / "seen.jsonl", questions("choice", 4, seed=1) + questions("entities", 4, seed=1))
    write_questions(folder / "unseen.jsonl", questions("explanation", 4))
    recipe = yaml.safe_load(Path("training/recipes/cpu_demo.yaml").read_text())
    held_out = {
        name: str(folder / f"{name.split('_')[1]}.jsonl")
        for name in ("validation_seen", "validation_unseen", "test_seen", "test_unseen")
    }
    recipe.update(
        base_model=str(folder / "base"),
        data={"train": str(folder / "train.jsonl"), **held_out},
        adapters={"all": {"trained_on": "everything", "tasks": [], "weight": 1.0}},
        sft={
            **recipe["sft"],
            "epochs": 1.0,
            "batch_size": 4,
            "per_device_batch_size": 2,
            "evaluations": 3,
            "validation_examples": 4,
            "dtype": "float32",
            "learning_rate": 0.03,
        },
    )
    file = folder / "recipe.yaml"
    file.write_text(yaml.safe_dump(recipe))
    return file


def recipe_in(folder: Path, recipe_file: Path, *overrides: str) -> Recipe:
    return load_recipe(recipe_file, [f"output={folder}", *overrides], Recipe)


def test_labels_are_the_answer_and_the_end_of_turn(tmp_path: Path, recipe_file: Path) -> None:
    trainer = sft.build_trainer(recipe_in(tmp_path, recipe_file), "all", tmp_path)
    rows = json.loads(f"[{','.join((recipe_file.parent / 'train.jsonl').read_text().splitlines())}]")
    answers = {sft_answer(row) for row in rows}
    seen = 0
    for batch in trainer.get_train_dataloader():
        for ids, labels in zip(batch["input_ids"], batch["labels"], strict=True):
            learned = trainer.processing_class.decode(labels[labels != -100])
            assert learned.endswith("<|im_end|>") and learned.removesuffix("<|im_end|>") in answers
            assert torch.equal(ids[labels != -100], labels[labels != -100])
            # They are in one piece, right after where generation starts.
            start = int((labels != -100).nonzero()[0])
            assert trainer.processing_class.decode(ids[:start]).endswith("<|im_start|>assistant\n")
            seen += 1
    assert seen == len(rows)


def sft_answer(row: dict) -> str:
    truth = row["output_field"]
    return ",".join(map(str, truth)) if isinstance(truth, list) else str(truth)


def test_packed_labels_are_the_answers_too(tmp_path: Path, recipe_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # Flash attention runs on GPUs only; how questions are packed does not depend on it.
    monkeypatch.setattr(sft, "load_model", lambda base, settings: load(base))
    overrides = ["sft.packing=true", "sft.attention=flash_attention_2", "sft.max_tokens=512"]
    trainer = sft.build_trainer(recipe_in(tmp_path, recipe_file, *overrides), "all", tmp_path)
    assert len(trainer.train_dataset) < 36
    decoded = []
    for batch in trainer.get_train_dataloader():
        labels = batch["labels"][0]
        decoded += trainer.processing_class.decode(labels[labels != -100]).split("<|im_end|>")[:-1]
        assert int((batch["position_ids"] == 0).sum()) == trainer.processing_class.decode(batch["input_ids"][0]).count(
            "<|im_start|>assistant"
        )
    rows = json.loads(f"[{','.join((recipe_file.parent / 'train.jsonl').read_text().splitlines())}]")
    assert sorted(decoded) == sorted(map(sft_answer, rows))


def test_skipping_prompt_tokens_in_the_lm_head_changes_no_loss(
    tmp_path: Path, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # TRL's private switch: a release without it would train as well, only slower.
    assert hasattr(trl_utils, "_use_triton")
    trainer = sft.build_trainer(recipe_in(tmp_path, recipe_file), "all", tmp_path)
    batch = next(iter(trainer.get_train_dataloader()))
    fast = trainer.compute_loss(trainer.model, dict(batch))
    monkeypatch.setattr(trl_utils, "_use_triton", lambda device: False)
    slow = trainer.compute_loss(trainer.model, dict(batch))
    torch.testing.assert_close(fast, slow)


class _Kill(TrainerCallback):
    """Stands in for SIGKILL: nothing of ours runs between the step and the end of the process."""

    def __init__(self, step: int) -> None:
        self.step = step

    def on_step_end(self, args, state, control, **_) -> None:
        if state.global_step == self.step:
            raise KeyboardInterrupt


def test_killed_and_resumed_equals_not_killed(
    tmp_path: Path, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    undisturbed = sft.train_adapter(recipe_in(tmp_path / "undisturbed", recipe_file), "all")
    recipe = recipe_in(tmp_path / "killed", recipe_file)
    build = sft.build_trainer
    for step in (4, 8):

        def build_and_kill(*arguments, step: int = step):
            trainer = build(*arguments)
            trainer.add_callback(_Kill(step))
            return trainer

        monkeypatch.setattr(sft, "build_trainer", build_and_kill)
        with pytest.raises(KeyboardInterrupt):
            sft.train_adapter(recipe, "all")
    assert not recipe.adapter_folder("all").exists()
    # A kill in the middle of writing a checkpoint leaves one that is not marked as whole.
    half = tmp_path / "killed" / "adapters" / "all.checkpoints" / "checkpoint-8"
    half.mkdir(exist_ok=True)
    (half / "adapter_model.safetensors").write_bytes(b"half")
    (half / "trainer_state.json").write_text("{")
    monkeypatch.setattr(sft, "build_trainer", build)
    resumed = sft.train_adapter(recipe, "all")
    assert sorted(path.name for path in resumed.parent.iterdir()) == ["all"]
    for path in undisturbed.iterdir():
        assert path.read_bytes() == (resumed / path.name).read_bytes(), path.name


def test_training_learns_and_keeps_the_best_checkpoint(tmp_path: Path, recipe_file: Path) -> None:
    arguments = ["--recipe", str(recipe_file), "--set", f"output={tmp_path}", "sft.epochs=2", "seed=3"]
    sft_main(arguments)
    adapter = tmp_path / "adapters" / "all"
    log = json.loads((adapter / "training.json").read_text())
    losses = {entry["step"]: entry["eval_seen_loss"] for entry in log["log"] if "eval_seen_loss" in entry}
    assert losses[log["best_step"]] == min(losses.values())
    # A model that knows nothing has ln(49152) = 10.8.
    assert min(losses.values()) < 10.7
    # Evaluated after the last step whatever the interval.
    assert max(losses) == 18
    assert (adapter / "loss.png").stat().st_size > 1000
    base = recipe_file.parent / "base"
    assert LoraUpdate(adapter).names < CheckpointReader(base).names
    assert logits_of(load(base)).shape[0] == 12
    before = (adapter / "training.json").stat().st_mtime_ns
    sft_main(arguments)
    assert (adapter / "training.json").stat().st_mtime_ns == before


def test_a_checkpoint_without_weights_ends_training_at_the_first(
    tmp_path: Path, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # What transformers does under ZeRO-3 where the weights are not gathered.
    save = sft.SFTTrainer._save
    monkeypatch.setattr(sft.SFTTrainer, "_save", lambda self, folder, state_dict=None: save(self, folder, {}))
    with pytest.raises(ShopBenchError, match=r"checkpoint-3/.*holds no tensors.*zero3_save_16bit_model"):
        sft.train_adapter(recipe_in(tmp_path, recipe_file), "all")
    assert not list(tmp_path.rglob("training.json"))


def test_an_adapter_that_learned_nothing_is_not_written(tmp_path: Path, recipe_file: Path) -> None:
    with pytest.raises(ShopBenchError, match=r"checkpoint-\d.* changes nothing"):
        sft.train_adapter(recipe_in(tmp_path, recipe_file, "sft.learning_rate=1e-300"), "all")
    assert not list(tmp_path.rglob("training.json"))


def test_what_cannot_run_here_says_so(tmp_path: Path, recipe_file: Path) -> None:
    if not torch.cuda.is_available():
        with pytest.raises(ShopBenchError, match=r"four_bit=false"):
            sft.train_adapter(recipe_in(tmp_path, recipe_file, "sft.four_bit=true"), "all")
        with pytest.raises(ShopBenchError, match=r"flash_attention_2 does not work here.*attention=sdpa"):
            sft.train_adapter(recipe_in(tmp_path, recipe_file, "sft.attention=flash_attention_2"), "all")
    missing = f"data.validation_seen={tmp_path / 'nowhere.jsonl'}"
    with pytest.raises(ShopBenchError, match=r"there is no .*nowhere\.jsonl"):
        sft.train_adapter(recipe_in(tmp_path, recipe_file, missing), "all")
    with pytest.raises(ShopBenchError, match="packing needs flash attention"):
        recipe_in(tmp_path, recipe_file, "sft.packing=true")
    with pytest.raises(ShopBenchError, match="multiple of per_device"):
        recipe_in(tmp_path, recipe_file, "sft.batch_size=3")
    with pytest.raises(ShopBenchError, match="no adapter 'none'"):
        sft.train_adapter(recipe_in(tmp_path, recipe_file), "none")


def test_auto_is_what_the_machine_multiplies_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load_recipe(Path("training/recipes/cpu_demo.yaml"), [], Recipe).sft
    assert settings.dtype == "auto"
    for has_gpu, native, expected in [
        (False, "float32", "float32"),
        (False, "bfloat16", "bfloat16"),
        (True, "float32", "bfloat16"),
    ]:
        monkeypatch.setattr(torch.cuda, "is_available", lambda has_gpu=has_gpu: has_gpu)
        monkeypatch.setattr(sft, "native_dtype", lambda native=native: native)
        assert sft.compute_dtype(settings) == expected
    fixed = settings.model_copy(update={"dtype": "float32"})
    assert sft.compute_dtype(fixed) == "float32"


def test_a_chat_template_that_cannot_be_used_ends_training_with_one_line(
    recipe_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = tmp_path / "base"
    shutil.copytree(yaml.safe_load(recipe_file.read_text())["base_model"], base)
    (base / "chat_template.jinja").write_text("{{ raise_exception('never') }}")
    overrides = ["--set", f"base_model={base}", f"output={tmp_path / 'out'}"]
    with pytest.raises(SystemExit) as end:
        run_command(lambda: sft_main(["--recipe", str(recipe_file), "--adapter", "all", *overrides]))
    assert end.value.code == 2
    assert "the chat template in" in (said := capsys.readouterr().err) and "TemplateError: never" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("others", [["rag", "default"], ["rag", "tool_use"]])
def test_of_several_chat_templates_the_default_is_trained_with(
    recipe_file: Path, tmp_path: Path, others: list[str]
) -> None:
    base = tmp_path / "base"
    shutil.copytree(yaml.safe_load(recipe_file.read_text())["base_model"], base)
    template = (base / "chat_template.jinja").read_text()
    (base / "chat_template.jinja").unlink()
    settings = json.loads((base / "tokenizer_config.json").read_text())
    settings["chat_template"] = [{"name": name, "template": template} for name in others]
    (base / "tokenizer_config.json").write_text(json.dumps(settings))
    recipe = recipe_in(tmp_path / "out", recipe_file, f"base_model={base}", "sft.max_steps=2", "sft.evaluations=1")
    if "default" not in others:
        with pytest.raises(ShopBenchError, match="'rag', 'tool_use' and none of them is called 'default'"):
            sft.train_adapter(recipe, "all")
        return
    adapter = sft.train_adapter(recipe, "all")
    merge_adapter(base, adapter, tmp_path / "merged")
    written = json.loads((tmp_path / "merged" / "tokenizer_config.json").read_text())
    assert written["chat_template"] == settings["chat_template"]
    assert ChatEncoder(tmp_path / "merged").encode([{"role": "user", "content": "Which?"}])


@pytest.mark.parametrize(("max_steps", "steps"), [(2, 2), (100, 9)])
def test_training_ends_after_max_steps_if_the_epochs_hold_more(
    tmp_path: Path, recipe_file: Path, max_steps: int, steps: int
) -> None:
    recipe = recipe_in(tmp_path, recipe_file, f"sft.max_steps={max_steps}", "sft.evaluations=1")
    folder = sft.train_adapter(recipe, "all")
    log = json.loads((folder / sft.LOG_FILE).read_text())["log"]
    assert max(entry["step"] for entry in log) == steps
    assert any(entry["step"] == steps and "eval_unseen_loss" in entry for entry in log)


def test_what_shows_a_run_and_a_limit_that_is_not_set_leave_an_adapter_as_it_was(
    tmp_path: Path, recipe_file: Path
) -> None:
    plain = sft.inputs_hash(recipe_in(tmp_path, recipe_file), "all")
    assert sft.inputs_hash(recipe_in(tmp_path, recipe_file, "sft.report_to=tensorboard"), "all") == plain
    assert sft.inputs_hash(recipe_in(tmp_path, recipe_file, "sft.max_steps=3"), "all") != plain


def test_adapters_of_the_mixture_differ_in_seed_and_in_what_they_see_more_of(tmp_path: Path, recipe_file: Path) -> None:
    def first_questions(name: str, *overrides: str) -> list[list[int]]:
        trainer = sft.build_trainer(recipe_in(tmp_path, recipe_file, *overrides), "all", tmp_path / name)
        weights.append(next(value for key, value in trainer.model.named_parameters() if "lora_A" in key).detach())
        return trainer.train_dataset["input_ids"]

    weights: list[torch.Tensor] = []
    plain, other = first_questions("plain"), first_questions("other", "adapters.all.seed=7")
    assert len(plain) == len(other) == 36 and plain != other and sorted(plain) == sorted(other)
    assert not torch.equal(weights[0], weights[1])
    more = first_questions("more", "adapters.all.emphasis={choice: 2}", "adapters.all.share=0.5")
    assert len(more) == 12 + 6 + 6 and len({tuple(ids) for ids in more}) == 24
    hashes = {
        sft.inputs_hash(recipe_in(tmp_path, recipe_file, override), "all")
        for override in (
            "seed=2024",
            "adapters.all.seed=7",
            "adapters.all.share=0.5",
            "adapters.all.emphasis={choice: 2}",
        )
    }
    assert len(hashes) == 4
    # The recipe's own seed, written down for an adapter, changes nothing.
    assert sft.inputs_hash(recipe_in(tmp_path, recipe_file, "adapters.all.seed=2024"), "all") in hashes


class _Board(TrainerCallback):
    """Stands in for TensorBoard, which is not installed by default: keeps what it is told."""

    told: ClassVar[list[tuple[str, int]]] = []

    def on_log(self, args, state, control, logs=None, **_) -> None:
        self.told += [(name, state.global_step) for name in logs or {}]


def test_a_run_is_shown_where_the_recipe_asks_for_it(
    tmp_path: Path, recipe_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert recipe_in(tmp_path, recipe_file).sft.report_to == []
    assert recipe_in(tmp_path, recipe_file, "sft.report_to=none").sft.report_to == []
    with pytest.raises(ShopBenchError, match="report_to"):
        recipe_in(tmp_path, recipe_file, "sft.report_to=[mlflow]")
    recipe = recipe_in(
        tmp_path, recipe_file, "sft.report_to=tensorboard", "sft.max_steps=1", "sft.evaluations=1", "sft.warmup_ratio=0"
    )
    with monkeypatch.context() as absent:
        absent.setattr(importlib.util, "find_spec", lambda name: None)
        with pytest.raises(ShopBenchError, match="tensorboard is not installed: pip install tensorboard"):
            reporting.check_reporting(recipe)
    monkeypatch.setattr(reporting, "TensorBoardCallback", _Board)
    (shown,) = reporting.reporting_callbacks(recipe, "all")
    assert isinstance(shown, _Board) and shown.logging_dir == str(tmp_path / "logs" / "all")
    monkeypatch.setattr(sft, "check_reporting", lambda recipe: None)
    monkeypatch.setattr(sft, "reporting_callbacks", lambda recipe, adapter: [shown])
    sft.train_adapter(recipe, "all")
    assert {("loss", 1), ("eval_seen_loss", 1), ("eval_unseen_loss", 1)} <= set(_Board.told)


def test_questions_longer_than_the_context_are_refused_before_anything_is_loaded(
    recipe_file: Path, tmp_path: Path
) -> None:
    recipe = recipe_in(tmp_path, recipe_file, "sft.max_tokens=5000")
    with pytest.raises(ShopBenchError, match=r"sft.max_tokens is 5,000, but .*base reads 4,096"):
        sft.build_trainer(recipe, "all", tmp_path)


def test_without_a_terminal_training_is_seen_in_lines(
    tmp_path: Path, recipe_file: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    sft.train_adapter(recipe_in(tmp_path, recipe_file), "all")
    out, err = capfd.readouterr()
    assert "\r" not in out + err and "%|" not in err
    steps = [line for line in err.splitlines() if line.startswith("Training: ")]
    assert len(steps) == 9 and re.fullmatch(r"Training: 9 of 9 steps, .*, 00:00 left, loss \d.*", steps[-1])
    for what in ("Encoding the questions", f"Loading {recipe_file.parent / 'base'}"):
        assert re.search(rf"^{what}: done in \d+\.\d s$", err, re.M)
    assert re.findall(r"^Step (\d): validation loss of (\w+) tasks \d+\.\d{4}$", out, re.M) == [
        (step, kind) for step in "369" for kind in ("seen", "unseen")
    ]
    assert "{'" not in out
