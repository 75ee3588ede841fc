"""Asks the submission's model a question of one's own, and shows all that `evaluation.show` shows of one in a report.

Without a question on the command line they are read one after the other: an empty line ends each. Where no terminal is,
all that comes in is one question. The evaluator says of each batch whether it is multiple choice; where you do not say
so, it is taken for granted of a question that lists a few options from 0 on.
"""

import argparse
import os
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from evaluation.predictions import Row, details_of
from evaluation.progress import Detail, show_log, waiting
from evaluation.question_view import view
from submission.command_line import run_command
from submission.commands import as_typed
from submission.errors import ShopBenchError
from submission.offline import OFFLINE
from submission.options import option_numbers
from submission.profiles import PROFILES
from submission.settings import Settings
from submission.task_types import TaskType

_MOST_OPTIONS = 6


def main(arguments: Sequence[str] | None = None) -> None:
    """Load the model and show its answers to the questions of the command line, or to those that are typed."""
    options = _parser().parse_args(arguments)
    given = {
        "SHOPBENCH_MODEL": options.model,
        "SHOPBENCH_ADAPTER": options.adapter,
        "SHOPBENCH_PROFILE": options.profile,
        "SHOPBENCH_TRACK": options.track,
    }
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    os.environ.update(OFFLINE)
    # Nobody is watching the clock.
    os.environ.setdefault("SHOPBENCH_TIME_LIMIT", "off")
    Settings.from_environment(strict=True)
    questions = options.question or _questions()
    # Imported here, so that it is configured by the environment.
    from models.user_config import UserModel

    show_log(Detail.USUAL)
    with waiting("Loading the model", Detail.USUAL):
        model = UserModel()
    for question in questions:
        print(view(ask(model, _with_lines(question), options.multiple_choice)) + "\n", flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=as_typed("evaluation.ask"), description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("question", nargs="*", help="questions, each in quotation marks; \\n in one begins a new line")
    parser.add_argument("--model", help="model folder, handed over as SHOPBENCH_MODEL (default: the embedded model)")
    parser.add_argument(
        "--adapter",
        help="folder of a LoRA adapter to serve on the model, handed over as SHOPBENCH_ADAPTER (--model is then its base, "
        "by default the one that it was trained on)",
    )
    parser.add_argument("--profile", choices=tuple(PROFILES), help="engine preset, handed over as SHOPBENCH_PROFILE")
    parser.add_argument("--track", type=int, choices=range(1, 6), help="track, handed over as SHOPBENCH_TRACK")
    parser.add_argument(
        "--multiple-choice",
        action=argparse.BooleanOptionalAction,
        help="what the evaluator would say of the batch (default: guessed from the options)",
    )
    return parser


def ask(model: Any, question: str, is_multiple_choice: bool | None = None) -> Row:
    """Have `model` answer `question`; return what there is to show, in the form of a row of `predictions.jsonl`."""
    if is_multiple_choice is None:
        is_multiple_choice = _lists_options(question)
    started = time.monotonic()
    (response,) = model.batch_predict({"prompt": [question]}, is_multiple_choice)
    details = details_of(model.last_answers[0]) if getattr(model, "last_answers", None) else {}
    found = details.get("task_type", "type not told")
    return {
        "task_name": f"your question, answered in {time.monotonic() - started:.1f} s",
        "question": question,
        "task_type": TaskType.MULTIPLE_CHOICE if is_multiple_choice else found,
        **{name: value for name, value in details.items() if name not in ("task_type", "answer")},
        "task_type_found": details.get("task_type"),
        "response": response,
    }


def _lists_options(question: str) -> bool:
    options = option_numbers(question)
    return options[:1] == (0,) and len(options) <= _MOST_OPTIONS


def _with_lines(question: str) -> str:
    return question if "\n" in question else question.replace("\\n", "\n")


def _questions() -> Iterable[str]:
    """Return the question that comes in, before a model is loaded for it; at a terminal, those that will be typed."""
    if sys.stdin.isatty():
        return _typed_questions()
    text = sys.stdin.read()
    if not text.strip():
        raise ShopBenchError("nothing is asked: give a question in quotation marks, or write it to standard input")
    return [text]


def _typed_questions() -> Iterator[str]:
    print("Type a question, then an empty line. Ctrl-D ends.", file=sys.stderr)
    lines: list[str] = []
    for line in sys.stdin:
        if line.strip():
            lines.append(line)
        elif lines:
            yield "".join(lines)
            lines = []
    if lines:
        yield "".join(lines)


if __name__ == "__main__":
    run_command(main, only_prints=True)
