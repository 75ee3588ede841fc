"""Merges a LoRA adapter into its base: a checkpoint that vLLM, transformers 4.51 and transformers 5 read alike.

The one thing to know: the base is rewritten shard by shard, so a 72B model needs the memory of one shard and the
adapter. The sum is taken in float32 and rounded once to the base's dtype.
"""

import argparse
from pathlib import Path

import torch

from submission.errors import ShopBenchError
from training.checkpoints import CheckpointReader, rewrite_checkpoint
from training.command_line import run_command
from training.files import fingerprint
from training.lora import LoraUpdate
from training.portable import write_portable_files


def merge_adapter(base: Path, adapter: Path, output: Path, alpha: float = 1.0) -> None:
    """Write `base` + `alpha` · update of `adapter` to the folder `output`, replacing it when the new one is whole."""
    update = LoraUpdate(adapter)
    if unknown := sorted(update.names - CheckpointReader(base).names):
        raise ShopBenchError(
            f"{adapter} updates {unknown[0]}, which {base} does not have: it was trained on another base"
        )

    def add_update(name: str, tensor: torch.Tensor) -> torch.Tensor:
        if name not in update.names or alpha == 0:
            return tensor
        if update.shape(name) != tensor.shape:
            raise ShopBenchError(
                f"{adapter} updates {name} as {tuple(update.shape(name))}, {base} has {tuple(tensor.shape)}: "
                "it was trained on another base"
            )
        return (tensor.float() + alpha * update.delta(name)).to(tensor.dtype)

    inputs = ["merge", fingerprint(adapter), str(float(alpha))]
    rewrite_checkpoint(base, output, add_update, inputs, lambda folder: write_portable_files(base, folder))


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.merge", description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model (safetensors)")
    parser.add_argument("--adapter", type=Path, required=True, help="folder of the LoRA adapter")
    parser.add_argument("--output", type=Path, required=True, help="folder to write the merged model to")
    options = parser.parse_args(arguments)
    merge_adapter(options.base, options.adapter, options.output)


if __name__ == "__main__":
    run_command(main)
