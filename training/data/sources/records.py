"""What the sources give and the tasks take: products, reviews, judged queries, sessions and ready-made rows.

All text in a record is clean (see `cleaning`). `key` names the row a record was made from and is unique within its
stream; it seeds every random choice about the record, so a question does not depend on what was built before it.
"""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Product:
    """A product page. What the page does not say is empty; `price` is in the currency of the page."""

    key: str
    language: str
    title: str
    brand: str = ""
    color: str = ""
    description: str = ""
    features: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    details: dict[str, str] = field(default_factory=dict)
    price: float | None = None
    material: str = ""
    size: str = ""

    @property
    def category(self) -> str:
        """The most specific category, empty where there is none."""
        return self.categories[-1] if self.categories else ""

    @property
    def text(self) -> str:
        """Everything that the page says in words."""
        return " ".join((self.title, self.brand, self.color, self.description, *self.features, *self.details.values()))


@dataclass(frozen=True)
class JudgedQuery:
    """A search query with judged products; a label is E (exact), S (substitute), C (complement) or I (irrelevant)."""

    key: str
    language: str
    query: str
    judgements: tuple[tuple[Product, str], ...]

    def products(self, *labels: str) -> list[Product]:
        """Return the products with one of these labels, in the order of the source."""
        return [product for product, label in self.judgements if label in labels]


@dataclass(frozen=True)
class JudgedProduct:
    """A product with the queries it was judged for (two or more), each with its label as in `JudgedQuery`."""

    key: str
    language: str
    product: Product
    queries: tuple[tuple[str, str], ...]

    def labelled(self, *labels: str) -> list[str]:
        """Return the queries for which the product has one of these labels, in the order of the source."""
        return [query for query, label in self.queries if label in labels]


@dataclass(frozen=True)
class Session:
    """The products that a shopper looked at, in order, and the one that came next."""

    key: str
    language: str
    previous: tuple[Product, ...]
    following: Product


@dataclass(frozen=True)
class Translations:
    """One product on the sites of several countries: two or more languages, a page each."""

    key: str
    pages: dict[str, Product]

    language = "multilingual"


@dataclass(frozen=True)
class Review:
    """A review of a product. `rating` is 1 to 5, `helpful` how many readers found it so."""

    key: str
    rating: int
    title: str
    text: str
    helpful: int
    verified: bool
    product: Product | None
    language: str = "en"


@dataclass(frozen=True)
class Basket:
    """What one shopper bought over time: three or more different products, in order."""

    key: str
    products: tuple[Product, ...]

    language = "en"


@dataclass(frozen=True)
class EcInstructRow:
    """A row of ECInstruct: `fields` is its input as keys and values, `answer` its output with the letter resolved."""

    key: str
    task: str
    fields: dict[str, Any]
    options: tuple[str, ...]
    answer: str

    language = "en"


@dataclass(frozen=True)
class ExamQuestion:
    """A multiple-choice exam question; `answer` is the index of the right choice."""

    key: str
    subject: str
    question: str
    choices: tuple[str, ...]
    answer: int

    language = "en"


@dataclass(frozen=True)
class AnsweredInstruction:
    """An instruction, what it is about (may be empty) and the answer to it."""

    key: str
    instruction: str
    context: str
    answer: str

    language = "en"


@dataclass(frozen=True)
class ReadyQuestion:
    """A question that already has ShopBench's shape; `truth` is as its file holds it."""

    key: str
    language: str
    task: str
    task_type: str
    metric: str
    track: int
    text: str
    truth: Any


@dataclass(frozen=True)
class ProductType:
    """A kind of product that we know something about, written by hand (see `knowledge`)."""

    key: str
    name: str
    plural: str
    group: str
    definition: str
    use: str
    complements: tuple[str, ...]
    names: dict[str, tuple[str, ...]]

    language = "en"


@dataclass(frozen=True)
class Attribute:
    """An attribute of products: types that have it, its other names and its values.

    Types that have it `perhaps` are neither asked about nor taken for wrong; all other types we know do not have it.
    """

    key: str
    name: str
    types: tuple[str, ...]
    perhaps: tuple[str, ...]
    synonyms: tuple[str, ...]
    values: tuple[str, ...]

    language = "en"

    @property
    def possible_types(self) -> tuple[str, ...]:
        """The types that have the attribute surely or perhaps."""
        return (*self.types, *self.perhaps)

    @property
    def names(self) -> tuple[str, ...]:
        """The attribute's name and its synonyms."""
        return (self.name, *self.synonyms)


@dataclass(frozen=True)
class Event:
    """An everyday event, with what can obstruct it, what it needs first and what follows from it.

    `general_obstacles` obstruct it as well, but would obstruct other events too.
    """

    key: str
    name: str
    topic: str
    obstacles: tuple[str, ...]
    general_obstacles: tuple[str, ...]
    needs: tuple[str, ...]
    results: tuple[str, ...]

    language = "en"


Record = (
    Product
    | JudgedQuery
    | JudgedProduct
    | Session
    | Translations
    | Review
    | Basket
    | EcInstructRow
    | ExamQuestion
    | AnsweredInstruction
    | ReadyQuestion
    | ProductType
    | Attribute
    | Event
)
