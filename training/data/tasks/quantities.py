"""Tasks that take arithmetic: the total of a pack, how many packs, prices a piece, units turned into others.

A question of `pack_amount`, and its answer:

    Listing: Cacaoro Organic Dark Chocolate Bar 85% Cocoa, 3.5 oz (Pack of 12)
    If everything in this listing is added up, which total weight results?
    0. 45.5 ounces
    1. 42 ounces
    2. 3.5 ounces
    3. 15.5 ounces
    Answer: 1

Amounts are read from real titles ("9.24 oz (Pack of 6)"), the arithmetic is ours, and the wrong answers are what typical
slips would give: the single amount, one pack more, the factor the wrong way round.
"""

import re
from collections.abc import Iterable
from fractions import Fraction
from random import Random

from submission.task_types import TaskType
from training.data.sources.records import JudgedProduct, Product
from training.data.tasks.amounts import (
    PARTS,
    UNITS,
    Amount,
    amounts,
    counts_things,
    is_one_pack,
    packs,
    says_a_count,
    says_no_amount,
    single_amount,
    written,
)
from training.data.tasks.domains import domains
from training.data.tasks.task import Draft, Pool, Task, choice, draw, in_no_order
from training.data.tasks.words import shortened

_UNKNOWN = "It cannot be inferred."
_MEASURE_NAMES = {"weight": "total weight", "volume": "total volume", "count": "total count"}


def _different(right: Fraction, candidates: Iterable[Fraction]) -> list[Fraction]:
    """Return the candidates that are positive, look different from `right` and from each other when written."""
    seen = {written(right)}
    kept = []
    for candidate in candidates:
        if candidate > 0 and written(candidate) not in seen and written(candidate) != "0":
            seen.add(written(candidate))
            kept.append(candidate)
    return kept


PACK_AMOUNT = Task(
    "pack_amount",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=2,
    wordings=(
        "An online shop offers '{title}'. What is the {quantity} of everything in it?\n{options}\nAnswer: ",
        "Product title: {title}\nWork out the {quantity} of the whole package.\n{options}\nAnswer: ",
        "Listing: {title}\nIf everything in this listing is added up, which {quantity} results?\n{options}\nAnswer: ",
        "A customer buys one package of '{title}'. What is the {quantity} that the customer gets?\n{options}\nAnswer:",
    ),
)


# Of as many totals as can be told; where they are more, "cannot be inferred" could be guessed.
_UNKNOWN_PER_KNOWN = Fraction(1, 3)


@PACK_AMOUNT.built_from("amazon_reviews/products", "esci/products")
def build_pack_amount(
    product: Product | JudgedProduct, pool: Pool[Product | JudgedProduct], rng: Random
) -> Draft | None:
    """Multiply the amount by the packs; where the title gives no amount of the kind, it cannot be inferred."""
    title = _title(product)
    count, amount = packs(title), _amount_of_a_pack(title)
    if count is None:
        return pool.skip("title that says no number of packs, or more than one")
    if amount is not None:
        total = amount.value * count
        slips = (amount.value, total + amount.value, total - amount.value, amount.value + count, total * 2)
        wrong = rng.sample(_different(total, slips), 3)
        options = [written(value, amount.unit) for value in wrong]
        if rng.random() < 0.3:
            options[-1] = _UNKNOWN
        quantity = _MEASURE_NAMES[amount.measure]
        return choice(rng, written(total, amount.unit), options, title=title, quantity=quantity)
    if not says_no_amount(title):
        return pool.skip("title with an amount that is not read for sure")
    if product.key not in pool.once("totals that cannot be inferred", _unknown_totals):
        return pool.skip("title that gives no amount, when as many are asked about as the known ones allow")
    values = rng.sample((6, 8, 12, 16, 24, 32), 3)
    options = [written(Fraction(value * count), "ounce") for value in values]
    return choice(rng, _UNKNOWN, options, title=title, quantity=_MEASURE_NAMES["weight"])


_PACK_OF = re.compile(r"\b(?:packs?|case|box) of \d", re.IGNORECASE)


def _amount_of_a_pack(title: str) -> Amount | None:
    """Return what one of the packs of a title holds; None where it is not said, or not for sure."""
    amount = single_amount(title, *_MEASURE_NAMES)
    # With bags or boxes counted beside it an amount may be that of one or of all.
    if amount is None or PARTS.search(title):
        return None
    # "2-Pack (8 Count)" may be eight in all.
    if amount.measure == "count" and not (counts_things(title) and _PACK_OF.search(title)):
        return None
    return amount


