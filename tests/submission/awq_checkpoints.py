"""Tiny Qwen2 checkpoints in AWQ's layout, rounded to the nearest of 16 values, among them one whose sums overflow on the way.

AutoAWQ is not needed for it: nothing is calibrated.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from tests.training.tiny_models import build_qwen2

GROUP = 32
_NIBBLE_OF_COLUMN = [0, 4, 1, 5, 2, 6, 3, 7]
"""Where of an int32's eight nibbles AutoAWQ puts each of eight neighbouring columns."""


def pack(values: torch.Tensor) -> torch.Tensor:
    """Pack integers of 0 to 15, [rows, columns], into int32, [rows, columns / 8], in AutoAWQ's order."""
    eights = values.to(torch.int64).reshape(values.shape[0], -1, 8)
    packed = sum(eights[:, :, column] << 4 * nibble for column, nibble in enumerate(_NIBBLE_OF_COLUMN))
    return packed.to(torch.int32) if packed.max() < 2**31 else torch.where(packed < 2**31, packed, packed - 2**32).int()


def unpack(packed: torch.Tensor) -> torch.Tensor:
    """Return the integers, [rows, columns], of what `pack` returned."""
    nibbles = [(packed >> 4 * nibble) & 15 for nibble in _NIBBLE_OF_COLUMN]
    return torch.stack(nibbles, dim=-1).reshape(packed.shape[0], -1)


def quantised(weight: torch.Tensor) -> dict[str, torch.Tensor]:
    """Return AWQ's tensors of a linear layer's `weight`, [outputs, inputs]."""
    groups = weight.float().T.reshape(-1, GROUP, weight.shape[0])
    low, high = groups.amin(1).clamp(max=0), groups.amax(1).clamp(min=0)
    scales = ((high - low) / 15).clamp(min=1e-6).half()
    zeros = (-low / scales.float()).round().clamp(0, 15)
    values = (groups / scales.float()[:, None] + zeros[:, None]).round().clamp(0, 15)
    return {"qweight": pack(values.reshape(-1, weight.shape[0])), "qzeros": pack(zeros), "scales": scales}


def make_overflow(weights: dict[str, torch.Tensor]) -> None:
    """Change the first layer so that the sums of its second projection pass 10⁵ halfway, and come back to what they were.

    Twins of channels have the same inputs, never below zero; the first of them counts for every output, the other against it.
    """
    gate, up, down = (weights[f"model.layers.0.mlp.{name}_proj.weight"] for name in ("gate", "up", "down"))
    half = gate.shape[0] // 2
    gate[half:] = gate[:half]
    up[:] = gate
    down[:, :half], down[:, half:] = 16.0, -16.0


def build_awq(output: Path, tokenizer: Path, overflow: bool) -> Path:
    """Write a tiny AWQ model into the new folder `output` and return it."""
    build_qwen2(output, tokenizer, sharp=True)
    config = json.loads((output / "config.json").read_text())
    weights = {name: tensor.float() for name, tensor in load_file(output / "model.safetensors").items()}
    if overflow:
        make_overflow(weights)
    tensors = {}
    for name, tensor in weights.items():
        if name.endswith("_proj.weight"):
            layer = name.removesuffix("weight")
            tensors |= {layer + kind: part.contiguous() for kind, part in quantised(tensor).items()}
        else:
            tensors[name] = tensor.half()
    save_file(tensors, output / "model.safetensors", metadata={"format": "pt"})
    config |= {
        "dtype": "float16",
        "quantization_config": {
            "quant_method": "awq",
            "bits": 4,
            "group_size": GROUP,
            "zero_point": True,
            "version": "gemm",
        },
    }
    (output / "config.json").write_text(json.dumps(config))
    return output
