"""Tells whether two texts may say the same in other words: "Gray" and "grau", "Wi-Fi" and "WiFi", "Navy" and "Blue".

What wrong answers are checked by. `equivalents.yaml` is the table; the one thing to know: it errs on the side of
calling texts related. A wrong answer that is right after all costs more than one that is not drawn.
"""

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from submission.question_text import UNSPACED
from training.data.sources.cleaning import without_accents
from training.data.tasks.words import term_sequence, terms

_FILE = Path(__file__).with_name("equivalents.yaml")
_LONGEST_ENTRY = 3
_HYPHEN = re.compile(r"(?<=\w)[-‐‑–'’](?=\w)")
_JAPANESE = re.compile(f"[{UNSPACED}]")
# Endings of adjectives and plurals that follow a word of the table: "schwarzes", "goldfarben".
_ENDINGS = ("e", "er", "en", "em", "n", "farben", "farbig")
# Compounds end with what they are: "tiefschwarz", "マットブラック". Shorter words end too many others.
_FEWEST_LETTERS = {"de": 4, "ja": 3}


def normalised(text: str) -> str:
    """Return `text` in lower case without accents, wide forms and hyphens inside of words."""
    return _HYPHEN.sub(" ", without_accents(text))


def _words(text: str) -> list[str]:
    return term_sequence(normalised(text))


def squeezed(text: str) -> str:
    """Return the meaningful words of `text` as one: "iPhone 13" and "iPhone-13" are "iphone13"."""
    return "".join(_words(text))


class _Table:
    """The entries of `equivalents.yaml` by their normalised words."""

    def __init__(self, data: dict[str, Any]) -> None:
        self.names: dict[str, set[str]] = {}
        self.languages: dict[str, set[str]] = {}
        self.kinds = {"color": frozenset(data["colors"]), "material": frozenset(data["materials"])}
        for part in ("colors", "materials"):
            for name, by_language in data[part].items():
                for language, entries in by_language.items():
                    for key in self._add(entries, name):
                        self.languages.setdefault(key, set()).add(language)
        for entries in data["spellings"]:
            self._add(entries, entries[0])
        self.near: dict[str, set[str]] = {}
        for name, others in data["near"].items():
            for other in others:
                for one in (name, other):
                    self.near.setdefault(one, set()).add(f"{name}~{other}")
        self.vague = {_key(entry) for entry in data["vague"]}
        self.shades = {_key(entry) for entry in data["shades"]}
        # What an entry of several words, or of one that is written as several, begins with.
        self.beginnings = frozenset(key[:end] for key in self.names for end in range(1, len(key)))
        self.compounds = tuple(
            key
            for key, languages in self.languages.items()
            if any(len(key) >= _FEWEST_LETTERS.get(language, len(key) + 1) for language in languages)
        )

    def _add(self, entries: list[str], name: str) -> set[str]:
        """Add entries under a name; return the keys they are found by: "navy blue" is also written as one word."""
        keys = {key for entry in entries for key in (_key(entry), _key(entry).replace(" ", ""))}
        for key in keys:
            self.names.setdefault(key, set()).add(name)
        return keys

    def form_of(self, word: str) -> str:
        """Return the entry that a word is a form of, empty where there is none."""
        for ending in ("", *_ENDINGS):
            if word.endswith(ending) and word.removesuffix(ending) in self.names:
                return word.removesuffix(ending)
        return next((key for key in self.compounds if word.endswith(key)), "") if word.endswith(self.compounds) else ""


def _key(entry: str) -> str:
    return " ".join(_words(entry))


@lru_cache(maxsize=1)
def _table() -> _Table:
    return _Table(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def _entries(words: list[str]) -> Iterator[str]:
    """Yield the entries of the table among `words`."""
    names = _table().names
    for place, word in enumerate(words):
        if entry := _form_of(word):
            yield entry
        if word not in _table().beginnings:
            continue
        for count in range(2, _LONGEST_ENTRY + 1):
            taken = words[place : place + count]
            # "Wi Fi" is an entry as one word.
            yield from (joined for joined in (" ".join(taken), "".join(taken)) if joined in names)


@lru_cache(maxsize=65536)
def _form_of(word: str) -> str:
    return _table().form_of(word)


@lru_cache(maxsize=65536)
def meanings(text: str) -> frozenset[str]:
    """Return what the words of `text` mean: themselves, neighbours as one word, names of the table and their near ones."""
    words = _words(text)
    found = {*words, *map("".join, pairwise(words))}
    for entry in _entries(words):
        for name in _table().names[entry]:
            found |= {f"={name}", *_table().near.get(name, ())}
    return frozenset(found)


def related(first: str, second: str) -> bool:
    """Whether two texts may speak of the same thing or value: they share a word or a meaning in any language."""
    # A word that both share is the most frequent case, and found in a fraction of the time; "à" is grammar without its accent.
    if any(map(str.isascii, terms(first) & terms(second))):
        return True
    return not meanings(first).isdisjoint(meanings(second))


def is_vague(value: str) -> bool:
    """Whether a value could be said of anything ("Multicolor", "Assorted")."""
    words = _words(value)
    return "".join(words) in _table().vague or all(word in _table().vague for word in words)


def names_value(text: str, kind: str) -> bool:
    """Whether `text` names a value of `kind` ("color" or "material") that the table knows."""
    return any(not _table().kinds[kind].isdisjoint(_table().names[entry]) for entry in _entries(_words(text)))


def is_color(value: str) -> bool:
    """Whether the color of a page names one: "Style 3" and "As Shown" do not, "Blue9" is the name of a variant."""
    return names_value(value, "color") and not any(map(str.isdigit, value))


def says_shade(text: str) -> bool:
    """Whether a word of `text` says which shade of a color is meant ("dark", "claro")."""
    return not _table().shades.isdisjoint(_words(text))


def may_be_in(value: str, language: str) -> bool:
    """Whether a color or material may be a word of `language`: not if the table knows it in others only."""
    if bool(_JAPANESE.search(value)) is not (language == "ja"):
        return language == "ja" and all("any" in _languages(word) for word in _words(value))
    known = filter(None, map(_languages, _entries(_words(value))))
    return all({language, "any"} & languages for languages in known)


def _languages(entry: str) -> set[str]:
    return _table().languages.get(entry, set())
