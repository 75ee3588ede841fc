"""Tiny symmetric checkpoints in compressed-tensors' layout, rounded to nearest: llmcompressor is not needed for them."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

GROUP = 32


def pack_symmetric(values: torch.Tensor) -> torch.Tensor:
    """Pack whole numbers from -8 to 7, [outputs, inputs], as compressed-tensors does."""
    eights = (values.long() + 8).reshape(values.shape[0], -1, 8)
    packed = sum(eights[:, :, i] << 4 * i for i in range(8))
    return torch.where(packed < 2**31, packed, packed - 2**32).int()


def build_symmetric(base: Path, output: Path) -> Path:
    """Write `base` rounded to nearest in compressed-tensors' layout into `output`, and return that."""
    output.mkdir()
    for file in base.iterdir():
        if file.suffix != ".safetensors":
            (output / file.name).write_bytes(file.read_bytes())
    tensors = {}
    for name, tensor in load_file(base / "model.safetensors").items():
        linear = name.removesuffix(".weight")
        if not linear.endswith("_proj") or name == linear:
            tensors[name] = tensor
            continue
        groups = tensor.float().reshape(len(tensor), -1, GROUP)
        scales = (groups.abs().amax(2) / 7.5).half()
        values = (groups / scales.float()[..., None]).round().clamp(-8, 7).flatten(1)
        tensors |= {f"{linear}.weight_packed": pack_symmetric(values), f"{linear}.weight_scale": scales}
        tensors[f"{linear}.weight_shape"] = torch.tensor(tensor.shape)
    save_file(tensors, output / "model.safetensors", metadata={"format": "pt"})
    config = json.loads((output / "config.json").read_text())
    weights = {"num_bits": 4, "group_size": GROUP, "symmetric": True, "strategy": "group", "type": "int"}
    config["quantization_config"] = {
        "quant_method": "compressed-tensors",
        "config_groups": {"all": {"weights": weights}},
    }
    (output / "config.json").write_text(json.dumps(config))
    return output
