"""Questions that come ready-made, asked as they stand: as tasks of their own, or as more questions of a task that is built.

Their text is not ours, so what is read as another type, or whose truth is outside of the form that is read, is counted and
left out rather than ending the build.
"""

from collections.abc import Mapping
from dataclasses import replace
from random import Random
from typing import Any

from submission.answer_formats import AnswerFormat, Permutation, Selection, Spans
from submission.questions import read_question
from submission.task_types import TaskType
from training.data.sources.records import ReadyQuestion
from training.data.tasks.task import Builder, Pool, Task, columns
from training.data.tasks.words import find_phrase

_STREAM = "shopbench/questions"


def with_ready_tasks(tasks: Mapping[str, Task], ready: Mapping[str, int]) -> dict[str, Task]:
    """Return the tasks, with those added that come ready-made (name and track)."""
    known = dict(tasks)
    for name, track in ready.items():
        # Types and metrics of a ready task are its rows' own.
        task = known.get(name) or Task(name, TaskType.GENERATION, "", track, wordings=())
        known[name] = replace(task, builders={**task.builders, _STREAM: _builder(name)})
    return known


def _builder(name: str) -> Builder:
    def build_ready(record: ReadyQuestion, pool: Pool, rng: Random) -> dict[str, Any] | None:
        return _row(record, pool) if record.task == name else None

    return build_ready


def _row(record: ReadyQuestion, pool: Pool) -> dict[str, Any] | None:
    question = read_question(record.text, record.task_type == TaskType.MULTIPLE_CHOICE)
    if question.task_type != record.task_type:
        return pool.skip(f"{record.task_type} question that is read as {question.task_type}")
    form = question.answer_format
    answer = _answer(form, record.truth)
    if answer is None:
        return pool.skip(f"{record.task_type} question whose truth is outside of the form {form.name}")
    row = columns(record.task, record.metric, record.track, question, answer, record.truth)
    return {**row, "source": "shopbench", "language": record.language, "content": record.text}


def _answer(form: AnswerFormat, truth: Any) -> str | None:
    """Return what the model shall say, None where the truth does not fit the form."""
    if isinstance(form, Permutation) and isinstance(truth, list):
        if len(truth) != form.length or not all(isinstance(gain, int | float) for gain in truth):
            return None
        truth = [form.items[place] for place in sorted(range(len(truth)), key=lambda place: -truth[place])]
    try:
        answer = form.render(truth)
    except (TypeError, IndexError):
        return None
    if isinstance(form, Spans) and not form.accepts(answer):
        # Truths are compared in lower case, citations are not.
        cited = [find_phrase(form.source, phrase) for phrase in form.phrases(answer)]
        return form.render(cited) if cited and all(cited) and form.accepts(form.render(cited)) else None
    if isinstance(form, Selection) and not form.accepts(answer):
        # Fewer are right than are asked for: any others fill the answer up.
        answer = form.complete(f"{answer},") or answer
    return answer if form.accepts(answer) else None
