"""An hour of questions through one engine: does memory grow, does answering slow down, is anything left behind?

`python -m benchmarks.load` answers the sample questions in cycles on a tiny random Qwen2 with the full vocabulary.
Every question has a number of its own. It stands in front, so that no cycle finds the prompts of another in the prefix
cache. It also stands in the text that is cited or translated. So every cycle brings new forms of answers, and the
automata made of them fill their cache. All numbers have as many digits, so every cycle is the same work, and the first
and the last tenth can be compared. Prints a table, draws it, and fails where a figure is worse than it may be.
"""

import argparse
import gc
import itertools
import os
import statistics
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tqdm import tqdm

from evaluation.dataset import read_samples
from evaluation.drawing import new_figure, save_png
from submission.command_line import run_command
from submission.errors import ShopBenchError
from submission.profiles import CPU, PROFILES
from submission.questions import AnswerKind, read_question
from submission.settings import Settings

SAMPLE = Path(__file__).parents[1] / "data" / "sample_questions.jsonl"
TENTHS = 10
FIRST_NUMBER = 1_000_000
MOST_GROWTH = 0.02
"""Share by which memory may grow from the middle to the end."""
MOST_SLOWING = 0.05
"""Share by which a cycle of the last tenth may take longer than one of the first."""


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


def numbered(text: str, is_multiple_choice: bool, number: int) -> str:
    """Return the question with `number` in front, and in the text that its answer is cited or translated from."""
    question = read_question(text, is_multiple_choice)
    if question.answer_kind in {AnswerKind.EXTRACTION, AnswerKind.TRANSLATION}:
        text = text.replace(question.body, f"{question.body} {number}", 1)
    return f"{number}) {text}"


def run(model: Any, seconds: float, least: int) -> tuple[list[Cycle], int]:
    """Answer cycles of the sample questions for so many seconds and at least so many questions."""
    samples = read_samples(SAMPLE)
    groups = [[one.question for one in samples if one.is_multiple_choice is flag] for flag in (True, False)]
    numbers = itertools.count(FIRST_NUMBER)
    cycles: list[Cycle] = []
    answered = 0
    started = time.monotonic()
    with tqdm(total=round(seconds), unit="s", desc="Load") as progress:
        while time.monotonic() - started < seconds or answered < least:
            begun = time.monotonic()
            for flag, prompts in zip((True, False), groups, strict=True):
                for start in range(0, len(prompts), model.get_batch_size()):
                    batch = [
                        numbered(text, flag, next(numbers)) for text in prompts[start : start + model.get_batch_size()]
                    ]
                    answers = model.batch_predict({"prompt": batch}, flag)
                    if len(answers) != len(batch):
                        raise ShopBenchError(f"{len(answers)} answers to {len(batch)} questions")
                    answered += len(answers)
            now = time.monotonic()
            cycles.append(Cycle(now - started, now - begun, memory_mb()))
            progress.update(round(now - started) - progress.n)
    return cycles, answered


@dataclass(frozen=True)
class Remains:
    """What an idle engine still holds: requests, the share of the KV cache in use, and the logits processor's state.

    `rows` are given back at the next step, so those of one batch may be there; `forms` are the automata kept for the
    forms of answers seen last.
    """

    unfinished: int
    scheduled: int
    kv_cache: float
    rows: int
    forms: int


def remains() -> Remains:
    """Look up among all objects of this process what the engine still holds."""
    from vllm.v1.core.sched.scheduler import Scheduler
    from vllm.v1.engine.llm_engine import LLMEngine

    from submission.decoding.logits_processor import AnswerFormatLogitsProcessor

    # vLLM hides what was there when it had started from the collector.
    gc.unfreeze()

    def of(kind: type) -> Any:
        return next(one for one in gc.get_objects() if type(one) is kind)

    scheduler, processor = of(Scheduler), of(AnswerFormatLogitsProcessor)
    return Remains(
        of(LLMEngine).get_num_unfinished_requests(),
        len(scheduler.requests),
        scheduler.kv_cache_manager.usage,
        len(processor._rows),
        processor._masking.kept_forms,
    )


@dataclass(frozen=True)
class Figures:
    """Memory after the first tenth, in the middle and at the end (MB); median seconds a cycle, first and last tenth."""

    memory_mb: tuple[float, float, float]
    seconds: tuple[float, float]

    @property
    def growth(self) -> float:
        """Share by which memory grew from the middle to the end."""
        return self.memory_mb[2] / self.memory_mb[1] - 1

    @property
    def slowing(self) -> float:
        """Share by which a cycle of the last tenth took longer than one of the first."""
        return self.seconds[1] / self.seconds[0] - 1


