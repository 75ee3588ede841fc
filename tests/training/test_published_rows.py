"""Rows in the shapes in which the sources are published give questions that are answerable and right."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.shared_data import SOURCES
from training.data.sources.ecinstruct import EcInstruct
from training.data.sources.records import EcInstructRow, JudgedQuery, Product
from training.data.tasks import TASKS
from training.data.tasks.task import Pool
from training.data.tasks.words import terms

ECINSTRUCT = SOURCES / "ecinstruct" / "dataset.json"
on_real_rows = pytest.mark.skipif(not ECINSTRUCT.is_file(), reason=f"needs the published rows in {ECINSTRUCT}")


def published(task: str, fields: dict[str, Any], output: str, instruction: str = "Do it.") -> dict[str, Any]:
    """Return a row in the columns of the hub's file."""
    return {
        "split": "train",
        "task": task,
        "setting": "IND_Single_Instruction",
        "few_shot_example": None,
        "instruction": instruction,
        "input": json.dumps(fields),
        "options": None,
        "output": output,
    }


def read_rows(folder: Path, rows: list[dict[str, Any]]) -> list[EcInstructRow]:
    file = folder / "dataset.json"
    file.write_text(json.dumps(rows), encoding="utf-8")
    return list(records_of(EcInstruct(folder / "scratch", str(file))))


def records_of(source: EcInstruct) -> Iterator[Any]:
    for unit in source.units("rows"):
        record = source.record("rows", unit, Counter())
        if record is not None:
            yield record


def ask(task: str, row: EcInstructRow, pool: list[EcInstructRow], seed: int = 1) -> dict[str, Any] | None:
    return TASKS[task].question("ecinstruct/rows", row, Pool(pool), Random(seed))


CORDS = {
    "query": "red phone cord",
    "product list": ["A: red coiled cord", "B: phone charger", "C: black cord", "D: desk"],
}


def gains_by_item(row: dict[str, Any], names: list[str]) -> dict[str, float]:
    lines = row["question"].split("\n")
    gains = {}
    for number, gain in enumerate(row["truth"], start=1):
        line = next(line for line in lines if line.startswith(f"{number}. "))
        gains[line.removeprefix(f"{number}. ")] = gain
    assert set(names) <= set(gains)
    return gains


def test_a_ranking_of_four_products_has_the_gains_of_the_four_labels(tmp_path: Path) -> None:
    (row,) = read_rows(tmp_path, [published("Query_Product_Rank", CORDS, "A,C,B,D")])
    for seed in range(20):
        question = ask("query_product_ranking", row, [row], seed)
        assert question is not None
        names = ["red coiled cord", "black cord", "phone charger", "desk"]
        assert gains_by_item(question, names) == dict(zip(names, (1.0, 0.1, 0.01, 0.0), strict=True))
        assert "five" not in question["question"].lower() and "1 to 5" not in question["question"]


@pytest.mark.parametrize(
    "output",
    [
        "A>C>B>D",
        "a,c,b,d",
        "A C B D",
        "A, C, B, D.",
        "Ranking: A, C, B, D",
        "ACBD",
        "acbd",
        "red coiled cord, black cord, phone charger, desk",
    ],
)
@pytest.mark.parametrize(
    "as_written",
    [
        list,
        json.dumps,
        str,
        ", ".join,
        "\n".join,
        lambda listed: dict(line.split(": ") for line in listed),
        lambda listed: [line.lower() for line in listed],
    ],
)
def test_an_order_and_a_list_are_read_however_they_are_written(tmp_path: Path, output: str, as_written: Any) -> None:
    fields = {**CORDS, "product list": as_written(CORDS["product list"])}
    (row,) = read_rows(tmp_path, [published("Query_Product_Rank", fields, output)])
    question = ask("query_product_ranking", row, [row])
    assert question is not None
    assert gains_by_item(question, ["red coiled cord"]) == {
        "red coiled cord": 1.0,
        "black cord": 0.1,
        "phone charger": 0.01,
        "desk": 0.0,
    }


