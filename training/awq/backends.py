"""What quantises: AutoAWQ or llmcompressor, each in an environment of its own, and the layout that each of them writes.

The one thing to know: neither is imported here. A backend is its interpreter, its worker's file, and what to expect of its
checkpoint.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from submission.places import ROOT
from submission.quantisation import AWQ, COMPRESSED_TENSORS

PACKED = 8
"""4-bit numbers in one int32."""

_Shapes = dict[str, tuple[int, ...]]


@dataclass(frozen=True)
class Backend:
    """A tool that quantises: its title, interpreter, worker, `make` target, and the config's name of its method.

    `tensors` returns the shapes, by suffix, of what stands for a linear layer's weight: from its outputs, inputs, the
    size of a group, and whether it is symmetric.
    """

    title: str
    python: Path
    worker: str
    target: str
    method: str
    tensors: Callable[[int, int, int, bool], _Shapes]

    def shapes(self, linear: str, outputs: int, inputs: int, group_size: int, symmetric: bool) -> _Shapes:
        """Return by name the shapes of the tensors that replace the weight of the layer `linear`."""
        found = self.tensors(outputs, inputs, group_size, symmetric)
        return {f"{linear}.{suffix}": shape for suffix, shape in found.items()}


def _of_autoawq(outputs: int, inputs: int, group_size: int, symmetric: bool) -> _Shapes:
    return {
        "qweight": (inputs, outputs // PACKED),
        "qzeros": (inputs // group_size, outputs // PACKED),
        "scales": (inputs // group_size, outputs),
    }


def _of_compressed_tensors(outputs: int, inputs: int, group_size: int, symmetric: bool) -> _Shapes:
    zeros = {} if symmetric else {"weight_zero_point": (outputs // PACKED, inputs // group_size)}
    return {
        "weight_packed": (outputs, inputs // PACKED),
        "weight_scale": (outputs, inputs // group_size),
        "weight_shape": (2,),
        **zeros,
    }


BACKENDS = {
    "autoawq": Backend("AutoAWQ", ROOT / ".venv-awq/bin/python", "worker.py", "awq-env", AWQ, _of_autoawq),
    "llmcompressor": Backend(
        "llmcompressor",
        ROOT / ".venv-llmcompressor/bin/python",
        "llmcompressor_worker.py",
        "llmcompressor-env",
        COMPRESSED_TENSORS,
        _of_compressed_tensors,
    ),
}
"""By the name of the setting `backend`."""
