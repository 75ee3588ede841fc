"""What the tokens of our prompts are: chat template, system prompt, question, and what of it the prefix cache shares.

    python -m benchmarks.prompt_tokens --data data/development.json

The tokenizer is Qwen2's (`make models`). A question's prefix is cached if a question before it of its task began with the
same whole blocks of 16 tokens; what of a shared beginning fills no whole block is read again.

What other prompts would save is computed for all questions but the first of each task, as in a long run. One has no
system prompt. The other begins with all that a question has in common with an earlier one of its task, at its start or its
end. Both are more than a real change would reach.
"""

import argparse
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from evaluation.dataset import first_row
from submission.chat_encoder import ChatEncoder
from submission.places import ROOT, SAMPLE_QUESTIONS
from submission.prompts import chat_messages
from submission.questions import read_question
from submission.tracks import track_by_number
from training.command_line import run_command
from training.fine_tuning.examples import question_files, read_conversations, read_questions

TOKENIZER = ROOT / "weights/Qwen2-tokenizer"
BLOCK = 16

Messages = list[dict[str, str]]


def shared_length(one: list[int], other: list[int]) -> int:
    """Return how many tokens two prompts begin with alike."""
    return next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))


def prompts(path: Path) -> Iterator[tuple[str, Messages]]:
    """Yield the task and the messages of each question, in ShopBench's shape or as `training.build_dataset` writes it."""
    if "input_field" in first_row(question_files(path)[0]):
        for sample in read_questions(path):
            question = read_question(sample.question, sample.is_multiple_choice)
            yield sample.task_name, chat_messages(question, sample.track or track_by_number(5))
    else:
        for row in read_conversations(path, track_by_number(5))[0]:
            yield row["task_name"], row["prompt"]


def tokens_read(counted: list[tuple[int, int]]) -> int:
    """Return the tokens that are read of prompts (length, shared with an earlier one), whole blocks left out."""
    return sum(length - shared // BLOCK * BLOCK for length, shared in counted)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.prompt_tokens",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--data", type=Path, default=SAMPLE_QUESTIONS, help="questions in ShopBench's shape, or a built data set"
    )
    parser.add_argument("--tokenizer", type=Path, default=TOKENIZER, help="folder of a tokenizer with a chat template")
    options = parser.parse_args(arguments)
    encoder = ChatEncoder(options.tokenizer)

    def encode(text: str) -> list[int]:
        return list(encoder.tokenizer(text, add_special_tokens=False)["input_ids"])

    counts: dict[str, int] = defaultdict(int)
    before: dict[str, list[tuple[list[int], list[int]]]] = defaultdict(list)
    now: list[tuple[int, int]] = []
    without_system: list[tuple[int, int]] = []
    shared_first: list[tuple[int, int]] = []
    questions = list(prompts(options.data))
    for task, messages in questions:
        prompt = encoder.encode_within(messages, 100_000)
        system, asked = len(encode(messages[0]["content"])), encode(messages[-1]["content"].strip())
        earlier = before[task]
        shared = max((shared_length(prompt, other) for other, _ in earlier), default=0)
        if earlier:
            ends = max(
                min(shared_length(asked, other) + shared_length(asked[::-1], other[::-1]), len(asked))
                for _, other in earlier
            )
            now.append((len(prompt), shared))
            without_system.append((len(prompt) - system, max(0, shared - system)))
            # What stands in front of the question is the same in all questions of a task.
            in_front = len(prompt) - len(asked) - _behind(encoder)
            shared_first.append((len(prompt), max(shared, in_front + ends)))
        earlier.append((prompt, asked))
        counts["all"] += len(prompt)
        counts["system prompt"] += system
        counts["question"] += len(asked)
        counts["chat template"] += len(prompt) - system - len(asked)
        counts["of these in the prefix cache"] += shared // BLOCK * BLOCK
        counts["shared, but less than a block of 16"] += shared % BLOCK
    print(f"{len(questions)} questions of {len(before)} tasks, {counts['all'] / len(questions):.0f} tokens each")
    for name, tokens in counts.items():
        print(f"{name:36} {tokens:8,} {tokens / counts['all']:6.1%}")
    if now:
        print(f"\ntokens that are read of a question, the first of each task left out ({len(now)} questions)")
        for name, counted in (
            ("now", now),
            ("without any system prompt", without_system),
            ("what is shared in front", shared_first),
        ):
            print(
                f"{name:36} {tokens_read(counted) / len(now):8.1f} {tokens_read(counted) / tokens_read(now) - 1:+6.1%}"
            )


def _behind(encoder: ChatEncoder) -> int:
    """Return how many tokens the template puts behind the question."""
    asked = [{"role": "system", "content": "a"}, {"role": "user", "content": "b"}]
    letter = encoder.tokenizer("b", add_special_tokens=False)["input_ids"][0]
    return encoder.encode(asked)[::-1].index(letter)


if __name__ == "__main__":
    run_command(main)
