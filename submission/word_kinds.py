"""Turns an instruction into the kinds of its words, one letter a word: "extract the brand from the title" is `T_E__S`.

What the letters stand for is data, in `task_lexicon`. All languages share them, so a rule that is written with kinds
holds in all of them. Unknown words are `_`, the end of a sentence or a line is `.`, numbers are `d`. Quotations are
`q`, quoted texts `b`, quoted names of what is looked for `e` ("the entity type 'BRAND'").
"""

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache

from submission.question_text import UNSPACED, UNSPACED_LETTER
from submission.task_lexicon import KINDS

# What quotations are replaced by before words are looked at.
SHORT_QUOTE, KIND_QUOTE, LONG_QUOTE = "''", "'e'", "'b'"
_MARKS = {
    **dict.fromkeys(".!?;。！？；", "."),
    **dict.fromkeys(":：", ":"),
    SHORT_QUOTE: "q",
    KIND_QUOTE: "e",
    LONG_QUOTE: "b",
}
_NUMBER_WORDS = frozenset(
    {"two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "zwei", "drei", "vier", "fünf", "sechs"}
    | {"deux", "trois", "quatre", "cinq", "dos", "tres", "cuatro", "cinco", "due", "tre", "quattro", "cinque"}
)
_TEN_WORDS = (
    "twenty thirty forty fifty sixty eighty hundred zwanzig dreißig vierzig fünfzig sechzig achtzig hundert vingt trente"
    " quarante cinquante soixante veinte treinta cuarenta cincuenta sesenta venti trenta quaranta cinquanta sessanta"
)
_TENS = frozenset(_TEN_WORDS.split())
# "40 words": behind so many of them or more, words tell how long a text is to be; fewer may be taken out of one.
_LENGTH_WORDS = (
    "words word chars characters wörter wörtern worte worten zeichen mots caractères palabras caracteres parole caratteri"
    " palavras woorden ord słów kelime"
)
_LENGTHS = frozenset(_LENGTH_WORDS.split())
_UNSPACED_LENGTHS = ("文字", "个字", "個字", "字", "单词", "个词", "単語", "語")
_SHORTEST_LENGTH = 8
_LETTERS = rf"[^\W\d_{UNSPACED}]"
# Articles and prepositions that French and Italian join to the next word are words of their own.
_ELIDED = r"(?:[cdjlmnst]|qu|un|all|dell|nell|sull|dall)['’](?=[^\W\d_])"
_TOKEN = re.compile(rf"'[eb]?'|{_ELIDED}|{_LETTERS}+(?:['’/._-]{_LETTERS}+)*|[{UNSPACED}]+|\d+|[.!?;:。！？；：]")

LETTER_OF_NAME = {name: letter for name, (letter, _) in KINDS.items()}
# Kinds that hold no word for what is asked: where rules skip unknown words, they skip these as well.
FUNCTION_WORDS = frozenset(
    LETTER_OF_NAME[name]
    for name in (
        "source",
        "source behind",
        "given",
        "auxiliary",
        "lead",
        "definite",
        "universal",
        "indefinite",
    )
)


# Nouns that texts are searched for stand in the table in one form or two: the others are found by their endings.
_INFLECTED = frozenset(LETTER_OF_NAME[name] for name in ("kind", "thing"))
_FORMS = (
    ("ies", ("y",)),
    ("aux", ("al", "au")),
    ("ches", ("ca",)),
    ("chi", ("co",)),
    ("es", ("", "e")),
    ("en", ("", "e")),
    ("er", ("",)),
    ("s", ("",)),
    ("x", ("",)),
    ("n", ("",)),
    ("e", ("", "a")),
    ("i", ("o", "e", "a")),
    ("os", ("o",)),
)
_SHORTEST_STEM = 3
_FORMS_OF_LAST = {
    last: tuple(form for form in _FORMS if form[0].endswith(last)) for last in {ending[-1] for ending, _ in _FORMS}
}
# In letters: stems are kept by so many of their first ones.
_SHARED = 2
_SUPERLATIVE = re.compile(r"[^\W\d]{3,}(?:iest|est)|[^\W\d]{3,}(?:ig|lich|bar|sam|end|haft)ste[nrms]?")
_SUPERLATIVE_LOOKS = (
    "request suggest interest harvest protest contest modest digest invest forest honest arrest manifest conquest earnest "
    "southwest northwest midwest ingest attest detest infest tempest disinterest reinvest dishonest"
)
_NO_SUPERLATIVES = frozenset(_SUPERLATIVE_LOOKS.split())


class _Lexicon:
    """The entries of the table, by how they are looked up."""

    def __init__(self) -> None:
        self.words: dict[str, str] = {}
        self.stems: dict[str, str] = {}
        # By their first and second word; a second word that ends in a star stands under None.
        self.phrases: dict[str, dict[str | None, list[tuple[tuple[str, ...], str]]]] = {}
        self.unspaced: dict[str, str] = {}
        for letter, entries in KINDS.values():
            for entry in entries.split("|"):
                if parts := entry.split():
                    self._add(parts, letter)
        for seconds in self.phrases.values():
            for known in seconds.values():
                known.sort(key=lambda phrase: -len(phrase[0]))
        # By the first letters of words: how long the stems are that begin so, the longest first.
        self.stem_lengths: dict[str, list[int]] = {}
        for stem in sorted(self.stems, key=len, reverse=True):
            lengths = self.stem_lengths.setdefault(stem[:_SHARED], [])
            if len(stem) not in lengths:
                lengths.append(len(stem))
        self.longest_unspaced = max(map(len, self.unspaced))
        self.known: dict[str, str] = {}
        self.known_first: dict[str, str] = {}

    def _add(self, parts: list[str], letter: str) -> None:
        first, *rest = parts
        if UNSPACED_LETTER.match(first):
            self.unspaced.setdefault(first.rstrip("*"), letter)
        elif rest:
            second = None if rest[0].endswith("*") else rest[0]
            self.phrases.setdefault(first, {}).setdefault(second, []).append((tuple(rest), letter))
        elif first.endswith("*"):
            self.stems.setdefault(first[:-1], letter)
        else:
            self.words.setdefault(first, letter)

    def letters_of(self, token: str) -> str:
        """Return the letter of a word, the letters of a run without spaces; what was looked up once is remembered."""
        letters = self._letters_of_unspaced(token) if UNSPACED_LETTER.match(token) else self._look_up(token)
        # What follows the first word of a phrase has to be looked at each time.
        known = self.known_first if token in self.phrases else self.known
        if len(known) < _MOST_REMEMBERED:
            known[token] = letters
        return letters

    def _look_up(self, word: str) -> str:
        if letter := self.words.get(word) or _MARKS.get(word):
            return letter
        if word in _NUMBER_WORDS or word in _TENS or word.isdecimal():
            return "d"
        for length in self.stem_lengths.get(word[:_SHARED], ()):
            if letter := self.stems.get(word[:length]):
                return letter
        return self._letter_of_form(word)

    def _letter_of_form(self, word: str) -> str:
        """Return the letter of a kind of thing in another number or gender than the table's, that of a superlative."""
        for ending, replacements in _FORMS_OF_LAST.get(word[-1:], ()):
            if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
                for replacement in replacements:
                    letter = self.words.get(word[: len(word) - len(ending)] + replacement)
                    if letter in _INFLECTED:
                        return letter
        return LETTER_OF_NAME["most"] if _SUPERLATIVE.fullmatch(word) and word not in _NO_SUPERLATIVES else "_"

    def _letters_of_unspaced(self, run: str) -> str:
        """Return the letters of a run without spaces: the longest entries that it can be cut into from its start."""
        letters, place = [], 0
        while place < len(run):
            for length in range(min(self.longest_unspaced, len(run) - place), 0, -1):
                if letter := self.unspaced.get(run[place : place + length]):
                    letters.append(letter)
                    place += length
                    break
            else:
                letters.append("_")
                place += 1
        return "".join(letters)


_MOST_REMEMBERED = 50_000
_LEXICON = _Lexicon()


@lru_cache(maxsize=2048)
def kinds_of(instruction: str) -> str:
    """Return the kinds of the words of `instruction`, which is in lower case and holds marks in place of quotations.

    Remembered, since the questions of a task share their instruction.
    """
    return _kinds(instruction, len(instruction))


def first_kinds_of(text: str, most: int) -> str:
    """Return the kinds of the first words of `text`, `most` of them or a few more: most texts are told by these."""
    return _kinds(text, most)


def _kinds(text: str, most: int) -> str:
    tokens = _TOKEN.findall(text)
    letters: list[str] = []
    place, count = 0, len(tokens)
    phrases, known = _LEXICON.phrases, _LEXICON.known
    while place < count and len(letters) < most:
        token = tokens[place]
        place += 1
        letter = known.get(token)
        if letter is None:
            seconds = phrases.get(token)
            if (
                seconds is not None
                and place < count
                and (tokens[place] in seconds or None in seconds)
                and (found := _phrase_behind(seconds, tokens, place))
            ):
                letter = found[1]
                place += len(found[0])
            else:
                letter = _LEXICON.known_first.get(token) or _LEXICON.letters_of(token)
        letters.append(letter)
        if letter == "d" and place < count and (unit := _length_unit(token, tokens[place])):
            letters.append(LETTER_OF_NAME["sentence count"])
            if rest := tokens[place][len(unit) :]:
                letters.append(_LEXICON.letters_of(rest))
            place += 1
    return "".join(letters)


def _length_unit(figure: str, token: str) -> str:
    """Return the unit with which `token` counts what a text to be written is made of: "40 words", "50字以内"; else ""."""
    unit = token if token in _LENGTHS else next(filter(token.startswith, _UNSPACED_LENGTHS), "")
    is_long = figure in _TENS or (figure.isdecimal() and (len(figure) > 1 or int(figure) >= _SHORTEST_LENGTH))
    return unit if unit and is_long else ""


def _phrase_behind(
    seconds: Mapping[str | None, list[tuple[tuple[str, ...], str]]], tokens: list[str], place: int
) -> tuple[tuple[str, ...], str] | None:
    """Return how a phrase goes on at `place`, None where none does."""
    if (known := seconds.get(tokens[place])) and (found := _phrase(known, tokens, place)):
        return found
    return _phrase(starred, tokens, place) if (starred := seconds.get(None)) else None


def _phrase(
    phrases: Sequence[tuple[tuple[str, ...], str]], tokens: list[str], place: int
) -> tuple[tuple[str, ...], str] | None:
    """Return the first of `phrases` that goes on at `place`."""
    for rest, letter in phrases:
        if len(rest) == 1 and rest[0][-1] != "*":
            return rest, letter
        if place + len(rest) <= len(tokens) and all(map(_fits, tokens[place : place + len(rest)], rest)):
            return rest, letter
    return None


def _fits(word: str, entry: str) -> bool:
    return word.startswith(entry[:-1]) if entry.endswith("*") else word == entry
