"""What the tokens of our prompts are: chat template, system prompt, question, and what of it the prefix cache shares.

    python -m benchmarks.prompt_tokens --data data/development.json

The tokenizer is Qwen2's (`make models`). A question's prefix is cached if a question before it of its task began with the
same whole blocks of 16 tokens; what of a shared beginning fills no whole block is read again.
"""

import argparse
from collections import defaultdict
from pathlib import Path

from evaluation.dataset import read_samples
from submission.chat_encoder import ChatEncoder
from submission.places import ROOT, SAMPLE_QUESTIONS
from submission.prompts import chat_messages, system_prompt
from submission.questions import read_question
from submission.tracks import track_by_number
from training.command_line import run_command

TOKENIZER = ROOT / "weights/Qwen2-tokenizer"
BLOCK = 16


def shared_length(one: list[int], other: list[int]) -> int:
    """Return how many tokens two prompts begin with alike."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.prompt_tokens", description=__doc__)
    parser.add_argument("--data", type=Path, default=SAMPLE_QUESTIONS, help="questions in ShopBench's shape")
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER, help="folder of a tokenizer with a chat template")
    options = parser.parse_args(arguments)
    encoder = ChatEncoder(options.tokenizer)

    def count(text: str) -> int:
        return len(encoder.tokenizer(text, add_special_tokens=False)["input_ids"])

    counts: dict[str, int] = defaultdict(int)
    before: dict[str, list[list[int]]] = defaultdict(list)
    samples = read_samples(options.data)
    for sample in samples:
        track = sample.track or track_by_number(5)
        question = read_question(sample.question, sample.is_multiple_choice)
        prompt = encoder.encode_within(chat_messages(question, track), 100_000)
        system, asked = count(system_prompt(question, track)), count(question.text.strip())
        shared = max((shared_length(prompt, other) for other in before[sample.task_name]), default=0)
        before[sample.task_name].append(prompt)
        counts["all"] += len(prompt)
        counts["system prompt"] += system
        counts["question"] += asked
        counts["chat template"] += len(prompt) - system - asked
        counts["of these in the prefix cache"] += shared // BLOCK * BLOCK
        counts["shared, but less than a block of 16"] += shared % BLOCK
    print(f"{len(samples)} questions, {counts['all'] / len(samples):.0f} tokens each")
    for name, tokens in counts.items():
        print(f"{name:36} {tokens:8,} {tokens / counts['all']:6.1%}")


if __name__ == "__main__":
    run_command(main)
