"""Reads a LoRA adapter as PEFT saves it: which base tensors it updates, and by how much.

The one thing to know: the update of a weight W [out, in] is scaling · B @ A with A [rank, in], B [out, rank] and
scaling = alpha / rank, or alpha / sqrt(rank) for rank-stabilised LoRA (Hu et al., arXiv 2106.09685; arXiv 2312.03732).
"""

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import torch
from safetensors import safe_open

from submission.errors import ShopBenchError
from submission.model_folder import check_safetensors
from training.checkpoints.adapter_config import read_adapter_config
from training.checkpoints.rewriting import all_finite

WEIGHTS_FILE = "adapter_model.safetensors"
PREFIX = "base_model.model."
_ZERO3 = (
    "DeepSpeed ZeRO-3 writes such a file where the weights are not gathered: train with zero3_save_16bit_model: true "
    "in accelerate's configuration (stage3_gather_16bit_weights_on_model_save in DeepSpeed's)"
)


class LoraUpdate:
    """The updates that one adapter makes, by the name of the base tensor. All its weights are held in memory.

    Raises a `ShopBenchError` where the file is not whole: a factor that is missing, empty, or of another rank than the
    configuration says, or one that the configuration does not name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = read_adapter_config(folder)
        self._factors: dict[str, torch.Tensor] = {}
        weights = folder / WEIGHTS_FILE
        if not weights.is_file():
            raise ShopBenchError(
                f"{folder} has no {WEIGHTS_FILE}: only safetensors are read, pickled adapters are refused"
            )
        check_safetensors(weights)
        with safe_open(weights, framework="pt") as opened:
            for key in opened.keys():  # noqa: SIM118
                module, _, kind = key.removeprefix(PREFIX).partition(".lora_")
                if kind not in ("A.weight", "B.weight"):
                    raise ShopBenchError(
                        f"{folder} holds {key}, which is no LoRA weight of a linear layer: train the adapter on linear "
                        "layers alone, without embed_tokens and with nothing trained beside it"
                    )
                self._factors[f"{module}.{kind[0]}"] = opened.get_tensor(key)
        self._modules = sorted({key[:-2] for key in self._factors})
        self._check_factors(weights)
        self.names = {f"{module}.weight" for module in self._modules}

    def _check_factors(self, file: Path) -> None:
        if not self._modules:
            raise ShopBenchError(f"{file} holds no tensors. {_ZERO3}")
        for key, factor in self._factors.items():
            if factor.numel() == 0:
                raise ShopBenchError(f"{file}: {_stored_name(key)} is empty, {tuple(factor.shape)}. {_ZERO3}")
            if factor.dim() != 2:
                raise ShopBenchError(
                    f"{file}: {_stored_name(key)} has the shape {tuple(factor.shape)}: only linear layers are merged"
                )
        for module in self._modules:
            if missing := [letter for letter in "AB" if f"{module}.{letter}" not in self._factors]:
                raise ShopBenchError(f"{file} lacks {_stored_name(f'{module}.{missing[0]}')}. {_ZERO3}")
            a, b = self.factors(f"{module}.weight")
            rank = self._of_module("rank_pattern", module, self.config["r"])
            if not a.shape[0] == b.shape[1] == rank:
                raise ShopBenchError(
                    f"{file}: the factors of {module} are {tuple(a.shape)} and {tuple(b.shape)}, "
                    f"its configuration says rank {rank}"
                )
            if not self.targets(module):
                raise ShopBenchError(
                    f"{file} holds factors of {module}, which target_modules of its configuration does not name: "
                    "PEFT would leave them out"
                )

    def targets(self, module: str) -> bool:
        """Return whether the configuration names `module` as one to adapt, by PEFT's own rule."""
        # Imported here: it takes seconds, which commands should not spend before they have looked at their arguments.
        from peft.tuners.tuners_utils import check_target_module_exists

        if self.config["target_modules"] == "all-linear":
            return module.rpartition(".")[2] not in ("lm_head", "embed_tokens")
        keys = ("target_modules", "exclude_modules", "layers_to_transform", "layers_pattern")
        named = {key: self.config.get(key) for key in keys}
        return bool(check_target_module_exists(SimpleNamespace(**named, target_parameters=None), module))

    def _of_module(self, key: str, module: str, default: float) -> float:
        """Return a module's own value from `rank_pattern` or `alpha_pattern`, by PEFT's own rule, else `default`."""
        pattern = self.config.get(key)
        if not pattern:
            return default
        from peft.utils.other import get_pattern_key

        return pattern.get(get_pattern_key(pattern.keys(), module), default)

    def check_values(self) -> None:
        """Raise a `ShopBenchError` where a factor is not finite, or where the whole update is zero."""
        for key, factor in self._factors.items():
            if not all_finite(factor):
                raise ShopBenchError(
                    f"{self.folder}: {_stored_name(key)} holds numbers that are not finite. Training diverged or the "
                    "file is damaged: take an earlier checkpoint, or train at a lower learning rate"
                )
        if not any(self.scaling(name) and all(factor.any() for factor in self.factors(name)) for name in self.names):
            raise ShopBenchError(
                f"{self.folder} changes nothing: every update is zero, as before the first step of training. {_ZERO3}"
            )

    def check_base(self, base: Path, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Raise a `ShopBenchError` unless the adapter has just the factors it needs for a base with these tensors.

        `shapes` are those of all tensors of `base`, by name.
        """
        for name in sorted(self.names):
            if name == "lm_head.weight" and name not in shapes:
                raise ShopBenchError(
                    f"{self.folder} updates lm_head, which {base} ties to its embedding: the update would be lost or "
                    "change both. Train the adapter without lm_head"
                )
            if name not in shapes:
                raise ShopBenchError(
                    f"{self.folder} updates {name}, which {base} does not have: it was trained on another base"
                )
            if self.shape(name) != shapes[name]:
                raise ShopBenchError(
                    f"{self.folder} updates {name} as {tuple(self.shape(name))}, {base} has {tuple(shapes[name])}: "
                    "it was trained on another base"
                )
        linear = [name for name, shape in shapes.items() if name.endswith(".weight") and len(shape) == 2]
        targeted = [name for name in linear if self.targets(name.removesuffix(".weight"))]
        if missing := sorted(set(targeted) - self.names):
            raise ShopBenchError(
                f"{self.folder} lacks the factors of {len(missing)} of {len(targeted)} modules that its configuration "
                f"names, first {missing[0].removesuffix('.weight')}. Copy the adapter again if it was copied. {_ZERO3}"
            )

    def factors(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Return A [rank, in] and B [out, rank] of the base tensor `name`."""
        module = name.removesuffix(".weight")
        return self._factors[f"{module}.A"], self._factors[f"{module}.B"]

    def scaling(self, name: str) -> float:
        """Return the factor of B @ A for the base tensor `name`."""
        module = name.removesuffix(".weight")
        rank = self._factors[f"{module}.A"].shape[0]
        alpha = self._of_module("alpha_pattern", module, self.config["lora_alpha"])
        return alpha / rank**0.5 if self.config.get("use_rslora") else alpha / rank

    def shape(self, name: str) -> torch.Size:
        """Return the shape of the update of the base tensor `name`, [out, in]."""
        a, b = self.factors(name)
        return torch.Size((b.shape[0], a.shape[1]))

    def delta(self, name: str) -> torch.Tensor:
        """Return the update of the base tensor `name`, [out, in] in float32."""
        a, b = self.factors(name)
        return (b.float() @ a.float()) * self.scaling(name)


def _stored_name(factor: str) -> str:
    """Return the name in the file of a factor that is known as `module.A` or `module.B`."""
    return f"{PREFIX}{factor[:-2]}.lora_{factor[-1]}.weight"
