"""SIGKILL at random moments of fine-tuning, merging and interpolating: the same command again gives the same files.

Ten kills a command, each on an output of its own; `pytest -s` prints where they fell.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.slow.killing import ENVIRONMENT, KILLS, contents
from tests.training.lora_fixtures import build_adapter, build_llama, questions, write_questions
from tests.training.tiny_models import needs_smollm2
from training.recipe import Recipe, load_recipe

pytestmark = needs_smollm2


def names(folder: Path) -> set[str]:
    """All files, while others may write and remove them (os.walk passes over what is gone)."""
    return {str(Path(place, name)) for place, _, found in os.walk(folder) for name in found}


def run(command: list[str], kill_when: Callable[[], bool] = lambda: False) -> bool:
    """Run a training command, and kill it as soon as `kill_when` says so; return whether it was killed."""
    process = subprocess.Popen([sys.executable, "-m", *command], env=ENVIRONMENT, stdout=-3, stderr=-3)
    while process.poll() is None:
        if kill_when():
            process.send_signal(signal.SIGKILL)
            process.wait()
            return True
        time.sleep(0.001)
    assert process.returncode == 0
    return False


def survives(command: list[str], folder: Path) -> None:
    """Kill `command` (with OUTPUT for its folder) at random moments of its work, and compare with an undisturbed run.

    A moment is a number of files written or being written, and up to 3 ms after the last of them appeared.
    """

    def into(output: Path) -> list[str]:
        return [part.replace("OUTPUT", str(output)) for part in command]

    files_seen: set[str] = set()

    def watch() -> bool:
        files_seen.update(names(folder / "undisturbed"))
        return False

    run(into(folder / "undisturbed" / "out"), watch)
    expected = contents(folder / "undisturbed")
    moments = random.Random(0)
    for trial in range(KILLS):
        output = folder / f"killed{trial}"
        wanted, seen = moments.randrange(1, len(files_seen)), set()

        def moment(output: Path = output, wanted: int = wanted, seen: set[str] = seen) -> bool:
            seen.update(names(output))
            if len(seen) < wanted:
                return False
            time.sleep(moments.uniform(0, 0.003))
            return True

        killed = run(into(output / "out"), moment)
        left = len(contents(output))
        print(f"{command[0]}: killed at file {wanted} of {len(files_seen)}, {left} left" if killed else "not killed")
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
    survives(command, tmp_path)


@pytest.mark.parametrize("module", ["training.merge", "training.wise_ft", "training.ensemble"])
def test_merge_wise_ft_and_ensemble(tmp_path: Path, module: str) -> None:
    base = build_llama(tmp_path / "base", shard="300KB", layers=40)
    adapter = build_adapter(base, tmp_path / "adapter", r=16)
    arguments = {
        "training.merge": ["--adapter", str(adapter)],
        "training.wise_ft": ["--fine-tuned", str(adapter), "--alpha", "0.3"],
        "training.ensemble": ["--adapters", str(adapter), "--weights", "0.5", "--merged", "OUTPUT-merged"],
    }
    command = [module, "--base", str(base), *arguments[module], "--output", "OUTPUT"]
    survives(command, tmp_path)
