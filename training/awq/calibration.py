"""The texts that AWQ is calibrated on, as token ids: development questions as the model will see them, or generic prose.

The one thing to know: AutoAWQ reads blocks of one length. Questions are joined into them in random order, and the last
block is filled up. Each is cut as inference cuts it: the prompt in its longest texts, the answer at its token budget.
"""

import itertools
import pydoc_data.topics
import random
from dataclasses import dataclass
from pathlib import Path

from evaluation.dataset import Sample
from submission.chat_encoder import ChatEncoder
from submission.errors import ShopBenchError
from submission.prompts import chat_messages
from submission.questions import read_question
from submission.tracks import track_by_number
from training.fine_tuning.examples import encode_example, prompt_completion

GENERIC = "generic"
DEVELOPMENT = "development"


@dataclass(frozen=True)
class EncodedQuestion:
    """A question with an answer as token ids; `known` is false where the answer is only one that its form allows.

    `cut` says whether the prompt was longer.
    """

    prompt: list[int]
    answer: list[int]
    known: bool
    cut: bool


def encode_questions(samples: list[Sample], encoder: ChatEncoder, max_tokens: int) -> list[EncodedQuestion]:
    """Encode questions with their answers and the end of turn, `max_tokens` in all at most."""
    encoded = [_encode(sample, encoder, max_tokens) for sample in samples]
    questions = [question for question in encoded if question is not None]
    if len(questions) < len(encoded):
        print(f"{len(encoded) - len(questions)} of {len(encoded)} questions left out: read as another task type")
    if cut := sum(question.cut for question in questions):
        print(
            f"{cut} of {len(questions)} prompts cut in their longest texts: {max_tokens} tokens hold one and its answer"
        )
    if not questions:
        raise ShopBenchError("none of the questions is read as the task type that the data say")
    return questions


def _encode(sample: Sample, encoder: ChatEncoder, max_tokens: int) -> EncodedQuestion | None:
    track = sample.track or track_by_number(5)
    question = read_question(sample.question, sample.is_multiple_choice)
    if question.task_type != sample.task_type:
        return None
    messages, form = chat_messages(question, track), question.answer_format
    conversation, _ = prompt_completion(sample, track)
    known = conversation is not None
    # Where the reference is no answer of the form (a phrase that is not in the text), any valid answer will do.
    completion = conversation["completion"][-1]["content"] if conversation else form.fallback()
    example = encode_example(encoder, messages, completion)
    begin = example["completion_mask"].index(1)
    answer = example["input_ids"][begin:]
    if len(answer) > form.max_tokens + 1:
        answer = answer[: form.max_tokens]
    prompt, full_length = encoder.encode_cut(messages, max_tokens - len(answer))
    return EncodedQuestion(prompt, answer, known, cut=len(prompt) < full_length)


def generic_tokens(encoder: ChatEncoder, count: int, seed: int) -> list[int]:
    """Return `count` tokens of prose that has nothing to do with shopping, without a chat template.

    The prose is Python's own language reference, which every interpreter brings along.
    """
    paragraphs = [part for topic in pydoc_data.topics.topics.values() for part in topic.split("\n\n") if part.strip()]
    random.Random(seed).shuffle(paragraphs)
    ids: list[int] = []
    for paragraph in itertools.cycle(paragraphs):
        if len(ids) >= count:
            return ids[:count]
        ids += encoder.tokenizer(" ".join(paragraph.split()) + "\n", add_special_tokens=False)["input_ids"]
    return ids


def calibration_blocks(
    kind: str, samples: list[Sample], encoder: ChatEncoder, length: int, most: int | None, seed: int
) -> list[list[int]]:
    """Return `most` blocks of `length` tokens or fewer: the questions with their answers, or as much generic prose."""
    questions = encode_questions(samples, encoder, length)
    random.Random(seed).shuffle(questions)
    ids = [token for question in questions for token in question.prompt + question.answer]
    if kind == GENERIC:
        ids = generic_tokens(encoder, len(ids), seed)
    count = -(-len(ids) // length)
    filled = list(itertools.islice(itertools.cycle(ids), count * length))
    return [filled[begin : begin + length] for begin in range(0, len(filled), length)][:most]


def development_questions(root: Path) -> Path:
    """Return the file of the development questions; a `ShopBenchError` says what to do where it is absent."""
    path = root / "data/development.json"
    if not path.is_file():
        raise ShopBenchError(
            f"the development questions are not at {path}: place the competition's file there (data/README.md), or "
            "name other questions in its format with --calibration PATH (in a recipe: awq.calibration)"
        )
    return path
