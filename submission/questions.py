"""Reads a question's text into a `Question`: its task type and the slots that decide the form of its answer.

Everything is derived from the text and the one flag that the evaluator hands over. Slots that need a second look at the
text (language, cited text) are computed when they are asked for, so that reading stays cheap.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from submission.answer_formats import AnswerFormat, Choice, FreeText, Permutation, Selection, Spans, word_spans
from submission.cited_text import body_of
from submission.languages import detect_language, named_language
from submission.numbered_lists import list_numbers
from submission.task_types import NUMBER_WORD, TaskType, classify_with_list, instruction_of


class AnswerKind(StrEnum):
    """How an answer relates to the question's text."""

    NUMBERS = "numbers"
    EXTRACTION = "extraction"
    TRANSLATION = "translation"
    PROSE = "prose"


# The scorer reads three numbers of a retrieval answer, so three is what an unspecific question means.
DEFAULT_ASKED = 3
# Multiple choice without any visible options: ShopBench numbers its options 0 to 3.
DEFAULT_OPTIONS = (0, 1, 2, 3)

_COUNTS = dict(
    one=1, two=2, three=3, four=4, five=5, six=6, seven=7, eight=8, nine=9, ten=10, drei=3, trois=3, tres=3, tre=3
)
_THINGS = (
    r"(?:numbers?|indices|indexes|ids?|numerals|integers|snippets?|aspects?|products?|items?|queries|candidates?|options?"
    r"|keywords?|phrases?|entries|choices|articles?|ones|of them|from|of the|nummern|zahlen|numéros|números|numeri)"
)
_ASKED = re.compile(
    rf"(?:\btop[- ](?P<top>{NUMBER_WORD})\b|(?<![\w.-])(?P<count>{NUMBER_WORD})[\s-](?:\w+[\s,-]+){{0,4}}?{_THINGS}\b"
    rf"|\b(?:select|choose|pick)\w*\s(?:\w+\s){{0,3}}?(?P<picked>{NUMBER_WORD})\b)"
)
_SIZE_OF_LIST = re.compile(
    rf"(?:list|set|pool|collection) (?:of|with|containing) (?:\w+ ){{0,2}}?$|\bcontain\w* (?:\w+ )?$|(?:the|these|those|following|are|of) $"
)
_RANGE = re.compile(
    r"\b(?:permutation|numbers|ranking|order)\b[^.\n]{0,40}?\b(\d{1,2})\s*(?:to|-|–|through)\s*(\d{1,2})\b"
)
_SCALE = re.compile(
    r"(?<![\d.])(?P<low>[01])\s*(?:\(.{1,40}?\)|stars?)?\s*(?:to|-|–|~|through|and|bis|à|a|y|e|から|到|至|〜)\s*(?P<high>[1-9]\d?)(?![\d.]*\d)"
    r"|\b(?:one|zero) (?:star )?(?:to|through|and) (?P<word>three|four|five|seven|ten)\b"
)
_TRANSLATION = re.compile(
    r"\btranslat|\bübersetz|\btradu[cisz]|翻訳|翻译|訳して|译成|locali[sz]|\b(?:title|description|name)\b.{0,80}\b(?:website|site|store|marketplace|shop)\b"
)
_EXTRACTION = re.compile(
    r"\bkey[- ]?phrases?\b|\bverbatim\b|\bword[- ]for[- ]word\b"
    r"|\b(?:extract|quote|pull(?: out)?|copy|cite|locate|pinpoint|find|pick(?: out)?|identify)\b.{0,60}\b(?:phrase|span|words?|snippet|part|passage|expression|fragment)\b"
)
_EXPLAINED = re.compile(
    r"(?:explain|describe|define|elaborate(?: on)?|tell me (?:about|what))\b(?:\s+(?:what|the|a|an|is|are|this|product|type|category|name|"
    r"of|about|in|term))*\s+(?P<name>[^\n.?!:]{2,60}?)(?:\s+(?:is|are|means?)(?:\s+about)?)?\s*[.?!]?\s*$",
    re.I | re.M,
)


