"""Finds the text that an answer must be cited from, or translated: the body of a question without its instruction.

Bodies come in two shapes: behind a label ("Query: …", "Review: …") or in quotation marks ("the product title '…'"),
where the body itself may hold apostrophes, quotes and commas. Where neither is found the whole question is the body:
citing from too much is harmless, citing from too little loses the answer.
"""

import re
from collections.abc import Iterator

from submission.instructions import begins_another_part, end_of_text, is_instruction
from submission.question_text import LabelKind, Labelled, body_label_of, quotations, unquoted
from submission.word_kinds import FUNCTION_WORDS, LETTER_OF_NAME, kinds_of

_TEXT_NOUN = re.compile(
    r"(?:title|query|review|description|sentence|text|name|headline|utterance|search|product|phrase|entitled|titled|called|listing|request"
    r"|keywords?|titel|anfrage|titre|requête|título|titolo|consulta|タイトル|クエリ|标题|查询|商品)\W{0,4}$",
    re.I,
)
_TYPE_NOUN = re.compile(
    r"(?:types?|entity|entities|attribute|aspect|value|field|label|labelled|slot|category|class|for|on|the|of)\W{0,3}$",
    re.I,
)
# The same for words of all languages, by their kinds; marks and unknown words may stand between.
_TEXT_KINDS = frozenset(LETTER_OF_NAME[name] for name in ("short text", "long text"))
_TYPE_KINDS = frozenset(LETTER_OF_NAME[name] for name in ("named entity", "value", "kind", "thing", "aspect"))
_BETWEEN = "".join({"_", ":", *FUNCTION_WORDS})
# In characters: as far as one looks back from a quotation.
_LOOK_BACK = 40


def labelled_body(text: str) -> tuple[int, int] | None:
    """Return the range of the text behind a label that is cited from, up to what follows it; None without one.

    Of several texts the last one counts: examples come first. But a review counts more than the name of what is reviewed, and
    texts that are numbered ("Review 1", "Review 2") count together.
    """
    bodies = list(_bodies(text))
    if not bodies:
        return None
    label, start, end = bodies[-1]
    if label.is_numbered:
        start = next(start for label, start, _ in bodies if label.is_numbered)
    elif label.words and label.words.is_one_line:
        reviews = [body for body in bodies if body[0].words and body[0].words.kind is LabelKind.REVIEW]
        _, start, end = reviews[-1] if reviews else bodies[-1]
    return _trimmed(text, start, end)


def _bodies(text: str) -> Iterator[tuple[Labelled, int, int]]:
    """Yield the label, start and end of every text that is cited from."""
    lines = text.split("\n")
    start = 0
    for row, line in enumerate(lines):
        label = body_label_of(line)
        if label and label.words and label.words.is_cited:
            length = _length_behind(label, lines, row)
            if text[start + label.end : start + label.end + length].strip():
                yield label, start + label.end, start + label.end + length
        start += len(line) + 1


def _length_behind(label: Labelled, lines: list[str], row: int) -> int:
    """Return how many characters of `lines` the text takes that begins behind `label` in the line `row`."""
    body = lines[row][label.end :]
    has_begun = bool(body.strip())
    is_one_line = label.words is not None and label.words.is_one_line
    end = end_of_text(body, is_one_line=is_one_line)
    if end or (has_begun and is_one_line):
        return end or len(body)
    length = len(body)
    for place in range(row + 1, len(lines)):
        line = lines[place]
        if (has_begun and is_one_line) or begins_another_part(line) or is_instruction(line):
            break
        length += len(line) + 1
        has_begun |= bool(line.strip())
    return length


def quoted_body(text: str) -> tuple[int, int] | None:
    """Return the range of the quotation behind a word like "title" or "query", else of the longest that is no type name."""
    ranges = quotations(text)
    named = [(start, end) for start, end in ranges if _is_named(text, start, _TEXT_NOUN, _TEXT_KINDS)]
    if not named:
        named = [(start, end) for start, end in ranges if not _is_named(text, start, _TYPE_NOUN, _TYPE_KINDS)]
    return max(named, key=lambda span: span[1] - span[0], default=None)


def _is_named(text: str, start: int, noun: re.Pattern[str], kinds: frozenset[str]) -> bool:
    """Whether one of `noun`, or a word of `kinds` in any language, stands before the quotation that begins at `start`."""
    near = max(0, start - _LOOK_BACK)
    if noun.search(text, near, start - 1):
        return True
    before = kinds_of(text[near : start - 1].lower()).rstrip(_BETWEEN)
    return before[-1:] in kinds


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return unquoted(text, start, end)


def body_of(text: str) -> str:
    """Return the body of an extraction or translation question, the whole question where it cannot be told apart."""
    span = labelled_body(text) or quoted_body(text)
    return text[span[0] : span[1]].strip() if span else text.strip()
