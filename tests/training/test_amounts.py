"""What titles say in numbers is read rightly, or not asked about."""

import re
from random import Random
from typing import Any

import pytest

from training.data.sources.records import Product
from training.data.tasks import TASKS
from training.data.tasks.task import Pool

STREAM = "amazon_reviews/products"
UNKNOWN = "It cannot be inferred."


def rows_of(task: str, title: str, *others: str) -> list[dict[str, Any]]:
    """Return the questions about a title that twenty seeds give."""
    products = [Product(str(number), "en", text) for number, text in enumerate((title, *others))]
    rows = [TASKS[task].question(STREAM, products[0], Pool(products), Random(seed)) for seed in range(20)]
    return [row for row in rows if row is not None]


def right_of(row: dict[str, Any]) -> str:
    """Return the text of the right option."""
    return next(line for line in row["question"].split("\n") if line.startswith(f"{row['truth']}. "))[3:]


@pytest.mark.parametrize(
    ("title", "total"),
    [
        ("Organic Green Tea-16 oz (Pack of 2)", "32 ounces"),
        ("Ground Coffee, 1/2 lb (Pack of 4)", "2 pounds"),
        ("Basmati Rice 1,000 g (Pack of 2)", "2000 grams"),
        ("Saffron .5 oz (Pack of 3)", "1.5 ounces"),
        ("Maple Syrup 12 fluid oz (Pack of 8)", "96 fluid ounces"),
        ("Maple Syrup 12 fl. oz. (Pack of 8)", "96 fluid ounces"),
        ("Cotton Swabs, 1,000 Count, Pack of 2", "2000 count"),
        ("Pack of 2 - Oats 42 oz", "84 ounces"),
        ("Trail Mix 20 oz (Pack of 2)", "40 ounces"),
        ("Flax 16 oz, 2 Pack", "32 ounces"),
        ("Roasted Almonds 16 oz, 2-pk", "32 ounces"),
        ("Oats (Pack of 3) 18 oz each", "54 ounces"),
        ("Toothpaste 6 oz (Pack of 4)", "24 ounces"),
        ("Green Tea Bags 100 Count (Pack of 2)", "200 count"),
        ("Ironpeg Tent Stakes (Pack of 10)", UNKNOWN),
    ],
)
def test_totals_that_are_known(title: str, total: str) -> None:
    rows = rows_of("pack_amount", title)
    assert len(rows) == 20 and {right_of(row) for row in rows} == {total}


@pytest.mark.parametrize(
    "title",
    [
        "Crackers 12oz x 2 (Pack of 2)",  # twice twelve, twice?
        "Crackers 2 x 12 oz (Pack of 2)",
        "Cashews 10-16 oz (Pack of 2)",
        "Cashews 10 to 16 oz (Pack of 2)",
        "Butter 1 1/2 lb (Pack of 2)",
        "Butter 1-1/2 lb (Pack of 2)",
        "Butter ½ lb (Pack of 2)",
        "Half Pound Butter (Pack of 2)",
        "Cooking Wine 1 Quart (Pack of 2)",
        "Jam 0.529 oz (Pack of 6)",
        "Cocoa 1,5 kg (Pack of 2)",
        "Blend No.5 oz (Pack of 2)",
        "Candy 3 oz, Twin Pack (Pack of 2)",
        "Candy 3 oz, Set of 2 (Pack of 2)",
        "Candy 24 Bags 1 oz (Pack of 2)",  # a bag, or all of them?
        "Candy 32 oz total (Pack of 2)",
        "Polymer Clay, 1 lb, Set of 6",  # six colors, or six pounds?
        "Stickers 2-4 Pack",
        "Router 5g Home (Pack of 2)",
    ],
)
def test_totals_that_are_not_sure_are_not_asked_for(title: str) -> None:
    assert not rows_of("pack_amount", title)


