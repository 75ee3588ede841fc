"""Entities that are asked for are all there are, and are what they are called."""

import json
from random import Random
from typing import Any

import pytest

from training.data.sources.records import EcInstructRow, JudgedQuery, Product
from training.data.synthetic.items import Context, WrittenQuestion
from training.data.synthetic.labels import LabelProducts
from training.data.synthetic.requests import Reply
from training.data.tasks import TASKS
from training.data.tasks.task import Pool


def truths(task: str, stream: str, record: Any, entity: str) -> list[list[str]]:
    """Return the different truths of questions about a record that ask for `entity`."""
    found: list[list[str]] = []
    for seed in range(40):
        row = TASKS[task].question(stream, record, Pool([record]), Random(seed))
        if row is not None and f"'{entity}'" in row["question"] and row["truth"] not in found:
            found.append(row["truth"])
    return found


def of_query(query: str, entity: str, *colors: str, language: str = "en") -> list[list[str]]:
    """Return the truths about a query whose exact matches have these colors."""
    judged = tuple((Product(f"p{n}", language, f"Thing {n}", color=color), "E") for n, color in enumerate(colors))
    task = "query_entities" if language == "en" else "multilingual_query_entities"
    return truths(task, "esci/queries", JudgedQuery("q", language, query, judged), entity)


@pytest.mark.parametrize(
    ("query", "units"),
    [
        ("2 in 1 laptop", []),
        ("3-in-1 charging station", []),
        ("3 in 1 charging station", []),
        ("4 v 4 soccer game", []),
        ("iphone 5g phone", []),
        ("2.4g wireless mouse", []),
        ("womens boots 9 m", []),  # a width
        ("shelf 8-10 inch", []),
        ("rug 5 x 7 ft", []),
        ("screws 1 1/2 inch", []),
        ("soda 12 oz pack of 6", []),  # one of two phrases only
        ("drill battery 20v", [["20v"]]),
        ("flour 500 g", [["500 g"]]),
        ("frying pan 12in", [["12in"]]),
        ("soda 12 oz 6 pack", [["12 oz", "6 pack"]]),
        ("bolt 3/4 inch", [["3/4 inch"]]),
    ],
)
def test_units_in_queries(query: str, units: list[list[str]]) -> None:
    assert of_query(query, "unit", "") == units


@pytest.mark.parametrize(
    ("query", "page_colors", "colors"),
    [
        ("black and white sneakers", ("Black",), []),
        ("black and white sneakers", ("Black", "White"), []),  # one phrase or two?
        ("navy blue dress", ("Blue",), []),
        ("navy blue dress", ("Navy Blue", "Blue"), [["navy blue"]]),
        ("dark green curtains", ("Green",), []),
        ("dark green curtains", ("Dark Green",), [["dark green"]]),
        ("red dress", ("Red", "Crimson"), [["red"]]),
        ("cream throw", ("Cream",), [["cream"]]),
    ],
)
def test_colors_in_queries(query: str, page_colors: tuple[str, ...], colors: list[list[str]]) -> None:
    assert of_query(query, "color", *page_colors) == colors


def test_colors_in_queries_of_other_languages() -> None:
    assert of_query("zapatillas blancas y negras", "color", "Negras", language="es") == []
    assert of_query("camisa azul marino", "color", "Azul", language="es") == []
    assert of_query("camisa azul", "color", "Azul", language="es") == [["azul"]]


@pytest.mark.parametrize("query", ["game boy games", "baby shower gifts", "baby shark toy", "beach boys vinyl"])
def test_names_are_no_audience(query: str) -> None:
    assert of_query(query, "audience", "") == []
    assert of_query("boys shoes", "audience", "") == [["boys"]]


@pytest.mark.parametrize(
    ("title", "details", "entity", "found"),
    [
        ("Tote Bag, Black/White, Cotton", {"Color": "Black"}, "color", []),
        ("Tote Bag, Light Gray", {"Color": "Gray"}, "color", []),
        ("Tote Bag, Gray", {"Color": "Gray"}, "color", [["Gray"]]),
        ("Tee, Cotton Polyester Blend", {"Material": "Cotton"}, "material", []),
        ("Tee, Cotton, Blue", {"Material": "Cotton"}, "material", [["Cotton"]]),
    ],
)
def test_titles_that_name_several(title: str, details: dict[str, str], entity: str, found: list[list[str]]) -> None:
    product = Product("p", "en", title, details=details)
    assert truths("title_entities", "amazon_reviews/products", product, entity) == found


def test_two_values_of_an_attribute_are_not_asked_for_one_by_one() -> None:
    values = [{"attribute": "Color", "value": value} for value in ("Black", "White")]
    answer = "\n".join(map(json.dumps, [*values, {"attribute": "Material", "value": "Canvas"}]))
    row = EcInstructRow("e", "Attribute_Value_Extraction", {"title": "Canvas Tote, Black, White Trim"}, (), answer)
    assert truths("attribute_extraction", "ecinstruct/rows", row, "color") == []
    assert truths("attribute_extraction", "ecinstruct/rows", row, "material") == [["Canvas"]]


def test_labels_of_titles_that_name_several() -> None:
    for title, is_asked in (("Tote Bag, Black/White", False), ("Tote Bag, Black", True)):
        labels = {"product_type": "", "categories": [], "attributes": [{"name": "color", "value": "Black"}]}
        written = [(Product("p", "en", title), Reply(json.dumps(labels), 1))]
        items = LabelProducts().items(written, Context({}, {}, 1))
        assert any(isinstance(item, WrittenQuestion) for item in items) is is_asked
