"""Amazon-M2, the sessions of the KDD Cup 2023: what shoppers of six countries looked at, and the product pages.

A row of `sessions`, as it is published:

    prev_items,next_item,locale
    "['B0MKETTLE1']",B0MTEA0002,UK

Rows of `products`, as they are published:

    id,locale,title,price,brand,color,size,model,material,author,desc
    B0MKETTLE1,UK,"Brunswick Cordless Kettle, 1.7 L",29.99,Brunswick,Silver,1.7 L,,Steel,,Boils a full jug.
    B0MTEA0002,UK,"Leafwell English Breakfast Tea, 160 Bags",6.49,Leafwell,,160 Bags,,,,A strong black tea.

The same ASIN is sold in several countries, so the product file also holds one product in several languages. The one
thing to know: `prev_items` is a numpy array printed as text, read here by a pattern, never evaluated.
"""

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from training.data.sources.cleaning import clean, clean_value, has_words
from training.data.sources.disk_index import DiskIndex
from training.data.sources.reading import Row, open_rows
from training.data.sources.records import Product, Record, Session, Translations
from training.data.sources.source import Source, as_list

LANGUAGE_OF_LOCALE = {"UK": "en", "DE": "de", "JP": "ja", "ES": "es", "FR": "fr", "IT": "it"}
_SESSION_COLUMNS = ("prev_items", "next_item", "locale")
_PRODUCT_COLUMNS = (
    "id",
    "locale",
    "title",
    "price",
    "brand",
    "color",
    "size",
    "model",
    "material",
    "author",
    "desc",
)
_KEPT_COLUMNS = ("title", "price", "brand", "color", "size", "material", "desc")
_ASIN = re.compile(r"['\"]([A-Z0-9]{4,16})['\"]")
# Unknown prices are published as 40,000,000.07.
_HIGHEST_PRICE = 100_000.0


class AmazonM2(Source):
    """Streams "sessions", "products" (one page each) and "translations" (one product in several languages)."""

    name = "amazon_m2"
    streams: ClassVar[dict[str, type]] = {"sessions": Session, "products": Product, "translations": Translations}

    def __init__(
        self, scratch: Path, sessions: str | list[str], products: str | list[str], limit: int | None = None
    ) -> None:
        super().__init__(scratch, limit)
        self.sessions = as_list(sessions)
        self.products = as_list(products)
        self._by_id = DiskIndex(scratch / "by_id.sqlite")
        self._by_number = DiskIndex(scratch / "by_number.sqlite")

    def locations(self) -> list[str]:
        """Return the session and the product locations."""
        return [*self.sessions, *self.products]

    def prepare(self, unusable: Counter[str]) -> None:
        """Index the product pages by ASIN, a row with its locale; and the sessions, whose file is sorted by locale."""
        rows = open_rows(self.products, _PRODUCT_COLUMNS, revision=self.revision, limit=self.limit)
        self._by_id.build(self._usable_products(rows, unusable))
        sessions = enumerate(open_rows(self.sessions, _SESSION_COLUMNS, revision=self.revision, limit=self.limit))
        self._by_number.build(
            (str(number), {column: row[column] for column in _SESSION_COLUMNS}) for number, row in sessions
        )

    def _usable_products(self, rows: Iterator[Row], unusable: Counter[str]) -> Iterator[tuple[str, Any]]:
        for row in rows:
            if row.get("locale") not in LANGUAGE_OF_LOCALE:
                unusable["product of an unknown locale"] += 1
            elif not has_words(clean(row.get("title"))):
                unusable["product without a title"] += 1
            else:
                yield str(row["id"]), [row["locale"], {column: row[column] for column in _KEPT_COLUMNS}]

    def units(self, stream: str) -> Iterator[Any]:
        """Stream session rows, or (ASIN, pages) groups."""
        if stream == "sessions":
            yield from ((number, row) for number, rows in self._by_number.groups() for row in rows)
        elif stream == "products":
            yield from ((asin, page) for asin, pages in self._by_id.groups() for page in pages)
        else:
            yield from (group for group in self._by_id.groups() if len(group[1]) > 1)

    def record(self, stream: str, unit: Any, unusable: Counter[str]) -> Record | None:
        """Join a session with its pages, or clean the pages of one product."""
        if stream == "sessions":
            number, row = unit
            return self._session(number, row, unusable)
        asin, pages = unit
        if stream == "products":
            return _product(asin, *pages)
        products = {LANGUAGE_OF_LOCALE[locale]: _product(asin, locale, row) for locale, row in pages}
        if len(products) < 2:
            unusable["product with two pages in one locale"] += 1
            return None
        return Translations(f"translations/{asin}", products)

    def _session(self, number: str, row: Row, unusable: Counter[str]) -> Session | None:
        locale = row.get("locale")
        if locale not in LANGUAGE_OF_LOCALE:
            unusable["session of an unknown locale"] += 1
            return None
        previous = [self._page(asin, locale) for asin in _ASIN.findall(str(row.get("prev_items")))]
        known = [product for product in previous if product is not None]
        following = self._page(str(row.get("next_item")), locale)
        if not known or following is None:
            unusable["session with products that are not among the products"] += 1
            return None
        if following.key in {product.key for product in known}:
            unusable["session that returns to a product it had"] += 1
            return None
        return Session(f"session/{number}", LANGUAGE_OF_LOCALE[locale], tuple(known), following)

    def _page(self, asin: str, locale: str) -> Product | None:
        for found, row in self._by_id.get(asin):
            if found == locale:
                return _product(asin, locale, row)
        return None


def _product(asin: str, locale: str, row: Row) -> Product:
    return Product(
        key=f"{locale}/{asin}",
        language=LANGUAGE_OF_LOCALE[locale],
        title=clean(row["title"]),
        brand=clean_value(row["brand"]),
        color=clean_value(row["color"]),
        description=clean(row["desc"]),
        price=_price(row["price"]),
        material=clean_value(row["material"]),
        size=clean_value(row["size"]),
    )


def _price(text: object) -> float | None:
    try:
        price = float(str(text))
    except ValueError:
        return None
    return price if 0 < price < _HIGHEST_PRICE else None
