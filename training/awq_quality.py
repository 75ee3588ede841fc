"""What quantisation cost: perplexity of known answers, agreement of greedy answers, and the score, before and after.

The one thing to know: both models are driven as they will be, through vLLM and `local_evaluation.py`, each in a process
of its own; what is compared here are their files.
"""

import json
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from submission.errors import ShopBenchError
from submission.model_folder import ROOT
from submission.task_types import TaskType
from training.awq_calibration import EncodedQuestion
from training.files import write_json


@dataclass(frozen=True)
class Measurement:
    """One model on the held-out questions; `answers` are (task type, answer) in the order of the questions."""

    perplexity: float
    score: float
    answers: list[tuple[str, str]]


@dataclass(frozen=True)
class Limits:
    """How much quantisation may cost before a checkpoint is rejected."""

    max_perplexity_ratio: float
    max_score_loss: float
    min_choice_agreement: float


@dataclass(frozen=True)
class Loss:
    """What it cost. Agreement is the share of questions with the very same greedy answer."""

    perplexity_before: float
    perplexity_after: float
    score_before: float
    score_after: float
    choice_agreement: float
    agreement: float

    def violations(self, limits: Limits) -> list[str]:
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
                f"{self.choice_agreement:.0%} of multiple-choice answers stayed the same, "
                f"where {limits.min_choice_agreement:.0%} are asked for"
            )
        return found


def compare(before: Measurement, after: Measurement) -> Loss:
    """Compare the measurements of the same questions before and after quantisation."""
    pairs = list(zip(before.answers, after.answers, strict=True))
    choices = [pair for pair in pairs if pair[0][0] == TaskType.MULTIPLE_CHOICE]

    def agreement(chosen: list[Any]) -> float:
        return sum(first == second for first, second in chosen) / len(chosen) if chosen else 1.0

    return Loss(before.perplexity, after.perplexity, before.score, after.score, agreement(choices), agreement(pairs))


def measure(model: Path, data: Path, questions: list[EncodedQuestion], work: Path) -> Measurement:
    """Measure `model` on the questions in `data`; `questions` are the same, encoded, for the perplexity."""
    known = [{"prompt": question.prompt, "answer": question.answer} for question in questions if question.known]
    if not known:
        raise ShopBenchError(f"{data} holds no question whose reference is an answer of its form: no perplexity")
    work.mkdir(parents=True, exist_ok=True)
    write_json(work / "questions.json", known)
    scored = ["--model", model, "--questions", work / "questions.json", "--output", work / "scored.json"]
    _run([sys.executable, "-m", "training.awq_scoring", *scored], work / "scoring.log")
    result = json.loads((work / "scored.json").read_text(encoding="utf-8"))
    report = work / "report"
    evaluated = ["--model", model, "--data", data, "--output", report]
    _run([sys.executable, ROOT / "local_evaluation.py", *evaluated], work / "evaluation.log")
    predictions = [json.loads(line) for line in (report / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    return Measurement(
        perplexity=_exp(-result["log_probability"] / result["tokens"]),
        score=json.loads((report / "report.json").read_text(encoding="utf-8"))["overall_score"],
        answers=[(row["task_type"], row["response"]) for row in predictions],
    )


def _exp(nats: float) -> float:
    """Return e to the `nats`, infinite where that is no float: a ruined model may be that sure of its errors."""
    try:
        return math.exp(nats)
    except OverflowError:
        return math.inf


def _run(command: list[Any], log: Path) -> None:
    with log.open("w", encoding="utf-8") as opened:
        done = subprocess.run(list(map(str, command)), cwd=ROOT, stdout=opened, stderr=subprocess.STDOUT, check=False)
    if done.returncode:
        last = log.read_text(encoding="utf-8").strip().splitlines()[-1:]
        raise ShopBenchError(f"{Path(str(command[1])).name} failed, see {log}: {' '.join(last)}")


def loss_table(loss: Loss) -> str:
    """Return the numbers as lines of text."""
    return "\n".join(
        [
            f"perplexity of known answers  {loss.perplexity_before:10.3f}  ->  {loss.perplexity_after:10.3f}",
            f"overall score                {loss.score_before:10.3f}  ->  {loss.score_after:10.3f}",
            f"same answers: {loss.choice_agreement:.1%} of multiple choice, {loss.agreement:.1%} of all",
        ]
    )
