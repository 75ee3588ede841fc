"""ESCI, the Shopping Queries data set: search queries with products judged exact, substitute, complement, irrelevant.

A row of `examples`, as it is published:

    {"example_id": 0, "query": "coffee maker", "query_id": 101, "product_id": "B0A1", "product_locale": "us",
     "esci_label": "E", "small_version": 1, "large_version": 1, "split": "train"}

A row of `products`, as it is published:

    {"product_id": "B0A1", "product_title": "BrewHaus 12-Cup Coffee Maker, Black",
     "product_description": "<p>Wake up to fresh coffee.</p>", "product_bullet_point": "Pause and pour",
     "product_brand": "BrewHaus", "product_color": "Black", "product_locale": "us"}

The published files are joined on product and locale. Both files are put into an index on disk first: queries come
grouped, whatever the order of the file, and products can be looked up from both sides.
"""

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from training.data.sources.cleaning import clean, clean_value, has_words
from training.data.sources.disk_index import DiskIndex
from training.data.sources.reading import Row, open_rows
from training.data.sources.records import JudgedProduct, JudgedQuery, Product, Record
from training.data.sources.source import Source

LANGUAGE_OF_LOCALE = {"us": "en", "es": "es", "jp": "ja"}
_LABELS = {
    "exact": "E",
    "substitute": "S",
    "complement": "C",
    "irrelevant": "I",
    "e": "E",
    "s": "S",
    "c": "C",
    "i": "I",
}
_EXAMPLE_COLUMNS = ("query", "query_id", "product_id", "product_locale", "esci_label", "split")
_PRODUCT_COLUMNS = (
    "product_id",
    "product_title",
    "product_description",
    "product_bullet_point",
    "product_brand",
    "product_color",
    "product_locale",
)


class Esci(Source):
    """Streams "queries" (one query with its judged products) and "products" (one product with its queries).

    `examples` and `products` are the two published files; without `products` the examples hold the product columns
    too, as `tasksource/esci` does. Only rows of `split` are used.
    """

    name = "esci"
    licence = "Apache-2.0"
    streams: ClassVar[dict[str, type]] = {"queries": JudgedQuery, "products": JudgedProduct}

    def __init__(
        self,
        scratch: Path,
        examples: str,
        products: str | None = None,
        split: str = "train",
        limit: int | None = None,
    ) -> None:
        super().__init__(scratch, limit)
        self.examples = examples
        self.products = products
        self.split = split
        self._products = DiskIndex(scratch / "products.sqlite")
        self._by_query = DiskIndex(scratch / "by_query.sqlite")
        self._by_product = DiskIndex(scratch / "by_product.sqlite")

    def locations(self) -> list[str]:
        """Return one or two locations."""
        return [self.examples] if self.products is None else [self.examples, self.products]

    def prepare(self, unusable: Counter[str]) -> None:
        """Index products by locale and id, judgements by query and by product."""
        product_rows = (
            self._open(self.products, _PRODUCT_COLUMNS)
            if self.products
            else self._open(self.examples, (*_EXAMPLE_COLUMNS, *_PRODUCT_COLUMNS))
        )
        self._products.build(self._usable_products(product_rows, unusable))
        self._by_query.build(self._usable_judgements(unusable))
        judgements = (
            (f"{locale}/{product_id}", [query, label])
            for _, rows in self._by_query.groups()
            for query, locale, product_id, label in rows
        )
        self._by_product.build(judgements)

    def _open(self, location: str, columns: tuple[str, ...]) -> Iterator[Row]:
        return open_rows(location, columns, split=self.split, revision=self.revision, limit=self.limit)

    def _usable_products(self, rows: Iterator[Row], unusable: Counter[str]) -> Iterator[tuple[str, Any]]:
        for row in rows:
            title = clean(row.get("product_title"))
            if not has_words(title):
                unusable["product without a title"] += 1
                continue
            values = [row.get(column) for column in _PRODUCT_COLUMNS[2:6]]
            yield f"{row['product_locale']}/{row['product_id']}", [title, *values]

    def _usable_judgements(self, unusable: Counter[str]) -> Iterator[tuple[str, Any]]:
        for row in self._open(self.examples, _EXAMPLE_COLUMNS):
            query = clean(row.get("query"))
            label = _LABELS.get(str(row.get("esci_label")).lower())
            if row.get("split") != self.split:
                unusable[f"judgement of another split than {self.split}"] += 1
            elif row.get("product_locale") not in LANGUAGE_OF_LOCALE:
                unusable["judgement of an unknown locale"] += 1
            elif label is None:
                unusable["judgement with an unknown label"] += 1
            elif not has_words(query):
                unusable["judgement without words in the query"] += 1
            else:
                yield str(row["query_id"]), [query, row["product_locale"], row["product_id"], label]

    def units(self, stream: str) -> Iterator[Any]:
        """Stream (key, rows) of the judgements, grouped by query or by product."""
        if stream == "queries":
            yield from self._by_query.groups()
        else:
            yield from (unit for unit in self._by_product.groups() if len(unit[1]) > 1)

    def record(self, stream: str, unit: Any, unusable: Counter[str]) -> Record | None:
        """Join a group with the product pages."""
        key, rows = unit
        return self._query(key, rows, unusable) if stream == "queries" else self._product_record(key, rows, unusable)

    def _query(self, key: str, rows: list[Any], unusable: Counter[str]) -> JudgedQuery | None:
        judgements: dict[str, tuple[Product, str]] = {}
        for _, locale, product_id, label in rows:
            product = self._product(f"{locale}/{product_id}")
            if product is None:
                unusable["judgement of a product that is not among the products"] += 1
            elif product.title in judgements:
                unusable["judgement of a title that the query has already"] += 1
            else:
                judgements[product.title] = (product, label)
        if not judgements:
            unusable["query without a product"] += 1
            return None
        query, locale = rows[0][:2]
        return JudgedQuery(f"query/{key}", LANGUAGE_OF_LOCALE[locale], query, tuple(judgements.values()))

    def _product_record(self, key: str, rows: list[Any], unusable: Counter[str]) -> JudgedProduct | None:
        product = self._product(key)
        queries = dict(rows)
        if product is None or len(queries) < 2:
            unusable["product without a page or with one query only"] += 1
            return None
        return JudgedProduct(f"product/{key}", product.language, product, tuple(queries.items()))

    def _product(self, key: str) -> Product | None:
        rows = self._products.get(key)
        if not rows:
            return None
        title, description, bullets, brand, color = rows[0]
        locale = key.split("/", 1)[0]
        return Product(
            key=key,
            language=LANGUAGE_OF_LOCALE[locale],
            title=title,
            brand=clean_value(brand),
            color=clean_value(color),
            description=clean(description),
            features=tuple(filter(None, map(clean, (bullets or "").split("\n")))),
        )
