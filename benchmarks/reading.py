"""How many questions a second are read on one core: `classify_task` alone, and `read_question` with the answer's form.

Processor time, best of several passes over the questions of the files given, each file's task type taken from its rows.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from submission.questions import read_question
from submission.task_types import classify_task
from training.files import read_lines


def best_rate(function: Callable[[str, bool], object], questions: list[tuple[str, bool]], passes: int) -> float:
    """Return questions a second in the fastest of `passes` passes."""
    fastest = float("inf")
    for _ in range(passes):
        started = time.process_time()
        for text, is_multiple_choice in questions:
            function(text, is_multiple_choice)
        fastest = min(fastest, time.process_time() - started)
    return len(questions) / fastest


def main() -> None:
    """Print the rates."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("files", nargs="+", type=Path, help="questions, one JSON object a line")
    parser.add_argument("--passes", type=int, default=5, help="passes over the questions (default: %(default)s)")
    options = parser.parse_args()
    rows = [row for file in options.files for row in read_lines(file)]
    questions = [(row["input_field"], row["task_type"] == "multiple-choice") for row in rows]
    print(f"{len(questions)} questions")
    print(f"classify_task: {best_rate(classify_task, questions, options.passes):,.0f} a second")
    with_form = best_rate(lambda *question: read_question(*question).answer_format, questions, options.passes)
    print(f"read_question with its answer format: {with_form:,.0f} a second")


if __name__ == "__main__":
    main()
