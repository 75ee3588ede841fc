"""Wrong products stand beside the right one in a shop, and are never right all the same."""

import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.shared_data import SOURCES
from training.data.sources import open_source
from training.data.sources.records import Basket, EcInstructRow, JudgedQuery, Product, Session
from training.data.tasks import TASKS
from training.data.tasks.domains import domains
from training.data.tasks.equivalents import related
from training.data.tasks.task import Pool

ESCI = SOURCES / "esci" / "esci_combined.parquet"
SEEDS = range(12)
BOOKS = [f"{word}: A Novel, Paperback" for word in ("Harbor Lights", "The Long Winter", "Nine Doors", "Salt", "Ember")]
GARDEN = [
    "Oscillating Lawn Sprinkler",
    "Garden Hose 50 ft",
    "Steel Rake",
    "Cordless Hedge Trimmer",
    "Tomato Seeds",
    "Wheelbarrow",
]
KITCHEN = ["Glass Teapot", "Bread Toaster", "Salad Bowl", "Ladle", "Frying Pan"]


def judged(query: str, *products: tuple[str, str], language: str = "en") -> JudgedQuery:
    pairs = tuple((Product(f"{query}/{title}", language, title), label) for title, label in products)
    return JudgedQuery(f"query/{query}", language, query, pairs)


def singles(*titles: str, language: str = "en") -> list[JudgedQuery]:
    return [judged(title.lower(), (title, "E"), language=language) for title in titles]


def listed(row: dict[str, Any]) -> dict[int, str]:
    return {int(n): text for n, text in re.findall(r"(?m)^(\d+)\. ?(.*)$", row["question"])}


def wrong_of(task: str, query: JudgedQuery, others: list[JudgedQuery]) -> set[str]:
    found: set[str] = set()
    for seed in SEEDS:
        row = TASKS[task].question("esci/queries", query, Pool([query, *others]), Random(seed))
        assert row is not None
        options = listed(row)
        if task.endswith("ranking"):
            found |= {text for number, text in options.items() if row["truth"][number - 1] == 0}
        else:
            found |= {text for number, text in options.items() if number != row["truth"]}
    return found


@pytest.mark.parametrize(
    ("text", "domain"),
    [
        ("Greenworks 40V Cordless Lawn Mower, Green", "garden"),
        ("camping tent for dogs", "outdoor"),
        ("Charger with Cable for Electric Kettle", "electronics"),
        ("LED strip lights behind tv", "electronics"),
        ("Amazon Brand - Men's Slim-Fit Cotton T-Shirt", "clothing"),
        ("Wasserkocher aus Edelstahl", "kitchen"),
        ("Tienda de campaña para 4 personas", "outdoor"),
        ("ヤマビト テント 2人用", "outdoor"),
        ("Poêle antiadhésive 24 cm", "kitchen"),
        ("Orologio da polso", "jewellery"),
    ],
)
def test_the_part_of_a_shop_is_told_by_the_thing(text: str, domain: str) -> None:
    assert domain in domains(text)


@pytest.mark.parametrize("text", ["", "Vuntrix 3000", "the and of", "1,2,3", "for with"])
def test_of_what_tells_nothing_no_part_is_known(text: str) -> None:
    assert domains(text) == frozenset()


MOWER = judged("lawn mower", ("Greenworks 40V Cordless Lawn Mower", "E"))


@pytest.mark.parametrize("task", ["relevant_product", "query_product_ranking"])
def test_beside_a_lawn_mower_stand_garden_things_and_no_books(task: str) -> None:
    wrong = wrong_of(task, MOWER, singles(*BOOKS, *KITCHEN, *GARDEN))
    # What shares a word with query or mower ("Lawn Sprinkler", "Cordless …") could be meant.
    assert wrong == {"Garden Hose 50 ft", "Steel Rake", "Tomato Seeds", "Wheelbarrow"}


def test_a_substitute_is_asked_for_among_things_of_its_part() -> None:
    query = judged("push mower", ("Fleetcut Reel Machine for Grass", "S"))
    wrong = wrong_of("substitute_product", query, singles(*BOOKS, *GARDEN))
    assert wrong <= {*GARDEN}


@pytest.mark.parametrize(
    "other",
    [
        judged("grass cutter", ("Turfmaster 2000", "E")),  # another word for it
        judged("mower with bag", ("Turfmaster 2000", "S")),  # who wanted one bought this
        judged("garden gift", ("Grass Cutter, Red", "E")),
        judged("garden gift", ("Lawnmower Blade", "E"), ("Robot Lawn-Mower", "E")),
        judged("garden gift", ("Mowers of the World Calendar", "E")),
    ],
)
def test_what_may_be_meant_all_the_same_is_never_wrong(other: JudgedQuery) -> None:
    names = {product.title for product, _ in other.judgements} - {"Lawnmower Blade"}
    for task in ("relevant_product", "query_product_ranking"):
        assert not wrong_of(task, MOWER, [other, *singles(*GARDEN, *BOOKS)]) & names