@pytest.mark.parametrize("output", ["B,A", "B, A", '["B", "A"]', "B: phone charger, A: red coiled cord"])
def test_a_ranking_of_two_products_keeps_their_order(tmp_path: Path, output: str) -> None:
    fields = {"query": "phone charger", "product list": ["A: red coiled cord", "B: phone charger"]}
    (row,) = read_rows(tmp_path, [published("Query_Product_Rank", fields, output)])
    question = ask("query_product_ranking", row, [row])
    assert question is not None
    gains = gains_by_item(question, ["red coiled cord", "phone charger"])
    assert gains["phone charger"] > gains["red coiled cord"] > 0 and len(gains) == 2


@pytest.mark.parametrize(
    "fields",
    [
        {"product_list": ["A: red coiled cord", "B: phone charger"]},
        {"products": ["red coiled cord", "phone charger"]},
        {"product A": "red coiled cord", "product B": "phone charger"},
        {"Product List": [{"title": "red coiled cord"}, {"title": "phone charger"}]},
    ],
)
def test_a_list_of_products_is_found_by_other_names(tmp_path: Path, fields: dict[str, Any]) -> None:
    (row,) = read_rows(tmp_path, [published("Query_Product_Rank", {"query": "phone charger", **fields}, "B,A")])
    question = ask("query_product_ranking", row, [row])
    assert question is not None
    gains = gains_by_item(question, ["red coiled cord", "phone charger"])
    assert gains["phone charger"] > gains["red coiled cord"] > 0


def test_letters_in_titles_are_not_those_of_the_list(tmp_path: Path) -> None:
    fields = {"query": "vitamin a", "product list": ["A: Vitamin A: 100 ct", "B: Vitamin B: complex"]}
    (row,) = read_rows(tmp_path, [published("Query_Product_Rank", fields, "B,A")])
    question = ask("query_product_ranking", row, [row])
    assert question is not None
    gains = gains_by_item(question, ["Vitamin A: 100 ct", "Vitamin B: complex"])
    assert gains["Vitamin B: complex"] > gains["Vitamin A: 100 ct"]


def test_a_short_ranking_is_filled_with_products_of_other_rows_that_gain_nothing(tmp_path: Path) -> None:
    names = ["oak desk", "garden hose", "wool socks", "tea kettle", "chess board"]
    others = [
        published("Query_Product_Rank", {"query": name, "product list": [f"A: {name}", f"B: cheap {name}"]}, "A,B")
        for name in names
    ]
    fields = {"query": "wool hat", "product list": ["A: wool beanie hat", "B: cap", "C: umbrella"]}
    row, *rest = read_rows(tmp_path, [published("Query_Product_Rank", fields, "A,B,C"), *others])
    question = ask("query_product_ranking", row, [row, *rest])
    assert question is not None
    own = ["wool beanie hat", "cap", "umbrella"]
    gains = gains_by_item(question, own)
    assert len(gains) == 5 and gains[own[0]] > gains[own[1]] > gains[own[2]] > 0
    filled = set(gains) - set(own)
    assert all(gains[name] == 0 and "hat" not in terms(name) for name in filled)


@pytest.mark.parametrize(
    ("fields", "output"),
    [
        ({"query": "desk", "product list": ["A: oak desk"]}, "A"),
        ({"query": "desk", "product list": ["A: oak desk", "B: lamp"]}, "A,A"),
        ({"query": "desk", "product list": ["A: oak desk", "B: lamp"]}, "A,C"),
        ({"query": "desk", "product list": ["A: oak desk", "B: oak desk"]}, "A,B"),
        ({"query": "", "product list": ["A: oak desk", "B: lamp"]}, "A,B"),
        ({"query": "desk", "product list": "A: oak desk"}, "A,B"),
        ({"query": "desk", "product list": ["A: oak desk", "B: lamp"]}, "AC"),
        ({"query": "desk", "product list": ["A: oak desk", "B: lamp"]}, "oak desk"),
    ],
)
def test_a_ranking_that_says_no_order_is_counted(tmp_path: Path, fields: dict[str, Any], output: str) -> None:
    (row,) = read_rows(tmp_path, [published("Query_Product_Rank", fields, output)])
    pool = Pool([row])
    assert TASKS["query_product_ranking"].question("ecinstruct/rows", row, pool, Random(1)) is None
    assert pool.unusable.total() == 1


