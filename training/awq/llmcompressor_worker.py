"""Runs llmcompressor's AWQ, in an environment of its own (.venv-llmcompressor), on the model that a JSON file names.

The one thing to know: this file must not import anything of this project, and nothing here is imported by it; the two meet in
that file and in the folder that is written. It searches AWQ's scales and rounds symmetrically, which AutoAWQ does not.
"""

import json
import sys
from pathlib import Path

import torch

if not torch.accelerator.is_available():
    # llmcompressor pins what it caches for a card's copies; without a card PyTorch refuses to.
    torch.Tensor.pin_memory = lambda self, *_, **__: self

from datasets import Dataset
from llmcompressor import oneshot
from llmcompressor.modifiers.quantization import QuantizationModifier
from llmcompressor.modifiers.transform.awq import AWQModifier
from transformers import AutoModelForCausalLM


def quantise(job: dict) -> None:
    """Quantise `job["model"]` into `job["output"]`, layer by layer on the GPU if there is one."""
    torch.manual_seed(job["seed"])
    dtype = torch.float16 if torch.accelerator.is_available() else torch.float32
    model = AutoModelForCausalLM.from_pretrained(job["model"], dtype=dtype, trust_remote_code=False)
    blocks = job["blocks"]
    weights = {
        "num_bits": 4,
        "type": "int",
        "symmetric": job["symmetric"],
        "strategy": "group",
        "group_size": job["group_size"],
        # A grid without zero points wastes a level on the side of the smaller extreme. Cutting the larger one off, where that
        # lowers the squared error, gives about the error of a grid with zero points back (docs/awq.md).
        "observer": "memoryless_mse" if job["symmetric"] else "memoryless_minmax",
    }
    oneshot(
        model=model,
        dataset=Dataset.from_dict({"input_ids": blocks, "attention_mask": [[1] * len(block) for block in blocks]}),
        recipe=[
            AWQModifier(),
            QuantizationModifier(
                ignore=["lm_head"], config_groups={"all": {"targets": ["Linear"], "weights": weights}}
            ),
        ],
        pipeline="sequential",
        max_seq_length=len(blocks[0]),
        num_calibration_samples=len(blocks),
        batch_size=min(job["parallel_blocks"], len(blocks)),
    )
    # What stays unquantised (embeddings, norms) is served in fp16: the cards of the competition have no bf16.
    model.to(torch.float16)
    model.save_pretrained(job["output"], save_compressed=True)


def main() -> None:
    """Do the job that the JSON file named on the command line describes."""
    quantise(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))


if __name__ == "__main__":
    main()
