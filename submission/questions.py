"""Reads a question's text into a `Question`: its task type and the slots that decide the form of its answer.

Everything is derived from the text and the one flag that the evaluator hands over. Slots that need a second look at the
text (language, cited text) are computed when they are asked for, so that reading stays cheap.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import Self

import regex

from submission.answer_formats import (
    NO_ANSWER,
    AnswerFormat,
    Choice,
    FreeText,
    Permutation,
    Selection,
    Spans,
    has_words,
)
from submission.asked_count import asked_count
from submission.cited_text import body_of
from submission.competition import MAX_RESPONSE_CHARACTERS, RETRIEVED_NUMBERS
from submission.instructions import instruction_of, read_instruction
from submission.languages import detect_language, target_language
from submission.options import option_numbers
from submission.question_text import LANGUAGE_NAMES, SEARCH_LIMIT, TRANSLATION_WORDS
from submission.task_rules import Reading, TaskType
from submission.task_types import judge


class AnswerKind(StrEnum):
    """How an answer relates to the question's text."""

    NUMBERS = "numbers"
    EXTRACTION = "extraction"
    TRANSLATION = "translation"
    PROSE = "prose"


# How many numbers are written where a question leaves that open ("select all that apply", which may be one or five): as many
# as the scorer reads. The metric is the share of the right numbers that are among them: a wrong one costs nothing, one that
# was not written may have been right.
DEFAULT_ASKED = RETRIEVED_NUMBERS
# Multiple choice without any visible options: ShopBench numbers its options 0 to 3.
DEFAULT_OPTIONS = (0, 1, 2, 3)

_RANGE = regex.compile(
    r"\b(?:permutation|numbers|ranking|order)\b[^.\n]{0,40}?\b(\d{1,2})\s*(?:to|-|–|through)\s*(\d{1,2})\b"
)
_SCALE = regex.compile(
    r"(?<![\d.])(?P<low>[01])\s?(?:\(.{1,40}?\)|stars?)?\s?(?:to|-|–|~|through|and|bis|à|a|y|e|から|到|至|[〜～])\s?(?P<high>[1-9]\d?)(?!\.?\d)"
    r"|\b(?:one|zero) (?:star )?(?:to|through|and) (?P<word>three|four|five|seven|ten)\b"
)
# The English names alone: what languages are called elsewhere are things as well ("chino").
_LANGUAGE = f"(?:{'|'.join(names.split('|')[0] for names in LANGUAGE_NAMES.values())})"
_TRANSLATION = re.compile(
    rf"{TRANSLATION_WORDS}|\b(?:title|description|name|sentence|text|put|render|convert|version|express)\b.{{0,90}}\b{_LANGUAGE}\b"
    rf"|\b{_LANGUAGE} (?:version|title|rendering|wording|equivalent|translation)\b|^\W*{_LANGUAGE}\b.{{0,9}}:.*\b{_LANGUAGE}\b"
    r"|\btitle\b.{0,60}\b(?:website|site|store|marketplace|shop|customers in)\b"
)
_EXPLAINED = regex.compile(
    r"(?:explain|describe|define|elaborate(?: on)?|tell me (?:about|what))\b"
    r"(?:\s(?:what|the|a|an|is|are|this|product|type|category|name|of|about|in|term)){0,12}"
    r"\s(?P<name>[^\n.?!:]{2,60}?)(?:\s(?:is|are|means?)(?:\sabout)?)?\s?[.?!]?\s?$",
    regex.I | regex.M,
)


@dataclass(frozen=True)
class Question:
    """A question as read.

    `items` are the numbers that answers are made of: those of its list as listed (`has_list`) or those of a scale; empty
    for texts. `instruction` is what it tells the reader to do, lower-cased, without bodies, list items and quotations, runs
    of white space made one space. `is_cited` says that the answer is a phrase of the text. `confidence` is how likely the
    rules make the reading that the form of the answer was chosen from (0 to 1; 1 where the evaluator has said the type).
    """

    text: str
    task_type: TaskType
    items: tuple[int, ...]
    instruction: str
    has_list: bool
    is_cited: bool = False
    confidence: float = 1.0

    @property
    def list_length(self) -> int:
        """How many numbers the list or scale holds."""
        return len(self.items)

    @cached_property
    def asked(self) -> int | None:
        """How many numbers a retrieval question asks for; None for other types."""
        if self.task_type is not TaskType.RETRIEVAL:
            return None
        count = asked_count(self.instruction, self.list_length)
        # As many as there are would be no selection: that number was the length of the list.
        return min(DEFAULT_ASKED if count in {None, self.list_length} else count, self.list_length)

    @cached_property
    def answer_kind(self) -> AnswerKind:
        """Whether the answer is numbers, cited from the text, a translation or prose."""
        if self.task_type is TaskType.NAMED_ENTITY_RECOGNITION or self.is_cited:
            return AnswerKind.EXTRACTION
        if self.task_type is not TaskType.GENERATION:
            return AnswerKind.NUMBERS
        return AnswerKind.TRANSLATION if self.target_language else AnswerKind.PROSE

    @cached_property
    def target_language(self) -> str | None:
        """ISO code of the language that a translation is asked into, None where none is named."""
        if self.task_type is not TaskType.GENERATION or not _TRANSLATION.search(self.instruction):
            return None
        return target_language(self.instruction)

    @cached_property
    def body(self) -> str:
        """The text that spans are cited from or that is to be translated."""
        return body_of(self.text)

    @cached_property
    def language(self) -> str:
        """ISO code of the language of the body."""
        return detect_language(self.body)

    @cached_property
    def answer_format(self) -> AnswerFormat:
        """The form that the answer has to take."""
        match self.task_type:
            case TaskType.MULTIPLE_CHOICE:
                return Choice(self.items)
            case TaskType.RANKING:
                return Permutation(self.items)
            case TaskType.RETRIEVAL:
                return Selection(self.items, self.asked or DEFAULT_ASKED)
            case _:
                return self._text_format()

    def _text_format(self) -> AnswerFormat:
        kind = self.answer_kind
        if kind is AnswerKind.EXTRACTION and has_words(self.body):
            is_entity = self.task_type is TaskType.NAMED_ENTITY_RECOGNITION
            return Spans(self.body, many=is_entity, max_words=ENTITY_WORDS if is_entity else KEYPHRASE_WORDS)
        if kind is AnswerKind.TRANSLATION:
            return FreeText(
                translation_budget(self.body, self.target_language), True, self.body[:MAX_RESPONSE_CHARACTERS]
            )
        return FreeText(PROSE_TOKENS, False, _name_to_explain(self.text))


