"""Says in words how a question is read: its type, the form of its answer, and what speaks for both."""

from submission.answer_formats import AnswerFormat, Choice, FreeText, Permutation, Selection, Spans
from submission.instructions import read_instruction
from submission.questions import AnswerKind, Question, read_question
from submission.task_rules import TaskType
from submission.task_types import likelihoods, readings_of, reasons_for

_SHOWN_NUMBERS = 20


def why(text: str, is_multiple_choice: bool) -> list[str]:
    """Return lines that say as what the code reads a question, and why."""
    question = read_question(text, is_multiple_choice)
    return [f"type: {question.task_type}", *_evidence(question), f"form: {describe(question)}"]


def _evidence(question: Question) -> list[str]:
    if question.task_type is TaskType.MULTIPLE_CHOICE:
        return ["  the evaluator says of its batch that it is multiple choice"]
    instruction = read_instruction(question.text)
    likely = sorted(zip(likelihoods(instruction), readings_of(instruction), strict=True), key=lambda pair: -pair[0])
    # The task type of the likeliest reading comes first: generation can be read as free text and as a cited phrase.
    lines = ["  evidence: " + ", ".join(f"{reading.task_type} ({reading}) {share:.0%}" for share, reading in likely)]
    return lines + [f"  {weight:+.1f} {likely[0][1]}: {rule.why}" for weight, rule in reasons_for(instruction)]


def describe(question: Question) -> str:
    """Return what may be answered and where that was found."""
    form = question.answer_format
    return f"{form.name}, {_content(form, question)}; at most {form.max_tokens} token{'s' * (form.max_tokens != 1)}"


def _content(form: AnswerFormat, question: Question) -> str:
    match form:
        case Choice(items):
            where = (
                "the question's list" if question.has_list else "a scale, or the usual options where none is visible"
            )
            return f"one of {_numbers(items)} ({where})"
        case Permutation(items):
            return f"each of {_numbers(items)} once"
        case Selection(items, count):
            return f"{count} of {_numbers(items)}"
        case Spans(source):
            several = "phrases" if form.many else "one phrase"
            return f"{several} of at most {form.max_words} words, cited from {_shortened(source)!r}"
        case FreeText():
            if question.answer_kind is AnswerKind.TRANSLATION:
                return f"a translation into {question.target_language} of {_shortened(question.body)!r}"
            return "prose"


def _numbers(items: tuple[int, ...]) -> str:
    shown = ", ".join(map(str, items[:_SHOWN_NUMBERS]))
    return shown if len(items) <= _SHOWN_NUMBERS else f"{shown}, … ({len(items)} numbers)"


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 100 else line[:99] + "…"
