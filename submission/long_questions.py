"""Long questions about made-up products, which a new engine is asked to see whether its numbers stay in range.

They differ in what models react to most strongly: their first tokens, numbers, punctuation, line ends, other scripts and
repetition. Each has some thousand tokens.
"""

from itertools import cycle, islice, product

_COLOURS = ("black", "navy blue", "sand", "rosé", "silver", "olive")
_THINGS = ("bicycle lamp", "kettle", "rain jacket", "desk mat", "dog harness", "tripod", "steel bottle")
_DETAILS = ("2-pack", 'fits 15.6"', "IPX4", "0.75 L", "with USB-C cable", "machine washable", "65 % cotton")
_OTHER_SCRIPTS = (
    "防水ヘッドランプ、充電式、明るさ三段階",
    "Wasserdichte Satteltasche für Fahrräder, 1,2 Liter",
    "上质不锈钢保温杯,24小时保冷",
    "Lámpara de escritorio plegable, luz cálida",
    "Гирлянда на батарейках, 10 м",
    "مصباح يدوي قابل للشحن",
)


def _products(count: int) -> list[str]:
    names = (f"{colour} {thing}, {detail}" for detail, thing, colour in product(_DETAILS, _THINGS, _COLOURS))
    return [name.capitalize() for name in islice(names, count)]


def long_questions() -> list[str]:
    """Return the questions, the same every time."""
    listed = "\n".join(f"{number}. {name}" for number, name in enumerate(_products(70), start=1))
    prose = " ".join(
        f"I bought the {name.lower()}, and it broke after {days} days!" for days, name in enumerate(_products(50))
    )
    scripts = "\n".join(islice(cycle(_OTHER_SCRIPTS), 60))
    figures = "; ".join(
        f"SKU {n * 7919 % 100003:05d}: {n}.{n % 10}9 € / {n * 25.4:.1f} mm (±{n % 3} %)" for n in range(1, 45)
    )
    return [
        f"Rank these products by how well they suit a rainy ride to work.\nProducts:\n{listed}\nAnswer with numbers.",
        f"Which product does the customer complain about most?\nReview: {prose}\nAnswer with a phrase from the review.",
        f"Translate the product titles into English.\n{scripts}\n",
        f"How many of these items cost less than 20 €?\n{figures}\n\n\n---\n\n{'.' * 200}\n{'!?' * 100}\nOutput:",
    ]
