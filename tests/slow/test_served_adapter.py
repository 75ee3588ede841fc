"""An adapter of the real small model, served and merged: the same choices, but where two options are nearly level."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from peft import PeftModel
from transformers import AutoTokenizer

from submission.model_folder import EMBEDDED_MODEL, ROOT
from tests.training.lora_fixtures import load, questions, write_questions
from tests.training.tiny_models import needs_smollm2
from training.checkpoints.merging import merge_adapter
from training.fine_tuning.supervised import train_adapter
from training.recipe import Recipe, load_recipe

NEARLY_LEVEL = 0.5
"""Logits. One in bfloat16 is up to 0.25 from the same in float32, thirty layers deep; a margin is made of two."""

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def adapter(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Train an adapter for some steps, so that it says other things than its base."""
    folder = tmp_path_factory.mktemp("adapter")
    train = [row for task in ("choice", "retrieval", "entities", "explanation") for row in questions(task, 24)]
    write_questions(folder / "train.jsonl", train)
    write_questions(folder / "held_out.jsonl", questions("choice", 8, seed=1))
    recipe = yaml.safe_load((ROOT / "training/recipes/cpu_demo.yaml").read_text())
    held_out = ("validation_seen", "validation_unseen", "test_seen", "test_unseen")
    recipe.update(
        base_model=str(EMBEDDED_MODEL),
        output=str(folder / "run"),
        data={"train": str(folder / "train.jsonl"), **{name: str(folder / "held_out.jsonl") for name in held_out}},
        adapters={"all": {"trained_on": "everything", "tasks": [], "weight": 1.0}},
        sft={**recipe["sft"], "evaluations": 1, "validation_examples": 4},
    )
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    trained = load_recipe(folder / "recipe.yaml", [], Recipe)
    train_adapter(trained, "all")
    return trained.adapter_folder("all")


def answers(output: Path, *options: str | Path) -> Rows:
    """Evaluate the sample questions in a process of its own, without calibration, which depends on other answers."""
    command = [sys.executable, ROOT / "local_evaluation.py", "--data", ROOT / "data/sample_questions.jsonl"]
    environment = {**os.environ, "SHOPBENCH_CALIBRATION": "off"}
    given = [*map(str, command), *map(str, options), "--output", str(output)]
    done = subprocess.run(given, env=environment, capture_output=True, text=True, cwd=output.parent)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in (output / "predictions.jsonl").read_text().splitlines()]


def logits_of_options(model: torch.nn.Module, tokenizer: Any, rows: Rows) -> torch.Tensor:
    """Return the logits [rows, 4] of the options 0 to 3 behind the prompts, each row's mean taken off."""
    options = [tokenizer(str(number), add_special_tokens=False)["input_ids"][0] for number in range(4)]
    found = []
    for row in rows:
        prompt = tokenizer(row["prompt"], add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            found.append(model(input_ids=torch.tensor([prompt]), logits_to_keep=1).logits[0, -1].float()[options])
    logits = torch.stack(found)
    return logits - logits.mean(1, keepdim=True)


def check(base: Path, adapter: Path, merged: Path, of_merged: Rows, of_served: Rows) -> None:
    """Check that the choices that differ are nearly level, and print how many differ, of these and of all answers."""
    assert [row["prompt"] for row in of_merged] == [row["prompt"] for row in of_served]
    every = sum(one["response"] != other["response"] for one, other in zip(of_merged, of_served, strict=True))
    print(f"\n{every} of {len(of_merged)} answers differ between the served adapter and the merged model")
    pairs = [pair for pair in zip(of_merged, of_served, strict=True) if pair[0]["task_type"] == "multiple-choice"]
    rows, tokenizer = [one for one, _ in pairs], AutoTokenizer.from_pretrained(merged)

    exact = logits_of_options(load(merged), tokenizer, rows)
    margins = [
        abs(float(logits[int(one["response"])] - logits[int(other["response"])]))
        for logits, (one, other) in zip(exact, pairs, strict=True)
        if one["response"] != other["response"]
    ]
    shown = ", ".join(f"{margin:.2f}" for margin in sorted(margins))
    print(f"{len(margins)} of {len(pairs)} choices differ; the two options' logits are apart by {shown or 'nothing'}")
    for name, logits in {
        "PEFT's model in float32": logits_of_options(PeftModel.from_pretrained(load(base), adapter), tokenizer, rows),
        "itself in bfloat16": logits_of_options(load(merged, torch.bfloat16), tokenizer, rows),
        "the base in float32": logits_of_options(load(base), tokenizer, rows),
    }.items():
        print(f"the merged model in float32 and {name}: {_compared(exact, logits)}")
    assert all(margin < NEARLY_LEVEL for margin in margins)


def _compared(one: torch.Tensor, other: torch.Tensor) -> str:
    apart = (one - other).abs()
    differing = int((one.argmax(1) != other.argmax(1)).sum())
    return f"{differing} choices differ, logits apart by {apart.mean():.2f} on average, {apart.max():.2f} at most"


def test_margins_are_measured_between_the_two_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"prompt": "p", "task_type": "multiple-choice", "response": answer} for answer in "01"]
    logits = torch.tensor([[0.0, 1.0, 0.0, 0.0]])
    monkeypatch.setattr(sys.modules[__name__], "logits_of_options", lambda *_: logits)
    monkeypatch.setattr(sys.modules[__name__], "load", lambda *_: None)
    monkeypatch.setattr(PeftModel, "from_pretrained", lambda *_: None)
    monkeypatch.setattr(AutoTokenizer, "from_pretrained", lambda *_: None)
    nowhere = Path("nowhere")
    check(nowhere, nowhere, nowhere, rows[:1], rows[:1])
    with pytest.raises(AssertionError):
        check(nowhere, nowhere, nowhere, rows[:1], rows[1:])


@needs_smollm2
def test_the_served_adapter_chooses_as_the_merged_model_does(adapter: Path, tmp_path: Path) -> None:
    merge_adapter(EMBEDDED_MODEL, adapter, tmp_path / "merged")
    of_merged = answers(tmp_path / "of_merged", "--model", tmp_path / "merged")
    of_served = answers(tmp_path / "of_served", "--adapter", adapter)
    report = json.loads((tmp_path / "of_served" / "report.json").read_text())
    assert report["model"] == str(EMBEDDED_MODEL) and report["adapter"]["folder"] == str(adapter)
    check(EMBEDDED_MODEL, adapter, tmp_path / "merged", of_merged, of_served)
