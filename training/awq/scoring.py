"""Measures how probable a served model finds known answers: the summed log-probability of their tokens, in vLLM.

The one thing to know: it runs in a process of its own, since an engine does not give its memory back: questions come in
as JSON (`prompt` and `answer` token ids), `log_probability` and `tokens` go out.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from evaluation.progress import steps
from submission.answer_formats import FreeText
from submission.commands import as_typed
from submission.engine import Engine, Request
from submission.model_folder import check_model
from submission.profiles import choose_profile
from submission.settings import Settings
from training.command_line import run_command
from training.files import write_json


class ScoringEngine(Engine):
    """The engine that answers questions, asked for the log-probability of an answer instead of one."""

    def log_probability(self, prompt: list[int], answer: list[int]) -> float:
        """Return the summed natural log-probability of the tokens of `answer` after `prompt`."""
        parameters = self._sampling_params(Request(prompt, FreeText(1), 1))
        parameters.prompt_logprobs = 0  # of the prompt's own tokens, without alternatives
        # What comes out of the cache has no logits.
        parameters.skip_reading_prefix_cache = True
        self._engine.add_request("scored", {"prompt_token_ids": prompt + answer}, parameters)
        outputs: list[Any] = []
        while not outputs or not outputs[-1].finished:
            outputs += self._engine.step()
        by_token = outputs[-1].prompt_logprobs[len(prompt) :]
        return sum(chosen[token].logprob for chosen, token in zip(by_token, answer, strict=True))


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog=as_typed("training.awq.scoring"), description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="model folder")
    parser.add_argument("--questions", type=Path, required=True, help="JSON list of {prompt, answer} (token ids)")
    parser.add_argument("--output", type=Path, required=True, help="JSON file to write")
    options = parser.parse_args(arguments)
    questions = json.loads(options.questions.read_text(encoding="utf-8"))
    check_model(options.model)
    engine = ScoringEngine(
        options.model, choose_profile(Settings.from_environment().profile), seed=0, constrained=False
    )
    total = sum(
        engine.log_probability(question["prompt"], question["answer"])
        for question in steps(questions, "Scoring known answers", "question")
    )
    tokens = sum(len(question["answer"]) for question in questions)
    write_json(options.output, {"log_probability": total, "tokens": tokens})


if __name__ == "__main__":
    run_command(main)
