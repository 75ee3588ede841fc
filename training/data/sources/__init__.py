"""The public data sets that training data are made from, one module each."""

import inspect
from pathlib import Path
from typing import Any

from submission.errors import ShopBenchError
from submission.near_names import hint
from training.data.sources.alpaca import Alpaca
from training.data.sources.amazon_m2 import AmazonM2
from training.data.sources.amazon_reviews import AmazonReviews
from training.data.sources.ecinstruct import EcInstruct
from training.data.sources.esci import Esci
from training.data.sources.knowledge import Knowledge
from training.data.sources.mmlu import Mmlu
from training.data.sources.shopbench import ShopBench
from training.data.sources.source import Source

SOURCES: dict[str, type[Source]] = {
    source.name: source for source in (Esci, AmazonM2, AmazonReviews, EcInstruct, Mmlu, Alpaca, ShopBench, Knowledge)
}

# Settings that every source has, besides those that its constructor takes.
_OF_ALL = ("licence", "revision")


def open_source(name: str, settings: dict[str, Any] | None, scratch: Path) -> Source:
    """Return the source with this name, set up as a recipe says; `ShopBenchError` names what is wrong in the recipe."""
    if name not in SOURCES:
        raise ShopBenchError(f"there is no source {name!r}: {hint(name, SOURCES, 'known are')}")
    source = SOURCES[name]
    known = [parameter for parameter in inspect.signature(source).parameters if parameter != "scratch"] + [*_OF_ALL]
    settings = settings or {}
    if unknown := [key for key in settings if key not in known]:
        raise ShopBenchError(f"source {name} has no setting {unknown[0]!r}: {hint(unknown[0], known, 'it has')}")
    try:
        opened = source(scratch / name, **{key: value for key, value in settings.items() if key not in _OF_ALL})
    except TypeError as error:
        raise ShopBenchError(f"source {name}: {str(error).split('() ')[-1]}") from error
    for key in _OF_ALL:
        value = settings.get(key, getattr(source, key))
        if not isinstance(value, str) or not value.strip():
            raise ShopBenchError(f"source {name}: {key} must be a text, not {value!r}")
        setattr(opened, key, value)
    return opened
