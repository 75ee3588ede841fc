"""The submission against the same weights driven plainly, and against the prefill of its own prompts, in one run.

Three ways to go through the same questions in the same batches, each in a process of its own, a round after the other:

- `ours`: the submission as it is;
- `baseline`: what the competition's starter kit does with vLLM: the question as a plain prompt behind one sentence, no
  chat template, at most 100 tokens, one for multiple choice, no constraint;
- `prefill`: the submission's prompts, one token each, no constraint, no prefix cache: the least that reading them costs.

Printed are medians over the rounds and the ratios of each round's times, since machines are noisy. Loading is left out.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

from evaluation.dataset import read_samples
from evaluation.journal import Journal
from evaluation.runner import answer_samples
from evaluation.scoring import score_responses, unscorable_tasks
from submission.command_line import complain, run_command
from submission.errors import ShopBenchError
from submission.settings import Settings

ROOT = Path(__file__).resolve().parent.parent
VARIANTS = ("baseline", "prefill", "ours")
_INTRODUCTION = "You help customers of an online shop. Read the question below and do what it says.\n\n"


def _load(variant: str) -> Any:
    from models.user_config import UserModel

    if variant == "ours":
        return UserModel()

    from submission import profiles
    from submission.answer_formats import FreeText
    from submission.deadline import Deadline
    from submission.engine import Request
    from submission.questions import read_question

    if variant == "prefill":
        uncached = replace(profiles.CPU, engine={**profiles.CPU.engine, "enable_prefix_caching": False})
        profiles.PROFILES["cpu"] = uncached

    class Plain(UserModel):
        def batch_predict(self, batch: dict[str, Any], is_multiple_choice: bool) -> list[str]:
            if variant == "baseline":
                tokenizer = self.encoder.tokenizer
                prompts = [tokenizer(_INTRODUCTION + prompt)["input_ids"] for prompt in batch["prompt"]]
            else:
                questions = [read_question(prompt, is_multiple_choice) for prompt in batch["prompt"]]
                prompts = [self.asker.prompt_token_ids(question) for question in questions]
            budget = 100 if variant == "baseline" and not is_multiple_choice else 1
            requests = [Request(ids, FreeText(budget), budget) for ids in prompts]
            return [generation.text for generation in self.engine.generate(requests, Deadline(3600))]

    os.environ["SHOPBENCH_CONSTRAINTS"] = "off"
    return Plain()


def _work(variant: str, data: Path) -> None:
    samples = read_samples(data)
    with tempfile.TemporaryDirectory() as folder:
        journal = Journal(Path(folder), {}, resume=False)
        answer_samples(samples, lambda: _load(variant), journal, None)
        responses: dict[int, str] = {}
        for batch in journal.batches:
            responses.update(zip(batch.positions, batch.responses, strict=True))
        journal.close()
    scores = score_responses(samples, [responses[position] for position in range(len(samples))])
    result = {
        "seconds": sum(batch.seconds for batch in journal.batches),
        "overall": scores.overall,
        "mean_over_tasks": scores.mean_over_tasks,
        "unparsable": scores.unparsable,
        "questions": len(samples),
    }
    print("RESULT " + json.dumps(result))


def _run(variant: str, data: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "benchmarks.against_baseline", "--data", str(data), "--worker", variant]
    environment = {**os.environ, "SHOPBENCH_PROFILE": "cpu", "SHOPBENCH_TRACK": "5"}
    finished = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True)
    for line in finished.stdout.splitlines():
        if line.startswith("RESULT "):
            return json.loads(line.removeprefix("RESULT "))
    raise ShopBenchError(f"the {variant} run failed:\n{finished.stderr[-2000:]}")


def main() -> int:
    """Run the rounds, print the table and write it as JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    default = ROOT / "data" / "sample_questions.jsonl"
    parser.add_argument("--data", type=Path, default=default, help="questions, one JSON object a line (%(default)s)")
    parser.add_argument("--rounds", type=int, default=3, help="how often each variant runs (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=ROOT / "reports" / "benchmarks" / "against_baseline.json")
    parser.add_argument("--worker", choices=VARIANTS, help=argparse.SUPPRESS)
    options = parser.parse_args()
    try:
        Settings.from_environment(strict=True)
        if options.worker:
            _work(options.worker, options.data)
            return 0
        unscorable_tasks(read_samples(options.data))  # a broken sentence encoder is named before hours of answering
        rounds = []
        for number in range(options.rounds):
            # Every other round the other way round, so that a machine that grows slower favours nobody.
            order = VARIANTS if number % 2 == 0 else VARIANTS[::-1]
            rounds.append({variant: _run(variant, options.data) for variant in order})
            times = ", ".join(f"{variant} {rounds[-1][variant]['seconds']:.1f} s" for variant in VARIANTS)
            print(f"round {number + 1} of {options.rounds}: {times}", flush=True)
    except ShopBenchError as error:
        return complain(str(error))
    _report(rounds, options.output)
    return 0


def _report(rounds: list[dict[str, dict[str, Any]]], output: Path) -> None:
    first = rounds[0]
    print(
        "\n| variant | seconds (median) | questions/s | overall | mean over tasks | unparsable |\n|---|---|---|---|---|---|"
    )
    for variant in VARIANTS:
        seconds = median(one[variant]["seconds"] for one in rounds)
        row = first[variant]
        scored = variant != "prefill"
        overall = f"{row['overall']:.3f} | {row['mean_over_tasks']:.3f} | {row['unparsable']}" if scored else "| |"
        print(f"| {variant} | {seconds:.1f} | {row['questions'] / seconds:.2f} | {overall} |")
    faster = median(one["baseline"]["seconds"] / one["ours"]["seconds"] for one in rounds)
    of_floor = median(one["ours"]["seconds"] / one["prefill"]["seconds"] for one in rounds)
    better = first["ours"]["mean_over_tasks"] / first["baseline"]["mean_over_tasks"]
    print(
        f"\nours: {better:.2f} x the baseline's score, {faster:.2f} x as fast, {of_floor:.2f} x the time of the prefill alone"
    )
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_suffix(".tmp")
    unfinished.write_text(json.dumps({"rounds": rounds, "times_faster": faster, "of_prefill": of_floor}, indent=1))
    unfinished.replace(output)


if __name__ == "__main__":
    run_command(main)
