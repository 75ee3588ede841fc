"""What no public set holds and the benchmark asks: product types, attributes and everyday events, written by hand.

An entry of `types` (its `names` in five more languages are left out here):

    name: coffee maker
    group: kitchen
    definition: A coffee maker is a kitchen appliance that brews coffee by passing hot water through ground beans.
    use: brew a hot drink for breakfast
    complements: [coffee filter, ground coffee, coffee mug]

Definitions, complements, uses, synonyms of attributes, what obstructs what. `knowledge.yaml` is the data; the types
that an attribute lists as having it, or as having it perhaps, are complete for the file: questions take others for wrong.
"""

from collections import Counter
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import yaml

from training.data.sources.records import Attribute, Event, ProductType, Record
from training.data.sources.source import Source

_FILE = Path(__file__).with_name("knowledge.yaml")


class Knowledge(Source):
    """Streams "types", "attributes" and "events"."""

    name = "knowledge"
    licence = "Apache-2.0"
    streams: ClassVar[dict[str, type]] = {"types": ProductType, "attributes": Attribute, "events": Event}

    def locations(self) -> list[str]:
        """Return the file that comes with the package."""
        return [str(_FILE)]

    def units(self, stream: str) -> Iterator[Any]:
        """Stream the entries of one part of the file."""
        yield from _content()[stream]

    def record(self, stream: str, unit: Any, unusable: Counter[str]) -> Record | None:
        """Turn an entry into a record; the file is ours, so there is nothing to count."""
        key = f"{stream}/{unit['name']}"
        if stream == "types":
            return ProductType(
                key=key,
                name=unit["name"],
                plural=unit.get("plural") or unit["name"] + "s",
                group=unit["group"],
                definition=unit["definition"],
                use=unit["use"],
                complements=tuple(unit["complements"]),
                names={language: tuple(names) for language, names in unit.get("names", {}).items()},
            )
        if stream == "attributes":
            return Attribute(
                key=key,
                name=unit["name"],
                types=tuple(unit["types"]),
                perhaps=tuple(unit.get("perhaps", ())),
                synonyms=tuple(unit["synonyms"]),
                values=tuple(unit["values"]),
            )
        lists = {part: tuple(unit.get(part, ())) for part in ("obstacles", "general_obstacles", "needs", "results")}
        return Event(key=key, name=unit["name"], topic=unit["topic"], **lists)


@lru_cache(maxsize=1)
def _content() -> dict[str, Any]:
    return yaml.safe_load(_FILE.read_text(encoding="utf-8"))


@lru_cache(maxsize=4096)
def far_apart(first: str, second: str) -> bool:
    """Whether what is right for one group of types (or topic of events) is surely wrong for the other."""
    return first != second and not any(first in near and second in near for near in _content()["neighbours"])


@lru_cache(maxsize=1)
def known_types() -> tuple[ProductType, ...]:
    """Return all product types that the file knows."""
    source = Knowledge(Path())
    records = (source.record("types", unit, Counter()) for unit in source.units("types"))
    return tuple(record for record in records if isinstance(record, ProductType))