def test_what_goes_along_is_never_a_wrong_complement() -> None:
    """Of a tent's part of the shop anything may go along with it, so wrong are things of other parts, accessories first."""
    tent = judged("camping tent", ("Aluminium Tent Pegs", "C"), ("Nordcamp Camping Tent", "E"))
    others = [
        *singles("Wool Sleeping Bag", "Gas Lantern", "Hiking Backpack", *BOOKS, *KITCHEN),
        judged("electric razor", ("Shaver Blades, 4 Count", "C")),
        judged("violin", ("Violin Rosin", "C")),
        judged("aquarium", ("Fish Food Flakes", "C")),
    ]
    wrong = wrong_of("complement_product", tent, others)
    assert wrong == {"Shaver Blades, 4 Count", "Violin Rosin", "Fish Food Flakes"}


def test_spanish_and_japanese_products_have_neighbours_too() -> None:
    query = judged("tetera", ("Tetera de Cristal 1 L", "E"), language="es")
    others = singles(
        "Sartén 24 cm",
        "Olla a Presión",
        "Taza Roja",
        "Novela Negra",
        "Guitarra Clásica",
        "Libro de Mapas",
        language="es",
    )
    assert wrong_of("multilingual_relevant_product", query, others) == {"Sartén 24 cm", "Olla a Presión", "Taza Roja"}
    query = judged("テント", ("ヤマビト テント", "E"), language="ja")
    others = singles("寝袋 冬用", "登山 ザック", "釣り 竿", "小説 上巻", "ギター 入門", "化粧品 セット", language="ja")
    assert wrong_of("multilingual_relevant_product", query, others) == {"寝袋 冬用", "登山 ザック", "釣り 竿"}


def test_without_neighbours_anything_else_is_wrong() -> None:
    assert wrong_of("relevant_product", MOWER, singles(*BOOKS)) == {*BOOKS}


@pytest.mark.parametrize(("label", "gain"), [("E", 1.0), ("S", 0.1)])
def test_a_query_with_one_product_is_ranked_with_products_of_others(label: str, gain: float) -> None:
    query = judged("lawn mower", ("Greenworks 40V Lawn Mower", label))
    row = TASKS["query_product_ranking"].question(
        "esci/queries", query, Pool([query, *singles(*GARDEN, *BOOKS)]), Random(1)
    )
    assert row is not None and sorted(row["truth"]) == [0.0] * 4 + [gain]
    assert listed(row)[row["truth"].index(gain) + 1] == "Greenworks 40V Lawn Mower"


def test_what_is_only_irrelevant_is_not_ranked() -> None:
    query = judged("lawn mower", ("Wool Socks", "I"), ("Oil Can", "C"))
    pool = Pool([query, *singles(*GARDEN, *BOOKS)])
    assert TASKS["query_product_ranking"].question("esci/queries", query, pool, Random(1)) is None
    assert pool.unusable == {"query without an exact product or a substitute": 1}


def test_a_group_of_judged_products_is_ranked_by_its_own_judgements() -> None:
    titles = [(f"Mower {number}", label) for number, label in enumerate("EEEEEEEESSCI")]
    query = judged("lawn mower", *titles)
    seen: Counter[float] = Counter()
    for seed in range(40):
        pool = Pool([query, *singles(*GARDEN)])
        row = TASKS["query_product_ranking"].question("esci/queries", query, pool, Random(seed))
        assert row is not None and all(text.startswith("Mower") for text in listed(row).values())
        assert 1.0 in row["truth"] and sum(gain < 1 for gain in row["truth"]) >= 2, "two that match less, at least"
        seen.update(row["truth"])
    assert all(seen[gain] >= 15 for gain in (1.0, 0.1, 0.01, 0.0))


def test_short_rankings_of_ecinstruct_are_filled_up_from_the_same_part() -> None:
    def row(key: str, query: str, *products: str) -> EcInstructRow:
        fields = {"query": query, "product list": [f"{chr(65 + n)}: {name}" for n, name in enumerate(products)]}
        return EcInstructRow(key, "Query_Product_Rank", fields, (), ",".join(chr(65 + n) for n in range(len(products))))

    asked = row("a", "lawn mower", "Cordless Lawn Mower", "Mower Cover")
    others = [row(str(n), title, title, f"{title} 2") for n, title in enumerate([*GARDEN[1:3], *GARDEN[4:], *BOOKS])]
    for seed in SEEDS:
        question = TASKS["query_product_ranking"].question(
            "ecinstruct/rows", asked, Pool([asked, *others]), Random(seed)
        )
        assert question is not None and len(question["truth"]) == 5
        filled = {text for n, text in listed(question).items() if question["truth"][n - 1] == 0}
        assert filled and not any("Novel" in text for text in filled)


