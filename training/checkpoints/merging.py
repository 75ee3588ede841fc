"""Writes the model between base and fine-tuned, θ = (1 − α)·θ_base + α·θ_fine-tuned, shard by shard.

The one thing to know: with a LoRA adapter that is the base plus α times the update, so one adapter gives every α. The
formula is wise-ft's (Wortsman et al., arXiv 2109.01903).
"""

import math
from collections.abc import Collection
from pathlib import Path

import torch

from submission.adapter_config import CONFIG_FILE
from submission.errors import ShopBenchError
from submission.lora_adapter import ties_head
from submission.model_folder import read_json
from training.checkpoints.lora import LoraUpdate
from training.checkpoints.portable import write_portable_files
from training.checkpoints.rewriting import (
    HEAD,
    CheckpointReader,
    all_finite,
    has_own_head,
    refuse_two_heads,
    rewrite_checkpoint,
)
from training.files import fingerprint, refuse_to_replace


def merge_adapter(base: Path, adapter: Path, output: Path, alpha: float = 1.0) -> None:
    """Write `base` + `alpha` · update of `adapter` to the folder `output`, replacing it when the new one is whole."""
    if not math.isfinite(alpha):
        raise ShopBenchError(f"alpha is {alpha}: the update is multiplied by it, so that it must be a number")
    refuse_to_replace(output, base, adapter)
    update = LoraUpdate(adapter)
    reader = CheckpointReader(base)
    if "quantization_config" in read_json(base / "config.json"):
        raise ShopBenchError(f"{base} is quantised: merge the adapter into the model that it was made from")
    shapes = dict(reader.shapes)
    if HEAD in update.names and ties_head(base):
        # Readers take the embedding for the head and pass over a head that is stored beside it.
        shapes.pop(HEAD, None)
    update.check_base(base, shapes)
    if alpha != 0:
        update.check_values()

    def add_update(name: str, tensor: torch.Tensor) -> torch.Tensor:
        if name not in update.names or alpha == 0:
            return tensor
        return (tensor.float() + alpha * update.delta(name)).to(tensor.dtype)

    def refuse_the_base_itself(folder: Path) -> None:
        if alpha != 0 and _are_equal(reader, CheckpointReader(folder), update.names):
            dtype = str(reader.tensor(min(update.names)).dtype).removeprefix("torch.")
            raise ShopBenchError(
                f"{alpha:g} · the update of {adapter} changes not one weight of {base}, so that the result would be the "
                f"base again: the update is too small for {dtype}"
            )

    inputs = ["merge", fingerprint(adapter), str(float(alpha))]
    rewrite_checkpoint(
        base, output, add_update, inputs, lambda folder: write_portable_files(base, folder), refuse_the_base_itself
    )


def interpolate_checkpoints(base: Path, fine_tuned: Path, output: Path, alpha: float) -> None:
    """Write (1 − α) · `base` + α · `fine_tuned`, two full checkpoints of one architecture, to the folder `output`.

    Where both tie the head to the embedding, a head that only one of them stores beside it is left out.
    """
    refuse_to_replace(output, base, fine_tuned)
    start, end = CheckpointReader(base), CheckpointReader(fine_tuned)
    if differing := sorted((start.names ^ end.names) - {HEAD}):
        raise ShopBenchError(f"only one of {base} and {fine_tuned} has the tensor {differing[0]}: they do not match")
    one_head = (HEAD in start.names) != (HEAD in end.names)
    _check_heads(start, end)

    def mix(name: str, tensor: torch.Tensor) -> torch.Tensor | None:
        if alpha == 0:
            return tensor
        if one_head and name == HEAD:
            return None
        if end.shapes[name] != tensor.shape:
            raise ShopBenchError(
                f"{name} is {tuple(tensor.shape)} in {base} and {end.shapes[name]} in {fine_tuned}: they do not match"
            )
        other = end.tensor(name)
        if not all_finite(other):
            raise ShopBenchError(
                f"{fine_tuned}: {name} holds numbers that are not finite. Training diverged or the file is damaged: take "
                "an earlier checkpoint"
            )
        if alpha == 1:
            return other.to(tensor.dtype)
        if not tensor.is_floating_point() and torch.equal(tensor, other):
            return tensor
        if not (tensor.is_floating_point() and other.is_floating_point()):
            raise ShopBenchError(f"{name} holds no floating-point numbers: quantised models cannot be interpolated")
        return ((1 - alpha) * tensor.float() + alpha * other.float()).to(tensor.dtype)

    def refuse_the_base_itself(folder: Path) -> None:
        mixed = CheckpointReader(folder)
        if alpha != 0 and _are_equal(start, mixed, mixed.names):
            raise ShopBenchError(
                f"{1 - alpha:g} · {base} + {alpha:g} · {fine_tuned} has the same weights as {base}: the two models are "
                "equal, or differ by less than the data type can hold"
            )

    inputs = ["wise-ft", fingerprint(fine_tuned), str(float(alpha))]
    rewrite_checkpoint(
        base, output, mix, inputs, lambda folder: write_portable_files(base, folder), refuse_the_base_itself
    )


def _are_equal(one: CheckpointReader, other: CheckpointReader, names: Collection[str]) -> bool:
    """Whether all of these tensors are equal in both; the first that differs ends the search."""
    return all(torch.equal(one.tensor(name), other.tensor(name)) for name in sorted(names))


def _check_heads(start: CheckpointReader, end: CheckpointReader) -> None:
    """Refuse two models that disagree on whether the head is the embedding; a copy that one stores is no disagreement."""
    own = [reader for reader in (start, end) if has_own_head(reader)]
    both_store = HEAD in start.names and HEAD in end.names
    if both_store:
        for reader in own:
            refuse_two_heads(reader)
    if own and (not both_store or ties_head(start.folder)):
        raise ShopBenchError(
            f"only {own[0].folder} has a head ({HEAD}) of its own, the other model ties it to the embedding: "
            "they do not match"
        )
    if HEAD in start.names ^ end.names and not ties_head(start.folder):
        raise ShopBenchError(
            f"only one of {start.folder} and {end.folder} stores {HEAD}, which the config of {start.folder} does not tie to "
            "the embedding: they do not match"
        )


def write_interpolated(base: Path, fine_tuned: Path, output: Path, alpha: float) -> None:
    """Write the model at α; `fine_tuned` is the folder of a LoRA adapter or of a full checkpoint."""
    if not 0 <= alpha <= 1:
        raise ShopBenchError(f"alpha is {alpha}: it lies between 0 (the base) and 1 (the fine-tuned model)")
    if (fine_tuned / CONFIG_FILE).is_file():
        merge_adapter(base, fine_tuned, output, alpha)
    else:
        interpolate_checkpoints(base, fine_tuned, output, alpha)
