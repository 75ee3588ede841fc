"""SIGKILL at random moments of fine-tuning, merging and interpolating: the same command again gives the same files.

Ten kills a command, each on an output of its own; `pytest -s` prints where they fell.
"""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from tests.training.lora_fixtures import build_adapter, build_llama, questions, write_questions
from tests.training.tiny_models import needs_smollm2
from training.recipe import Recipe, load_recipe

pytestmark = needs_smollm2
KILLS = 10
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def contents(folder: Path) -> dict[str, str]:
    """Hashes of all files by relative name."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def run(command: list[str], kill_after_s: float | None = None) -> float:
    """Run a training command; return its seconds. With `kill_after_s` it is killed then, if it still runs."""
    started = time.monotonic()
    process = subprocess.Popen([sys.executable, "-m", *command], env=ENVIRONMENT, stdout=-3, stderr=-3)
    try:
        process.wait(kill_after_s)
        assert process.returncode == 0
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.wait()
    return time.monotonic() - started


def survives(command: list[str], folder: Path, idle_s: float) -> None:
    """Kill `command` (with OUTPUT for its folder) at random moments after its `idle_s` of imports, and compare."""

    def into(output: Path) -> list[str]:
        return [part.replace("OUTPUT", str(output)) for part in command]

    undisturbed_s = run(into(folder / "undisturbed" / "out"))
    expected = contents(folder / "undisturbed")
    moments = random.Random(0)
    for trial in range(KILLS):
        output = folder / f"killed{trial}"
        moment = moments.uniform(idle_s, undisturbed_s)
        run(into(output / "out"), kill_after_s=moment)
        left = sorted(contents(output))
        print(f"{command[0]}: killed after {moment:.1f} of {undisturbed_s:.1f} s, {len(left)} files left")
        run(into(output / "out"))
        assert contents(output) == expected


def test_sft(tmp_path: Path) -> None:
    base = build_llama(tmp_path / "base")
    write_questions(tmp_path / "train.jsonl", questions("choice", 60) + questions("retrieval", 60))
    held_out = write_questions(tmp_path / "held_out.jsonl", questions("choice", 4, seed=1))
    recipe = yaml.safe_load(Path("training/recipes/cpu_demo.yaml").read_text())
    sets = dict.fromkeys(("validation_seen", "validation_unseen", "test_seen", "test_unseen"), str(held_out))
    recipe.update(
        base_model=str(base),
        output="unused",
        data={"train": str(tmp_path / "train.jsonl"), **sets},
        adapters={"all": {"trained_on": "everything", "weight": 1.0}},
    )
    recipe["sft"].update(epochs=3, evaluations=12, dtype="float32")
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    load_recipe(tmp_path / "recipe.yaml", [], Recipe)
    command = ["training.sft", "--recipe", str(tmp_path / "recipe.yaml"), "--set", "output=OUTPUT"]
    survives(command, tmp_path, idle_s=run(["training.sft", "--help"]))


@pytest.mark.parametrize("module", ["training.merge", "training.wise_ft", "training.ensemble"])
def test_merge_wise_ft_and_ensemble(tmp_path: Path, module: str) -> None:
    base = build_llama(tmp_path / "base", shard="4MB", layers=60)
    adapter = build_adapter(base, tmp_path / "adapter", r=16)
    arguments = {
        "training.merge": ["--adapter", str(adapter)],
        "training.wise_ft": ["--fine-tuned", str(adapter), "--alpha", "0.3"],
        "training.ensemble": ["--adapters", str(adapter), "--weights", "0.5", "--merged", "OUTPUT-merged"],
    }
    command = [module, "--base", str(base), *arguments[module], "--output", "OUTPUT"]
    survives(command, tmp_path, idle_s=run([module, "--help"]))
