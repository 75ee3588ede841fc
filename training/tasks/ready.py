"""Questions that come ready-made: each file of the `shopbench` source is a task of its own, asked as it stands.

Their text is not ours, so what is read as another type, or whose truth is outside of the form that is read, is counted and
left out rather than ending the build.
"""

from collections.abc import Sequence
from random import Random
from typing import Any

from submission.answer_formats import AnswerFormat, Permutation, Selection
from submission.questions import read_question
from submission.task_types import TaskType
from training.sources.records import ReadyQuestion
from training.tasks.task import Pool, Task, columns


class ReadyTask(Task):
    """The questions of one file. Types and metrics are the rows' own."""

    def question(self, stream: str, record: Any, pool: Pool, rng: Random) -> dict[str, Any] | None:
        """Return the question of a record of this task's file; None for records of other files."""
        assert isinstance(record, ReadyQuestion)
        if record.task != self.name:
            return None
        question = read_question(record.text, record.task_type == TaskType.MULTIPLE_CHOICE)
        if question.task_type != record.task_type:
            return pool.skip(f"{record.task_type} question that is read as {question.task_type}")
        answer = _answer(question.answer_format, record.truth)
        if answer is None:
            return pool.skip(
                f"{record.task_type} question whose truth is outside of the form {question.answer_format.name}"
            )
        row = columns(self.name, record.metric, self.track, question, answer, record.truth)
        return {**row, "source": "shopbench", "language": record.language, "content": record.text}


def _answer(form: AnswerFormat, truth: Any) -> str | None:
    """Return what the model shall say, None where the truth does not fit the form."""
    if isinstance(form, Permutation) and isinstance(truth, list):
        if len(truth) != form.length:
            return None
        truth = [form.items[place] for place in sorted(range(len(truth)), key=lambda place: -truth[place])]
    try:
        answer = form.render(truth)
    except (TypeError, IndexError):
        return None
    if isinstance(form, Selection) and not form.accepts(answer):
        # Fewer are right than are asked for: any others fill the answer up.
        answer = form.complete(f"{answer},") or answer
    return answer if form.accepts(answer) else None


def ready_tasks(files: Sequence[dict[str, Any]]) -> list[Task]:
    """Return a task for each different task name among the files of the `shopbench` source."""
    tasks: dict[str, Task] = {}
    for file in files:
        task = ReadyTask(file["task"], TaskType.GENERATION, "", file["track"], wordings=())
        task.builders["shopbench/questions"] = lambda record, pool, rng: None
        tasks[task.name] = task
    return list(tasks.values())