def test_a_sample_under_two_instructions_is_one_record(tmp_path: Path) -> None:
    fields = {"query": "oak desk", "product": "Pine Desk"}
    rows = [
        published("Product_Substitute_Identification", fields, "yes", "Say yes or no."),
        published("Product_Substitute_Identification", {"query": "lamp", "product": "Torch"}, "yes"),
        # The other instruction, the keys in another order, other spaces.
        {
            **published("Product_Substitute_Identification", {}, "yes", "Could it replace the other?"),
            "input": '{"product":  "Pine Desk",\n "query": "oak desk"}',
        },
        published("Product_Substitute_Identification", fields, "no"),
    ]
    first, other, again, contradiction = read_rows(tmp_path, rows)
    assert first.key == again.key
    assert len({first.key, other.key, contradiction.key}) == 3
    moved, *_ = read_rows(tmp_path, rows[1:])
    assert moved.key == other.key, "a key does not depend on the place in the file"


def test_the_letter_and_the_text_of_an_option_are_one_sample(tmp_path: Path) -> None:
    options = json.dumps(
        ["A: Users who buy product 1 may also buy product 2.", "B: The product 1 is similar with the product 2."]
    )
    fields = {"Product 1:": "Oak Desk", "Product 2:": "Desk Lamp"}
    rows = [
        {**published("Product_Relation_Prediction", fields, output), "options": options}
        for output in ("A", "A: Users who buy product 1 may also buy product 2.")
    ]
    first, again = read_rows(tmp_path, rows)
    assert first.key == again.key


def test_case_and_points_of_an_answer_make_no_other_sample(tmp_path: Path) -> None:
    fields = {"query": "oak desk", "product": "Pine Desk"}
    rows = read_rows(
        tmp_path,
        [published("Product_Substitute_Identification", fields, said) for said in ("yes", "Yes", "yes.", "no")],
    )
    assert len({row.key for row in rows}) == 2
    for row in rows[:3]:
        question = ask("substitute_identification", row, rows)
        assert question is not None and f"{question['truth']}. Yes" in question["question"]


@on_real_rows
def test_published_samples_have_a_key_each(tmp_path: Path) -> None:
    rows = list(records_of(EcInstruct(tmp_path, str(ECINSTRUCT))))
    assert len({row.key for row in rows}) == len(
        {(row.task, json.dumps(row.fields, sort_keys=True), row.answer) for row in rows}
    )
    assert len(rows) > 6000


def substitutes(tmp_path: Path, *triples: tuple[str, str, str]) -> list[EcInstructRow]:
    rows = [
        published("Product_Substitute_Identification", {"query": query, "product": product}, output)
        for query, product, output in triples
    ]
    return read_rows(tmp_path, rows)


FEEDER = ("glass hummingbird feeder", "Hummingbird Feeder for Outdoors, Glass Bird Feeder", "no")