def _unknown_totals(pool: Pool[Product | JudgedProduct]) -> set[str]:
    """Return the keys of the records whose total is asked for though it cannot be inferred, in no order of the source."""
    titles = {record.key: title for record in pool.records if packs(title := _title(record)) is not None}
    unknown = sorted((key for key, title in titles.items() if says_no_amount(title)), key=in_no_order)
    known = sum(_amount_of_a_pack(title) is not None for title in titles.values())
    return {*unknown[: max(1, int(known * _UNKNOWN_PER_KNOWN))]}


UNIT_CONVERSION = Task(
    "unit_conversion",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=2,
    wordings=(
        "The product '{title}' is sold online. How much is {amount} in {unit}?\n{options}\nAnswer: ",
        "Product title: {title}\nA customer wants to know {amount} in {unit}. Which is right?\n{options}\nAnswer: ",
        "A shopper who thinks in {unit} reads the title '{title}'. What is {amount} in {unit}?\n{options}\nAnswer: ",
        "Convert the {amount} in the title '{title}' to {unit}.\n{options}\nAnswer:",
    ),
)
_CONVERSIONS = {
    "fluid ounce": ("milliliter",),
    "ounce": ("gram", "pound"),
    "pound": ("kilogram", "ounce"),
    "gram": ("ounce", "kilogram"),
    "kilogram": ("pound", "gram"),
    "milliliter": ("fluid ounce", "liter"),
    "liter": ("milliliter", "gallon"),
    "gallon": ("liter",),
    "inch": ("centimeter",),
    "foot": ("inch", "centimeter"),
    "centimeter": ("inch", "millimeter"),
    "millimeter": ("centimeter",),
}


@UNIT_CONVERSION.built_from("amazon_reviews/products", "esci/products", "amazon_m2/products")
def build_unit_conversion(
    product: Product | JudgedProduct, pool: Pool[Product | JudgedProduct], rng: Random
) -> Draft | None:
    """Convert an amount of the title; the slips are the factor upside down, ten times as much and a near factor."""
    title = _title(product)
    # Two thirds of an inch would be shown as 0.67, and nobody wants the tip of a pen in centimeters.
    convertible = [
        amount
        for amount in amounts(title)
        if amount.unit in _CONVERSIONS
        and Fraction(written(amount.value)) == amount.value
        and (amount.unit != "millimeter" or amount.value >= 10)
    ]
    if not convertible:
        return pool.skip("title without an amount that can be converted")
    amount = rng.choice(convertible)
    unit = rng.choice(_CONVERSIONS[amount.unit])
    factor = UNITS[amount.unit][2] / UNITS[unit][2]
    right = amount.value * factor
    slips = (amount.value / factor, right * 10, right / 10, right * Fraction(3, 2), right * Fraction(4, 5))
    wrong = _different(right, slips)
    if written(right) == "0" or len(wrong) < 3:
        return pool.skip("amount with too few wrong answers that look different")
    options = [written(value, unit) for value in rng.sample(wrong, 3)]
    slots = {"title": title, "amount": written(amount.value, amount.unit), "unit": UNITS[unit][0]}
    return choice(rng, written(right, unit), options, **slots)


NUMERIC_REASONING = Task(
    "product_numeric_reasoning",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=2,
    wordings=(
        "The product '{title}' is sold online. {question}\n{options}\nAnswer: ",
        "Product title: {title}\nQuestion: {question}\n{options}\nAnswer: ",
        "A shop sells packages of '{title}'. {question}\n{options}\nAnswer: ",
        "Someone is about to buy '{title}'. {question}\n{options}\nAnswer:",
    ),
)


@NUMERIC_REASONING.built_from("amazon_reviews/products", "esci/products")
def build_numeric_reasoning(
    product: Product | JudgedProduct, pool: Pool[Product | JudgedProduct], rng: Random
) -> Draft | None:
    """Ask how many to order, how long a pack lasts or what one piece costs."""
    title = _title(product)
    count = packs(title)
    pieces = single_amount(title, "count")
    if (pieces is not None or count is not None) and not counts_things(title):
        return pool.skip("title whose pieces may be parts or packages")
    if pieces is None and says_a_count(title):
        return pool.skip("title with a count that is not read for sure")
    if count is None and not is_one_pack(title):
        return pool.skip("title with a number of packs that is not read for sure")
    if pieces is not None:
        count = int(pieces.value) * (count or 1)
    if count is None or not 2 <= count <= 500:
        return pool.skip("title with one thing or with more than 500")
    # Only what is counted in a title (napkins, vitamins) may be used up day by day.
    is_used_up = pieces is not None and not _USED_UP.isdisjoint(domains(title))
    kinds = (_order, _unit_price, _supply) if is_used_up else (_order, _unit_price)
    question, right, slips, unit = rng.choice(kinds)(count, rng)
    wrong = rng.sample(_different(right, slips), 3)
    options = [_with_unit(value, unit) for value in wrong]
    return choice(rng, _with_unit(right, unit), options, title=title, question=question)


