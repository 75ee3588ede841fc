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
