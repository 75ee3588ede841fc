"""Makes neighbours of the wordings: every way to ask for a task, in seven languages, in frames, with labels of every style.

What they are made of is data, in `wordings/neighbours.yaml`. They show classes of questions that are misread: a language,
a label, a phrasing. The weights of the rules are fitted to them besides wordings by people. The same seed makes the same
ones.
"""

import random
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import yaml

from benchmarks.reading_sources import Wording
from submission.task_rules import Reading

_FILE = Path(__file__).with_name("wordings") / "neighbours.yaml"
_LIST_STYLES = ("{}. ", "{}) ", "({}) ", "[{}] ", "{}: ")
_LENGTHS = range(4, 7)


class Neighbour(NamedTuple):
    """A question, its reading, and what it was made from."""

    text: str
    reading: Reading
    task: str
    language: str
    ask: str
    style: str


@lru_cache(maxsize=1)
def _data() -> dict[str, Any]:
    return dict(yaml.safe_load(_FILE.read_text(encoding="utf-8")))


def neighbours(seed: int, of_each: int | None = None) -> Iterator[Neighbour]:
    """Yield questions for every ask: in every label style, the ask before and behind the rest, or `of_each` drawn ones of these."""
    data, draw = _data(), random.Random(seed)
    for name, task in data["tasks"].items():
        for language, asks in task["asks"].items():
            for ask in asks:
                # Without an ask, it is the labels that say what is wanted.
                ways = [
                    (style, is_first) for style in data["styles"] for is_first in (True, False) if ask or "{l}" in style
                ]
                for style, is_ask_first in ways if of_each is None else draw.sample(ways, of_each):
                    text = _question(data, draw, task, language, ask, style, is_ask_first=is_ask_first)
                    yield Neighbour(text, Reading(task["reading"]), name, language, ask, style)


def _question(
    data: dict[str, Any],
    draw: random.Random,
    task: dict[str, Any],
    language: str,
    ask: str,
    style: str,
    *,
    is_ask_first: bool,
) -> str:
    if "slots" in task:
        ask = ask.replace("{slot}", draw.choice(data[task["slots"]][language]))
    if ask:
        # What begins with the name of a kind begins with a capital, in a frame too.
        ask = draw.choice(data["frames"][language]).replace("{ask}", ask[0].upper() + ask[1:])
    bodies = [_body(data, draw, name, language, style) for name in task["bodies"]]
    parts = [ask, *bodies] if is_ask_first else [*bodies, ask]
    return "\n".join(filter(None, [*parts, draw.choice(data["answers"][language])]))


def _body(data: dict[str, Any], draw: random.Random, name: str, language: str, style: str) -> str:
    if name == "list":
        items = draw.sample(data["items"][language], draw.choice(_LENGTHS))
        numbering, start = draw.choice(_LIST_STYLES), draw.choice((0, 1))
        lines = [f"{numbering.format(number)}{item}" for number, item in enumerate(items, start=start)]
        label = draw.choice(data["list labels"][language])
        return "\n".join([f"{label}:", *lines] if label else lines)
    body = data["bodies"][draw.choice(name.split(" or "))]
    return style.replace("{l}", draw.choice(body["labels"][language])).replace(
        "{b}", draw.choice(body["texts"][language])
    )


def neighbour_sources(seed: int, of_each: int | None = None) -> dict[str, list[Wording]]:
    """Return neighbours by task."""
    sources: dict[str, list[Wording]] = {}
    for made in neighbours(seed, of_each):
        sources.setdefault(f"neighbours: {made.task}", []).append(Wording(made.text, False, made.reading))
    return sources
