"""AWQ layers that vLLM multiplies with sums in single precision, in place of Marlin's kernels.

On SM 7.5 Marlin's kernels for AWQ sum a group of 128 products and their groups in half precision. It is HMMA.F16 in
their machine code and `use_fp16_accum` in vLLM's marlin_template.h. A partial sum above 65,504 is infinite there, even
where the whole sum is small. vLLM's older kernels sum in single precision: from 256 tokens on weights are unpacked and
multiplied by cuBLAS, below that `awq_gemm` does both. Workers import this module as they unpickle its classes.
"""

import torch
from vllm.model_executor.layers.quantization import register_quantization_config
from vllm.model_executor.layers.quantization.auto_awq import (
    AutoAWQConfig,
    AutoAWQLinearMethod,
    AutoAWQMarlinLinearMethod,
)
from vllm.platforms import current_platform

from submission.accumulation import QUANTIZATION, SINGLE, SINGLE_DOWN


class SinglePrecisionLinearMethod(AutoAWQLinearMethod):
    """vLLM's kernels before Marlin."""

    def process_weights_after_loading(self, layer: torch.nn.Module) -> None:
        """Keep the weights as they are, and cuBLAS's partial sums in single precision."""
        torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
        super().process_weights_after_loading(layer)


@register_quantization_config(QUANTIZATION[SINGLE])
class SinglePrecisionConfig(AutoAWQConfig):
    """AWQ with all layers summed in single precision."""

    layers = ""
    """Of a layer's name; those without it keep Marlin."""

    @classmethod
    def get_name(cls) -> str:
        """Return the name that `quantization` of vLLM's arguments takes."""
        return QUANTIZATION[SINGLE]

    @classmethod
    def override_quantization_method(
        cls, hf_quant_cfg: dict[str, object], user_quant: str | None, hf_config: object = None
    ) -> str | None:
        """Return the name where it was asked for and the checkpoint is AWQ: nobody gets this method unasked."""
        asked = user_quant == cls.get_name() and hf_quant_cfg.get("quant_method") == "awq"
        return cls.get_name() if asked else None

    def get_quant_method(self, layer: torch.nn.Module, prefix: str) -> object:
        """Return what multiplies a layer; the CPU's kernels sum in single precision as they are."""
        method = super().get_quant_method(layer, prefix)
        marlin = isinstance(method, AutoAWQMarlinLinearMethod) and current_platform.is_cuda()
        return SinglePrecisionLinearMethod(self) if marlin and self.layers in prefix else method


@register_quantization_config(QUANTIZATION[SINGLE_DOWN])
class SinglePrecisionDownConfig(SinglePrecisionConfig):
    """AWQ with the MLP's second projection alone summed in single precision: massive activations are its inputs."""

    layers = "down_proj"

    @classmethod
    def get_name(cls) -> str:
        """Return the name that `quantization` of vLLM's arguments takes."""
        return QUANTIZATION[SINGLE_DOWN]
