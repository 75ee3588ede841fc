"""Four T4s that are not there: what vLLM and PyTorch ask of a driver is answered, nothing is ever computed.

The one thing to know: `pretend` comes before the first import of vLLM. It replaces NVML's and `torch.cuda`'s queries, and
links the CUDA driver's library, which vLLM's extension modules name, to functions that do nothing.
"""

import ctypes
import re
import subprocess
import sysconfig
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from submission.errors import ShopBenchError

CARDS = 4
NAME = "Tesla T4"
CAPABILITY = (7, 5)
MEMORY = int(14.58 * 2**30)
"""Bytes of a card that are free before anything runs."""
SHARED_MEMORY = 65_536
"""Bytes of shared memory that a block may have on SM 7.5 (CUDA C++ Programming Guide, technical specifications)."""
MULTIPROCESSORS = 40

SITE_PACKAGES = Path(sysconfig.get_paths()["purelib"])


def pretend() -> None:
    """Make this process believe that it has four T4s."""
    _link_driver()
    _answer_for_nvml()
    _answer_for_torch()


def _link_driver() -> None:
    """Load a `libcuda.so.1` with every function that vLLM's modules take from it; each says that there is no device."""
    modules = sorted((SITE_PACKAGES / "vllm").glob("*.so"))
    listed = _run("nm", "-D", "--undefined-only", *modules)
    names = sorted(set(re.findall(r"\bcu[A-Z]\w+", listed)))
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "driver.c"), Path(folder, "libcuda.so.1")
        source.write_text("".join(f"int {name}(void) {{ return 100; }}\n" for name in names), encoding="utf-8")
        _run("gcc", "-shared", "-fPIC", "-Wl,-soname,libcuda.so.1", "-o", library, source)
        ctypes.CDLL(str(library), mode=ctypes.RTLD_GLOBAL)


def _run(*command: Any) -> str:
    try:
        return subprocess.run(command, check=True, capture_output=True, text=True).stdout
    except FileNotFoundError:
        raise ShopBenchError(f"{command[0]} is missing: apt-get install gcc binutils") from None


def _answer_for_nvml() -> None:
    import vllm.third_party.pynvml as nvml

    answers = {
        "nvmlInit": lambda *_: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: CARDS,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetCudaComputeCapability": lambda handle: CAPABILITY,
        "nvmlDeviceGetName": lambda handle: NAME,
        "nvmlDeviceGetUUID": lambda handle: f"GPU-{handle}",
        "nvmlDeviceGetMemoryInfo": lambda handle: SimpleNamespace(total=MEMORY, free=MEMORY, used=0),
        # Without NVLink.
        "nvmlDeviceGetP2PStatus": lambda one, other, kind: nvml.NVML_P2P_STATUS_NOT_SUPPORTED,
    }
    for name, answer in answers.items():
        setattr(nvml, name, answer)


def _answer_for_torch() -> None:
    import torch

    properties = SimpleNamespace(
        name=NAME,
        major=CAPABILITY[0],
        minor=CAPABILITY[1],
        total_memory=MEMORY,
        multi_processor_count=MULTIPROCESSORS,
        is_integrated=False,
        shared_memory_per_block_optin=SHARED_MEMORY,
        warp_size=32,
    )
    answers = {
        "is_available": lambda: True,
        "device_count": lambda: CARDS,
        "_device_count_nvml": lambda: CARDS,
        "get_device_capability": lambda device=None: CAPABILITY,
        "get_device_name": lambda device=None: NAME,
        "get_device_properties": lambda device=None: properties,
        "current_device": lambda: 0,
        "set_device": lambda device: None,
        "mem_get_info": lambda device=None: (MEMORY, MEMORY),
    }
    for name, answer in answers.items():
        setattr(torch.cuda, name, answer)
