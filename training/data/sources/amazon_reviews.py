"""Amazon Reviews 2023: reviews and product pages by category, joined on the parent ASIN.

A row of `reviews`, as it is published:

    {"rating": 5.0, "title": "Best sound for the money", "text": "The sound is crisp and rich, all week long.",
     "images": [], "asin": "B1HP01V", "parent_asin": "B1HP01", "user_id": "AEANNA", "timestamp": 1600086400000,
     "helpful_vote": 12, "verified_purchase": true}

A row of `metadata`, as it is published:

    {"main_category": "Electronics", "title": "Harkwell Studio Over-Ear Headphones, Matte Black",
     "features": ["Forty hours of battery"], "description": ["They fold flat for travel."], "price": 59.99,
     "images": [], "videos": [], "store": "Harkwell", "categories": ["Electronics", "Over-Ear Headphones"],
     "details": {"Brand": "Harkwell", "Color": "Matte Black"}, "parent_asin": "B1HP01", "average_rating": 4.2,
     "rating_number": 10, "bought_together": null}

`details` is a dict, or the same as JSON text, or broken; `price` is a number, a text or nothing. What one user
reviewed after a verified purchase, over time, is taken for what that user bought.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from training.data.sources.cleaning import clean, clean_value, has_words
from training.data.sources.disk_index import DiskIndex, KeysSeen
from training.data.sources.reading import Row, open_rows
from training.data.sources.records import Basket, Product, Record, Review
from training.data.sources.review_language import language_of
from training.data.sources.source import Source, as_list

_REVIEW_COLUMNS = (
    "rating",
    "title",
    "text",
    "asin",
    "parent_asin",
    "user_id",
    "timestamp",
    "helpful_vote",
    "verified_purchase",
)
_PRODUCT_COLUMNS = (
    "main_category",
    "title",
    "features",
    "description",
    "price",
    "store",
    "categories",
    "details",
    "parent_asin",
)
_DECIMAL_COMMA = re.compile(r"\d,\d{1,2}(?!\d)")
_NUMBER = re.compile(r"(?<![\d.-])(?:\d+(?:\.\d+)?|\.\d+)")
# Reviews that say less than this say nothing that could be asked about, longer ones fill a prompt by themselves.
_FEWEST_WORDS, _MOST_WORDS = 4, 250
_LARGEST_BASKET = 30


class AmazonReviews(Source):
    """Streams "reviews" (with their product where it is known), "products" and "baskets" (purchases of one user).

    `limit` rows of reviews and as many products are read. The pages that the reviews are about are looked for in all of
    the metadata: the two are in different orders, and few reviews would find their page among the first ones.
    """

    name = "amazon_reviews"
    streams: ClassVar[dict[str, type]] = {"reviews": Review, "products": Product, "baskets": Basket}

    def __init__(
        self, scratch: Path, reviews: str | list[str], metadata: str | list[str], limit: int | None = None
    ) -> None:
        super().__init__(scratch, limit)
        self.reviews = as_list(reviews)
        self.metadata = as_list(metadata)
        self._by_asin = DiskIndex(scratch / "by_asin.sqlite")
        self._by_user = DiskIndex(scratch / "by_user.sqlite")

    def locations(self) -> list[str]:
        """Return the review and the metadata locations."""
        return [*self.reviews, *self.metadata]

    def prepare(self, unusable: Counter[str]) -> None:
        """Index verified purchases by user, and the pages that reviews are about by parent ASIN."""
        reviewed = KeysSeen()
        self._by_user.build(self._purchases(reviewed))
        self._by_asin.build(
            (str(row["parent_asin"]), {column: row.get(column) for column in _PRODUCT_COLUMNS})
            for row in open_rows(self.metadata, _PRODUCT_COLUMNS, split="full", revision=self.revision)
            if _is_whole(row, "parent_asin", unusable) and str(row["parent_asin"]) in reviewed
        )

    def _purchases(self, reviewed: KeysSeen) -> Iterator[tuple[str, Any]]:
        for row in self._open(self.reviews, _REVIEW_COLUMNS):
            reviewed.add(str(row.get("parent_asin")))
            if row.get("verified_purchase") and row.get("user_id"):
                yield str(row["user_id"]), [row.get("timestamp") or 0, row.get("parent_asin")]

    def _open(self, locations: list[str], columns: tuple[str, ...]) -> Iterator[Row]:
        return open_rows(locations, columns, split="full", revision=self.revision, limit=self.limit)

    def units(self, stream: str) -> Iterator[Any]:
        """Stream raw rows, or (user, purchases) groups."""
        if stream == "reviews":
            yield from self._open(self.reviews, _REVIEW_COLUMNS)
        elif stream == "products":
            yield from self._open(self.metadata, _PRODUCT_COLUMNS)
        else:
            yield from (group for group in self._by_user.groups() if len(group[1]) > 2)

    def record(self, stream: str, unit: Any, unusable: Counter[str]) -> Record | None:
        """Clean a row and join it with the page it is about."""
        if stream == "reviews":
            return self._review(unit, unusable)
        if stream == "products":
            return _product(unit, unusable) if _is_whole(unit, "parent_asin", unusable) else None
        user, rows = unit
        return self._basket(user, rows, unusable)

    def _review(self, row: Row, unusable: Counter[str]) -> Review | None:
        if not _is_whole(row, "parent_asin", unusable):
            return None
        rating = row.get("rating")
        if not isinstance(rating, int | float) or rating not in (1, 2, 3, 4, 5):
            unusable["review without a rating of 1 to 5"] += 1
            return None
        text = clean(row.get("text"))
        if not _FEWEST_WORDS <= len(text.split()) <= _MOST_WORDS:
            unusable[f"review of fewer than {_FEWEST_WORDS} or more than {_MOST_WORDS} words"] += 1
            return None
        return Review(
            key=f"review/{row.get('user_id')}/{row.get('asin')}/{row.get('timestamp')}",
            rating=int(rating),
            title=_own_title(clean(row.get("title")), text),
            text=text,
            helpful=_votes(row.get("helpful_vote")),
            verified=bool(row.get("verified_purchase")),
            product=self._page(row["parent_asin"]),
            language=language_of(text),
        )

    def _basket(self, user: str, purchases: list[Any], unusable: Counter[str]) -> Basket | None:
        pages: dict[str, Product] = {}
        for _, asin in sorted(purchases, key=lambda purchase: purchase[0])[:_LARGEST_BASKET]:
            page = self._page(asin)
            if page is not None:
                pages.setdefault(page.title, page)
        if len(pages) < 3:
            unusable["user with fewer than three known products"] += 1
            return None
        return Basket(f"basket/{user}", tuple(pages.values()))

    def _page(self, asin: object) -> Product | None:
        rows = self._by_asin.get(str(asin))
        return _product(rows[0], Counter()) if rows else None


def _own_title(title: str, text: str) -> str:
    """Return the title of a review, empty where the page made it of the review's first words."""
    begin = title.rstrip(". …!?,;:").lower()
    return "" if title.endswith(("...", "…")) or text.lower().startswith(begin) else title


