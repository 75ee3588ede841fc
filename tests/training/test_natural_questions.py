"""Questions that a reader with fresh eyes finds natural, answerable and right: what was found otherwise, and its kind."""

from random import Random
from typing import Any

import pytest

from training.data.sources.cleaning import clean
from training.data.sources.records import Basket, JudgedProduct, JudgedQuery, Product, Translations
from training.data.tasks import TASKS
from training.data.tasks.task import Pool
from training.data.tasks.unsuitable import names_a_price, says_no
from training.data.tasks.words import surface_terms


def asked(task: str, stream: str, record: Any, *others: Any, seeds: int = 10) -> list[dict[str, Any]]:
    """Return the questions about a record that some seeds give."""
    pool: Pool[Any] = Pool([record, *others])
    rows = [TASKS[task].question(stream, record, pool, Random(seed)) for seed in range(seeds)]
    return [row for row in rows if row is not None]


@pytest.mark.parametrize("wording", TASKS["query_product_ranking"].wordings)
def test_a_ranking_says_what_becomes_of_ties(wording: str) -> None:
    assert "equally relevant" in wording.lower()


@pytest.mark.parametrize(
    "query", ["baby sneakers under $13", "cheap cool things", "shoes under 20 dollars", "free lol dolls"]
)
def test_nobody_is_asked_about_a_price_that_no_title_tells(query: str) -> None:
    assert names_a_price(query)
    judged = JudgedQuery("q", "en", query, ((Product("p", "en", "Canvas Sneakers"), "E"),))
    assert not asked("query_product_relation", "esci/queries", judged)


@pytest.mark.parametrize("query", ["rug under 10 ft", "under armour shirt", "freestanding tub", "lollipop sticks"])
def test_a_measure_or_a_brand_is_no_price(query: str) -> None:
    assert not names_a_price(query)


@pytest.mark.parametrize(
    "query", ["lawn mower tires without rims", "shock collar no remote", "not a drill", "zapatos sin cordones"]
)
def test_nobody_is_asked_for_what_a_query_does_not_want(query: str) -> None:
    assert says_no(query)
    judged = JudgedQuery("q", "en", query, tuple((Product(f"p{n}", "en", f"Tire {n}"), "ESEEI"[n]) for n in range(5)))
    others = [
        JudgedQuery(f"o{n}", "en", f"oak desk {n}", ((Product(f"d{n}", "en", f"Oak Desk {n}"), "E"),)) for n in range(5)
    ]
    for task in ("relevant_product", "substitute_product", "irrelevant_product"):
        assert not asked(task, "esci/queries", judged, *others)


def sessions(*queries: tuple[str, str]) -> JudgedProduct:
    return JudgedProduct("p", "en", Product("p", "en", "Retractable Dog Leash, 16 ft"), queries)


def fillers() -> list[JudgedProduct]:
    names = ("oak desk", "wool hat", "chess board", "tea kettle", "cat litter", "dog collar", "office chair", "garden rake",
             "running shoes", "phone case", "yoga mat", "floor lamp")  # fmt: skip
    return [
        JudgedProduct(f"o{name}", "en", Product(f"o{name}", "en", name.title()), ((name, "E"), (f"{name}s", "E")))
        for name in names
    ]


def test_three_queries_of_a_session_are_near() -> None:
    product = sessions(("dog leash", "E"), ("leash", "E"), ("retractable leash", "E"), ("leash for big dogs", "E"))
    rows = asked("next_query", "esci/products", product, *fillers())
    assert len(rows) == 10
    for row in rows:
        chosen = [int(number) for number in row["completion"][0]["content"].split(",")]
        lines = {
            int(line.split(". ")[0]): line.split(". ")[1] for line in row["question"].split("\n") if line[:1].isdigit()
        }
        assert all("leash" in lines[number] for number in chosen), row["question"]
        assert not any("leash" in text for number, text in lines.items() if number not in chosen)
        # What fulfils the next query is not in the cart.
        assert "Add product" not in row["question"]


