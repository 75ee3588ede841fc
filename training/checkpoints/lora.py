"""Reads a LoRA adapter as PEFT saves it: which base tensors it updates, and by how much.

The one thing to know: the update of a weight W [out, in] is scaling · B @ A with A [rank, in], B [out, rank] and
scaling = alpha / rank, or alpha / sqrt(rank) for rank-stabilised LoRA (Hu et al., arXiv 2106.09685; arXiv 2312.03732).
"""

import json
from pathlib import Path

import torch
from safetensors import safe_open

from submission.errors import ShopBenchError
from submission.model_folder import check_safetensors

CONFIG_FILE = "adapter_config.json"
WEIGHTS_FILE = "adapter_model.safetensors"
_PREFIX = "base_model.model."
# Each of these makes the update something else than scaling · B @ A.
_UNSUPPORTED = (
    "use_dora",
    "modules_to_save",
    "fan_in_fan_out",
    "lora_bias",
    "trainable_token_indices",
    "layer_replication",
)


def read_adapter_config(folder: Path) -> dict:
    """Return an adapter's configuration; `ShopBenchError` where it is not a plain LoRA adapter."""
    if not (folder / CONFIG_FILE).is_file():
        raise ShopBenchError(f"{folder} holds no {CONFIG_FILE}: give the folder of an adapter that training.sft wrote")
    config = json.loads((folder / CONFIG_FILE).read_text())
    if config.get("peft_type") != "LORA":
        raise ShopBenchError(f"{folder} is a {config.get('peft_type')} adapter: only LORA adapters can be merged here")
    for key in _UNSUPPORTED:
        if config.get(key):
            raise ShopBenchError(
                f"{folder} was trained with {key}={config[key]!r}, which is more than a low-rank update"
            )
    if config.get("bias", "none") != "none":
        raise ShopBenchError(f"{folder} trains biases (bias={config['bias']!r}): train it with bias='none'")
    return config


class LoraUpdate:
    """The updates that one adapter makes, by the name of the base tensor. All its weights are held in memory."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._config = read_adapter_config(folder)
        self._factors: dict[str, torch.Tensor] = {}
        weights = folder / WEIGHTS_FILE
        if not weights.is_file():
            raise ShopBenchError(
                f"{folder} has no {WEIGHTS_FILE}: only safetensors are read, pickled adapters are refused"
            )
        check_safetensors(weights)
        with safe_open(weights, framework="pt") as opened:
            for key in opened.keys():  # noqa: SIM118
                module, _, kind = key.removeprefix(_PREFIX).partition(".lora_")
                if kind not in ("A.weight", "B.weight"):
                    raise ShopBenchError(f"{folder} holds {key}, which is no LoRA weight of a linear layer")
                self._factors[f"{module}.{kind[0]}"] = opened.get_tensor(key)
        self.names = {f"{key.removesuffix('.A')}.weight" for key in self._factors if key.endswith(".A")}

    def scaling(self, name: str) -> float:
        """Return the factor of B @ A for the base tensor `name`."""
        module = name.removesuffix(".weight")
        rank = self._factors[f"{module}.A"].shape[0]
        alpha = self._config["lora_alpha"]
        if pattern := self._config.get("alpha_pattern"):
            # Imported here: it takes seconds, and few adapters have alphas of their own for some modules.
            from peft.utils.other import get_pattern_key

            alpha = pattern.get(get_pattern_key(pattern.keys(), module), alpha)
        return alpha / rank**0.5 if self._config.get("use_rslora") else alpha / rank

    def shape(self, name: str) -> torch.Size:
        """Return the shape of the update of the base tensor `name`, [out, in]."""
        module = name.removesuffix(".weight")
        return torch.Size((self._factors[f"{module}.B"].shape[0], self._factors[f"{module}.A"].shape[1]))

    def delta(self, name: str) -> torch.Tensor:
        """Return the update of the base tensor `name`, [out, in] in float32."""
        module = name.removesuffix(".weight")
        product = self._factors[f"{module}.B"].float() @ self._factors[f"{module}.A"].float()
        return product * self.scaling(name)