# The questions are short: with more words they would be 13 in a row that training and held-out questions share.
_Reasoning = tuple[str, Fraction, tuple[Fraction, ...], str]


def _order(count: int, rng: Random) -> _Reasoning:
    packages = rng.randint(2, 9)
    needed = packages * count - rng.randrange(count)
    question = f"A company needs {needed} items. How many packages must it order?"
    right = Fraction(packages)
    return question, right, (right + 1, right - 1, right + 2, right - 2, right * 2), ""


def _supply(count: int, rng: Random) -> _Reasoning:
    a_day = rng.choice([number for number in (1, 2, 3, 4, 5) if count % number == 0 and count > number])
    question = f"At {a_day} a day, how long does a package last?"
    right = Fraction(count, a_day)
    return question, right, (right - a_day, right + a_day, right * 2, right / 2, right + 7), "days"


def _unit_price(count: int, rng: Random) -> _Reasoning:
    usual = [
        cents for cents in (5, 10, 20, 25, 50, 75, 120, 150, 200, 250, 400, 750, 1200) if 800 <= cents * count <= 6000
    ]
    cents = rng.choice(usual or [25])
    price = Fraction(cents * count, 100)
    question = f"A package costs ${float(price):.2f}. What does one item cost?"
    right = Fraction(cents, 100)
    return question, right, (right * 2, right / 2, right + Fraction(1, 4), right * Fraction(3, 2), right + 1), "$"


def _with_unit(value: Fraction, unit: str) -> str:
    if unit == "$":
        return f"${float(value):.2f}"
    return f"{written(value)} {unit.removesuffix('s') if value == 1 else unit}".strip()


# Things of these parts of a shop are eaten, swallowed or rubbed in: what they weigh is how much of them there is.
_USED_UP = frozenset({"food", "health", "beauty", "pets", "bathroom"})

LARGEST_PACK = Task(
    "largest_amount",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=2,
    wordings=(
        "Which of these products has the largest {measure} in total?\n{options}\nAnswer: ",
        "A customer wants as much as possible in one order. Which product offers the most by {measure}?\n{options}\nAnswer: ",
        "Each of these products is ordered once. Whose {measure} is the largest when all of its packs are added "
        "up?\n{options}\nAnswer: ",
        "Compare the {measure} of the following products, all packs counted. Which has the most?\n{options}\nAnswer:",
    ),
)


@LARGEST_PACK.built_from("amazon_reviews/products", "esci/products")
def build_largest_amount(
    record: Product | JudgedProduct, pool: Pool[Product | JudgedProduct], rng: Random
) -> Draft | None:
    """Compare the totals of four products of one part of a shop, the largest at least a fifth ahead."""
    measured = pool.once("totals", _totals)
    own = measured.get(record.key)
    if own is None:
        return pool.skip("title without a total that is read for sure, or of what is not used up")
    measure, total, title = own
    entries = pool.once("entries", lambda pool: list(pool.once("totals", _totals).values()))
    part = domains(title)

    def is_less(entry: tuple[str, Fraction, str]) -> bool:
        return entry[0] == measure and entry[1] * Fraction(6, 5) < total and not part.isdisjoint(domains(entry[2]))

    wrong = draw(rng, entries, 3, is_less)
    return choice(rng, title, [entry[2] for entry in wrong], measure=measure) if len(wrong) == 3 else None


def _totals(pool: Pool[Product | JudgedProduct]) -> dict[str, tuple[str, Fraction, str]]:
    totals = {}
    for record in pool.records:
        title = shortened(_title(record))
        if _USED_UP.isdisjoint(domains(title)):
            continue
        # With a count beside it ("1.2 oz, 24 Count") a weight may be that of one or of all.
        amount = single_amount(title, *_MEASURE_NAMES)
        count = 1 if is_one_pack(title) else packs(title)
        if count is not None and amount is not None and amount.measure != "count" and PARTS.search(title) is None:
            total = amount.value * UNITS[amount.unit][2] * count
            totals[record.key] = (amount.measure, total, title)
    return totals


def _title(record: Product | JudgedProduct) -> str:
    """Return the title of an English product, however the stream wraps it, empty for other languages."""
    product = record if isinstance(record, Product) else record.product
    return product.title if product.language == "en" else ""