@pytest.mark.parametrize(
    ("title", "amounts"),
    [
        ("Shelf 8 - 10 inch", set()),
        ("Shelf 8-10 inch", set()),
        ("Shelf 1-1/2 inch", set()),
        ("Bolt 3/4 inch", {"0.75 inches"}),
        ("Bolt-4 inch", {"4 inches"}),
        ("Mouse 2.4g Wireless", set()),
        ("Phone 5g Unlocked", set()),
        ("Sugar 5 g", {"5 grams"}),
        ("Level 6'5\" Aluminum", set()),
        ("Water 12 fluid oz", {"12 fluid ounces"}),
        ("Paint Roller 1,200 mm", {"1200 millimeters"}),
    ],
)
def test_amounts_that_are_converted(title: str, amounts: set[str]) -> None:
    rows = rows_of("unit_conversion", title)
    assert bool(rows) is bool(amounts)
    assert all(any(amount in row["question"] for amount in amounts) for row in rows)


@pytest.mark.parametrize(
    "title",
    [
        "Cotton Swabs, 10,00 Count (Pack of 2)",
        "Cotton Swabs, 500 Ct or 375 ct (Pack of 2)",
        "Party Favors, 3 Piece, Pack of 2",
        "Stickers 1,200 x 2 Pack",
        "Batteries, 3 x 4 Count",
        "Moissanite Ring 2 ct",  # carats
        "Bath Toys, Set of 2 Fishing Poles and 8 Rubber Ducks",
        "Toothbrush Holder and 4pcs Brush Covers",
        "Cushion Covers, 2 Pack & 3 Throw Pillows",
        "3PCS Baby Girl Clothes Ruffle Romper Bodysuit",
        "Sheet Set, 4 Pieces, Queen",
        "Garden Dining Set 5 Pieces",
        "Face Wipes, 8 Packs of 72",
        "Face Wipes 8 Pack of 72",
        "Face Wipes, 8-pk (72 each)",
    ],
)
def test_numbers_of_things_that_are_not_sure_are_not_reasoned_with(title: str) -> None:
    assert not rows_of("product_numeric_reasoning", title)


def test_thousands_are_reasoned_with_as_thousands() -> None:
    assert not rows_of("product_numeric_reasoning", "Napkins, 1,200 Pack")  # more than anyone counts on


@pytest.mark.parametrize(
    "title", ["Nuts 40 oz, Pack of 12 (3 Packs)", "Nuts 40 oz, Twin Pack", "Nuts 2 x 20 oz", "Nuts 40 oz, Set of 3"]
)
def test_packs_that_are_not_sure_are_not_compared(title: str) -> None:
    small = [f"Seeds {number} oz" for number in range(1, 5)]
    assert not rows_of("largest_amount", title, *small)
    assert rows_of("largest_amount", "Nuts 40 oz", *small)
    # Neither as a wrong option: who knows how much more it is.
    for row in rows_of("largest_amount", "Nuts 60 oz", title, *small):
        assert title not in row["question"]


