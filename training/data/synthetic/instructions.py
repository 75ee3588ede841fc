"""Generator 3: new wordings of the tasks, with slots for what a question is about.

A wording is accepted when questions built with it from real records are read as what the task promises. Accepted
wordings go to a file that a data recipe takes as `extra_wordings`; the questions that tried them are kept too.
"""

import re
from collections import Counter
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from submission.errors import ShopBenchError
from training.data.rows import BuiltRow, sample_of_built
from training.data.synthetic.checks import check_language, check_length, check_overlap, one_line, similarity
from training.data.synthetic.items import Context, Item, Rejected, WrittenQuestion, WrittenWording
from training.data.synthetic.replies import RejectedError, read_reply
from training.data.synthetic.requests import TEXT, Reply, WriterRequest, schema
from training.data.synthetic.seeds import first_pool
from training.data.tasks.task import Task

_SLOT = re.compile(r"\{(\w*)\}")
_SYSTEM = (
    "You write instructions for a test about online shopping. Given an instruction, write it anew in the voice of someone "
    "else. Keep each slot in curly braces exactly once and keep every number. The slots are filled with texts later."
)
_WORDINGS_ASKED = 3
_TRIED_QUESTIONS = 5
_MOST_SIMILAR = 0.8


class WriteInstructions:
    """Seeds are tasks with one of their wordings, and the how manieth time that wording is given."""

    name = "write_instructions"

    def seeds(self, context: Context, count: int) -> list[tuple[Task, str, int]]:
        """Return tasks in turn, each time with another wording, and all of them over again while more are wanted."""
        tasks = [task for _, task in sorted(context.tasks.items()) if context.wordings(task)]
        rows = zip_longest(*([(task, wording) for wording in context.wordings(task)] for task in tasks))
        once = [seed for row in rows for seed in row if seed is not None]
        return [(*once[place % len(once)], place // len(once)) for place in range(count if once else 0)]

    def request(self, seed: tuple[Task, str, int], context: Context) -> WriterRequest:
        """Ask for several wordings at once; another turn is another seed, and so another reply."""
        task, wording, turn = seed
        shape = schema(wordings={"type": "array", "items": TEXT, "minItems": 1, "maxItems": _WORDINGS_ASKED})
        user = f"Write {_WORDINGS_ASKED} new wordings of this instruction:\n{_frame(wording)[0]}"
        number = context.rng(f"{self.name}/{task.name}/{wording}/{turn}").randrange(2**31)
        return WriterRequest((("system", _SYSTEM), ("user", user)), shape, 500, number)

    def items(self, written: list[tuple[tuple[Task, str, int], Reply]], context: Context) -> list[Item]:
        """Try each wording on records of the task's sources."""
        items: list[Item] = []
        for (task, wording, _), reply in written:
            try:
                wordings = read_reply(reply).get("wordings")
                texts = wordings if isinstance(wordings, list) else []
                if not texts:
                    raise RejectedError("there is no wording in the reply")
            except RejectedError as error:
                items.append(Rejected(str(error), reply.text, task.name))
                continue
            for text in texts:
                try:
                    items += self._accepted(task, wording, text, context)
                except RejectedError as error:
                    items.append(Rejected(str(error), str(text), task.name))
        return items

    def _accepted(self, task: Task, wording: str, text: Any, context: Context) -> list[Item]:
        instruction, rest = _frame(wording)
        new = one_line(text)
        if Counter(_SLOT.findall(new)) != Counter(_SLOT.findall(instruction)):
            raise RejectedError("slots are missing, repeated or made up")
        if not new.count("{") == new.count("}") == len(_SLOT.findall(new)):
            raise RejectedError("there are braces that are no slots")
        check_length(_SLOT.sub("", new), 3, 90)
        check_language(_SLOT.sub("", new), "en")
        check_overlap(_SLOT.sub(" ", new), _SLOT.sub(" ", instruction), most=1.0)
        if any(similarity(new, _frame(known)[0]) > _MOST_SIMILAR for known in task.wordings):
            raise RejectedError("the text repeats its source")
        whole = f"{new}{rest}"
        rows = _tried(replace(task, wordings=(whole,)), context)
        questions = [WrittenQuestion(sample_of_built(row), self.name, task.name) for row in rows]
        return [WrittenWording(task.name, whole), *questions]


def _frame(wording: str) -> tuple[str, str]:
    """Split a wording into what is worded anew and what stays: lists, labelled bodies and the place of the answer."""
    lines = wording.split("\n")
    for number, line in enumerate(lines):
        if number > 0 and (
            line.startswith(("{options}", "{items}", "{review}")) or re.match(r"[A-Z][\w ]{0,30}:", line)
        ):
            return "\n".join(lines[:number]), "\n" + "\n".join(lines[number:])
    return wording, ""


def _tried(task: Task, context: Context) -> list[BuiltRow]:
    rows: list[BuiltRow] = []
    for stream in task.builders:
        pool = first_pool(context, stream)
        for record in pool.records:
            try:
                row = task.question(stream, record, pool, context.rng(f"{task.name}/{record.key}"))
            except ShopBenchError as error:
                kind = str(error).split("\n")[0].rsplit(") ", 1)[-1]
                raise RejectedError(f"a question in this wording {kind}".rstrip(":")) from None
            rows += [row] if row is not None else []
            if len(rows) == _TRIED_QUESTIONS:
                return rows
    if not rows:
        raise RejectedError("the sources give no question to try the wording on")
    return rows
