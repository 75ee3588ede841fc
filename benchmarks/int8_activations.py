"""What 4-bit weights and int8 activations cost in quality, simulated on a CPU: answers, scores and perplexity, side by side.

    python -m benchmarks.int8_activations --model BASE --asymmetric AWQ --symmetric LLMCOMPRESSOR --output runs/int8

The two checkpoints come from `training.calibrate_awq`. Each is dequantised, and `benchmarks.quantised_layers` rounds what
Marlin's kernels round. Questions are answered in their forms and scored as in an evaluation. Every variant leaves a
report below OUTPUT; the same command after a kill goes on behind the last whole one. Intervals are 95 % by a paired
bootstrap over questions.
"""

import argparse
import functools
import json
import math
import random
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from transformers import PreTrainedModel

from benchmarks.quantised_layers import load_simulated
from benchmarks.simulated_model import TRACK, SimulatedModel
from evaluation.dataset import read_samples
from evaluation.evaluator import EvaluationSettings, evaluate
from evaluation.predictions import Row
from evaluation.reports import read_report
from evaluation.row_scores import difference, overall_score
from evaluation.subset import Subset
from submission.chat_encoder import ChatEncoder
from submission.places import SAMPLE_QUESTIONS
from submission.task_types import TaskType
from training.awq.calibration import encode_questions
from training.awq.quality import MAX_PROMPT
from training.command_line import run_command
from training.files import fingerprint, hash_of, run_once, write_json

_RESAMPLES = 2000
UNQUANTISED, ASYMMETRIC, SYMMETRIC = "unquantised", "asymmetric 4 bits", "symmetric 4 bits"
INT8, INT8_BUT_DOWN = "symmetric, int8 activations", "the same, `down_proj` in half precision"
FOLDERS = {
    UNQUANTISED: "unquantised",
    ASYMMETRIC: "asymmetric",
    SYMMETRIC: "symmetric",
    INT8: "int8",
    INT8_BUT_DOWN: "int8-but-down",
}


@dataclass(frozen=True)
class Measured:
    """One variant on all questions: the rows of its reports, and of known answers (log-probability, tokens)."""

    rows: list[Row]
    probabilities: list[tuple[float, int]]

    def choices(self) -> list[str]:
        """Return the likeliest option of each multiple-choice question, before calibration."""
        return [row["raw_text"] for row in self.rows if row["task_type"] == TaskType.MULTIPLE_CHOICE]


def measure(model: PreTrainedModel, base: Path, data: Path, subset: Subset, output: Path) -> None:
    """Answer and score the questions in `data` with a simulated model, and write a report and probabilities to `output`."""
    samples = [replace(sample, track=TRACK) for sample in subset.part(read_samples(data))]
    questions = encode_questions(samples, ChatEncoder(base), MAX_PROMPT)
    known = {tuple(question.prompt): question.answer for question in questions if question.known}
    simulated = SimulatedModel(base, model, known)
    evaluate(EvaluationSettings(data, output, subset, overwrite=True), lambda: simulated)
    write_json(output / "probabilities.json", simulated.probabilities)


def read(folders: list[Path]) -> Measured:
    """Read what `measure` wrote for the same variant on several sets of questions."""
    rows = [row for folder in folders for row in read_report(folder).rows]
    texts = [(folder / "probabilities.json").read_text(encoding="utf-8") for folder in folders]
    return Measured(rows, [(one[0], one[1]) for text in texts for one in json.loads(text)])


def perplexity(known: list[tuple[float, int]]) -> float:
    """Return the perplexity of answers."""
    return math.exp(-sum(one[0] for one in known) / sum(one[1] for one in known))


def ratio(one: Measured, other: Measured) -> str:
    """Return the ratio of perplexities with its interval, by resampling questions."""
    draw, count = random.Random(0), len(one.probabilities)
    samples = [[draw.randrange(count) for _ in range(count)] for _ in range(_RESAMPLES)]
    found = sorted(
        perplexity([one.probabilities[i] for i in sample]) / perplexity([other.probabilities[i] for i in sample])
        for sample in samples
    )
    low, high = found[int(0.025 * _RESAMPLES)], found[int(0.975 * _RESAMPLES)]
    return f"{perplexity(one.probabilities) / perplexity(other.probabilities):.3f} [{low:.3f}, {high:.3f}]"


def table(found: dict[str, Measured]) -> str:
    """Return the variants side by side, in Markdown."""
    base = found[UNQUANTISED]
    lines = [
        "| weights and activations | score | minus asymmetric | minus symmetric | perplexity | to asymmetric | to symmetric "
        "| choices kept |",
        "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for name, one in found.items():
        kept = sum(a == b for a, b in zip(one.choices(), base.choices(), strict=True))
        against = [found.get(reference, one) for reference in (ASYMMETRIC, SYMMETRIC)]
        scores = [str(difference(one.rows, other.rows)) if other is not one else "" for other in against]
        ratios = [ratio(one, other) if other is not one else "" for other in against]
        cells = [name, f"{overall_score(one.rows):.3f}", *scores, f"{perplexity(one.probabilities):.2f}", *ratios]
        lines.append(f"| {' | '.join(cells)} | {kept} of {len(base.choices())} |")
    return "\n".join(lines)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.int8_activations",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", type=Path, required=True, help="folder of the unquantised model")
    parser.add_argument("--asymmetric", type=Path, help="its AWQ checkpoint, by AutoAWQ (default: not compared)")
    parser.add_argument("--symmetric", type=Path, required=True, help="its symmetric checkpoint, by llmcompressor")
    parser.add_argument(
        "--data", type=Path, nargs="+", default=[SAMPLE_QUESTIONS], help="questions with answers (default: the samples)"
    )
    parser.add_argument("--type", nargs="+", default=[], metavar="NAME", help="ask questions of these task types only")
    parser.add_argument("--limit", type=int, metavar="N", help="ask N questions of each task")
    parser.add_argument("--output", type=Path, required=True, help="folder for the reports of all variants")
    options = parser.parse_args(arguments)
    variants: dict[str, tuple[Path, Callable[[str], bool]]] = {
        UNQUANTISED: (options.model, lambda layer: False),
        **({ASYMMETRIC: (options.asymmetric, lambda layer: False)} if options.asymmetric else {}),
        SYMMETRIC: (options.symmetric, lambda layer: False),
        INT8: (options.symmetric, lambda layer: True),
        INT8_BUT_DOWN: (options.symmetric, lambda layer: not layer.endswith("down_proj")),
    }
    subset = Subset(types=tuple(options.type), limit=options.limit)
    folders: dict[Path, dict[str, Path]] = {data: {} for data in options.data}
    for name, (folder, int8) in variants.items():
        loaded = functools.cache(functools.partial(load_simulated, folder, int8))
        for data in options.data:
            print(f"{name}, {data.name}")
            output = options.output / f"{data.stem}-{FOLDERS[name]}"
            inputs = hash_of([fingerprint(folder), fingerprint(data), options.type, options.limit])
            measuring = functools.partial(_measure, loaded, options.model, data, subset, output)
            run_once(output / "done", inputs, measuring)
            folders[data][name] = output
    for data, by_name in folders.items():
        print(f"\n{data}\n\n{table({name: read([output]) for name, output in by_name.items()})}")
    if len(folders) > 1:
        print(f"\nall together\n\n{table({name: read([one[name] for one in folders.values()]) for name in variants})}")


def _measure(loaded: Callable[[], PreTrainedModel], *others: Any) -> None:
    measure(loaded(), *others)


if __name__ == "__main__":
    run_command(main)
