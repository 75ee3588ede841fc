"""Writes the model between base and fine-tuned, θ = (1 − α)·θ_base + α·θ_fine-tuned, shard by shard.

The one thing to know: with a LoRA adapter that is the base plus α times the update, so one adapter gives every α. The
formula is wise-ft's (Wortsman et al., arXiv 2109.01903).
"""

from pathlib import Path

import torch

from submission.errors import ShopBenchError
from training.checkpoints.lora import CONFIG_FILE, LoraUpdate
from training.checkpoints.portable import write_portable_files
from training.checkpoints.rewriting import CheckpointReader, rewrite_checkpoint
from training.files import fingerprint


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


def interpolate_checkpoints(base: Path, fine_tuned: Path, output: Path, alpha: float) -> None:
    """Write (1 − α) · `base` + α · `fine_tuned`, two full checkpoints of one architecture, to the folder `output`."""
    reader = CheckpointReader(fine_tuned)
    if differing := sorted(reader.names ^ CheckpointReader(base).names):
        raise ShopBenchError(f"only one of {base} and {fine_tuned} has the tensor {differing[0]}: they do not match")

    def mix(name: str, tensor: torch.Tensor) -> torch.Tensor:
        other = reader.tensor(name)
        if other.shape != tensor.shape:
            raise ShopBenchError(
                f"{name} is {tuple(tensor.shape)} in {base} and {tuple(other.shape)} in {fine_tuned}: they do not match"
            )
        return ((1 - alpha) * tensor.float() + alpha * other.float()).to(tensor.dtype)

    inputs = ["wise-ft", fingerprint(fine_tuned), str(float(alpha))]
    rewrite_checkpoint(base, output, mix, inputs, lambda folder: write_portable_files(base, folder))


def write_interpolated(base: Path, fine_tuned: Path, output: Path, alpha: float) -> None:
    """Write the model at α; `fine_tuned` is the folder of a LoRA adapter or of a full checkpoint."""
    if not 0 <= alpha <= 1:
        raise ShopBenchError(f"alpha is {alpha}: it lies between 0 (the base) and 1 (the fine-tuned model)")
    if (fine_tuned / CONFIG_FILE).is_file():
        merge_adapter(base, fine_tuned, output, alpha)
    else:
        interpolate_checkpoints(base, fine_tuned, output, alpha)
