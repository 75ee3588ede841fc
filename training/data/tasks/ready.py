"""Questions that come ready-made, asked as they stand: as tasks of their own, or as more questions of a task that is built.

A question of `ready_entities`, and its answer:

    Which phrase in the query is of the entity type 'color'? Extract it from the query.
    Query: black leather belt men
    Output: black

Their text is not ours. So what is read as another type, or whose truth is outside of the form that is read, is counted
and left out. It does not end the build.
"""

from collections.abc import Mapping
from dataclasses import replace
from random import Random

from submission.questions import read_question
from submission.task_types import TaskType
from training.data.rows import BuiltRow, asked_row
from training.data.sources.records import ReadyQuestion
from training.data.tasks.task import OF_ANOTHER_TASK, Builder, Pool, Task
from training.data.tasks.unsuitable import is_vulgar

READY_STREAM = "shopbench/questions"


def with_ready_tasks(tasks: Mapping[str, Task], ready: Mapping[str, int]) -> dict[str, Task]:
    """Return the tasks, with those added that come ready-made (name and track)."""
    known = dict(tasks)
    for name, track in ready.items():
        # Types and metrics of a ready task are its rows' own.
        task = known.get(name) or Task(name, TaskType.GENERATION, "", track, wordings=())
        known[name] = replace(task, builders={**task.builders, READY_STREAM: _builder(name)})
    return known


def _builder(name: str) -> Builder:
    def build_ready(record: ReadyQuestion, pool: Pool[ReadyQuestion], rng: Random) -> BuiltRow | None:
        if record.task == name:
            return _row(record, pool)
        pool.skip(f"{OF_ANOTHER_TASK}{record.task}")
        return None

    return build_ready


def _row(record: ReadyQuestion, pool: Pool[ReadyQuestion]) -> BuiltRow | None:
    if is_vulgar(record.text) or (isinstance(record.truth, str) and is_vulgar(record.truth)):
        pool.skip("text with a vulgar word")
        return None
    question = read_question(record.text, record.task_type == TaskType.MULTIPLE_CHOICE)
    if question.task_type != record.task_type:
        pool.skip(f"{record.task_type} question that is read as {question.task_type}")
        return None
    form = question.answer_format
    answer = form.written(record.truth)
    if answer is None:
        pool.skip(f"{record.task_type} question whose truth is outside of the form {form.name}")
        return None
    row = asked_row(record.task, record.metric, record.track, question, answer, record.truth)
    return {**row, "source": "shopbench", "language": record.language, "content": record.text}
