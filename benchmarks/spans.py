"""How extraction answers are best held to the question: not at all, favoured by a bias of some size, or enforced.

The model answers the same entity and keyphrase questions each way, with the same budget, and the answers are scored as
the evaluator scores them: micro F1 for entities, ROUGE-L for phrases. The default of the form `Spans` and the size of
the bias come from this comparison. Questions share their prompt between the ways, so only the first pays for reading it.
"""

import argparse
import random
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from tqdm import tqdm

from evaluation.dataset import Sample, read_samples
from evaluation.metrics import aggregate, score
from evaluation.parsers import parse_response
from models.shopbench_model import ShopBenchModel
from submission.answer_formats import AnswerFormat, FreeText, Spans
from submission.command_line import complain, run_command
from submission.deadline import Deadline
from submission.decoding import masking
from submission.engine import Request
from submission.errors import ShopBenchError
from submission.profiles import CPU, PROFILES
from submission.questions import read_question
from submission.settings import Settings
from submission.valid_answers import valid_answer

BATCH = 16

WAYS: dict[str, tuple[float, Callable[[Spans], AnswerFormat]]] = {
    "unconstrained": (0.0, lambda form: FreeText(form.max_tokens, single_line=True)),
    **{f"favoured by {bias}": (bias, lambda form: replace(form, enforced=False)) for bias in (2.0, 4.0, 8.0, 16.0)},
    "enforced": (0.0, lambda form: replace(form, enforced=True)),
}
"""By name: the bias in logits, and what becomes of the form."""


def load(paths: list[Path], limit: int) -> dict[str, list[Sample]]:
    """Return by file at most `limit` questions, drawn at random, whose answers are spans."""
    found = {}
    for path in paths:
        samples = read_samples(path)
        random.Random(1).shuffle(samples)
        spans = [one for one in samples if isinstance(read_question(one.question, False).answer_format, Spans)]
        if spans:
            found[path.stem] = spans[:limit]
    return found


def measure(model: ShopBenchModel, samples: list[Sample], way: str) -> float:
    """Answer all questions one way and return the score of the task that they make up."""
    bias, change = WAYS[way]
    masking.FAVOUR_BIAS = bias
    scores = []
    for first in tqdm(range(0, len(samples), BATCH), desc=way, leave=False):
        batch = samples[first : first + BATCH]
        questions = [read_question(sample.question, False) for sample in batch]
        forms = [change(question.answer_format) for question in questions if isinstance(question.answer_format, Spans)]
        requests = [
            Request(model.asker.prompt_token_ids(question), form, form.max_tokens)
            for question, form in zip(questions, forms, strict=True)
        ]
        generations = model.engine.generate(requests, Deadline(3600))
        for sample, form, generation in zip(batch, forms, generations, strict=True):
            prediction = parse_response(sample.task_type, valid_answer(form, generation))
            scores.append(score(sample.metric, prediction, sample.truth))
    return aggregate(samples[0].metric, scores)


def main() -> int:
    """Measure every way on every file and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, nargs="+", help="JSONL files of questions; those without spans are left out")
    parser.add_argument("--limit", type=int, default=100, help="questions per file (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        questions = load(arguments.data, arguments.limit)
        # The bias is changed from here.
        PROFILES["cpu"] = replace(CPU, own_process=False)
        model = ShopBenchModel(Settings.from_environment(strict=True))
    except (ShopBenchError, OSError) as error:
        return complain(str(error))
    print("| answers | " + " | ".join(f"{name} ({len(found)})" for name, found in questions.items()) + " |")
    print("| --- |" + " --- |" * len(questions))
    for way in WAYS:
        scores = [measure(model, found, way) for found in questions.values()]
        print(f"| {way} | " + " | ".join(f"{value:.3f}" for value in scores) + " |", flush=True)
    return 0


if __name__ == "__main__":
    run_command(main)