@pytest.mark.parametrize(
    "title",
    [
        "Napkin Rings 60 Pack, Taupe 60 Count",  # the same sixty, said twice
        "Felt Pads 10 Pcs (pack of 10)",
        "Felt Pads 24 Pieces, 24-Pack",
        "Chew Bones for Dogs Upto 22 lbs, 6-PACK",
        "Flea Collar for Cats over 8 lbs (Pack of 2)",
        "Dog Treats for Small Breeds 5-22 lbs, 2 Pack",
        "Diapers for Babies 16 lbs (Pack of 2)",
        "Bungee Cord 1,000 lbs Break Strength, 2 Pack",
        "Ratchet Strap 500 lb Breaking Strength, 4 Pack",
        "Carabiner 300 lbs Tensile, Pack of 2",
        "Protein Bars 12 Pack, 20g Plant Protein",
        "Cookies 15 g of Protein, Pack of 12",
        "Gummies 2g Sugar, Pack of 6",
        "Lamp Oil Filter Pack of 4 L4 2.5L",
        "Ramekins 6oz - 6 Packs",
        "Porcelain Souffle Dishes 8 oz, 4 Pack",
        "Silicone Molds 4 oz (Pack of 2)",
        "3 Packs with 15 Pcs Plant Labels",
        "Batteries 2-Pack (8 Count)",  # eight in all?
        "Reusable Straws 4Packs (20 PCS)",
        "Shelf Bracket 25 lb Capacity, 2 Pack",
        "Dog Food for Dogs 30-70 lbs, Pack of 2",
        "Baby Carrier 7-45 lbs 2 Pack",
        "Tea 20 Count (Pack of 6), 120 Bags Total",
        "Rice 16oz (454g) Pack of 3",
        "Plant Labels 2 Packs of 15 Pcs",
        "Flower Planters 3 Packs 17 Inches, Drain Holes with 15 Pcs Plant Labels",
        "Antiseptic Mouth Rinse 16 oz (Pack of 2)",
        "Kombucha Ginger 16 oz (Pack of 6)",
        "Sparkling Lemonade 12 oz, 8 Pack",
        "Energy Drinks 16 oz (Pack of 12)",
        "Chicken Broth 32 oz (Pack of 6)",
        # By its brand alone nobody tells whether these are ounces of weight.
        "Fizzwell Lime 12 oz (Pack of 24)",
        "Storm Thirst Quencher 20 oz (Pack of 12)",
        "Minty Cool 33.8 oz (Pack of 2)",
        "Skyclear Original 26 oz (Pack of 2)",
        "Nut Almond Breeze Unsweetened 32 oz (Pack of 12)",
        "Bottled Coffee Mocha Frappe 9.5 oz (Pack of 15)",
        "Iced Tea Peach 16 oz (Pack of 12)",
        "Trail SnapFlask 2 Pack 10.5 oz",
        "Almonds 16 oz 3pk (Pack of 2)",
        "Zip Ties 50 lb (100 Pack)",
        "Resistance Bands 50 lbs (Pack of 3)",
        "Brewed Tea 18.5 oz (Pack of 12)",
        "Sweet Tea 16 oz (Pack of 12)",
        "Dried Mango, Set of 3, 8.5 oz each",
        "Wipes, 8 Packs of 72, 576 Count",
        "Candy 6 Pack of 12 oz (2 Pack)",
    ],
)
def test_amounts_of_something_else_make_no_total(title: str) -> None:
    assert not rows_of("pack_amount", title)
    assert not rows_of("largest_amount", title, *(f"Seeds {number} g" for number in range(1, 5)))


def test_few_totals_cannot_be_inferred() -> None:
    known = [Product(f"k{number}", "en", f"Organic Oats {number} oz (Pack of 4)") for number in range(1, 31)]
    unknown = [Product(f"u{number}", "en", f"Ironpeg Tent Stakes Model {number} (Pack of 10)") for number in range(200)]
    pool = Pool([*known, *unknown])
    rows = [TASKS["pack_amount"].question(STREAM, product, pool, Random(product.key)) for product in pool.records]
    rights = [right_of(row) for row in rows if row is not None]
    assert len(rights) == 40 and rights.count(UNKNOWN) == 10
    assert sum(reason.startswith("title that gives no amount") for reason in pool.unusable.elements()) == 190


@pytest.mark.parametrize(
    "title",
    [
        "Camera Battery NB-7L",
        "Work Gloves (909-L)",
        "Jeans 32W x 30L",
        "Zoom Lens 17-40mm f/4L",
        "Earring Hoops, 316L Surgical Steel",
        "5L Pulley",
        "Wireless Router 802.11g",
        "Wireless Card 802.11 b/g",
        "Hybrid Lens 70-200 mm f/2.8L",
        "Brake Caliper 4L",
        "Paint Sprayer Belt A-4L",
        "Memory Card 32G",
        "Nose Stud 20G Steel",
        "Pauldron Medieval Shoulder Armor Set 20g",
        "Outdoor Portable Gas Water Heater 10L",
        "Oil Filter for Ford Mustang 5.0L V8",
        "Motor Oil Drain Plug 1.8L 4-Cylinder",
        "Air Freshener for 3.5L V6",
        "Engine Oil Cooler 2.0L Turbo",
        "Belly Ring 14g",
        "Hydration Bladder 2L Water",
        "Juicer 1.5 L Juice",
        "Lot de 6 x 33cl",
        "Ammo 9mm 115 gr",
        "Broadheads 100 gr",
        "Audio Interface M-Audio 5G",
        "Action Camera 4K 60fps",
        "V-neck Tee 3XL",
    ],
)
def test_codes_and_sizes_are_no_liters_or_grams(title: str) -> None:
    for row in rows_of("unit_conversion", title):
        assert "liter" not in row["question"] and "gram" not in row["question"]