def page(key: str, title: str, *categories: str, language: str = "en") -> Product:
    return Product(key, language, title, categories=categories)


def test_what_was_not_bought_is_of_the_same_part_and_further_away() -> None:
    way = ("Home & Kitchen", "Kitchen & Dining", "Coffee")
    basket = Basket(
        "b",
        tuple(page(f"c{n}", title, *way) for n, title in enumerate(("Brewer", "Filter Papers", "Grinder", "Scoop"))),
    )
    near = [page(f"n{n}", f"Near{n} thing{n}", "Home & Kitchen", "Bedding", f"Sort {n}") for n in range(14)]
    alike = [page(f"a{n}", f"Alike{n} ware{n}", *way) for n in range(5)]
    far = [page(f"f{n}", f"Far{n} item{n}", "Automotive", f"Part {n}") for n in range(30)]
    others = [Basket(f"o{n}", tuple(group)) for n, group in enumerate((near, alike, far))]
    for seed in SEEDS:
        row = TASKS["also_bought"].question("amazon_reviews/baskets", basket, Pool([basket, *others]), Random(seed))
        assert row is not None
        wrong = {text for number, text in listed(row).items() if number not in row["truth"]}
        assert len(wrong) == 12 and all(text.startswith("Near") for text in wrong)
    # With too few of them others follow; what shares as much as what was bought never does.
    for seed in SEEDS:
        few = [Basket("n", tuple(near[:4])), *others[1:]]
        row = TASKS["also_bought"].question("amazon_reviews/baskets", basket, Pool([basket, *few]), Random(seed))
        assert row is not None
        wrong = {text for number, text in listed(row).items() if number not in row["truth"]}
        assert {text for text in wrong if text.startswith("Near")} == {f"Near{n} thing{n}" for n in range(4)}
        assert not any(text.startswith("Alike") for text in wrong)


def session(key: str, *titles: str, language: str = "de") -> Session:
    pages = [page(f"{key}/{n}", title, language=language) for n, title in enumerate(titles)]
    return Session(key, language, tuple(pages[:-1]), pages[-1])


GERMAN = [
    "Pfanne Guss",
    "Kaffee Tasse",
    "Topf Set",
    "Gitarre Klassik",
    "Zelt Igluform",
    "Hantel 5 kg",
    "Roman Band 2",
    "Hemd Slim",
]


def wrong_next(asked: Session) -> set[str]:
    others = [session(f"o{n}", f"Vuntrix{n}", title) for n, title in enumerate(GERMAN)]
    found: set[str] = set()
    for seed in SEEDS:
        row = TASKS["multilingual_next_product"].question(
            "amazon_m2/sessions", asked, Pool([asked, *others]), Random(seed)
        )
        assert row is not None
        found |= {text for number, text in listed(row).items() if number != row["truth"]}
    return found


def test_where_a_shopper_stays_with_a_thing_others_of_its_part_are_wrong() -> None:
    assert wrong_next(session("s", "Wasserkocher Edelstahl", "Wasserkocher Glas")) == {*GERMAN[:3]}


def test_where_a_shopper_goes_on_to_another_thing_others_of_its_part_may_follow_as_well() -> None:
    assert not wrong_next(session("s", "Wasserkocher Edelstahl", "Toaster Retro")) <= {*GERMAN[:3]}


@pytest.mark.skipif(not ESCI.is_file(), reason=f"needs the published rows in {ESCI}")
def test_published_rows_give_a_thousand_rankings_of_five(tmp_path: Path) -> None:
    source = open_source("esci", {"examples": str(ESCI)}, tmp_path)
    source.prepare_once()
    records = [source.record("queries", unit, Counter()) for unit in source.units("queries")]
    asked: list[JudgedQuery] = [record for record in records if isinstance(record, JudgedQuery)]
    rankings, alike, known = 0, 0, 0
    for start in range(0, len(asked), 1000):
        pool = Pool(asked[start : start + 1000])
        for query in pool.records:
            row = TASKS["query_product_ranking"].question("esci/queries", query, pool, Random(query.key))
            if row is None:
                continue
            rankings += 1
            options = listed(row)
            own = {product.title[:100] for product, _ in query.judgements}
            filled = [text for text in options.values() if text[:100] not in own]
            assert len(options) == 5 and not any(related(text, query.query) for text in filled), row["question"]
            if domains(query.query):
                known += len(filled)
                alike += sum(bool(domains(text) & domains(query.query)) for text in filled)
    assert rankings > 1000 and alike > 0.8 * known