def test_a_session_without_near_queries_is_not_asked_about() -> None:
    product = sessions(("dog leash", "E"), ("leash", "E"))
    far = [other for other in fillers() if not {"cat litter", "dog collar"} & {query for query, _ in other.queries}]
    assert not asked("next_query", "esci/products", product, *far)


def basket(*pages: tuple[str, tuple[str, ...]]) -> Basket:
    return Basket("b", tuple(Product(title, "en", title, categories=categories) for title, categories in pages))


def test_what_shares_a_department_only_was_not_bought_for_the_thing() -> None:
    others = [
        basket(
            *((f"Thing {name} {n}", ("Garden", "Tools")) for n, name in enumerate(("oak", "elm", "fir", "ash", "yew")))
        )
    ] * 3
    home = [(f"{name} Maker", ("Home & Kitchen", "Coffee")) for name in ("Drip", "Pod", "Frother", "Grinder")]
    far = [
        ("Maker", ("Home & Kitchen", "Coffee")),
        *((name, ("Home & Kitchen", name)) for name in ("Pillow", "Candle", "Rug")),
    ]
    assert not asked("also_bought", "amazon_reviews/baskets", basket(*far), *others)
    skipped = Pool([basket(*home)])
    TASKS["also_bought"].question("amazon_reviews/baskets", skipped.records[0], skipped, Random(1))
    assert "share two categories" not in "".join(skipped.unusable)


@pytest.mark.parametrize(
    ("description", "is_asked"),
    [
        ("A soy candle that burns for 45 hours in any room of the house.", False),
        ("These soy candles burn for forty hours in any room of the house.", False),
        ("A soy candle with vanilla that smells of home in any room of the house.", True),
        ("Three soy candles with vanilla for any room of the house, 3 in all.", True),
    ],
)
def test_a_description_holds_no_number_that_nobody_can_know(description: str, is_asked: bool) -> None:
    page = Product("p", "en", "Soy Candle, Vanilla, Set of 3", description=description)
    assert bool(asked("product_description", "amazon_reviews/products", page)) is is_asked


@pytest.mark.parametrize(
    ("title", "is_asked"), [("Shampoo with Coconut Oil", False), ("Coconut Scented Shampoo", True)]
)
def test_an_ingredient_is_no_scent(title: str, is_asked: bool) -> None:
    pages = [
        Product(f"p{n}", "en", text, details={"Scent": scent}, categories=("Shampoos",))
        for n, (text, scent) in enumerate(
            [(title, "Coconut"), ("Rose Bar", "Rose"), ("Mint Bar", "Mint"), ("Pine Bar", "Pine")]
        )
    ]
    assert bool(asked("attribute_value_from_title", "amazon_reviews/products", *pages)) is is_asked


@pytest.mark.parametrize(
    ("spanish", "is_asked"),
    [("Hervidor Eléctrico de Acero, 1,7 L", False), ("Hervidor Eléctrico de Acero, 1,7 L, 3000 W", True)],
)
def test_a_translation_loses_no_number(spanish: str, is_asked: bool) -> None:
    pages = {"en": Product("k", "en", "Cordless Kettle of Steel, 1.7 L, 3000 W"), "es": Product("k", "es", spanish)}
    rows = asked("title_translation", "amazon_m2/translations", Translations("k", pages))
    assert bool([row for row in rows if row["language"] == "es"]) is is_asked


@pytest.mark.parametrize(
    ("read", "meant"),
    [
        ("KingdomÂ\u00a0Lewis", "Kingdom Lewis"),
        ("KingdomÂ Lewis", "Kingdom Lewis"),
        ("Menâ€™s Boots", "Men's Boots"),
        ("Âge d'or", "Âge d'or"),
        ("Château", "Château"),
    ],
)
def test_text_that_was_decoded_wrongly_is_put_right(read: str, meant: str) -> None:
    assert clean(read) == meant


def test_a_counter_without_its_number_is_no_keyword() -> None:
    assert "人用" not in surface_terms("ヤマビト テント 4人用 グリーン") and "テント" in surface_terms("テント 4人用")
