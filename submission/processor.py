"""Which floating-point type this machine's processor multiplies fast."""

import functools
from pathlib import Path

from submission.model_folder import read_json


@functools.cache
def native_dtype() -> str:
    """Return "bfloat16" where the processor has instructions for it (AVX-512 BF16 or AMX), else "float32".

    Everywhere else PyTorch's products in bfloat16 are right but emulated, some fifty times as slow as those in float32.
    """
    import torch

    capabilities = torch.cpu.get_capabilities()
    return "bfloat16" if capabilities.get("avx512_bf16") or capabilities.get("amx_bf16") else "float32"


def dtype_on_cpu(model: Path) -> str:
    """Return what vLLM serves a model folder in on a CPU; it takes quantised checkpoints in half precision only."""
    return "bfloat16" if "quantization_config" in read_json(model / "config.json") else native_dtype()
