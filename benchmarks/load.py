"""An hour of questions through one engine: does memory grow, does answering slow down, is anything left behind?

`python -m benchmarks.load` answers the sample questions in cycles, each question with a number of its own in front so that
no cycle finds the prompts of another in the prefix cache, on a tiny random Qwen2 with the full vocabulary. Every cycle asks
for the same work, so the first and the last tenth can be compared. Prints a table and draws it.
"""

import argparse
import gc
import itertools
import json
import os
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from submission.errors import ShopBenchError

SAMPLE = Path(__file__).parents[1] / "data" / "sample_questions.jsonl"
TENTHS = 10


@dataclass(frozen=True)
class Cycle:
    """When a cycle of all questions ended (seconds since the beginning), how long it took, and memory then (MB, RSS)."""

    at_s: float
    seconds: float
    memory_mb: float


def memory_mb() -> float:
    """Return the memory of this process that is in RAM, in MB, from Linux' /proc."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def run(model: Any, seconds: float, least: int) -> tuple[list[Cycle], int]:
    """Answer cycles of the sample questions for so many seconds and at least so many questions."""
    rows = [json.loads(line) for line in SAMPLE.read_text(encoding="utf-8").splitlines()]
    groups = [[row["input_field"] for row in rows if row["is_multiple_choice"] is flag] for flag in (True, False)]
    numbers = itertools.count(1)
    cycles: list[Cycle] = []
    answered = 0
    started = time.monotonic()
    with tqdm(total=round(seconds), unit="s", desc="Load") as progress:
        while time.monotonic() - started < seconds or answered < least:
            begun = time.monotonic()
            for flag, prompts in zip((True, False), groups, strict=True):
                for start in range(0, len(prompts), model.get_batch_size()):
                    batch = [f"{next(numbers)}) {text}" for text in prompts[start : start + model.get_batch_size()]]
                    answers = model.batch_predict({"prompt": batch}, flag)
                    if len(answers) != len(batch):
                        raise ShopBenchError(f"{len(answers)} answers to {len(batch)} questions")
                    answered += len(answers)
            now = time.monotonic()
            cycles.append(Cycle(now - started, now - begun, memory_mb()))
            progress.update(round(now - started) - progress.n)
    return cycles, answered


def left_behind() -> dict[str, float]:
    """Return what an idle engine still holds, looked up among all objects of this process."""
    from vllm.v1.core.sched.scheduler import Scheduler
    from vllm.v1.engine.llm_engine import LLMEngine

    from submission.decoding.logits_processor import AnswerFormatLogitsProcessor

    def of(kind: type) -> Any:
        return next(one for one in gc.get_objects() if type(one) is kind)

    scheduler = of(Scheduler)
    return {
        "unfinished requests in the engine": of(LLMEngine).get_num_unfinished_requests(),
        "requests in the scheduler": len(scheduler.requests),
        "share of the KV cache in use": scheduler.kv_cache_manager.usage,
        # Rows are given back at the next step, so those of one batch may be there.
        "rows in the logits processor (of the last batch)": len(of(AnswerFormatLogitsProcessor)._rows),
    }


def draw(cycles: list[Cycle], path: Path) -> None:
    """Draw memory and speed over time."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(8, 5), layout="constrained")
    above, below = figure.subplots(2, 1, sharex=True)
    minutes = [cycle.at_s / 60 for cycle in cycles]
    above.plot(minutes, [cycle.memory_mb for cycle in cycles])
    above.set(title="Memory (RSS)", ylabel="MB")
    above.set_ylim(bottom=0)
    below.plot(minutes, [cycle.seconds for cycle in cycles], linewidth=0.8)
    below.set(title="Time of a cycle of all sample questions", ylabel="seconds", xlabel="minutes")
    below.set_ylim(bottom=0)
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)


def report(cycles: list[Cycle], answered: int) -> str:
    """Return the table: memory at the start, in the middle and at the end, and the speed of the first and last tenth."""
    tenth = max(1, len(cycles) // TENTHS)
    first, last = cycles[:tenth], cycles[-tenth:]
    medians = [statistics.median(cycle.seconds for cycle in part) for part in (first, last)]
    lines = [
        "| what | value |",
        "| --- | --- |",
        f"| questions answered | {answered:,} in {cycles[-1].at_s / 60:.1f} min |",
        f"| memory after the first tenth, MB | {first[-1].memory_mb:,.0f} |",
        f"| in the middle, MB | {cycles[len(cycles) // 2].memory_mb:,.0f} |",
        f"| at the end, MB | {cycles[-1].memory_mb:,.0f} |",
        f"| median seconds a cycle, first tenth | {medians[0]:.3f} |",
        f"| median seconds a cycle, last tenth | {medians[1]:.3f} |",
        f"| last over first | {medians[1] / medians[0]:.3f} |",
    ]
    return "\n".join([*lines, *(f"| {name} | {value:g} |" for name, value in left_behind().items())])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3600, help="how long to ask (default: an hour)")
    parser.add_argument("--questions", type=int, default=10_000, help="how many to ask at the least")
    parser.add_argument("--picture", type=Path, default=Path("reports/benchmarks/load.png"), help="where to draw it")
    options = parser.parse_args()
    from tools.tiny_qwen2 import build_tiny_qwen2

    with tempfile.TemporaryDirectory() as folder:
        os.environ["SHOPBENCH_MODEL"] = str(build_tiny_qwen2(Path(folder) / "model"))
        os.environ.update(SHOPBENCH_PROFILE="cpu", SHOPBENCH_TRACK="5", SHOPBENCH_TIME_LIMIT="off")
        from models.user_config import UserModel

        cycles, answered = run(UserModel(), options.seconds, options.questions)
    draw(cycles, options.picture)
    print(report(cycles, answered))


if __name__ == "__main__":
    try:
        main()
    except ShopBenchError as error:
        sys.exit(f"Error: {error}")
