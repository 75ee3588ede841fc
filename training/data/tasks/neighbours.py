"""Draws products that look near to what a query asks for, but are something else: a hedge trimmer for "lawn mower".

They are of the same part of a shop (`domains`), or share a color or a material. The one thing to know: the thing
itself, and what else a query says, is never shared. A wrong answer that is right after all costs more than one that is
told apart easily.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from functools import cached_property, lru_cache
from itertools import chain
from random import Random

from training.data.tasks.domains import domains, in_far_parts
from training.data.tasks.equivalents import names_value, related
from training.data.tasks.task import draw
from training.data.tasks.words import term_sequence, terms

# What a query wants stands before these: "bag for laptop", "shorts without pockets".
_PREPOSITION = re.compile(r"\b(?:for|with|without|in|of|by|under|from)\b", re.IGNORECASE)


class Titles:
    """Titles of products, found by the colors and materials that they name and by their part of the shop.

    `asked` holds for a title what shoppers searched for who wanted that product, where that is known.
    """

    def __init__(self, titles: Iterable[str], asked: Mapping[str, str] | None = None) -> None:
        self.all = list(dict.fromkeys(titles))
        self._asked = asked or {}
        self._by_quality: dict[str, list[str]] = {}
        for title in self.all:
            for quality in _qualities(title):
                self._by_quality.setdefault(quality, []).append(title)

    @cached_property
    def _by_domain(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for title in self.all:
            for domain in domains(title):
                found.setdefault(domain, []).append(title)
        return found

    def neighbours(self, rng: Random, query: str, count: int, context: str = "") -> list[str]:
        """Draw up to `count` titles that are not what `query` or `context` speaks of, rather those that share a quality."""
        qualities = _qualities(query) - _things(query)
        asked = f"{_without(query, qualities)} {context}"

        def is_something_else(title: str) -> bool:
            return not related(title, asked) and (not domains(query) or in_far_parts(title, query))

        return self._draw(rng, count, (self._sharing(qualities),), is_something_else)

    def alike(
        self,
        rng: Random,
        query: str,
        right: str,
        count: int,
        among: Set[str],
        accept: Callable[[str], bool],
        first: Sequence[str] = (),
    ) -> list[str]:
        """Draw up to `count` titles that have nothing of `query`, and of the `right` titles a color or material at most.

        Those of `first` are looked at first, then those of the domains `among`, then those that share a quality with what is
        right. What shoppers searched for who wanted one of them names no thing of `query` either; `accept` has the last word.
        """
        qualities = _qualities(right)
        context = f"{query} {_without(right, qualities)}"
        things = _without(query, _qualities(query))

        def is_wrong(title: str) -> bool:
            return accept(title) and not related(title, context) and not related(self._asked.get(title, ""), things)

        near = [*chain.from_iterable(self._by_domain.get(domain, ()) for domain in sorted(among))]
        return self._draw(rng, count, (first, near, self._sharing(qualities)), is_wrong)

    def _sharing(self, qualities: Set[str]) -> list[str]:
        return [*chain.from_iterable(self._by_quality.get(quality, ()) for quality in sorted(qualities))]

    def _draw(
        self, rng: Random, count: int, near: Sequence[Sequence[str]], is_wrong: Callable[[str], bool]
    ) -> list[str]:
        """Draw from the lists of what is near in turn, then from all."""
        drawn: list[str] = []

        def is_another(title: str) -> bool:
            return title not in drawn and is_wrong(title)

        for titles in (*near, self.all):
            drawn += draw(rng, titles, count - len(drawn), is_another)
        return drawn


def _without(text: str, qualities: Set[str]) -> str:
    return " ".join(term for term in term_sequence(text) if term not in qualities)


def _qualities(text: str) -> frozenset[str]:
    return frozenset(filter(_is_quality, terms(text)))


@lru_cache(maxsize=65536)
def _is_quality(term: str) -> bool:
    return names_value(term, "color") or names_value(term, "material")


def _things(query: str) -> set[str]:
    """Return the words that may name the thing itself: the last one, and the last one before "for" and the like."""
    parts = (query, _PREPOSITION.split(query)[0])
    return {sequence[-1] for sequence in map(term_sequence, parts) if sequence}