@pytest.mark.parametrize(
    ("title", "amount"),
    [
        ("Olive Oil 3L", "3 liters"),
        ("Spring Water 1.5 L", "1.5 liters"),
        ("Aquarium Salt Solution 2 Liters", "2 liters"),
        ("Saffron 20g", "20 grams"),
        ("Bolt 5/8 inch", "0.625 inches"),
        ("Bolt 3/16 inch", "0.1875 inches"),
        ("Chain 5/8 lb", "0.625 pounds"),
        ("Socket 11/16 in.", "0.6875 inches"),
    ],
)
def test_liters_grams_and_fractions_are_shown_as_they_are(title: str, amount: str) -> None:
    rows = rows_of("unit_conversion", title)
    assert rows and all(amount in row["question"] for row in rows)


@pytest.mark.parametrize("title", ["Plywood 2/3 inch", "Saffron 1/3 oz", "Steel Rod 5 ft 6 in.", "Ladder 6ft. 2in."])
def test_amounts_that_cannot_be_shown_as_they_are_are_not_converted(title: str) -> None:
    assert not rows_of("unit_conversion", title)


def questions_of(title: str) -> set[str]:
    return {row["question"] for row in rows_of("product_numeric_reasoning", title)}


@pytest.mark.parametrize(
    "title", ["Vitamin Gummies, 60 Count", "Paper Napkins, 100 Count", "Dog Treats 24 Count", "Facial Wipes 30 Ct"]
)
def test_what_is_used_up_lasts_so_many_days(title: str) -> None:
    assert any("a day" in question for question in questions_of(title))


@pytest.mark.parametrize(
    "title",
    [
        "Lobster Clasps 180 Pcs",
        "Solar Lanterns 2Pcs",
        "Wall Hooks 10PCS",
        "Cabinet Door Bumpers, 160 pcs",
        "Marker Pens 12 Count",
    ],
)
def test_what_stays_does_not_last_so_many_days(title: str) -> None:
    questions = questions_of(title)
    assert questions and not any("a day" in question for question in questions)


def test_no_wrong_number_of_a_sum_stands_in_its_question() -> None:
    """What is needed and what a package costs would be told apart at once."""
    for title in ("Vitamin Gummies, 60 Count", "Wall Hooks (Pack of 12)"):
        for row in rows_of("product_numeric_reasoning", title):
            stem, options = row["question"].split("\n0. ")[0], row["question"].split("\n")
            for option in (line[3:] for line in options if line[1:3] == ". "):
                given = option.split()[0]
                assert not re.search(rf"(?:needs|costs) {re.escape(given)}\b", stem), row["question"]


def weighed(title: str, others: list[str]) -> set[str]:
    found: set[str] = set()
    for row in rows_of("largest_amount", title, *others):
        found |= {line[3:] for line in row["question"].split("\n") if line[1:3] == ". "}
    return found


NUTS = ["Almonds 4 oz", "Cashews 6 oz", "Peanuts 8 oz", "Pistachio Nuts 3 oz (Pack of 2)"]


@pytest.mark.parametrize(
    "title",
    [
        "Polished Airsoft BBs 20 lbs",  # a bead, or all of them?
        "Heavy Blend 24 oz Fleece Crew Sweatshirt",
        "Functional Trainer Cable Machine 200 lb",
        "Electric Chain Saw 8 lb",
        "Weighted Blanket 15 lbs",
        "Essential Oil Diffuser 200 ml",
        "Wet Dry Vacuum Cleaner, 5 Gallon",
        "Conical Fermenter 7.9 Gallon Beer",
    ],
)
def test_only_of_what_is_used_up_the_amount_is_compared(title: str) -> None:
    assert not weighed(title, NUTS)
    assert weighed("Walnuts Nut Mix 40 oz", NUTS)
    assert title not in weighed("Walnuts Nut Mix 400 oz", [title, *NUTS])


def test_amounts_are_compared_within_a_part_of_the_shop() -> None:
    creams = ["Hand Lotion Jar 20 g", "Lip Wax 3 g", "Eyeshadow 2 g", "Blush 4 g"]
    seen = weighed("Walnuts Nut Mix 40 oz", [*creams, *NUTS])
    assert seen and not seen & {*creams}
