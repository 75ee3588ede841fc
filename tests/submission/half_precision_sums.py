"""A stand-in for Marlin's AWQ kernels on SM 7.5, which this machine cannot run: sums in half precision.

Importing the module puts it in the place of vLLM's own method for AWQ, in this process and in its workers. As a tensor
core of SM 7.5 does, each step adds sixteen products in single precision and rounds the sum so far to half precision.
"""

import torch
from vllm.model_executor.layers.linear import LinearBase
from vllm.model_executor.layers.quantization import register_quantization_config
from vllm.model_executor.layers.quantization.auto_awq import AutoAWQConfig, AutoAWQLinearMethod

from tests.submission.awq_checkpoints import unpack

_STEP = 16


class HalfPrecisionMethod(AutoAWQLinearMethod):
    """Multiplies with sums in half precision."""

    def process_weights_after_loading(self, layer: torch.nn.Module) -> None:
        """Unpack the weights once."""
        super().process_weights_after_loading(layer)
        zeros, group = unpack(layer.qzeros), self.quant_config.group_size
        values = unpack(layer.qweight).reshape(zeros.shape[0], group, -1)
        unpacked = (values - zeros[:, None]).half() * layer.scales[:, None]
        layer.unpacked = unpacked.reshape(-1, unpacked.shape[-1])

    def apply(self, layer: torch.nn.Module, x: torch.Tensor, bias: torch.Tensor | None = None) -> torch.Tensor:
        """Return the product, [tokens, outputs]."""
        total = torch.zeros(*x.shape[:-1], layer.unpacked.shape[-1], dtype=torch.half)
        for begin in range(0, x.shape[-1], _STEP):
            part = slice(begin, begin + _STEP)
            total = (total.float() + x[..., part].float() @ layer.unpacked[part].float()).half()
        return total if bias is None else total + bias


@register_quantization_config("awq")
class HalfPrecisionConfig(AutoAWQConfig):
    """AWQ as SM 7.5 computes it."""

    def get_quant_method(self, layer: torch.nn.Module, prefix: str) -> object:
        """Return the method of linear layers."""
        return HalfPrecisionMethod(self) if isinstance(layer, LinearBase) else None
