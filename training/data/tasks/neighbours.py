"""Draws products that look near to what a query asks for, but are something else: "glass vase" for "glass feeder".

What may be shared is a color or a material. The one thing to know: the thing itself, and whatever else a query says, is
never shared, since a wrong answer that is right after all costs more than one that is told apart easily.
"""

import re
from collections.abc import Iterable
from random import Random

from training.data.tasks.equivalents import names_value, related
from training.data.tasks.task import draw
from training.data.tasks.words import term_sequence

# What a query wants stands before these: "bag for laptop", "shorts without pockets".
_PREPOSITION = re.compile(r"\b(?:for|with|without|in|of|by|under|from)\b", re.IGNORECASE)


class Titles:
    """Titles of products, found by the colors and materials that they name."""

    def __init__(self, titles: Iterable[str]) -> None:
        self.all = list(dict.fromkeys(titles))
        self._by_quality: dict[str, list[str]] = {}
        for title in self.all:
            for quality in _qualities(title):
                self._by_quality.setdefault(quality, []).append(title)

    def neighbours(self, rng: Random, query: str, count: int, context: str = "") -> list[str]:
        """Draw up to `count` titles that are not what `query` or `context` speaks of, rather those that share a quality."""
        qualities = _qualities(query) - _things(query)
        asked = " ".join([*(term for term in term_sequence(query) if term not in qualities), context])
        near = [title for quality in sorted(qualities) for title in self._by_quality.get(quality, [])]

        def is_wrong(title: str) -> bool:
            return not related(title, asked)

        drawn = draw(rng, near, count, is_wrong)
        return drawn + draw(rng, self.all, count - len(drawn), lambda title: title not in drawn and is_wrong(title))


def _qualities(text: str) -> frozenset[str]:
    return frozenset(
        term for term in term_sequence(text) if names_value(term, "color") or names_value(term, "material")
    )


def _things(query: str) -> set[str]:
    """Return the words that may name the thing itself: the last one, and the last one before "for" and the like."""
    parts = (query, _PREPOSITION.split(query)[0])
    return {terms[-1] for terms in map(term_sequence, parts) if terms}
