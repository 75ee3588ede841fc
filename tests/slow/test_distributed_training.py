"""Two processes train the same adapter as one: the same batches in the same order, shared out between them."""

import os
import subprocess
import sys
from pathlib import Path

import torch
import yaml
from safetensors.torch import load_file

from tests.training.lora_fixtures import build_llama, questions, write_questions
from tests.training.tiny_models import needs_smollm2

ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "ACCELERATE_USE_CPU": "true"}


@needs_smollm2
def test_two_processes_train_what_one_does(tmp_path: Path) -> None:
    base = build_llama(tmp_path / "base")
    write_questions(tmp_path / "train.jsonl", questions("choice", 24) + questions("entities", 24))
    held_out = write_questions(tmp_path / "held_out.jsonl", questions("choice", 8, seed=1))
    recipe = yaml.safe_load(Path("training/recipes/cpu_demo.yaml").read_text())
    sets = dict.fromkeys(("validation_seen", "validation_unseen", "test_seen", "test_unseen"), str(held_out))
    recipe.update(
        base_model=str(base),
        data={"train": str(tmp_path / "train.jsonl"), **sets},
        adapters={"all": {"trained_on": "everything", "weight": 1.0}},
    )
    recipe["sft"].update(per_device_batch_size=2, dtype="float32", evaluations=2)
    # Every process draws its own dropout.
    recipe["sft"]["lora"]["dropout"] = 0.0
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    weights = []
    for processes in (1, 2):
        output = tmp_path / f"out{processes}"
        launcher = [sys.executable, "-m", "torch.distributed.run", "--nproc_per_node", str(processes)]
        arguments = ["--recipe", str(tmp_path / "recipe.yaml"), "--set", f"output={output}"]
        subprocess.run([*launcher, "-m", "training.sft", *arguments], env=ENVIRONMENT, check=True)
        weights.append(load_file(output / "adapters" / "all" / "adapter_model.safetensors"))
    for name, one in weights[0].items():
        torch.testing.assert_close(weights[1][name], one, rtol=0, atol=1e-4)
        assert "lora_B" not in name or one.abs().max() > 1e-4
