"""Reviews and pages in the shapes in which they are published: invented texts, with the marks that real ones have."""

from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.training.review_fixtures import PAGE, review_of
from training.data.sources.amazon_reviews import AmazonReviews
from training.data.sources.cleaning import clean
from training.data.sources.records import Product, Review
from training.data.tasks import TASKS
from training.data.tasks.task import Pool


def page_of(tmp_path: Path, **changes: Any) -> Product:
    record = AmazonReviews(tmp_path, "r.jsonl", "m.jsonl").record("products", {**PAGE, **changes}, Counter())
    assert isinstance(record, Product)
    return record


@pytest.mark.parametrize(
    ("published", "cleaned"),
    [
        ("[[VIDEOID:a5541a1f0d3c4b6c9e]] Nice beads", "Nice beads"),
        ("Nice [[VIDEOID:moABC12]]beads", "Nice beads"),
        ("[[videoid:a554]]Nice beads", "Nice beads"),
        ("Better than [[ASIN:B00ABCDEFG Brewwell Glass Teapot]] I had", "Better than I had"),
        ("Better than [[ASIN:B00ABCDEFG]] I had", "Better than I had"),
        ("[[ASIN:B00ABCDEFG Pot [Large]]] leaks", "leaks"),
        ("[[VIDEOID:a554 Nice beads", "Nice beads"),
        ("The media could not be loaded. Nice beads", "Nice beads"),
        ('<div id="video-block-R1" class="' + "a-section " * 60 + '"></div>&nbsp;Nice beads', "Nice beads"),
        ("[[VIDEOID:a554]] [[VIDEOID:b665]] Nice beads", "Nice beads"),
        ("[ASIN:B00ABCDEFG Brewwell Glass Teapot] leaks", "leaks"),
        ("Your browser does not support HTML5 video. Nice beads", "Nice beads"),
        ("[[Video ID:a554]] Nice beads", "Nice beads"),
        ("[[VIDEOID a554]] Nice beads", "Nice beads"),
        ("[[MAPID:a554]] Nice beads", "Nice beads"),
        ("Video Player is loading. Nice beads", "Nice beads"),
        (
            'Better than <a data-hook="product-link-linked" class="a-link" href="/dp/B0">Glass Teapot</a>&nbsp;',
            "Better than",
        ),
        ('See <a href="/x">this</a> bead', "See this bead"),
        ("a [very] nice bead", "a [very] nice bead"),
        ("It says [[sic]] on it", "It says [[sic]] on it"),
        ("an array[[0]] of beads", "an array[[0]] of beads"),
    ],
)
def test_marks_of_pages_are_no_words_of_a_review(tmp_path: Path, published: str, cleaned: str) -> None:
    assert clean(published) == cleaned


@pytest.mark.parametrize(
    "title",
    [
        "The lid leaks and the...",
        "The lid leaks and the…",
        "The lid leaks and the ...",
        "the lid leaks and the",
        "The lid leaks!",
    ],
)
def test_a_title_made_of_the_first_words_of_a_review_is_none(tmp_path: Path, title: str) -> None:
    assert review_of(tmp_path, title=title).title == ""


def test_a_title_of_its_own_is_kept(tmp_path: Path) -> None:
    assert review_of(tmp_path).title == "Not for me"


@pytest.mark.parametrize("price", [0, 0.0, "0.0", "$0.00", "None", None, "", float("nan"), -5, "-3.0"])
def test_a_price_of_nothing_is_unknown(tmp_path: Path, price: object) -> None:
    assert page_of(tmp_path, price=price).price is None


@pytest.mark.parametrize(
    ("price", "value"),
    [
        ("12,99 €", 12.99),
        ("1.299,00", 1299.0),
        ("1,299", 1299.0),
        ("$1,299.99", 1299.99),
        (12.5, 12.5),
        ("12,5", 12.5),
        ("$.99", 0.99),
        ("from 7.95", 7.95),
    ],
)
def test_prices_are_read(tmp_path: Path, price: object, value: float) -> None:
    assert page_of(tmp_path, price=price).price == value


WITH_TYPE = (
    "review_rating",
    "review_aspects",
    "aspect_keyphrase",
    "aspect_snippets",
    "review_title",
    "review_snippets",
)


@pytest.mark.parametrize(
    ("categories", "thing"),
    [
        ((), "a product"),
        (("Home", "Office Products"), "an office product"),
        (("Kitchen", "Teapots"), "a teapot product"),
        (("Kitchen", "Ice Cream Makers"), "an ice cream maker product"),
        (("Electronics", "USB Hubs"), "a USB hub product"),
        (("Electronics", "LED Bulbs"), "an LED bulb product"),
        (("Clothing", "Uniforms"), "a uniform product"),
        (("Home", "Bowls & Plates"), "a product"),
    ],
)
def test_the_thing_that_a_review_is_of_is_named_as_people_do(categories: tuple[str, ...], thing: str) -> None:
    page = Product("p", "en", "Brewwell Thing", categories=categories)
    review = Review("r", 2, "Not for me", "The lid leaks and the handle broke after a week of tea.", 3, True, page)
    questions = {
        row["question"]
        for seed in range(30)
        if (row := TASKS["review_rating"].question("amazon_reviews/reviews", review, Pool([review]), Random(seed)))
    }
    assert not any("a(n)" in question or "product product" in question for question in questions)
    assert any(f" of {thing}\n" in question for question in questions)


def test_no_wording_leaves_the_article_to_the_reader() -> None:
    assert not [wording for task in TASKS.values() for wording in task.wordings if "(n)" in wording]
