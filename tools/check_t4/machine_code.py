"""Which cards the installed libraries hold machine code for, and how Marlin's kernels add up, read off that code.

`cuobjdump` comes with Triton's wheel.
"""

import re
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

from tools.check_t4.fake_cards import SITE_PACKAGES

ARCHITECTURE = "sm_75"
LIBRARIES = {
    "vLLM": "vllm/_C*.so",
    "vLLM, mixtures of experts": "vllm/_moe_C*.so",
    "PyTorch": "torch/lib/libtorch_cuda.so",
    "cuBLAS": "nvidia/*/lib/libcublas.so.*",
    "cuBLASLt": "nvidia/*/lib/libcublasLt.so.*",
    "NCCL": "nvidia/nccl/lib/libnccl.so.*",
}
_CUOBJDUMP = SITE_PACKAGES / "triton/backends/nvidia/bin/cuobjdump"
# marlin::Marlin<type of activations, of weights, of results, of scales, four sizes, a flag, stages, groups' size in blocks
# of 16, whether zero points are floating>, as the compiler writes its name.
_MARLIN = re.compile(r"_ZN6marlin6MarlinILl(\d+)ELl(\d+)ELl\d+ELl\d+E(?:Li\d+E){4}Lb[01]ELi(\d+)ELi(n?\d+)ELb[01]E\w*")
_PRODUCT = re.compile(r"\b(?:H|I)MMA\.\d+(?:\.[A-Z]\w*)*")
_GROUP_OF_128 = "8"


def cuobjdump(*arguments: Any) -> str:
    """Return what CUDA's tool prints."""
    return subprocess.run([_CUOBJDUMP, *arguments], check=True, capture_output=True, text=True).stdout


def architectures() -> dict[str, dict[str, int]]:
    """Return by library how many modules of machine code it holds for each architecture."""
    found = {}
    for name, pattern in LIBRARIES.items():
        listed = "".join(cuobjdump("-lelf", file) for file in SITE_PACKAGES.glob(pattern))
        counted = Counter(re.findall(r"\.(sm_\d+[af]?)\.cubin", listed))
        found[name] = dict(sorted(counted.items(), key=lambda item: int(re.sub(r"\D", "", item[0]))))
    return found


def marlin_kernels() -> dict[str, dict[str, Any]]:
    """Return of each kind of 4-bit kernel for SM 7.5 how many there are, their stages, and what multiplies and adds.

    The instruction's last part is the accumulator's type for halves; integers of 8 bits are always added in 32.
    """
    from vllm.scalar_type import scalar_types as types

    library = next(SITE_PACKAGES.glob(LIBRARIES["vLLM"]))
    symbols = cuobjdump("-symbols", "-arch", ARCHITECTURE, library)
    kernels = {match[0]: match.groups() for match in _MARLIN.finditer(symbols)}
    kinds = {
        "fp16 × 4 bits with zero points (AWQ)": (types.float16.id, types.uint4.id),
        "fp16 × 4 bits, symmetric": (types.float16.id, types.uint4b8.id),
        "int8 × 4 bits, symmetric": (types.int8.id, types.uint4b8.id),
    }
    found = {}
    for kind, wanted in kinds.items():
        names = [name for name, (of, by, *_) in kernels.items() if (int(of), int(by)) == wanted]
        grouped = [name for name in names if kernels[name][3] == _GROUP_OF_128]
        found[kind] = {
            "kernels": len(names),
            "stages": sorted({int(kernels[name][2]) for name in names}),
            "products": _products(library, grouped[0]) if grouped else [],
        }
    return found


def _products(library: Path, kernel: str) -> list[str]:
    """Return the kinds of matrix instructions of a kernel."""
    code = cuobjdump("-sass", "-arch", ARCHITECTURE, "-fun", kernel, library)
    return sorted(set(_PRODUCT.findall(code)))
