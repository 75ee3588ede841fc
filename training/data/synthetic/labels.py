"""Generator 2: labels of seed products (type, categories, attributes), and questions whose answers they are.

What passes as a label of a page is the business of `label_checks`.
"""

from collections.abc import Iterator
from functools import partial

from submission.task_types import TaskType
from training.data.sources.records import JudgedProduct, Product
from training.data.synthetic.checks import read_back
from training.data.synthetic.items import Context, Item, Rejected, question_or_rejected
from training.data.synthetic.label_checks import Labels, checked_labels
from training.data.synthetic.replies import RejectedError, read_reply
from training.data.synthetic.requests import TEXT, Reply, WriterRequest, schema
from training.data.synthetic.seeds import records
from training.data.tasks.attributes import TYPE_FROM_TITLE, VALUE_FROM_TITLE
from training.data.tasks.entities import TITLE_ENTITIES, are_all
from training.data.tasks.task import Draft, Task, choice, draw_unrelated
from training.data.tasks.words import shortened

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
_MOST_ATTRIBUTES = 3
# Pages whose labels are wrong answers for each other: of forty thousand, all with all would take hours.
_TOGETHER = 500
_UNKNOWN = "It cannot be inferred."


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

    def request(self, seed: Product, context: Context) -> WriterRequest:
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
        return WriterRequest((("system", _SYSTEM), ("user", page)), shape, 220, number)

    def items(self, written: list[tuple[Product, Reply]], context: Context) -> list[Item]:
        """Check the labels of all pages, then build questions with the labels of others as wrong answers."""
        items: list[Item] = []
        labelled: list[tuple[Product, Labels]] = []
        for product, reply in written:
            try:
                labels, rejected = checked_labels(product, read_reply(reply))
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
