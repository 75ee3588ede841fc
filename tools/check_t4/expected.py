"""What the presets for cards count on, held up to a result of the check; neither a card nor the CUDA build is needed."""

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from submission.places import CODE
from submission.profiles import PROFILES

LOCK = CODE / "requirements/inference-cuda.lock"
RESULT = CODE / "docs/t4_check.json"
PAGE = RESULT.with_suffix(".md")
_SHARED_MEMORY = 65_536
_RUN = "run `make check-t4` and look at what it says"
_MARLIN, _SINGLE = "MarlinLinearKernel", "SinglePrecisionLinearMethod"
_LAYERS = ("qkv_proj", "o_proj", "gate_up_proj", "down_proj")

_ALWAYS = {
    "attention": "TRITON_ATTN",
    "runner": "V1",
    "executor": "MultiprocExecutor",
    "tokens of a cache block": 16,
    "scheduling ahead": False,
}
_BY_METHOD = {
    "awq": ("auto_awq", {}),
    "awq float32": ("awq-float32", dict.fromkeys(_LAYERS, _SINGLE)),
    "awq float32-down": ("awq-float32-down", {"down_proj": _SINGLE}),
    "symmetric": ("compressed-tensors", {}),
    "symmetric int8": ("compressed-tensors", dict.fromkeys(_LAYERS, f"{_MARLIN}, int8")),
}
# What multiplies and adds: AWQ's halves are added in half precision, which is why overflows are looked for.
_PRODUCTS = {
    "fp16 × 4 bits with zero points (AWQ)": ["HMMA.1688.F16"],
    "fp16 × 4 bits, symmetric": ["HMMA.1688.F16"],
    "int8 × 4 bits, symmetric": ["IMMA.8816.S8.S8.SAT"],
}


def card_presets() -> dict[str, dict[str, Any]]:
    """Return what the presets for cards tell vLLM, as JSON data."""
    told = {
        name: {"engine": profile.engine, "environment": profile.environment, "context": profile.max_model_len}
        for name, profile in PROFILES.items()
        if profile.tensor_parallel_size > 1
    }
    return json.loads(json.dumps(told))


def lock_hash() -> str:
    """Return the SHA-256 of the CUDA build's lock file."""
    return hashlib.sha256(LOCK.read_bytes()).hexdigest()


def problems(result: dict[str, Any]) -> list[str]:
    """Return a sentence for each thing in `result` that is not as the presets count on, or that was not checked."""
    return list(_problems(result))


def _problems(result: dict[str, Any]) -> Iterator[str]:
    if result["lock"] != lock_hash():
        yield f"{LOCK.name} is another one than was checked: {_RUN}"
    for name, told in card_presets().items():
        if result["presets"].get(name) != told:
            yield f"the preset {name} is another one than was checked: {_RUN}"
        for method, (quantisation, layers) in _BY_METHOD.items():
            case = f"{name} {method}"
            wanted = {
                **_ALWAYS,
                "quantisation": quantisation,
                "linear layers": dict.fromkeys(_LAYERS, _MARLIN) | layers,
            }
            chosen = result["chosen"].get(case, {})
            yield from (
                f"{case}: {what} is {chosen.get(what)!r}, not {value!r}"
                for what, value in wanted.items()
                if chosen.get(what) != value
            )
    for library, modules in result["architectures"].items():
        if not modules.get("sm_75"):
            yield f"{library} has no machine code for SM 7.5"
    for kind, products in _PRODUCTS.items():
        found = result["marlin"].get(kind, {}).get("products")
        if found != products:
            yield f"Marlin, {kind}: {found} multiply, not {products}"
    for kernel in result["triton"]:
        if kernel["shared memory"] > _SHARED_MEMORY or kernel["spills"]:
            yield f"{kernel['kernel']} takes {kernel['shared memory']:,} bytes of shared memory, {kernel['spills']} spills"
