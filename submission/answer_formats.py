"""The five forms an answer can take: what may be written, how long it may get, what is valid, what to fall back to.

A question decides the form of its answer, and this module is the one place that knows the form. Decoding turns it into
a token automaton, the engine into token budgets and stops, training into the text that is learned. Forms are plain
text here: no tokenizer, no torch. Every form answers the same six questions:

- `accepts(text)`: is this a whole, valid answer?
- `max_tokens`: how many tokens may it take?
- `fallback()`: what to answer when there is nothing better;
- `complete(text)`: the valid answer nearest to an unfinished text (a deadline, a budget), or None;
- `determined_rest(text)`: what must follow, if only one thing can; decoding stops there;
- `written(truth)`: the text to learn for a truth as the data have it, or None where the form cannot say it.
"""

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, ClassVar

from submission.half_surrogates import holds_half_surrogates
from submission.question_text import UNSPACED

# No list is longer than nine digits can count, and int() refuses numbers of thousands of digits.
_NUMBERS = re.compile(r"\s*\d{1,9}\s*(?:,\s*\d{1,9}\s*)*")
_UNFINISHED_NUMBERS = re.compile(r"(?:\d{1,9},)*\d{0,9}")


def _read_numbers(text: str) -> list[int] | None:
    """Read comma-separated numbers written in ASCII digits without leading zeros, else return None."""
    if not text.isascii() or not _NUMBERS.fullmatch(text):
        return None
    words = [word.strip() for word in text.split(",")]
    return None if any(len(word) > 1 and word[0] == "0" for word in words) else [int(word) for word in words]


@dataclass(frozen=True)
class _NumberForm:
    """`count` different numbers out of `items`, comma-separated without spaces: what the three number forms share.

    `items` are the numbers as the question lists them, non-negative and without repeats.
    """

    items: tuple[int, ...]

    name: ClassVar[str]

    def __post_init__(self) -> None:
        if not self.items or len(set(self.items)) != len(self.items) or min(self.items) < 0:
            raise ValueError(f"{self.name} needs different numbers from 0 on, not {self.items!r}")
        if not 1 <= self.length <= len(self.items):
            raise ValueError(f"{self.name} cannot ask for {self.length} of {len(self.items)} numbers")

    @property
    def length(self) -> int:
        """How many numbers the answer holds."""
        raise NotImplementedError

    @cached_property
    def max_tokens(self) -> int:
        """Token budget: one token a character at the worst, and one to end a number that could go on."""
        if self.length == 1:
            return max(len(str(item)) for item in self.items)
        widest = sorted((len(str(item)) for item in self.items), reverse=True)[: self.length]
        return sum(widest) + self.length

    def accepts(self, text: str) -> bool:
        """Whether `text` is a whole answer; spaces around numbers are tolerated, as the evaluator tolerates them."""
        numbers = _read_numbers(text)
        return numbers is not None and self._is_whole(numbers)

    def _is_whole(self, numbers: Sequence[int]) -> bool:
        return len(numbers) == self.length and len(set(numbers)) == self.length and set(numbers) <= set(self.items)

    def fallback(self) -> str:
        """Return the first numbers in the order in which the question lists them."""
        return self.render(self.items[: self.length])

    def render(self, answer: int | Sequence[int]) -> str:
        """Write a known answer (one number or several) the way decoding writes it."""
        return ",".join(str(number) for number in ([answer] if isinstance(answer, int) else answer))

    def _are_known(self, truth: object) -> bool:
        """Whether a truth is a list of different numbers that the question lists."""
        return (
            isinstance(truth, list)
            and all(type(number) is int for number in truth)
            and len(set(truth)) == len(truth)
            and set(truth) <= set(self.items)
        )

    def _split(self, text: str) -> tuple[list[int], str] | None:
        """Split an unfinished text into its finished numbers and the digits of the last one, None if out of form."""
        if not text.isascii() or not _UNFINISHED_NUMBERS.fullmatch(text):
            return None
        *finished, open_digits = text.split(",")
        numbers = [int(word) for word in finished]
        if len(set(numbers)) != len(numbers) or not set(numbers) <= set(self.items) or len(numbers) >= self.length:
            return None
        return numbers, open_digits

    def candidates(self, taken: Sequence[int], digits: str) -> list[int]:
        """Return the numbers that may stand next: not taken yet, and beginning with `digits`."""
        gone = set(taken)
        return [item for item in self.items if item not in gone and str(item).startswith(digits)]

    def complete(self, text: str) -> str | None:
        """Finish an unfinished answer with the first numbers left over, None if its beginning is out of form."""
        if self.accepts(text):
            return self.render(_read_numbers(text) or [])
        split = self._split(text)
        if split is None:
            return None
        numbers, digits = split
        following = self.candidates(numbers, digits)
        if not following:
            return None
        exact = [item for item in following if str(item) == digits]
        numbers.append((exact or following)[0])
        return self.render([*numbers, *self.candidates(numbers, "")][: self.length])

    def determined_rest(self, text: str) -> str | None:
        """Return the text that must follow, empty where nothing may; None while there is a choice to make."""
        split = self._split(text)
        if split is None:
            return None
        numbers, digits = split
        rest = ""
        while len(numbers) < self.length:
            following = self.candidates(numbers, digits)
            if len(following) != 1:
                return None
            rest += str(following[0])[len(digits) :]
            numbers.append(following[0])
            digits = ""
            if len(numbers) < self.length:
                rest += ","
        return rest