@pytest.mark.parametrize(
    "triple",
    [
        FEEDER,
        ("head phones", "Anker Soundcore Wireless Headphones", "no"),
        ("tall black bookshelf", "Five Tier Book Shelf", "no"),
        ("rideshare signs for car", "Rideshare Emblem", "no"),
        ("t shirt", "Tee Crew Neck", "no"),
        ("phone cord", "Telephone Cable Coiled", "no"),
        ("couch cover", "Sofa Slipcover Gray", "No."),
        # No word is shared, and yet they may be just that.
        ("desk lamp", "Table Light LED", "no"),
        ("gummy vitamins", "Multivitamin Gummies for Adults", "no"),
        ("kids tablet", "Samsung Galaxy Tab A 8.0", "no"),
        ("cat food", "Purina Friskies Wet", "no"),
        ("blender", "Ninja Foodi", "no"),
        ("soft washcloths", "Face Cleansing Pads", "no"),
    ],
)
def test_a_product_that_may_match_exactly_is_no_bad_substitute(tmp_path: Path, triple: tuple[str, str, str]) -> None:
    (row,) = substitutes(tmp_path, triple)
    pool = Pool([row])
    assert TASKS["substitute_identification"].question("ecinstruct/rows", row, pool, Random(1)) is None
    assert pool.unusable.total() == 1
    rows = substitutes(tmp_path, triple, ("garden hose", "Blue Water Hose 50 ft", "yes"))
    question = ask("substitute_identification", rows[0], rows)
    assert question is not None and triple[1] not in question["question"]
    assert "Blue Water Hose" in question["question"] and f"{question['truth']}. No" in question["question"]


def test_a_no_about_something_else_and_every_yes_stay_as_they_are(tmp_path: Path) -> None:
    rows = substitutes(
        tmp_path,
        ("utility shelf cart", "Mini Chainsaw 4-Inch Cordless", "no"),
        ("boys shorts without pockets", "Under Armour Boys' Shorts", "yes"),
    )
    for row, product, answer in zip(rows, ("Mini Chainsaw", "Under Armour"), ("No", "Yes"), strict=True):
        question = ask("substitute_identification", row, rows)
        assert question is not None and product in question["question"]
        assert f"{question['truth']}. {answer}" in question["question"]


@on_real_rows
def test_no_published_product_with_a_word_of_the_query_is_called_a_bad_substitute(tmp_path: Path) -> None:
    rows = [row for row in records_of(EcInstruct(tmp_path, str(ECINSTRUCT))) if "Substitute" in row.task][:600]
    pool = Pool(rows)
    answers = []
    for row in rows:
        question = TASKS["substitute_identification"].question("ecinstruct/rows", row, pool, Random(row.key))
        if question is None:
            continue
        answer = f"{question['truth']}. No" in question["question"]
        answers.append(answer)
        if answer and row.answer == "no" and row.fields["product"] in question["question"]:
            assert terms(row.fields["query"]).isdisjoint(terms(row.fields["product"]))
    assert len(answers) > 500 and 0.4 < sum(answers) / len(answers) < 0.6


WATCH = "Womens Analog Quartz Watch"


def extraction(tmp_path: Path, title: str, value: str | None) -> EcInstructRow:
    output = json.dumps({"attribute": "movement", "value": value, "source": "product title"})
    (row,) = read_rows(tmp_path, [published("Attribute_Value_Extraction", {"product title": title}, output)])
    return row


@pytest.mark.parametrize(
    ("title", "value", "cited"),
    [
        (WATCH, "quartz", "Quartz"),
        (WATCH, "analog quartz", "Analog Quartz"),
        (WATCH, "QUARTZ", "Quartz"),
        ("A tired man's RED hat", "red", "RED"),
        ("Quartz watch of smoky quartz", "quartz", None),
        ("Infrared lamp", "red", None),
        ("Stainless-Steel Pan", "stainless steel", "Stainless-Steel"),
        ("Women\u2019s Boots", "women's", "Women\u2019s"),
        ("ÉCRU Top", "écru", "ÉCRU"),
        ("Red-hot lamp of red hot iron", "red hot", "red hot"),
        ("Infra-red lamp", "red", "red"),
    ],
)
def test_an_attribute_is_cited_in_the_case_of_the_title(
    tmp_path: Path, title: str, value: str, cited: str | None
) -> None:
    row = extraction(tmp_path, title, value)
    question = ask("attribute_extraction", row, [row])
    assert (question and question["truth"]) == ([cited] if cited else None)