def _votes(votes: object) -> int:
    return int(votes) if isinstance(votes, int | float) and math.isfinite(votes) else 0


def _is_whole(row: Row, column: str, unusable: Counter[str]) -> bool:
    if row.get(column):
        return True
    unusable["line that is not JSON" if "" in row else f"row without {column}"] += 1
    return False


def _product(row: Row, unusable: Counter[str]) -> Product | None:
    title = clean(row.get("title"))
    if not has_words(title):
        unusable["product without a title"] += 1
        return None
    details = _details(row.get("details"))
    return Product(
        key=f"page/{row['parent_asin']}",
        language="en",
        title=title,
        brand=details.get("Brand") or clean_value(row.get("store")),
        color=details.get("Color", ""),
        description=" ".join(_texts(row.get("description"))),
        features=tuple(_texts(row.get("features"))),
        categories=tuple(_texts(row.get("categories"))),
        details=details,
        price=_price(row.get("price")),
        material=details.get("Material", ""),
        size=details.get("Size", ""),
    )


def _texts(value: object) -> list[str]:
    values = value if isinstance(value, list) else [value]
    return [text for text in map(clean, values) if text]


def _details(value: object) -> dict[str, str]:
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            return {}
    if not isinstance(value, dict):
        return {}
    pairs = ((clean(key), clean_value(text)) for key, text in value.items() if isinstance(text, str | int | float))
    return {key: text for key, text in pairs if key and text}


def _price(value: object) -> float | None:
    text = "" if value is None else str(value)
    # "1.299,00" and "12,99" are written as on the continent.
    text = text.replace(".", "").replace(",", ".") if _DECIMAL_COMMA.search(text) else text.replace(",", "")
    match = _NUMBER.search(text)
    # A page without a price may say 0.
    return (float(match.group()) or None) if match else None
