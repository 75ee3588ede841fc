"""Reports for the tests of what reads them: written by the evaluation itself, of a model that needs no weights."""

import json
import os
from pathlib import Path
from unittest import mock

from evaluation.evaluator import EvaluationSettings, evaluate
from evaluation.subset import Subset
from tests.evaluation.rule_model import RuleModel

SAMPLE_DATA = Path(__file__).resolve().parents[2] / "data" / "sample_questions.jsonl"


class TellingModel(RuleModel):
    """Tells of its answers what ours tells: by their places in a batch some are cut, and some are fallbacks."""

    def __init__(self, cut=(0,), fallbacks=(0, 3)):
        super().__init__()
        self.cut, self.fallbacks = cut, fallbacks

    def batch_predict(self, batch, is_multiple_choice):
        answers = super().batch_predict(batch, is_multiple_choice)
        for number, found in enumerate(self.last_answers):
            found.prompt, found.prompt_tokens, found.tokens, found.seconds = f"<s>{number}", 7, number, 0.5
            found.cut, found.fallback = number in self.cut, number in self.fallbacks
            found.completed, found.calibrated = number == 0, is_multiple_choice
            found.confidence = 0.6 if number == 1 else 1.0
            found.option_logprobs = {"0": -0.5, "1": -1.5} if is_multiple_choice else None
        return answers


def write_report(folder, load_model=TellingModel, data=SAMPLE_DATA, **changes):
    """Evaluate a model into `folder`, without sentence encoders, and leave the environment as it was."""
    environment = {"SHOPBENCH_MINILM": str(folder), "SHOPBENCH_MULTILINGUAL_MINILM": str(folder)}
    with mock.patch.dict(os.environ, environment):
        # An evaluation before may have left these.
        os.environ.pop("SHOPBENCH_QUESTIONS", None), os.environ.pop("SHOPBENCH_TIME_LIMIT", None)
        evaluate(EvaluationSettings(data, folder, Subset(), **changes), load_model)
    return folder


def read_lines(file):
    return [json.loads(line) for line in file.open("rb")]


def write_lines(file, rows):
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
