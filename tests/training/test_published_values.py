"""Values of attributes as shops enter them: what names no color, and what says that there is no value."""

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from training.data.sources.amazon_m2 import AmazonM2
from training.data.sources.amazon_reviews import AmazonReviews
from training.data.sources.cleaning import clean, clean_value
from training.data.sources.records import Product
from training.data.tasks import TASKS
from training.data.tasks.equivalents import is_color
from training.data.tasks.task import Pool

NO_COLORS = (
    "Cat 5",
    "Style 3",
    "As the Picture Shows",
    "Blue9",
    "A-Black2",
    "Set of 3",
    "Elephant",
    "XL",
    "wie abgebildet",
)
COLORS = (
    "Matte Black",
    "Space Gray",
    "rose gold",
    "Off-White",
    "Dunkelblau",
    "Bleu marine",
    "azul claro",
    "ブラック",
    "Verdes",
)


@pytest.mark.parametrize("value", NO_COLORS)
def test_a_value_without_a_color_word_is_no_color(value: str) -> None:
    assert not is_color(value)


@pytest.mark.parametrize("value", COLORS)
def test_a_value_with_a_color_word_is_a_color(value: str) -> None:
    assert is_color(value)


@pytest.mark.parametrize("value", NO_COLORS)
def test_what_is_no_color_is_neither_asked_for_nor_offered(value: str) -> None:
    title = f"Brewwell Teapot, {value}, Glass"
    page = Product("p", "en", title, color=value, categories=("Teapots",), details={"Color": value})
    others = [
        Product(f"o{number}", "en", f"Thing {number}", color=color, categories=("Mugs",), details={"Color": color})
        for number, color in enumerate(("Navy", "Olive", "Orange", value))
    ]
    foreign = [Product("f", "de", f"Kanne, {value}", color=value), *(Product(f"g{n}", "de", f"Ding {c}", color=c)
               for n, c in enumerate(("Rot", "Grün", "Gelb", value)))]  # fmt: skip
    for task, stream, pages in (
        ("attribute_value_from_title", "amazon_reviews/products", [page, *others]),
        ("compatible_attribute_value", "amazon_reviews/products", [page, *others]),
        ("title_entities", "amazon_reviews/products", [page]),
        ("multilingual_attribute_value", "amazon_m2/products", foreign),
        ("multilingual_title_entities", "amazon_m2/products", foreign[:1]),
    ):
        pool = Pool(pages)
        for seed in range(20):
            row = TASKS[task].question(stream, pages[0], pool, Random(seed))
            assert row is None, row and row["question"]
    pool = Pool([Product("n", "en", "Navy Teapot", details={"Color": "Navy"}), *others])
    for seed in range(20):
        row = TASKS["attribute_value_from_title"].question(
            "amazon_reviews/products", pool.records[0], pool, Random(seed)
        )
        assert row is None or value not in row["question"]


ABSENT = (
    "Nicht Zutreffend", "no aplica", "該当なし", "Not Applicable", "N/A", "Does not apply", "unbekannt", "Keine Angabe",
    "Sans objet", "non applicable", "Non spécifié", "aucune", "No especificado", "Ninguno", "NON APPLICABILE", "nessuno",
    "Non specificato", "なし", "無し", "不明", "不适用", "无", "未知", "nicht-zutreffend", "(no aplica)", "Unknown.",
    "S/O", "N.v.t.", "Keine Angaben", "Ohne Angabe", "Doesn't apply", "Not applicable / None", "undefined", "特になし",
    "該当無", "表記なし", "記載なし", "情報なし", "nessun", "Nicht spezifiziert", "aucun(e)", "Non renseigné", "不適用", "暫無",
    "k.A.", "N/D", "N/C", "Sin color", "Sans couleur", "ohne", "該当ナシ", "なし。", "Keine Marke", "Generic", "ノーブランド",
)  # fmt: skip


@pytest.mark.parametrize("value", ABSENT)
def test_words_for_absence_are_no_values_in_any_language(tmp_path: Path, value: str) -> None:
    assert clean_value(value) == ""
    page = {"parent_asin": "B1", "title": "Teapot", "features": [], "description": [], "store": value, "categories": []}
    page |= {"main_category": "Home", "price": None, "details": {"Material": value, "Brand": value, "Shape": "Round"}}
    read = AmazonReviews(tmp_path, "r.jsonl", "m.jsonl").record("products", page, Counter())
    assert isinstance(read, Product) and read.brand == "" and read.material == "" and read.details == {"Shape": "Round"}
    row = {
        "title": "Kanne",
        "price": "",
        "brand": value,
        "color": value,
        "size": value,
        "material": value,
        "desc": "Eine.",
    }
    shown = AmazonM2(tmp_path, "s.csv", "p.csv").record("products", ("B1", ["DE", row]), Counter())
    assert isinstance(shown, Product) and shown.brand == shown.color == shown.size == shown.material == ""


@pytest.mark.parametrize(
    "value",
    [
        "None the Wiser",
        "Ninguno Moda",
        "Aucune Idée",
        "Unknown Pleasures",
        "無印良品",
        "なし園",
        "無地",
        "None/Red",
        "S/M",
    ],
)
def test_names_that_begin_with_such_words_stay(value: str) -> None:
    assert clean_value(value) == value


@pytest.mark.parametrize("text", ["Ninguno", "Keine", "Unknown", "なし"])
def test_in_running_text_such_words_are_words(text: str) -> None:
    assert clean(text) == text