@dataclass(frozen=True)
class Question:
    """A question as read: its text, task type and the numbers of its list (as listed, empty without a list)."""

    text: str
    task_type: TaskType
    items: tuple[int, ...]

    @property
    def list_start(self) -> int | None:
        """The first number of the list, usually 0 or 1; None without a list."""
        return self.items[0] if self.items else None

    @property
    def list_length(self) -> int:
        """How many numbers the list holds."""
        return len(self.items)

    @cached_property
    def instruction(self) -> str:
        """What the question tells the reader to do, lower-cased, without bodies, list items and quotations."""
        return instruction_of(self.text)

    @cached_property
    def asked(self) -> int | None:
        """How many numbers a retrieval question asks for; None for other types."""
        if self.task_type is not TaskType.RETRIEVAL:
            return None
        return min(_asked_count(self.instruction, self.list_length), self.list_length)

    @cached_property
    def answer_kind(self) -> AnswerKind:
        """Whether the answer is numbers, cited from the text, a translation or prose."""
        if self.task_type is TaskType.NAMED_ENTITY_RECOGNITION:
            return AnswerKind.EXTRACTION
        if self.task_type is not TaskType.GENERATION:
            return AnswerKind.NUMBERS
        if _TRANSLATION.search(self.instruction) and self.target_language:
            return AnswerKind.TRANSLATION
        return AnswerKind.EXTRACTION if _EXTRACTION.search(self.instruction) else AnswerKind.PROSE

    @cached_property
    def target_language(self) -> str | None:
        """ISO code of the language that a translation is asked into, None where none is named."""
        if self.task_type is not TaskType.GENERATION or not _TRANSLATION.search(self.instruction):
            return None
        return named_language(self.instruction)

    @cached_property
    def body(self) -> str:
        """The text that spans are cited from or that is to be translated."""
        return body_of(self.text)

    @property
    def cited_from(self) -> str | None:
        """The text that phrases must be cited from, None where the answer is not an extraction."""
        return self.body if self.answer_kind is AnswerKind.EXTRACTION else None

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
        if kind is AnswerKind.EXTRACTION and word_spans(self.body):
            return Spans(self.body, many=self.task_type is TaskType.NAMED_ENTITY_RECOGNITION)
        if kind is AnswerKind.TRANSLATION:
            return FreeText(translation_budget(self.body, self.target_language), True, self.body or "-")
        return FreeText(PROSE_TOKENS, False, _name_to_explain(self.text))


# One or two sentences: what the descriptions of the public questions take.
PROSE_TOKENS = 48


def translation_budget(source: str, language: str | None) -> int:
    """Return how many tokens a translation of `source` may take: a token every three bytes, half as many again to spare.

    Japanese, Chinese and Korean take about a token a character, and a character of theirs says what two letters say.
    """
    per_byte = 0.75 if language in {"ja", "zh", "ko"} else 0.5
    return max(24, min(256, round(len(source.encode()) * per_byte) + 8))


def _asked_count(instruction: str, list_length: int) -> int:
    for match in _ASKED.finditer(instruction):
        word = match.group("top") or match.group("count") or match.group("picked")
        count = _COUNTS.get(word) or (int(word) if word.isdecimal() else DEFAULT_ASKED)
        # "A numbered list of 15 snippets" says how long the list is, not how many are asked for.
        if count < list_length and not _SIZE_OF_LIST.search(instruction, 0, match.start()):
            return count
    return DEFAULT_ASKED


def _name_to_explain(text: str) -> str:
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    for line in reversed(lines):
        label, colon, value = line.partition(":")
        if colon and value.strip() and label.strip().lower() == "input" and len(lines) > 1:
            return value.strip()[:200]
    match = _EXPLAINED.search(text)
    return match.group("name").strip() if match else FreeText(1).fallback_text


def _scale(text: str) -> tuple[int, ...]:
    match = _SCALE.search(text)
    if match is None:
        return ()
    low = int(match.group("low") or (0 if match.group().startswith("zero") else 1))
    high = (
        int(match.group("high"))
        if match.group("high")
        else _COUNTS[match.group("word")]
        if match.group("word") in _COUNTS
        else 10
    )
    return tuple(range(low, high + 1)) if low < high <= low + 10 else ()


def read_question(text: str, is_multiple_choice: bool) -> Question:
    """Read the text of a question; `is_multiple_choice` is what the evaluator says of its batch. Never fails."""
    items = list_numbers(text, is_multiple_choice=is_multiple_choice)
    if is_multiple_choice:
        items = items or _scale(instruction_of(text)) or DEFAULT_OPTIONS
        return Question(text, TaskType.MULTIPLE_CHOICE, items)
    task_type = classify_with_list(text, items, is_multiple_choice)
    if task_type is TaskType.RANKING and len(items) < 2:
        items = _permuted_range(text)
    if task_type in {TaskType.RANKING, TaskType.RETRIEVAL} and len(items) < 2:
        task_type = TaskType.GENERATION
    return Question(text, task_type, items)


def _permuted_range(text: str) -> tuple[int, ...]:
    match = _RANGE.search(text)
    return tuple(range(int(match.group(1)), int(match.group(2)) + 1)) if match else ()
