"""Four T4 cards: the published figures, and every quantity that can only be assumed, each with its range and source.

What is assumed is a field of `Assumptions` and can be set on the command line (`--set name=value`). The ranges are what
the report varies to say which of them the answer hangs on.
"""

from dataclasses import dataclass, field, fields
from typing import Any

from submission.errors import ShopBenchError

GIB = 2**30


@dataclass(frozen=True)
class Machine:
    """AWS g4dn.12xlarge: four NVIDIA T4 (SM 7.5) on PCIe without NVLink. FLOP/s and bytes/s are per card."""

    cards: int = 4
    peak_flops: float = 65e12
    """fp16 tensor cores, from the T4's data sheet; its 70 W do not sustain this, see `matmul_efficiency`."""
    memory_bandwidth: float = 320e9
    """From the T4's data sheet."""
    card_bytes: float = 14.58 * GIB
    """What CUDA reports of the nominal 16 GB with error correction on, the smallest figure seen for a T4."""


def _assumed(value: float, low: float, high: float, source: str) -> Any:
    return field(default=value, metadata={"low": low, "high": high, "source": source})


@dataclass(frozen=True)
class Assumptions:
    """What cannot be known without the machine; `low` and `high` in a field's metadata are the ends of its range."""

    matmul_efficiency: float = _assumed(
        0.40,
        0.37,
        0.42,
        "share of 65 TFLOP/s that a large fp16 product sustains; two reports of cuBLAS on a T4: 24 TFLOP/s at its 70 W "
        "and 27.5 TFLOP/s",
    )
    awq_efficiency: float = _assumed(
        0.90,
        0.80,
        1.00,
        "of that, what 4-bit weights leave in prefill: Marlin took 0.94 of torch's time on another card of SM 7.5 (2080 "
        "Ti, 4,096 rows; vLLM PR 29901); assumed a little less on a T4, whose power is what limits it. Unpacking to "
        "fp16 first, as vLLM of 2024 did, leaves 0.94 in passes of 2,048 tokens and 0.79 in passes of 512 (computed, "
        "see `TimeModel.unpacking_efficiency`)",
    )
    int8_speed_up: float = _assumed(
        1.48,
        1.30,
        1.55,
        "how much faster Marlin multiplies with int8 activations than with fp16 ones: 0.198 in place of 0.293 ms on a "
        "2080 Ti (vLLM PR 29901); CUTLASS's int8 reaches 1.55 × fp16 on a T4 (vLLM PR 6996); the low end is assumed",
    )
    attention_flops: float = _assumed(
        2.5e12,
        1.75e12,
        3.5e12,
        "FLOP/s a card of Triton's attention, which has no tensor cores on SM 7.5 (seen in its machine code: FFMA "
        "only); the ends come from its mix of instructions, the value is their geometric mean",
    )
    bandwidth_efficiency: float = _assumed(
        0.75,
        0.55,
        0.85,
        "share of 320 GB/s that reading weights in a decoding step reaches; 0.81 is reported for one row on a T4",
    )
    bus_bandwidth: float = _assumed(
        5e9,
        3e9,
        8e9,
        "bytes/s of an all-reduce over PCIe 3.0 through host memory (NCCL's bus bandwidth); assumed",
    )
    all_reduce_latency_s: float = _assumed(
        50e-6, 30e-6, 100e-6, "one small all-reduce over four cards without NVLink; assumed"
    )
    step_overhead_s: float = _assumed(
        0.008,
        0.004,
        0.020,
        "scheduling, sampling and logits processors, per engine step; assumed",
    )
    launch_s: float = _assumed(
        0.018,
        0.008,
        0.040,
        "the host's time to launch the kernels of 80 layers one by one (eager), which a pass cannot undercut: some 15 "
        "launches a layer at 7 to 33 µs; the value is the geometric mean of the ends",
    )
    evaluator_overhead_s: float = _assumed(
        0.0,
        0.0,
        0.7,
        "the evaluator's own time per batch; assumed none. 0.7 s would explain the published times as well",
    )
    hidden_choice_share: float = _assumed(
        1.0,
        0.5,
        1.0,
        "share of the hidden tasks that are multiple choice: all that are publicly named are",
    )
    published_loading: float = _assumed(
        1.0, 0.0, 1.0, "share of the baseline's loading that its published times hold; unknown, assumed all of it"
    )
    load_bandwidth: float = _assumed(
        400e6,
        200e6,
        1e9,
        "bytes/s from disk while loading, all workers together; assumed, the network disk's ceiling is 594 MB/s",
    )
    start_up_s: float = _assumed(
        60.0,
        40.0,
        120.0,
        "imports, worker processes, NCCL, the profiling pass and warm-up; assumed (25 to 45 s on a small CPU machine)",
    )
    context_bytes: float = _assumed(
        0.47 * GIB,
        0.30 * GIB,
        0.90 * GIB,
        "CUDA context and NCCL's buffers of a card. vLLM looks at the card after they are made, so they lie outside of "
        "`gpu_memory_utilization` (`gpu_worker.init_device`); it does not start if what is left is less; assumed",
    )
    workspace_bytes: float = _assumed(
        0.43 * GIB,
        0.30 * GIB,
        0.70 * GIB,
        "kernels' code and workspaces and fragmentation of a card, inside of `gpu_memory_utilization`; assumed",
    )


def assumption_table() -> list[tuple[str, float, float, float, str]]:
    """Return (name, value, low end, high end, source) of every assumption."""
    rows = []
    for item in fields(Assumptions):
        meta = item.metadata
        rows.append((item.name, float(item.default), meta["low"], meta["high"], meta["source"]))  # type: ignore[arg-type]
    return rows


def parse_settings(settings: list[str]) -> dict[str, float]:
    """Read `name=value` pairs of the command line into assumptions; an unknown name or no number is an error."""
    known = [item.name for item in fields(Assumptions)]
    values: dict[str, float] = {}
    for setting in settings:
        name, _, text = setting.partition("=")
        if name not in known:
            raise ShopBenchError(f"--set {setting}: no assumption is called {name!r}; there are {', '.join(known)}")
        try:
            values[name] = float(text)
        except ValueError:
            raise ShopBenchError(f"--set {setting}: {text!r} is not a number") from None
    return values