@dataclass(frozen=True)
class Choice(_NumberForm):
    """Multiple choice: one of the option numbers that the question lists."""

    name: ClassVar[str] = "choice"

    @property
    def length(self) -> int:
        """One number."""
        return 1

    def written(self, truth: object) -> str | None:
        """Write the number of the right option."""
        return self.render(truth) if type(truth) is int and truth in self.items else None


@dataclass(frozen=True)
class Permutation(_NumberForm):
    """Ranking: every item number once."""

    name: ClassVar[str] = "permutation"

    @property
    def length(self) -> int:
        """All of the numbers."""
        return len(self.items)

    def written(self, truth: object) -> str | None:
        """Write gains, one an item in list order, as the order from the highest to the lowest; ties stay as listed."""
        if not isinstance(truth, list) or len(truth) != self.length or not all(map(_is_gain, truth)):
            return None
        return self.render([self.items[place] for place in sorted(range(len(truth)), key=lambda place: -truth[place])])


def _is_gain(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


@dataclass(frozen=True)
class Selection(_NumberForm):
    """Retrieval: `count` different item numbers."""

    count: int

    name: ClassVar[str] = "selection"

    @property
    def length(self) -> int:
        """As many numbers as the question asks for."""
        return self.count

    def written(self, truth: object) -> str | None:
        """Write the right numbers, filled up in list order where fewer are right than are asked for.

        The form asks for its number of numbers whatever is right, so the rest has to be something. The right ones stand
        first, and the metric does not count wrong ones behind them. Of more right ones than are asked for some would
        have to be left out: None.
        """
        if not isinstance(truth, list) or not 1 <= len(truth) <= self.count or not self._are_known(truth):
            return None
        return self.render([*truth, *self.candidates(truth, "")][: self.count])


_WORD = re.compile(
    # A run of letters and digits is a word; in scripts written without spaces every character may begin or end one.
    rf"[{UNSPACED}]|[^\W_{UNSPACED}]+",
)


def has_words(source: str) -> bool:
    """Return whether there is a word in `source` to cite."""
    return _WORD.search(source) is not None


_INSIDE_WORD = re.compile(rf"[^\W_{UNSPACED}]{{2}}")


def word_spans(source: str) -> list[tuple[int, int]]:
    """Return the [start, end) character ranges of the words in `source`, at which cited phrases begin and end."""
    return [match.span() for match in _WORD.finditer(source)]


def _cuts_word(source: str, place: int) -> bool:
    return _INSIDE_WORD.match(source, place - 1) is not None if place > 0 else False


def citations(source: str, phrase: str) -> Iterator[str]:
    """Yield `phrase` as it stands in `source`, at each place where it does: whole words, whatever the case."""
    lowered = phrase.lower()
    if not phrase or lowered not in source.lower():
        return
    # Lower-casing may change a text's length, so a place in the lowered source is none in the source.
    pattern = re.compile(re.escape(phrase), re.IGNORECASE)
    match = pattern.search(source)
    while match:
        if match.group().lower() == lowered and not any(_cuts_word(source, place) for place in match.span()):
            yield match.group()
        match = pattern.search(source, match.start() + 1)


def find_phrase(source: str, phrase: str) -> str | None:
    """Return `phrase` as it first stands in `source` (whole words, whatever the case), None where it does not."""
    return next(citations(source, phrase), None)


@dataclass(frozen=True)
class Spans:
    """Extraction: phrases cited from `source`, comma-separated where `many`, otherwise one.

    With `enforced` only what stands in `source` word for word can be written; without it decoding merely favours the
    source's tokens and any phrase is valid. `max_words` bounds one phrase.
    """

    source: str
    many: bool = True
    enforced: bool = True
    max_words: int = 12
    max_phrases: int = 5

    name: ClassVar[str] = "spans"

    def __post_init__(self) -> None:
        if not has_words(self.source):
            raise ValueError("spans need a source text with at least one word to cite")
        if self.max_words < 1 or self.max_phrases < 1:
            raise ValueError("spans need room for at least one phrase of one word")

    @property
    def max_tokens(self) -> int:
        """Token budget: about three tokens a word for one phrase, more where several may follow."""
        return 24 if not self.many else 32

    def accepts(self, text: str) -> bool:
        """Whether `text` is one or (if `many`) several different phrases, each of them cited where that is enforced."""
        phrases = self.phrases(text)
        if not phrases or len(set(phrases)) != len(phrases) or not all(map(has_words, phrases)):
            return False
        return not self.enforced or all(self._is_cited(phrase) for phrase in phrases)

    def _is_cited(self, phrase: str) -> bool:
        """Whether `phrase` stands in the source and cuts none of its words in two."""
        start = self.source.find(phrase)
        while start >= 0:
            end = start + len(phrase)
            if not (_cuts_word(self.source, start) or _cuts_word(self.source, end)):
                return True
            start = self.source.find(phrase, start + 1)
        return False

    def phrases(self, text: str) -> list[str]:
        """Split an answer into its phrases, as the evaluator splits it."""
        return [part.strip() for part in text.split(",")] if self.many else [text.strip()]

    def fallback(self) -> str:
        """Return the first words of the source, up to three (and up to the first comma)."""
        words = word_spans(self.source)
        start, end = words[0]
        for _, next_end in words[1:3]:
            if "," in self.source[start:next_end]:
                break
            end = next_end
        return self.source[start:end]

    def render(self, answer: str | Sequence[str]) -> str:
        """Write known phrases the way decoding writes them."""
        return answer if isinstance(answer, str) else ", ".join(answer)

    def written(self, truth: object) -> str | None:
        """Write one or several phrases as they stand in the source: truths are compared in lower case, citations are not.

        One phrase that cannot be cited makes it None: the rest alone would teach to leave out a right answer.
        """
        texts = [truth] if isinstance(truth, str) else truth
        if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
            return None
        answer = self.render(texts)
        if not self.accepts(answer):
            cited = [find_phrase(self.source, phrase) for phrase in self.phrases(answer)]
            answer = self.render(list(dict.fromkeys(phrase for phrase in cited if phrase))) if all(cited) else ""
        return answer if self.accepts(answer) else None

    def complete(self, text: str) -> str | None:
        """Cut an unfinished answer back to its last whole word or phrase that makes it valid, None if nothing does."""
        for end in [len(text), *(stop for _, stop in reversed(word_spans(text))), 0]:
            kept = text[:end].strip().rstrip(",").rstrip()
            if self.accepts(kept):
                return kept
        return None

    def determined_rest(self, text: str) -> str | None:
        """Return None: whether a phrase goes on is the model's choice up to the last word of the source."""
        return None


def _loop_length(text: str) -> int:
    """Return the length of what `text` ends with three times in a row, 0 if nothing; small models loop so to the end."""
    for length in range(_SHORTEST_LOOP, min(_LONGEST_LOOP, len(text) // 3) + 1):
        last = text[-length:]
        if text[-2 * length : -length] == last and text[-3 * length : -2 * length] == last:
            return length
    return 0


NO_ANSWER = "I cannot tell from the question."
# In characters: shorter repetitions occur in titles ("10 x 10 x 10"), longer ones are too rare to look for.
_SHORTEST_LOOP, _LONGEST_LOOP = 8, 60
_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|[。！？]")
# Points that end no sentence: behind the number of an item, an initial, an abbreviation.
_NO_SENTENCE_END = re.compile(
    r"(?<![\w.])(?:\d{1,2}|[^\W\d_]|(?:[^\W\d_]\.)+[^\W\d_]|vs|approx|ca|etc|incl|excl|max|min|no|nr|vol|fig|dr|mr|mrs|ms|st|jr"
    r"|inc|ltd|co|dept|est|cf|al|bzw|zzgl|inkl|env|aprox)\.$",
    re.I,
)


@dataclass(frozen=True)
class FreeText:
    """Prose or a translation: anything within the budget, on one line where `single_line`."""

    max_tokens: int
    single_line: bool = False
    fallback_text: str = NO_ANSWER

    name: ClassVar[str] = "free_text"

    def accepts(self, text: str) -> bool:
        """Whether words are written, on one line if that is asked, that do not end in a loop."""
        stripped = text.strip()
        return has_words(stripped) and not (self.single_line and "\n" in stripped) and not _loop_length(stripped)

    def fallback(self) -> str:
        """Return the text that the question itself suggests (a title to translate, the name to explain), brought into form."""
        text = self.fallback_text
        return text if self.accepts(text) else self.complete(text) or NO_ANSWER

    def render(self, answer: str | Sequence[str]) -> str:
        """Write a known text (the first, where several references are given) the way decoding writes it."""
        return answer if isinstance(answer, str) else answer[0]

    def written(self, truth: object) -> str | None:
        """Write the known text, the first where several references are given."""
        first = truth[0] if isinstance(truth, list) and truth else truth
        return first if isinstance(first, str) and self.accepts(first) else None

    def complete(self, text: str) -> str | None:
        """Return what is written so far, its last sentence left out if it is unfinished and the shorter half, or its first
        line alone; None if there is no word in that.
        """
        kept = text.strip()
        if self.single_line:
            kept = kept.split("\n", 1)[0].strip()
        while length := _loop_length(kept):
            kept = kept[:-length].strip()
        if not has_words(kept):
            return None
        if self.single_line:
            return kept
        for end in reversed([match.end() for match in _SENTENCE_END.finditer(kept)]):
            if 2 * end < len(kept):
                break
            if not _NO_SENTENCE_END.search(kept, max(0, end - 12), end) and self.accepts(kept[:end]):
                return kept[:end]
        return kept

    def determined_rest(self, text: str) -> str | None:
        """Return None, or "" once the one line that was asked for is over or the text goes round in circles."""
        is_over = (self.single_line and "\n" in text.lstrip()) or _loop_length(text)
        return "" if is_over else None


AnswerFormat = Choice | Permutation | Selection | Spans | FreeText


_FORMS: dict[str, Any] = {form.name: form for form in (Choice, Permutation, Selection, Spans, FreeText)}


def format_to_dict(form: AnswerFormat) -> dict[str, object]:
    """Turn a form into plain data (numbers, strings, lists), as it travels in `SamplingParams.extra_args`."""
    values = {field.name: getattr(form, field.name) for field in fields(form)}
    return {"form": form.name, **{key: list(v) if isinstance(v, tuple) else v for key, v in values.items()}}


def format_from_dict(data: object) -> AnswerFormat:
    """Build a form from plain data; `ValueError` names what is wrong with it."""
    if not isinstance(data, dict):
        raise ValueError(f"an answer format is a dict with the key 'form', not {type(data).__name__}")
    form = _FORMS.get(str(data.get("form")))
    if form is None:
        raise ValueError(f"unknown answer format {data.get('form')!r}: known are {', '.join(_FORMS)}")
    known: dict[str, Any] = {field.name: field.type for field in fields(form)}
    given = {key: value for key, value in data.items() if key != "form"}
    if unknown := sorted(set(given) - set(known)):
        raise ValueError(f"answer format {form.name!r} has no field {unknown[0]!r}")
    for key, value in given.items():
        if key == "items":
            if not isinstance(value, list | tuple) or not all(type(item) is int for item in value):
                raise ValueError(f"'items' of {form.name!r} must be a list of integers")
            given[key] = tuple(value)
        elif type(value) is not known[key]:
            raise ValueError(f"{key!r} of {form.name!r} must be {known[key].__name__}, not {value!r}")
        elif isinstance(value, str) and holds_half_surrogates(value):
            raise ValueError(f"{key!r} of {form.name!r} holds half a surrogate pair, which no text can")
    try:
        return form(**given)
    except TypeError as error:
        raise ValueError(f"answer format {form.name!r}: {error}") from error
