"""Pipeline 2: labels of seed products (type, categories, attributes), and questions whose answers they are.

Every label is checked against the page: a type must share words with it, a value must stand in the title word for word.
Where the page itself names its category or the attribute, that is the answer and the writer's label is only compared.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from submission.answer_formats import find_phrase
from submission.task_types import TaskType
from training.data.sources.records import JudgedProduct, Product
from training.data.synthetic.items import (
    TEXT,
    Context,
    Item,
    Rejected,
    question_or_rejected,
    read_back,
    schema,
)
from training.data.synthetic.replies import RejectedError, read_reply
from training.data.synthetic.requests import Reply, Request
from training.data.synthetic.seeds import records
from training.data.tasks.attributes import TYPE_FROM_TITLE, VALUE_FROM_TITLE
from training.data.tasks.entities import TITLE_ENTITIES, are_all
from training.data.tasks.task import Draft, Task, choice, draw_unrelated
from training.data.tasks.words import count_phrase, product_type, share_terms, shortened, terms

CATEGORY = Task(
    "product_category",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "In which category of an online shop would a customer find '{title}'?\n{options}\nAnswer: ",
        "Product title: {title}\nWhich category does the product belong to?\n{options}\nAnswer: ",
        "File the product '{title}' under one of these categories.\n{options}\nAnswer:",
        "A seller lists '{title}'. Choose the category that it belongs in.\n{options}\nAnswer:",
    ),
)
_SYSTEM = (
    "You label products of an online shop. Name the type of the product in one to four words, one or two shop categories, "
    "and attributes whose values stand in the title, each value exactly as it is written there."
)
_STREAMS = ("amazon_reviews/products", "esci/products", "amazon_m2/products")
_MOST_TYPE_WORDS, _MOST_VALUE_WORDS, _MOST_ATTRIBUTES = 4, 4, 3
# Pages whose labels are wrong answers for each other: of forty thousand, all with all would take hours.
_TOGETHER = 500
_UNKNOWN = "It cannot be inferred."
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


class LabelProducts:
    """Seeds are English product pages."""

    name = "label_products"

    def seeds(self, context: Context, count: int) -> list[Product]:
        """Return pages of all sources in turn, no title twice."""
        streams = [_products(context, stream) for stream in _STREAMS]
        found: dict[str, Product] = {}
        while streams and len(found) < count:
            for stream in list(streams):
                product = next(stream, None)
                if product is None:
                    streams.remove(stream)
                else:
                    found.setdefault(product.title, product)
        return list(found.values())[:count]

    def request(self, seed: Product, context: Context) -> Request:
        """Ask for the labels of a page."""
        attribute = {"name": TEXT, "value": TEXT}
        one = {"type": "object", "properties": attribute, "required": list(attribute), "additionalProperties": False}
        shape = schema(
            product_type=TEXT,
            categories={"type": "array", "items": TEXT, "minItems": 1, "maxItems": 2},
            attributes={"type": "array", "items": one, "maxItems": _MOST_ATTRIBUTES},
        )
        page = "\n".join((f"Title: {seed.title}", *(f"- {shortened(feature)}" for feature in seed.features[:3])))
        number = context.rng(f"{self.name}/{seed.key}").randrange(2**31)
        return Request((("system", _SYSTEM), ("user", page)), shape, 220, number)

    def items(self, written: list[tuple[Product, Reply]], context: Context) -> list[Item]:
        """Check the labels of all pages, then build questions with the labels of others as wrong answers."""
        items: list[Item] = []
        labelled: list[tuple[Product, Labels]] = []
        for product, reply in written:
            try:
                labels, rejected = _checked(product, read_reply(reply))
            except RejectedError as error:
                items.append(Rejected(str(error), reply.text, product.key))
                continue
            items += [Rejected(reason, label, product.key) for reason, label in rejected]
            labelled.append((product, labels))
        for place, (product, labels) in enumerate(labelled):
            start = place // _TOGETHER * _TOGETHER
            for task, draft in _drafts(product, labels, labelled[start : start + _TOGETHER], context):
                wording = context.rng(f"{self.name}/{task.name}/{product.key}").choice(context.wordings(task))
                row = partial(read_back, task, wording.format(**draft.slots), draft)
                items.append(question_or_rejected(row, self.name, product.title, product.key))
        return items


def _products(context: Context, stream: str) -> Iterator[Product]:
    for record in records(context, stream):
        product = record.product if isinstance(record, JudgedProduct) else record
        if isinstance(product, Product) and product.language == "en":
            yield product


_Faults = list[tuple[str, str]]
"""What is rejected of a reply, as (reason, label)."""


def _checked(product: Product, reply: dict[str, Any]) -> tuple[Labels, _Faults]:
    """Return the labels that pass and what is rejected of the others."""
    # Not every server holds its model to the schema, and what it replied once is kept.
    categories, attributes = (reply.get(part) or [] for part in ("categories", "attributes"))
    if not isinstance(categories, list) or not _are_objects(attributes):
        raise RejectedError("the labels are not of the form that was asked for")
    faults: _Faults = []
    kind = _checked_type(product, _text(reply.get("product_type")).lower(), faults)
    # What the page says itself is not asked of a writer.
    known = product.categories[:1] or _checked_categories(product, kind, [_text(one) for one in categories], faults)
    return Labels(kind, known, _checked_attributes(product, attributes, faults)), faults


def _checked_type(product: Product, kind: str, faults: _Faults) -> str:
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


def _checked_categories(product: Product, kind: str, written: list[str], faults: _Faults) -> tuple[str, ...]:
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


def _checked_attributes(product: Product, written: list[dict[str, Any]], faults: _Faults) -> dict[str, str]:
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


def _drafts(
    product: Product, labels: Labels, labelled: list[tuple[Product, Labels]], context: Context
) -> Iterator[tuple[Task, Draft]]:
    rng = context.rng(f"label_products/choice/{product.key}")
    others = [(other, found) for other, found in labelled if other.key != product.key]
    page = f"{product.text} {' '.join(product.categories)} {labels.type}"

    def choose(
        task: Task, right: str, candidates: list[str], last: str = "", **slots: str
    ) -> Iterator[tuple[Task, Draft]]:
        different = list(dict.fromkeys(candidates))
        wrong = draw_unrelated(rng, different, 2 if last else 3, f"{page} {right}")
        draft = choice(rng, right, [*wrong, *([last] if last else [])], title=product.title, **slots)
        if draft is not None and len(draft.numbers) == 4:
            yield task, draft

    if labels.type:
        yield from choose(TYPE_FROM_TITLE, labels.type, [found.type for _, found in others if found.type])
    for category in labels.categories[:1]:
        yield from choose(CATEGORY, category, [name for _, found in others for name in found.categories])
    for name, value in labels.attributes.items():
        if are_all(name, [value], product.title):
            yield TITLE_ENTITIES, Draft({"text": product.title, "entity": name}, [value])
        alike = [found.attributes[name] for _, found in others if name in found.attributes]
        yield from choose(VALUE_FROM_TITLE, value, alike, last=_UNKNOWN, attribute=name)
