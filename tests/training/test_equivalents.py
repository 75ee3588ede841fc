"""Values that say the same are never offered as wrong beside each other, whatever their spelling or language."""

import json
from pathlib import Path
from random import Random
from typing import Any

import pytest
import yaml

from training.data.sources.records import EcInstructRow, Product
from training.data.synthetic.items import Context, WrittenQuestion
from training.data.synthetic.labels import LabelProducts
from training.data.synthetic.requests import Reply
from training.data.tasks import TASKS
from training.data.tasks.equivalents import may_be_in, related
from training.data.tasks.task import Pool

ROOT = Path(__file__).parent.parent.parent
SEEDS = range(50)


def options_of(text: str, truth: int) -> tuple[str, set[str]]:
    """Return the right option of a question and the wrong ones."""
    listed = dict(line.split(". ", 1) for line in text.split("\n") if line[:1].isdigit() and line[1:3] == ". ")
    right = listed.pop(str(truth))
    return right, set(listed.values())


def wrong_options(task: str, stream: str, record: Any, others: list[Any], right: str) -> set[str]:
    """Return all options that are ever wrong in questions about `record` whose answer is `right`."""
    found: set[str] = set()
    asked = 0
    for seed in SEEDS:
        row = TASKS[task].question(stream, record, Pool([record, *others]), Random(seed))
        if row is not None:
            answer, wrong = options_of(row["question"], row["truth"])
            assert answer == right, row["question"]
            found |= wrong
            asked += 1
    assert asked, "nothing is asked"
    return found


def test_a_german_color_is_not_wrong_in_english() -> None:
    colors = ("Black", "Blau", "Rot", "Grün", "White", "Gelb", "Schwarze", "Tiefschwarz")
    others = [Product(f"DE/{n}", "de", f"Ding {n}", color=color) for n, color in enumerate(colors)]
    bag = Product("DE/bag", "de", "Rucksack Damen Schwarz 20L", color="Schwarz")
    wrong = wrong_options("multilingual_attribute_value", "amazon_m2/products", bag, others, "Schwarz")
    assert wrong == {"Blau", "Rot", "Grün", "Gelb"}  # White is no German: it would give itself away


def test_a_value_in_another_language_than_the_page_is_not_asked_about() -> None:
    others = [Product(f"DE/{n}", "de", f"Ding {n}", color=color) for n, color in enumerate(("Blau", "Rot", "Gelb"))]
    bag = Product("DE/bag", "de", "Rucksack Damen Black 20L", color="Black")
    for seed in SEEDS:
        pool = Pool([bag, *others])
        assert TASKS["multilingual_attribute_value"].question("amazon_m2/products", bag, pool, Random(seed)) is None


@pytest.mark.parametrize(
    ("title", "attribute", "right", "pool", "offered"),
    [
        ("Bath Towel Set Gray Cotton", "Color", "Gray", "Grey Silver Slate-Grey Navy Red Olive", {"Navy", "Red", "Olive"}),
        ("Desk Lamp Navy", "Color", "Navy", "Blue NavyBlue Gold Red", {"Gold", "Red"}),
        ("Mesh Router Wi-Fi", "Connectivity Technology", "Wi-Fi", "WiFi Wifi USB Infrared", {"USB", "Infrared"}),
        ("Mesh Router WiFi", "Connectivity Technology", "WiFi", "Wi-Fi Wi‑Fi USB Infrared", {"USB", "Infrared"}),
        ("Bottle Aluminum", "Material", "Aluminum", "Aluminium Metal Glass Cotton", {"Glass", "Cotton"}),
        ("Wallet Leather", "Material", "Leather", "Cuir Leder Suede Cotton Glass", {"Cotton", "Glass"}),
        ("Mug Café", "Flavor", "Café", "Cafe Vanilla Mango", {"Vanilla", "Mango"}),
        ("Party Lights Red", "Color", "Red", "Multicolor Multi-Colored Assorted Navy Olive", {"Navy", "Olive"}),
    ],
)  # fmt: skip
def test_spellings_of_a_value_are_not_wrong(
    title: str, attribute: str, right: str, pool: str, offered: set[str]
) -> None:
    product = Product("p", "en", title, details={attribute: right})
    others = [Product(str(n), "en", f"Thing {n}", details={attribute: v}) for n, v in enumerate(pool.split())]
    wrong = wrong_options("attribute_value_from_title", "amazon_reviews/products", product, others, right)
    assert wrong == {*offered, "It cannot be inferred."}


@pytest.mark.parametrize("title", ["Bath Towel Set Gray", "Bath Towel Set Teal"])
def test_what_a_title_says_in_another_spelling_can_be_inferred(title: str) -> None:
    """The page says "Grey": no other value of the pool tells that "Gray" or "Teal" is a color."""
    towel = Product("p", "en", title, details={"Color": "Grey"})
    others = [Product(str(n), "en", f"Thing {n}", details={"Color": v}) for n, v in enumerate(("Navy", "Red", "Olive"))]
    for seed in SEEDS:
        pool = Pool([towel, *others])
        assert (
            TASKS["attribute_value_from_title"].question("amazon_reviews/products", towel, pool, Random(seed)) is None
        )