def test_a_value_inside_of_another_word_is_no_value_of_the_title(tmp_path: Path) -> None:
    row = extraction(tmp_path, "Infrared lamp", "red")
    others = [extraction(tmp_path, f"{value} box", value) for value in ("green", "oval", "wooden")]
    assert ask("attribute_value_extraction", row, [row, *others]) is None


def test_half_characters_in_an_input_do_not_end_a_build(tmp_path: Path) -> None:
    row = published("Product_Substitute_Identification", {"query": "lamp \ud83d", "product": "Torch"}, "yes")
    (record,) = read_rows(tmp_path, [row])
    assert record.key.startswith("row/")


def type_asked_for(query: str, title: str, language: str = "en") -> str | None:
    judged = JudgedQuery("q", language, query, ((Product("p", language, title), "E"),))
    row = TASKS["product_type_from_query"].question("esci/queries", judged, Pool([judged]), Random(1))
    if row is None:
        return None
    return next(line for line in row["question"].split("\n") if line.startswith(f"{row['truth']}. "))[3:]


@pytest.mark.parametrize(
    ("query", "title"),
    [
        ("leatherman", "LEATHERMAN, Signal Camping Multitool with Fire Starter, Hammer and Emergency Whistle"),
        ("apple watch band 44mm", "MCORS Band Compatible with Apple Watch 38mm 40mm 42mm 44mm, Stainless Steel"),
        ("apple watch band", "Sport Band for Apple Watch, Black"),
        ("surface charger", "NewPlus Surface Pro Charger, Works for Surface Laptop, 44W"),
        ("halloween costumes", "Leg Avenue Cozy Bat Fleece Dress with Wing Sleeves"),
        ("neck pillow case cover", "Bamboo Bolster Pillow with Removable Washable Cover"),
        ("usb wifi receiver booster", "Cudy WiFi USB Adapter for PC, Desktop, Laptop"),
        ("iphone and watch charger", "OLEBR 3 in 1 Charging Stand for Apple Watch, iPhone"),
        ("portable spray booth", "Wagner Small Spray Shelter, Portable Paint Tent"),
        ("mouse jiggler", "Undetectable Jiggler for Computer Mouse"),
    ],
)
def test_a_type_that_a_title_only_mentions_is_not_asked_for(query: str, title: str) -> None:
    assert type_asked_for(query, title) is None


@pytest.mark.parametrize(
    ("query", "title", "kind"),
    [
        ("electric kettle", "IKICH Electric Kettle 1.7L, Stainless Steel", "kettle"),
        ("axis and allies", "Avalon Hill Axis and Allies 1941 Board Game, Multicolor", "board game"),
        ("acer predator helios 300", 'Acer Predator Helios 300 Gaming Laptop, 15.6" Full HD', "laptop"),
        ("leash for small dogs with light", "UPSKY Retractable Dog Leash with Flashlight, 16ft", "dog leash"),
        ("swiss army watches for men", "Victorinox Swiss Army Maverick Watch, Black", "wristwatch"),
        ("tent for camping", "U`King Waterproof Camping Tent with Carry Bag", "tent"),
    ],
)
def test_the_type_that_heads_a_title_is_asked_for(query: str, title: str, kind: str) -> None:
    assert type_asked_for(query, title) == kind


@pytest.mark.parametrize(
    ("price", "shown"), [("0.0", False), ("0", False), ("$0.00", False), ("nan", False), ("0.99", True)]
)
def test_a_price_of_nothing_is_not_shown(tmp_path: Path, price: str, shown: bool) -> None:
    fields = {f"product {number}": {"title": f"Sketch Studio {number}", "price": price} for number in (1, 2)}
    (row,) = read_rows(tmp_path, [published("Product_Matching", fields, "no")])
    question = ask("product_matching", row, [row])
    assert question is not None and ("price" in question["question"]) is shown