class UnreadQuestion(Question):
    """A question that reading failed at: nothing in its text is looked at again."""

    @classmethod
    def of(cls, text: str, is_multiple_choice: bool) -> Self:
        """Return `text` as a question with ShopBench's usual options, or one for prose."""
        if is_multiple_choice:
            return cls(text, TaskType.MULTIPLE_CHOICE, DEFAULT_OPTIONS, instruction="", has_list=False)
        return cls(text, TaskType.GENERATION, (), instruction="", has_list=False)

    @cached_property
    def answer_format(self) -> AnswerFormat:
        """One of the usual options, or prose with the fallback that suits any text."""
        return Choice(self.items) if self.items else FreeText(PROSE_TOKENS)


# Of the entities and keyphrases in public questions of these kinds, 98 % are no longer (in words).
ENTITY_WORDS = 4
KEYPHRASE_WORDS = 7
# One or two sentences: what the descriptions of the public questions take.
PROSE_TOKENS = 48


def translation_budget(source: str, language: str | None) -> int:
    """Return how many tokens a translation of `source` may take.

    Of the public translations 95 % stay within it in Qwen2's tokens: 8 and 0.4 a byte of the source, 0.5 for languages
    that take about a token a character.
    """
    per_byte = 0.5 if language in {"ja", "zh", "ko"} else 0.4
    return max(24, min(256, round(len(source.encode()) * per_byte) + 8))


def _name_to_explain(text: str) -> str:
    # The pattern looks at single spaces only: runs of them would be divided up in every possible way.
    lines = [" ".join(line.split()) for line in text.split("\n")]
    inputs = [line.partition(":")[2].strip() for line in lines if line.lower().startswith("input:")]
    given = inputs[-1] if inputs else ""
    if match := _EXPLAINED.search(given or "\n".join(filter(None, lines)), timeout=SEARCH_LIMIT):
        return match.group("name").strip()
    return given[:200] or NO_ANSWER


_SCALE_ENDS = {"three": 3, "four": 4, "five": 5, "seven": 7, "ten": 10}


def _scale(instruction: str) -> tuple[int, ...]:
    match = _SCALE.search(instruction, timeout=SEARCH_LIMIT)
    if match is None:
        return ()
    if word := match.group("word"):
        return tuple(range(0 if match.group().startswith("zero") else 1, _SCALE_ENDS[word] + 1))
    low, high = int(match.group("low")), int(match.group("high"))
    return tuple(range(low, high + 1)) if low < high <= low + 10 else ()


def read_question(text: str, is_multiple_choice: bool) -> Question:
    """Read the text of a question; `is_multiple_choice` is what the evaluator says of its batch. Never fails."""
    if is_multiple_choice:
        told = instruction_of(text)
        options, scale = option_numbers(text), _scale(told)
        # A scale that goes on where a list from 1 ends is what is asked for: the list is part of the review.
        has_options = bool(options) and not (options[0] == 1 and set(options) < set(scale))
        items = options if has_options else scale or DEFAULT_OPTIONS
        return Question(text, TaskType.MULTIPLE_CHOICE, items, told, has_options)
    instruction = read_instruction(text)
    verdict = judge(instruction)
    items, task_type = instruction.list.numbers if instruction.list else (), verdict.reading.task_type
    is_cited = verdict.reading is Reading.PHRASE
    has_list = bool(items)
    if not has_list and task_type is TaskType.GENERATION and (named := _permuted_range(instruction.text)):
        items, task_type = named, TaskType.RANKING
    return Question(text, task_type, items, instruction.text, has_list, is_cited, verdict.confidence)


def _permuted_range(instruction: str) -> tuple[int, ...]:
    match = _RANGE.search(instruction)
    return tuple(range(int(match.group(1)), int(match.group(2)) + 1)) if match else ()
