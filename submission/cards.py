"""Says whether there are NVIDIA cards that PyTorch can use, and refuses cards that are there but cannot be used."""

import shutil
from pathlib import Path

from submission.errors import ShopBenchError

_DEVICES = Path("/dev")


def has_usable_cards() -> bool:
    """Return whether PyTorch sees a card.

    A machine that shows signs of a card which PyTorch cannot use raises `ShopBenchError`: the CPU would answer
    with another model, and the run would look as if it had worked.
    """
    import torch

    if torch.cuda.is_available():
        return True
    if signs := _signs_of_cards():
        raise ShopBenchError(
            f"this machine shows NVIDIA cards ({signs}), but PyTorch {torch.__version__} cannot use them. "
            "CUDA 13 needs a driver of version 580 or newer, or the package cuda-compat with driver 535, 550, 565 "
            "or 570; `nvidia-smi` prints the version. PyTorch's CPU build never uses cards. "
            "To answer on the CPU, set SHOPBENCH_PROFILE=cpu"
        )
    return False


def _signs_of_cards() -> str:
    """Return what speaks for a card: the driver's device files or its tool; empty without either."""
    devices = [str(file) for file in sorted(_DEVICES.glob("nvidia[0-9]*"))]
    tool = shutil.which("nvidia-smi")
    return ", ".join(devices or ([tool] if tool else []))
