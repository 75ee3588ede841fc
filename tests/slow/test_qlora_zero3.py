"""QLoRA (NF4) and DeepSpeed ZeRO-3 on a CPU, in two processes, with the configuration of the GPUs.

It runs where both packages are: `make qlora-env`, then `.venv-qlora/bin/python -m pytest -s tests/slow/test_qlora_zero3.py`.
DeepSpeed compiles its shared-memory communication first (a C++ compiler, minutes once).
"""

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file

from tests.training.lora_fixtures import build_llama, questions, write_questions
from tests.training.tiny_models import needs_smollm2

pytestmark = [
    needs_smollm2,
    pytest.mark.skipif(
        not all(map(importlib.util.find_spec, ("bitsandbytes", "deepspeed"))),
        reason="bitsandbytes and deepspeed are not installed: make qlora-env",
    ),
]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "DS_ACCELERATOR": "cpu"}


@pytest.fixture(scope="module")
def recipe_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A recipe of six steps for a tiny model, and beside it `zero3.yaml`: ours, for two processes of a CPU."""
    folder = tmp_path_factory.mktemp("qlora")
    write_questions(folder / "train.jsonl", questions("choice", 24) + questions("entities", 24))
    held_out = write_questions(folder / "held_out.jsonl", questions("choice", 8, seed=1))
    recipe = yaml.safe_load(Path("training/recipes/cpu_demo.yaml").read_text())
    sets = dict.fromkeys(("validation_seen", "validation_unseen", "test_seen", "test_unseen"), str(held_out))
    recipe.update(
        base_model=str(build_llama(folder / "base")),
        data={"train": str(folder / "train.jsonl"), **sets},
        adapters={"all": {"trained_on": "everything", "weight": 1.0}},
    )
    recipe["sft"].update(per_device_batch_size=2, dtype="float32", evaluations=2)
    zero3 = yaml.safe_load(Path("training/accelerate/zero3_8gpu.yaml").read_text())
    zero3.update(num_processes=2, use_cpu=True, mixed_precision="no")
    (folder / "zero3.yaml").write_text(yaml.safe_dump(zero3))
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    return folder / "recipe.yaml"


def command(recipe_file: Path, output: Path, *, four_bit: bool, zero3: bool) -> list[str]:
    launcher = [sys.executable]
    if zero3:
        launcher += ["-m", "accelerate.commands.launch", "--config_file", str(recipe_file.with_name("zero3.yaml"))]
    overrides = [f"output={output}", f"sft.four_bit={str(four_bit).lower()}"]
    return [*launcher, "-m", "training.sft", "--recipe", str(recipe_file), "--set", *overrides]


def trained(recipe_file: Path, output: Path, *, four_bit: bool, zero3: bool) -> dict[str, torch.Tensor]:
    subprocess.run(command(recipe_file, output, four_bit=four_bit, zero3=zero3), env=ENVIRONMENT, check=True)
    return adapter(output)


def adapter(output: Path) -> dict[str, torch.Tensor]:
    return load_file(output / "adapters" / "all" / "adapter_model.safetensors")


@pytest.mark.parametrize("four_bit", [False, True], ids=["plain", "nf4"])
def test_two_shards_train_what_one_process_does(tmp_path: Path, recipe_file: Path, four_bit: bool) -> None:
    one = trained(recipe_file, tmp_path / "one", four_bit=four_bit, zero3=False)
    sharded = trained(recipe_file, tmp_path / "sharded", four_bit=four_bit, zero3=True)
    assert sharded.keys() == one.keys()
    ours, theirs = (
        torch.cat([tensors[name].flatten() for name in one if "lora_B" in name]) for tensors in (one, sharded)
    )
    assert ours.abs().max() > 1e-4
    if four_bit:
        # Products are in bfloat16 there, and each process rounds its own part of a batch.
        assert torch.nn.functional.cosine_similarity(ours, theirs, dim=0) > 0.99
    else:
        torch.testing.assert_close(theirs, ours, rtol=0, atol=1e-6)


def test_a_killed_run_goes_on_to_the_same_adapter(tmp_path: Path, recipe_file: Path) -> None:
    whole = trained(recipe_file, tmp_path / "whole", four_bit=True, zero3=True)
    output = tmp_path / "killed"
    launch = command(recipe_file, output, four_bit=True, zero3=True)
    started = subprocess.Popen(launch, env=ENVIRONMENT, start_new_session=True)
    marker = output / "adapters" / "all.checkpoints" / "checkpoint-3" / "whole"
    while not marker.exists():
        assert started.poll() is None, "it ended before its first training checkpoint"
        time.sleep(0.02)
    # The processes that train have sessions of their own.
    ranks = subprocess.run(["pgrep", "-f", f"training.sft.*{output}"], capture_output=True, text=True).stdout.split()
    for process in ranks:
        with contextlib.suppress(ProcessLookupError):
            os.kill(int(process), signal.SIGKILL)
    started.wait()
    assert not (output / "adapters" / "all").exists()
    subprocess.run(launch, env=ENVIRONMENT, check=True)
    for name, tensor in adapter(output).items():
        assert torch.equal(tensor, whole[name]), name
