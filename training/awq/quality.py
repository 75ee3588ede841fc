"""What quantisation cost: perplexity of known answers, agreement of greedy answers, and the score, before and after.

The one thing to know: both models are driven as they will be, through vLLM and `local_evaluation.py`, each in a process
of its own; what is compared here are their files. Greedy answers are what the model itself finds most probable, without
the calibration of listed options, which answers near ties by what it saw before.
"""

import argparse
import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from submission.chat_encoder import ChatEncoder
from submission.commands import as_typed
from submission.errors import ShopBenchError
from submission.places import CODE, ROOT
from submission.task_types import TaskType
from training.awq.calibration import EncodedQuestion, encode_questions
from training.command_line import run_command
from training.files import read_lines, write_json
from training.fine_tuning.examples import read_questions
from training.processes import ending_with_this

MAX_PROMPT = 4000
"""Tokens of a held-out question and its answer at most."""


@dataclass(frozen=True)
class Measurement:
    """One model on the held-out questions; answers are (task type, answer) in the order of the questions.

    `score` is that of the answers `served`; `greedy` are those without the calibration of listed options.
    """

    perplexity: float
    score: float
    served: list[tuple[str, str]]
    greedy: list[tuple[str, str]]


@dataclass(frozen=True)
class LossLimits:
    """How much quantisation may cost before a checkpoint is rejected."""

    max_perplexity_ratio: float
    max_score_loss: float
    min_choice_agreement: float


@dataclass(frozen=True)
class Loss:
    """What it cost. Agreement is the share of questions with the very same answer, greedy unless it says served."""

    perplexity_before: float
    perplexity_after: float
    score_before: float
    score_after: float
    choice_agreement: float
    agreement: float
    served_choice_agreement: float

    def violations(self, limits: LossLimits) -> list[str]:
        """Return one sentence for every limit that is passed."""
        found = []
        ratio = self.perplexity_after / self.perplexity_before
        if not ratio <= limits.max_perplexity_ratio:
            found.append(
                f"the perplexity of known answers went from {self.perplexity_before:.2f} to {self.perplexity_after:.2f}, "
                f"{ratio:.2f} times, where {limits.max_perplexity_ratio:g} is allowed"
            )
        if self.score_before - self.score_after > limits.max_score_loss:
            found.append(
                f"the overall score went from {self.score_before:.3f} to {self.score_after:.3f}, "
                f"where a loss of {limits.max_score_loss:g} is allowed"
            )
        if self.choice_agreement < limits.min_choice_agreement:
            found.append(
                f"{self.choice_agreement:.0%} of greedy multiple-choice answers stayed the same, "
                f"where {limits.min_choice_agreement:.0%} are asked for"
            )
        return found


def compare(before: Measurement, after: Measurement) -> Loss:
    """Compare the measurements of the same questions before and after quantisation."""

    def agreement(first: list[tuple[str, str]], second: list[tuple[str, str]], choices_only: bool) -> float:
        pairs = list(zip(first, second, strict=True))
        chosen = [pair for pair in pairs if not choices_only or pair[0][0] == TaskType.MULTIPLE_CHOICE]
        return sum(one == other for one, other in chosen) / len(chosen) if chosen else 1.0

    return Loss(
        perplexity_before=before.perplexity,
        perplexity_after=after.perplexity,
        score_before=before.score,
        score_after=after.score,
        choice_agreement=agreement(before.greedy, after.greedy, choices_only=True),
        agreement=agreement(before.greedy, after.greedy, choices_only=False),
        served_choice_agreement=agreement(before.served, after.served, choices_only=True),
    )


def measure(model: Path, data: Path, questions: list[EncodedQuestion], work: Path) -> Measurement:
    """Measure `model` on the questions in `data`; `questions` are the same, encoded, for the perplexity."""
    known = [{"prompt": question.prompt, "answer": question.answer} for question in questions if question.known]
    if not known:
        raise ShopBenchError(f"{data} holds no question whose reference is an answer of its form: no perplexity")
    work.mkdir(parents=True, exist_ok=True)
    write_json(work / "questions.json", known)
    scored = ["--model", model, "--questions", work / "questions.json", "--output", work / "scored.json"]
    _run([sys.executable, "-m", f"{__package__}.scoring", *scored], work / "scoring.log")
    result = json.loads((work / "scored.json").read_text(encoding="utf-8"))
    score, served = _evaluated(model, data, work / "served", {})
    _, greedy = _evaluated(model, data, work / "greedy", {"SHOPBENCH_CALIBRATION": "off"})
    return Measurement(_exp(-result["log_probability"] / result["tokens"]), score, served, greedy)


def _evaluated(
    model: Path, data: Path, report: Path, environment: dict[str, str]
) -> tuple[float, list[tuple[str, str]]]:
    """Evaluate `model` in a process of its own; return its overall score and its answers with their task types."""
    options = ["--model", model, "--data", data, "--output", report]
    _run([sys.executable, CODE / "local_evaluation.py", *options], report.with_suffix(".log"), environment)
    rows = list(read_lines(report / "predictions.jsonl"))
    score = json.loads((report / "report.json").read_text(encoding="utf-8"))["overall_score"]
    return score, [(row["task_type"], row["response"]) for row in rows]


def _exp(nats: float) -> float:
    """Return e to the `nats`, infinite where that is no float: a ruined model may be that sure of its errors."""
    try:
        return math.exp(nats)
    except OverflowError:
        return math.inf


def _run(command: list[Any], log: Path, environment: dict[str, str] | None = None) -> None:
    with log.open("w", encoding="utf-8") as opened:
        done = subprocess.run(
            ending_with_this(command),
            cwd=ROOT,
            # An adapter is of the model that was merged, and no part of what is compared.
            env={**os.environ, **(environment or {}), "SHOPBENCH_ADAPTER": ""},
            stdout=opened,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        last = log.read_text(encoding="utf-8").strip().splitlines()[-1:]
        raise ShopBenchError(f"{Path(str(command[1])).name} failed, see {log}: {' '.join(last)}")


def loss_table(loss: Loss) -> str:
    """Return the numbers as lines of text."""
    return "\n".join(
        [
            f"perplexity of known answers  {loss.perplexity_before:10.3f}  ->  {loss.perplexity_after:10.3f}",
            f"overall score                {loss.score_before:10.3f}  ->  {loss.score_after:10.3f}",
            f"same greedy answers: {loss.choice_agreement:.1%} of multiple choice, {loss.agreement:.1%} of all",
            f"same served answers: {loss.served_choice_agreement:.1%} of multiple choice",
        ]
    )


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog=as_typed("training.awq.quality"), description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the unquantised model")
    parser.add_argument("--quantised", type=Path, required=True, nargs="+", help="folders of quantised models")
    parser.add_argument("--questions", type=Path, required=True, help="questions in ShopBench's shape with answers")
    parser.add_argument("--work", type=Path, required=True, help="folder for reports and logs")
    options = parser.parse_args(arguments)
    encoded = encode_questions(read_questions(options.questions, scored=True), ChatEncoder(options.model), MAX_PROMPT)
    folders = [options.model, *options.quantised]
    if len({folder.name for folder in folders}) < len(folders):
        raise ShopBenchError("two of the folders have the same name, which their reports go by: rename one")
    before, *rest = (measure(folder, options.questions, encoded, options.work / folder.name) for folder in folders)
    for folder, after in zip(options.quantised, rest, strict=True):
        print(f"{folder}\n{loss_table(compare(before, after))}")


if __name__ == "__main__":
    run_command(main)
