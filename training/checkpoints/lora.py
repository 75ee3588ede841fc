"""The updates of a LoRA adapter as numbers; what can be said without them is in `submission.lora_adapter`."""

from pathlib import Path

import torch
from safetensors import safe_open

from submission.lora_adapter import LoraAdapter


class LoraUpdate(LoraAdapter):
    """The updates that one adapter makes, by the name of the base tensor. All its weights are held in memory."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        with safe_open(self.file, framework="pt") as opened:
            self._factors = {self._factor(key): opened.get_tensor(key) for key in opened.keys()}  # noqa: SIM118

    def factors(self, name: str) -> tuple[torch.Tensor, torch.Tensor]:
        """Return A [rank, in] and B [out, rank] of the base tensor `name`."""
        module = name.removesuffix(".weight")
        return self._factors[f"{module}.A"], self._factors[f"{module}.B"]

    def delta(self, name: str) -> torch.Tensor:
        """Return the update of the base tensor `name`, [out, in] in float32."""
        a, b = self.factors(name)
        return (b.float() @ a.float()) * self.scaling(name)
