"""Compares bfloat16 with float32 on this machine's processor: one MLP product of the embedded model, in turns.

`python -m benchmarks.cpu_dtype` prints both times and which type `submission.processor` chooses for it.
"""

import argparse
import statistics
import time

import torch
from tqdm import tqdm

from submission.processor import native_dtype

TOKENS, HIDDEN, INTERMEDIATE = 1024, 576, 1536
"""A full step of the `cpu` profile, and SmolLM2-135M's widths."""


def seconds(dtype: torch.dtype) -> float:
    """Return the seconds of one product after another that warms up."""
    left, right = torch.randn(TOKENS, HIDDEN, dtype=dtype), torch.randn(HIDDEN, INTERMEDIATE, dtype=dtype)
    left @ right
    started = time.perf_counter()
    left @ right
    return time.perf_counter() - started


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.cpu_dtype", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="how often both are measured (default: 5)")
    options = parser.parse_args()
    times = [(seconds(torch.float32), seconds(torch.bfloat16)) for _ in tqdm(range(options.rounds), unit="round")]
    single, half = (1000 * statistics.median(column) for column in zip(*times, strict=True))
    ratio = statistics.median(b / a for a, b in times)
    print(f"{torch.get_num_threads()} threads: float32 {single:.1f} ms, bfloat16 {half:.1f} ms")
    print(f"bfloat16 takes {ratio:.2f} times as long (median of the rounds' ratios); chosen here: {native_dtype()}")


if __name__ == "__main__":
    main()
