"""A review and its page in the shapes in which they are published, and how they are read."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

from training.data.sources.amazon_reviews import AmazonReviews
from training.data.sources.records import Review

REVIEW = {
    "rating": 2.0,
    "title": "Not for me",
    "text": "The lid leaks and the handle broke after a week.",
    "images": [],
    "asin": "B0TEST0001",
    "parent_asin": "B0TEST0001",
    "user_id": "AEINVENTED",
    "timestamp": 1588687728923,
    "helpful_vote": 3,
    "verified_purchase": True,
}
PAGE = {
    "main_category": "Kitchen",
    "title": "Brewwell Glass Teapot",
    "average_rating": 4.2,
    "rating_number": 12,
    "features": ["Holds four cups of tea without a drip"],
    "description": [],
    "price": "None",
    "images": {},
    "videos": {},
    "store": "Brewwell",
    "categories": [],
    "details": '{"Color": "Clear"}',
    "parent_asin": "B0TEST0001",
    "bought_together": None,
    "subtitle": None,
    "author": None,
}


def review_of(tmp_path: Path, **changes: Any) -> Review:
    """Return what the source reads of the review with some of its fields changed."""
    for name, row in (("reviews", {**REVIEW, **changes}), ("pages", PAGE)):
        (tmp_path / f"{name}.jsonl").write_text(json.dumps(row) + "\n", encoding="utf-8")
    source = AmazonReviews(tmp_path / "scratch", str(tmp_path / "reviews.jsonl"), str(tmp_path / "pages.jsonl"))
    source.prepare_once()
    (record,) = (source.record("reviews", unit, Counter()) for unit in source.units("reviews"))
    assert isinstance(record, Review)
    return record