def figures(cycles: list[Cycle]) -> Figures:
    """Sum up the cycles, at least one."""
    tenth = max(1, len(cycles) // TENTHS)
    first, last = cycles[:tenth], cycles[-tenth:]
    memory = (first[-1].memory_mb, cycles[len(cycles) // 2].memory_mb, last[-1].memory_mb)
    early, late = (statistics.median(cycle.seconds for cycle in part) for part in (first, last))
    return Figures(memory, (early, late))


def faults(found: Figures, held: Remains, batch_size: int) -> list[str]:
    """Return what is worse than it may be, in words."""
    bounds = {
        f"memory grew by {found.growth:.1%} from the middle to the end": found.growth > MOST_GROWTH,
        f"the last tenth is {found.slowing:.1%} slower than the first": found.slowing > MOST_SLOWING,
        f"{held.unfinished} unfinished requests are left in the engine": held.unfinished > 0,
        f"{held.scheduled} requests are left in the scheduler": held.scheduled > 0,
        f"{held.kv_cache:.1%} of the KV cache is still in use": held.kv_cache > 0,
        f"{held.rows} rows are left in the logits processor, more than a batch": held.rows > batch_size,
    }
    return [words for words, is_fault in bounds.items() if is_fault]


def draw(cycles: list[Cycle], path: Path) -> None:
    """Draw memory and speed over time."""
    figure = new_figure(8, 5)
    above, below = figure.subplots(2, 1, sharex=True)
    minutes = [cycle.at_s / 60 for cycle in cycles]
    above.plot(minutes, [cycle.memory_mb for cycle in cycles])
    above.set(title="Memory (RSS)", ylabel="MB")
    above.set_ylim(0, 1.1 * max(cycle.memory_mb for cycle in cycles))
    below.plot(minutes, [cycle.seconds for cycle in cycles], linewidth=0.8)
    below.set(title="Time of a cycle of all sample questions", ylabel="seconds", xlabel="minutes")
    below.set_ylim(0, 1.1 * max(cycle.seconds for cycle in cycles))
    save_png(figure, path)


def report(cycles: list[Cycle], answered: int, found: Figures, held: Remains) -> str:
    """Return the table: memory at the start, in the middle and at the end, the speed, and what is left behind."""
    start, middle, end = found.memory_mb
    rows = {
        "questions answered": f"{answered:,} in {cycles[-1].at_s / 60:.1f} min",
        "memory after the first tenth, MB": f"{start:,.0f}",
        "in the middle, MB": f"{middle:,.0f}",
        "at the end, MB": f"{end:,.0f}",
        "end over middle": f"{1 + found.growth:.3f}",
        "median seconds a cycle, first tenth": f"{found.seconds[0]:.3f}",
        "median seconds a cycle, last tenth": f"{found.seconds[1]:.3f}",
        "last over first": f"{1 + found.slowing:.3f}",
        "unfinished requests in the engine": f"{held.unfinished}",
        "requests in the scheduler": f"{held.scheduled}",
        "share of the KV cache in use": f"{held.kv_cache:g}",
        "rows in the logits processor (of the last batch)": f"{held.rows}",
        "automata that the logits processor keeps": f"{held.forms}",
    }
    return "\n".join(["| what | value |", "| --- | --- |", *(f"| {name} | {value} |" for name, value in rows.items())])


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load",
        description=__doc__,
        epilog=f"Exit code 2 where memory grew by more than {MOST_GROWTH:.0%} from the middle to the end, the last tenth "
        f"is more than {MOST_SLOWING:.0%} slower than the first, or a request or a state is left behind. Short runs grow "
        "while caches fill: judge an hour.",
    )
    parser.add_argument("--seconds", type=float, default=3600, help="how long to ask (default: an hour)")
    parser.add_argument("--questions", type=int, default=10_000, help="how many to ask at the least")
    parser.add_argument("--picture", type=Path, default=Path("reports/benchmarks/load.png"), help="where to draw it")
    options = parser.parse_args()
    Settings.from_environment(strict=True)
    from tools.tiny_qwen2 import build_tiny_qwen2

    with tempfile.TemporaryDirectory() as folder:
        os.environ["SHOPBENCH_MODEL"] = str(build_tiny_qwen2(Path(folder) / "model"))
        os.environ.update(SHOPBENCH_PROFILE="cpu", SHOPBENCH_TRACK="5", SHOPBENCH_TIME_LIMIT="off")
        from models.user_config import UserModel

        # Its memory is measured, and what it still holds looked up, from here.
        PROFILES["cpu"] = replace(CPU, own_process=False)
        model = UserModel()
        cycles, answered = run(model, options.seconds, options.questions)
        found, held = figures(cycles), remains()
    draw(cycles, options.picture)
    print(report(cycles, answered, found, held))
    if wrong := faults(found, held, model.get_batch_size()):
        raise ShopBenchError("; ".join(wrong))


if __name__ == "__main__":
    run_command(main)
