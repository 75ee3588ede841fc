"""Which of the labels that were written for a product pass: type, categories and attributes, checked against its page.

A type must share words with the page, a value must stand in the title word for word. Where the page itself names its
category or the attribute, that is the answer, and the written label is only compared.
"""

import re
from dataclasses import dataclass
from typing import Any

from submission.answer_formats import find_phrase
from training.data.sources.records import Product
from training.data.synthetic.replies import RejectedError
from training.data.tasks.words import count_phrase, product_type, share_terms, terms

_MOST_TYPE_WORDS, _MOST_VALUE_WORDS = 4, 4
# Names of attributes that are believed; those that a page's own details have are too.
_ATTRIBUTES = frozenset(
    {
        "brand",
        "color",
        "material",
        "size",
        "flavor",
        "scent",
        "pattern",
        "capacity",
        "style",
        "shape",
        "model",
    }
    | {"quantity", "weight", "length", "theme", "fabric", "finish", "audience", "age group", "pack size", "power"}
)
_CATEGORY_NAME = re.compile(r"[^\W\d_]+(?:[ '&,-]{1,3}[^\W\d_]+){0,4}")


@dataclass(frozen=True)
class Labels:
    """Labels of a product that passed: the type, categories, and attributes with values as they stand in the title."""

    type: str
    categories: tuple[str, ...]
    attributes: dict[str, str]


Faults = list[tuple[str, str]]
"""What is rejected of a reply, as (reason, label)."""


def checked_labels(product: Product, reply: dict[str, Any]) -> tuple[Labels, Faults]:
    """Return the labels that pass and what is rejected of the others."""
    # Not every server holds its model to the schema, and what it replied once is kept.
    categories, attributes = (reply.get(part) or [] for part in ("categories", "attributes"))
    if not isinstance(categories, list) or not _are_objects(attributes):
        raise RejectedError("the labels are not of the form that was asked for")
    faults: Faults = []
    kind = _checked_type(product, _text(reply.get("product_type")).lower(), faults)
    # What the page says itself is not asked of a writer.
    known = product.categories[:1] or _checked_categories(product, kind, [_text(one) for one in categories], faults)
    return Labels(kind, known, _checked_attributes(product, attributes, faults)), faults


def _checked_type(product: Product, kind: str, faults: Faults) -> str:
    """Return the product's type, the source's own where that says one, empty where the written one does not pass."""
    if known := product_type(product):
        if not share_terms(kind, known):
            faults.append(("the type contradicts the source", kind))
        return known
    if not kind or len(kind.split()) > _MOST_TYPE_WORDS or not terms(kind.split()[-1]) & terms(product.title):
        faults.append(("the type is not on the page", kind))
        return ""
    if share_terms(kind, product.brand):
        faults.append(("the type names the brand", kind))
        return ""
    return kind


def _checked_categories(product: Product, kind: str, written: list[str], faults: Faults) -> tuple[str, ...]:
    """Return the categories of which at least half of the words stand on the page."""
    kept = []
    page = terms(f"{product.title} {product.description} {kind}") - terms(f"{product.brand} {product.color}")
    for category in written:
        words = terms(category)
        if not category.isupper() and _CATEGORY_NAME.fullmatch(category) and 2 * len(words & page) >= len(words) > 0:
            kept.append(category)
        else:
            faults.append(("the category is not on the page", category))
    return tuple(kept)


def _checked_attributes(product: Product, written: list[dict[str, Any]], faults: Faults) -> dict[str, str]:
    """Return the values that stand in the title once, by attribute; none that the source knows otherwise."""
    kept: dict[str, str] = {}
    fields = {name: getattr(product, name) for name in ("brand", "color", "material", "size")}
    own = {name: value for name, value in fields.items() if value}
    own |= {_attribute_name(name): value for name, value in product.details.items()}
    for entry in written:
        name, value = _attribute_name(_text(entry.get("name"))), _text(entry.get("value"))
        phrase = find_phrase(product.title, value)
        if name in own and own[name].lower() != value.lower():
            fault = "the value contradicts the source"
        elif phrase is None or count_phrase(product.title, phrase) != 1 or phrase == product.title:
            fault = "the value does not stand in the title"
        elif name not in _ATTRIBUTES and name not in own:
            fault = "no such attribute is known"
        elif len(value.split()) > _MOST_VALUE_WORDS or "," in value:
            fault = "the value is too long"
        else:
            kept[name] = phrase
            continue
        faults.append((fault, f"{name}: {value}"))
    return kept


def _attribute_name(name: str) -> str:
    return name.lower().replace("colour", "color")


def _are_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _text(value: Any) -> str:
    return " ".join(value.split()) if isinstance(value, str) else ""