def extraction(key: str, title: str, color: str | None) -> EcInstructRow:
    answer = f'{{"attribute": "Color", "value": {f"{chr(34)}{color}{chr(34)}" if color else "null"}}}'
    return EcInstructRow(key, "Attribute_Value_Extraction", {"title": title}, (), answer)


def test_spellings_of_an_extracted_value_are_not_wrong() -> None:
    towel = extraction("e", "Bath Towel Set Gray Cotton", "Gray")
    others = [extraction(str(n), f"{v} thing", v) for n, v in enumerate(("Grey", "Grau", "Navy", "Red", "Olive"))]
    wrong = wrong_options("attribute_value_extraction", "ecinstruct/rows", towel, others, "Gray")
    assert wrong == {"Navy", "Red", "Olive", "The title does not say."}


def test_two_wrong_options_do_not_say_the_same() -> None:
    """Two that mean the same cannot be right, so one of three would be left."""
    lamp = Product("p", "en", "Desk Lamp Gold", details={"Color": "Gold"})
    others = [Product(str(n), "en", f"Thing {n}", details={"Color": v}) for n, v in enumerate(("Gray", "Grey", "Red"))]
    for seed in SEEDS:
        pool = Pool([lamp, *others])
        row = TASKS["attribute_value_from_title"].question("amazon_reviews/products", lamp, pool, Random(seed))
        assert row is not None and not {"Gray", "Grey"} <= options_of(row["question"], row["truth"])[1]


def test_spellings_of_a_label_are_not_wrong() -> None:
    colors = ("Gray", "Grey", "Silver", "Navy", "Red")
    written = []
    for color in colors:
        labels = {"product_type": "", "categories": [], "attributes": [{"name": "color", "value": color}]}
        page = Product(color, "en", f"Bath Towel Set {color} Cotton")
        written.append((page, Reply(json.dumps(labels), 1)))
    asked = 0
    for seed in SEEDS:
        for item in LabelProducts().items(written, Context({}, {}, seed)):
            if isinstance(item, WrittenQuestion) and item.row["task_name"] == "attribute_value_from_title":
                answer, wrong = options_of(item.row["input_field"], item.row["output_field"])
                asked += 1
                assert answer not in {"Gray", "Grey", "Silver"} or wrong.isdisjoint({"Gray", "Grey", "Silver"})
    assert asked


@pytest.mark.parametrize(
    ("first", "second", "is_related"),
    [
        ("マットブラック", "Noir", True),
        ("Nero opaco", "Negras", True),
        ("Dunkelblaues Kleid", "Azul", True),
        ("Goldfarben", "dorado", True),
        ("Edelstahl", "Acero Inoxidable", True),
        ("Edelstahl", "metallo", True),
        ("Off-White", "Ivory", True),
        ("Baumwolle", "Polyester", False),
        ("Navy", "Turquoise", False),
        ("Weiß", "Rot", False),
        ("ステンレス", "木製", False),
    ],
)
def test_related_values(first: str, second: str, is_related: bool) -> None:
    assert related(first, second) is related(second, first) is is_related


@pytest.mark.parametrize(
    ("value", "language", "is_possible"),
    [
        ("Black", "de", False),
        ("Schwarz", "de", True),
        ("Rosa", "it", True),
        ("Rosa", "fr", False),
        ("Cobalt", "fr", True),  # no entry tells
        ("Acero Inoxidable", "it", False),
        ("Black", "ja", False),
        ("PVC", "ja", True),
        ("黒", "ja", True),
        ("黒", "es", False),
    ],
)
def test_languages_of_values(value: str, language: str, is_possible: bool) -> None:
    assert may_be_in(value, language) is is_possible


def test_near_names_are_names_of_the_table() -> None:
    data = yaml.safe_load((ROOT / "training" / "data" / "tasks" / "equivalents.yaml").read_text(encoding="utf-8"))
    named = {*data["near"], *(other for others in data["near"].values() for other in others)}
    assert named <= {*data["colors"], *data["materials"]}
    assert set().union(*(names for part in ("colors", "materials") for names in data[part].values())) == {
        *("any", "en", "de", "fr", "es", "it", "ja")
    }


@pytest.mark.parametrize(
    ("first", "second", "are"),
    [
        ("Arbre à chat", "Tissée à la main", False),  # grammar with an accent
        ("Café noir", "CAFE", True),
        ("Wi-Fi router", "WiFi", True),
        ("Men's hat", "Women's scarf", False),
        ("hat of wool", "Wool Socks", True),
        ("帽子 ウール", "ウール 靴下", True),
        ("", "hat", False),
    ],
)
def test_texts_are_related_by_meaningful_words(first: str, second: str, are: bool) -> None:
    assert related(first, second) is are and related(second, first) is are
