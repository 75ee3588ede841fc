"""Tells from a title or a query in which part of a shop a thing would stand: "40V Hedge Trimmer" among garden things.

Wrong answers from the same part are as likely as the right one at first sight. `domains.yaml` is the table; the one thing to
know: a text may be of several parts or of none, and the table says nothing of what is the same thing by another name.
"""

import re
from functools import lru_cache
from pathlib import Path

import yaml

from training.data.tasks.words import term_sequence

# What a thing has, is for or is made of stands behind these.
_PARTS = re.compile(
    r"[,;:()\[\]|–—、（）【】]|\s[-/+&]\s"
    r"|\b(?:with|without|for|fits?|compatible|designed|works|of|in|by|from|con|para|sin|de|mit|für|ohne|aus|avec|pour|sans|per)\b",
    re.IGNORECASE,
)
# Parts between which a thing may well replace another, or stand in either.
_NEAR = (
    "electronics phones", "electronics music", "electronics office", "electronics automotive", "electronics toys", "kitchen food",
    "kitchen home", "kitchen bathroom", "home bedding", "home bathroom", "home office", "home party", "home baby",
    "home bags", "beauty health", "beauty bathroom", "health bathroom", "health food", "health sports", "clothing shoes",
    "clothing sports", "clothing baby", "clothing party", "clothing jewellery", "clothing bags", "outdoor sports", "outdoor garden",
    "outdoor bags", "sports toys", "sports cycling", "tools garden", "tools automotive", "tools office", "tools home", "toys baby",
    "toys party", "toys books", "books office", "bags office", "bedding baby", "party office", "cycling automotive",
)  # fmt: skip
_FILE = Path(__file__).with_name("domains.yaml")


@lru_cache(maxsize=1)
def _domains_by_words() -> dict[str, tuple[str, ...]]:
    """Return the names of the domains by the words that tell of them, one word or two with a space in between."""
    found: dict[str, list[str]] = {}
    for domain, entries in yaml.safe_load(_FILE.read_text(encoding="utf-8")).items():
        for entry in entries:
            found.setdefault(" ".join(term_sequence(entry)), []).append(domain)
    return {words: tuple(dict.fromkeys(domains)) for words, domains in found.items()}


@lru_cache(maxsize=65536)
def domains(text: str) -> frozenset[str]:
    """Return the domains of the thing that a title or a query is about, more than one where its word is of several.

    What a thing is stands last in front of a comma, "for", "with" and the like. Where nothing there tells, what follows may.
    """
    table = _domains_by_words()
    for part in _PARTS.split(text):
        words = term_sequence(part)
        for end in range(len(words), 0, -1):
            for start in (end - 2, end - 1):
                if start >= 0 and (found := table.get(" ".join(words[start:end]))):
                    return frozenset(found)
    return frozenset()


def in_far_parts(first: str, second: str) -> bool:
    """Whether two texts are surely of parts of the shop in which nothing of one replaces anything of the other."""
    return bool(
        domains(first)
        and domains(second)
        and all(
            one != other and (one, other) not in _near_pairs() for one in domains(first) for other in domains(second)
        )
    )


@lru_cache(maxsize=1)
def _near_pairs() -> frozenset[tuple[str, str]]:
    pairs = [tuple(pair.split()) for pair in _NEAR]
    return frozenset((one, other) for pair in pairs for one, other in (pair, pair[::-1]))
