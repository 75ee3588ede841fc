"""Generator 1: existing questions asked in other words.

Only the instruction goes to the writer, with quoted texts replaced by placeholders; titles, reviews, options and the
answer stay what they were. So the writer cannot change what is asked about, and the answer is the source's.
"""

import re
from functools import partial

from submission.question_text import QUOTED
from submission.task_types import TaskType
from training.data.rows import CandidateRow
from training.data.synthetic.checks import (
    check_gives_nothing_away,
    check_language,
    check_length,
    check_overlap,
    check_read_alike,
    one_line,
)
from training.data.synthetic.items import Context, Item, question_or_rejected
from training.data.synthetic.replies import RejectedError, read_reply
from training.data.synthetic.requests import TEXT, Reply, WriterRequest, schema
from training.data.synthetic.seeds import built_questions

# The first line of the body: a label with text behind it, a list item, a bullet, or the place of the answer.
_BODY = re.compile(r"(?!Instructions?:)(?:[A-Z][\w ]{0,30}:|\d+\.|- |(?:Output|Answer):?\s*$)")
_NUMBER = re.compile(r"\d+|\b(?:one|two|three|four|five|ten)\b", re.IGNORECASE)
_PLACEHOLDER = re.compile(r"\[\d+\]")
_SYSTEM = (
    "You rewrite instructions for a test about online shopping. Say the same in other words. Keep every placeholder such "
    "as [1] and every number. Reply with the rewritten instruction only."
)
_FEWEST_WORDS = 5
_ENDS = frozenset(".?!:")
_MOST_SIMILAR = 0.8


def split_question(text: str) -> tuple[str, str]:
    """Split a question into its instruction, the lines before its body, and the rest."""
    lines = text.split("\n")
    for number, line in enumerate(lines):
        if _BODY.match(line.strip()):
            return "\n".join(lines[:number]), "\n".join(lines[number:])
    return text, ""


def hide_quotations(instruction: str) -> tuple[str, list[str]]:
    """Replace what is quoted by [1], [2] and so on; return that and the quotations with their marks."""
    quotations: list[str] = []

    def hide(match: re.Match[str]) -> str:
        quotations.append(match.group())
        return f"[{len(quotations)}]"

    return QUOTED.sub(hide, instruction), quotations


class Rephrase:
    """Seeds are built questions whose instruction stands before their body."""

    name = "rephrase"

    def seeds(self, context: Context, count: int) -> list[CandidateRow]:
        """Return questions of all tasks in turn."""
        return built_questions(context, count, _has_an_instruction)

    def request(self, seed: CandidateRow, context: Context) -> WriterRequest:
        """Ask for the instruction in other words."""
        hidden, _ = hide_quotations(split_question(seed["question"])[0])
        messages = (("system", _SYSTEM), ("user", f"Instruction: {hidden}"))
        number = context.rng(f"{self.name}/{seed['id']}").randrange(2**31)
        return WriterRequest(messages, schema(instruction=TEXT), 200, number)

    def items(self, written: list[tuple[CandidateRow, Reply]], context: Context) -> list[Item]:
        """Put the new instructions before the old bodies."""
        return [
            question_or_rejected(partial(self._row, seed, reply), self.name, reply.text, seed["id"])
            for seed, reply in written
        ]

    def _row(self, seed: CandidateRow, reply: Reply) -> CandidateRow:
        return {**seed, "question": self._reworded(seed, reply)}

    def _reworded(self, seed: CandidateRow, reply: Reply) -> str:
        instruction, body = split_question(seed["question"])
        hidden, quotations = hide_quotations(instruction)
        text = one_line(read_reply(reply).get("instruction"))
        if sorted(_PLACEHOLDER.findall(text)) != sorted(_PLACEHOLDER.findall(hidden)):
            raise RejectedError("placeholders are missing or repeated")
        if "{" in text or "}" in text:
            raise RejectedError("there are braces that were not there")
        if _numbers(text) != _numbers(hidden):
            raise RejectedError("numbers were changed")
        words = len(hidden.split())
        check_length(text, max(_FEWEST_WORDS, words // 3), 3 * words)
        check_language(text, "en")
        check_overlap(text, hidden, most=_MOST_SIMILAR)
        if hidden.rstrip()[-1:] in _ENDS and text[-1] not in _ENDS:
            raise RejectedError("the text breaks off")
        check_gives_nothing_away(text, seed["question"].replace(_right_option(seed), ""), _right_option(seed))
        for number, quotation in enumerate(quotations, start=1):
            text = text.replace(f"[{number}]", quotation)
        question = f"{text}\n{body}" if body else text
        check_read_alike(seed["question"], question, seed["task_type"], seed["completion"][0]["content"])
        return question


def _has_an_instruction(row: CandidateRow) -> bool:
    return len(split_question(row["question"])[0].split()) >= _FEWEST_WORDS


def _right_option(seed: CandidateRow) -> str:
    """Return the text of the right option of a multiple-choice question, empty for other questions."""
    if seed["task_type"] != TaskType.MULTIPLE_CHOICE:
        return ""
    number = seed["completion"][0]["content"]
    match = re.search(rf"^{number}\. ?(.+)$", seed["question"], re.MULTILINE)
    return match.group(1) if match else ""


def _numbers(text: str) -> set[str]:
    return {match.lower() for match in _NUMBER.findall(_PLACEHOLDER.sub("", text))}
