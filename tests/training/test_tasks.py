import json
import math
import re
from collections import Counter
from pathlib import Path
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.metrics import score
from evaluation.parsers import parse_response
from submission.answer_formats import find_phrase
from submission.errors import ShopBenchError
from submission.task_types import TaskType
from tests.shared_data import development_questions
from training.data.decontamination import ProtectedQuestions
from training.data.recipe import DataRecipe
from training.data.samples import sample_questions
from training.data.sources import open_source
from training.data.sources.cleaning import clean
from training.data.sources.knowledge import known_types
from training.data.sources.records import (
    EcInstructRow,
    ExamQuestion,
    JudgedProduct,
    JudgedQuery,
    Product,
    ReadyQuestion,
    Review,
)
from training.data.tasks import TASKS
from training.data.tasks.amounts import Amount, amounts, packs, written
from training.data.tasks.aspects import aspects_of, clauses, is_about_anything, may_be_wrong
from training.data.tasks.ready import with_ready_tasks
from training.data.tasks.task import Draft, Pool, Task, choice, numbered, selection
from training.data.tasks.words import names_the_thing, product_type, shortened, singular, terms
from training.recipe import load_recipe

ROOT = Path(__file__).parent.parent.parent
RECIPE = ROOT / "training" / "recipes" / "data_fixtures.yaml"

DEVELOPMENT_TASKS = (
    "category_description category_with_attribute review_snippets query_entities attribute_value_from_title aspect_keyphrase "
    "review_aspects pack_amount event_obstacle complementary_category query_relation query_product_ranking next_query "
    "also_bought review_rating keyword_set title_translation same_description_other_language"
)
HIDDEN_TASKS = (
    "applicable_attribute product_compatibility attribute_synonym attribute_value_extraction commonsense_use "
    "compatible_attribute_value product_type_from_title product_type_from_query product_numeric_reasoning unit_conversion"
)


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[dict[str, Any]]]:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        return sample_questions(load_recipe(RECIPE, [], DataRecipe), [], 100)


def test_forty_tasks_of_all_types_and_tracks() -> None:
    assert len(TASKS) >= 40
    assert {task.task_type for task in TASKS.values()} == set(TaskType)
    assert {task.track for task in TASKS.values()} == {1, 2, 3, 4}
    assert set(DEVELOPMENT_TASKS.split()) <= set(TASKS) and len(DEVELOPMENT_TASKS.split()) == 18
    assert set(HIDDEN_TASKS.split()) <= set(TASKS) and len(HIDDEN_TASKS.split()) == 10


@pytest.mark.parametrize("task", TASKS.values(), ids=list(TASKS))
def test_a_task_has_three_wordings_and_gives_questions(task: Task, questions: dict[str, list[dict[str, Any]]]) -> None:
    assert len(set(task.wordings)) == len(task.wordings) >= 3
    assert questions[task.name], "the fixtures give no question"


def test_answers_are_read_and_scored_in_full(questions: dict[str, list[dict[str, Any]]]) -> None:
    """What the model is taught to write gets full marks from the evaluator's own parsers and metrics."""
    count = 0
    for rows in questions.values():
        for row in rows:
            answer = parse_response(row["task_type"], row["completion"][0]["content"])
            if row["metric"] == "sent-transformer":
                assert answer == row["truth"]
            elif row["metric"] == "micro f1":
                counts = score(row["metric"], answer, row["truth"])
                assert (counts.fp, counts.fn) == (0, 0), row["question"]
            else:
                assert score(row["metric"], answer, row["truth"]) == pytest.approx(1.0), row["question"]
            count += 1
    assert count > 1500


def test_wrong_options_differ_from_the_right_one(questions: dict[str, list[dict[str, Any]]]) -> None:
    for rows in questions.values():
        for row in rows:
            lines = [line for line in row["question"].split("\n") if line[:1].isdigit() and line[1:2] == "."]
            if row["task_type"] == TaskType.MULTIPLE_CHOICE and lines:
                texts = [line.split(".", 1)[1].strip().lower() for line in lines]
                assert len(set(texts)) == len(texts), row["question"]


def test_right_answers_stand_in_every_place(questions: dict[str, list[dict[str, Any]]]) -> None:
    places = Counter(row["truth"] for row in questions["relevant_product"] + questions["commonsense_use"])
    assert set(places) == {0, 1, 2, 3} and max(places.values()) < sum(places.values()) / 2


def test_distractors_of_a_query_are_never_relevant(questions: dict[str, list[dict[str, Any]]]) -> None:
    """An option that is not the answer was judged irrelevant, or shares no meaningful word with the query."""
    judged: dict[tuple[str, str], str] = {}
    pages = {}
    folder = ROOT / "tests" / "training" / "fixtures" / "esci"
    for line in (folder / "shopping_queries_dataset_products.jsonl").read_text().splitlines():
        row = json.loads(line)
        pages[row["product_id"]] = clean(row["product_title"])
    for line in (folder / "shopping_queries_dataset_examples.jsonl").read_text().splitlines():
        row = json.loads(line)
        if row["esci_label"][0] in "ESCI":
            judged[row["query"], pages.get(row["product_id"], "")] = row["esci_label"][0]
    queries = sorted({query for query, _ in judged if query}, key=len, reverse=True)
    checked = 0
    for name in ("relevant_product", "substitute_product", "complement_product", "multilingual_relevant_product"):
        for row in questions[name]:
            lines = row["question"].split("\n")
            options = [line[3:] for line in lines if line[:1].isdigit() and line[1:3] == ". "]
            stem = "\n".join(line for line in lines if not (line[:1].isdigit() and line[1:3] == ". "))
            query = next(query for query in queries if query in stem)
            for place, option in enumerate(options):
                if place != row["truth"]:
                    label = judged.get((query, option))
                    assert label == "I" or (label is None and terms(option).isdisjoint(terms(query))), row["question"]
                    checked += 1
    assert checked > 300


def test_wordings_share_no_13_gram_with_development_questions(questions: dict[str, list[dict[str, Any]]]) -> None:
    """Not even instructions do."""
    protected = ProtectedQuestions([row["input_field"] for row in development_questions()])
    shared = {row["question"]: protected.shared_ngram(row["question"]) for rows in questions.values() for row in rows}
    assert {question: ngram for question, ngram in shared.items() if ngram} == {}


def test_a_wording_that_is_held_out_shares_no_13_gram_with_others() -> None:
    """Not with what else stays the same from question to question either, like the options of a rating."""

    def asked(wording: str, mark: str, options: str) -> str:
        slots = {name: f"{mark}{name}" for name in Task("", TaskType.RANKING, "", 1, ()).slots(wording)}
        return wording.format(**{**slots, "options": options})

    fixed = {
        "aspect_sentiment": ("positive", "negative", "not mentioned"),
        "query_product_relation": ("exact match", "substitute", "complement", "irrelevant"),
        "product_relation": ("bought together", "viewed by the same customers", "unrelated"),
        "sentiment_level": ("very negative", "negative", "neutral", "positive", "very positive"),
        "review_sentiment": ("negative", "neutral", "positive"),
    }

    def options_of(name: str, mark: str) -> str:
        return numbered(fixed.get(name, (f"{mark}one", f"{mark}two", f"{mark}three")), 0)

    held_out = ProtectedQuestions(
        asked(task.wordings[-1], "held", options_of(name, "held")) for name, task in TASKS.items()
    )
    for name, task in TASKS.items():
        for wording in task.wordings[:-1]:
            shared = held_out.shared_ngram(asked(wording, "train", options_of(name, "train")))
            assert shared is None or wording in {other.wordings[-1] for other in TASKS.values()}, (
                name,
                wording,
                shared,
            )


TROUBLE = [
    *(
        "Men's",
        "1.",
        "rank",
        "select three",
        "5\" x 3.5'",
        "Query:",
        "Output:",
        "0.5",
        "2)",
        "タイトル",
        "translate",
        "'x'",
    ),
    *("reviews", "- 2", "in French", "Answer:"),
]
NOISE = st.one_of(
    st.text(min_size=1, max_size=120),
    st.text(alphabet="ab 'x\"-,.:;0123456789()[]!?&%", min_size=1, max_size=120),
    st.lists(st.sampled_from(TROUBLE), min_size=2, max_size=12).map(" ".join),
)


@settings(max_examples=300, deadline=None)
@given(NOISE, NOISE, NOISE, st.integers(0, 2**32))
def test_no_text_of_a_source_makes_a_question_that_is_read_otherwise(
    title: str, query: str, review: str, seed: int
) -> None:
    """A misread question would end the build, so whatever stands in a title, a query or a review must not cause one."""
    title, query, review = clean(title), clean(query), clean(review)
    product = Product(
        "p", "en", f"{title} Kettle", "Kettle", "red", f"{title}. A kettle boils water. {review}", (review, title)
    )
    others = [Product(str(n), "en", f"Word{n} thing{n} {n} oz (Pack of 3)", f"Brand{n}") for n in range(8)]
    judgements = ((product, "E"), *((other, label) for other, label in zip(others, "SCIIIIII", strict=True)))
    records: list[tuple[str, Any, list[Any]]] = [
        ("esci/queries", JudgedQuery("q", "en", f"{query} kettle", judgements), []),
        ("esci/products", JudgedProduct("j", "en", product, ((f"{query} kettle", "E"), ("kettle", "E"), ("pan", "I"))),
         [JudgedProduct(str(n), "en", other, ((f"one{n}", "E"), (f"two{n}", "E"))) for n, other in enumerate(others)]),
        ("amazon_reviews/products", product, others),
        ("amazon_reviews/reviews", Review("r", 4, title, f"{review}. The lid is great. Soft, good price.", 0, True, product), []),
        ("ecinstruct/rows", EcInstructRow("e", "Answer_Generation", {"question": query, "document": [review]}, (), review), []),
    ]  # fmt: skip
    for stream, record, more in records:
        pool = Pool([record, *more])
        for task in TASKS.values():
            if stream in task.builders:
                task.question(stream, record, pool, Random(seed))


def test_a_question_that_is_misread_ends_the_build_and_names_the_builder() -> None:
    task = Task("broken", TaskType.RANKING, "ndcg", 3, ("Write a poem about {title}.\nOutput: ",))

    @task.built_from("esci/queries")
    def build_broken(record: Any, pool: Pool, rng: Random) -> Draft:
        return Draft({"title": record.title}, [1.0], (1,))

    product = Product("B01", "en", "Kettle")
    with pytest.raises(
        ShopBenchError, match=r"build_broken \(B01\): a question of task broken \(ranking\) is read as generation"
    ):
        task.question("esci/queries", product, Pool([product]), Random(1))


@pytest.mark.parametrize(
    ("draft", "fault"),
    [
        (Draft({"options": "0. a\n1. b\n2. c"}, 1, (0, 1, 2, 3)), r"lists \(0, 1, 2, 3\), but \(0, 1, 2\) are read"),
        (Draft({"options": "0. a\n1. b\n2. c"}, 3, (0, 1, 2)), "does not take its own answer '3'"),
    ],
)
def test_a_list_or_an_answer_that_does_not_fit_ends_the_build(draft: Draft, fault: str) -> None:
    task = Task("broken", TaskType.MULTIPLE_CHOICE, "accuracy", 1, ("Which one?\n{options}\nAnswer: ",))
    task.built_from("mmlu/questions")(lambda record, pool, rng: draft)
    product = Product("B01", "en", "Kettle")
    with pytest.raises(ShopBenchError, match=fault):
        task.question("mmlu/questions", product, Pool([product]), Random(1))


def test_a_title_that_makes_its_question_read_otherwise_is_skipped_and_counted() -> None:
    product = Product(
        "p", "en", "'? Or rather: why? Translate it into French and summarize it in two sentences. 'Kettle'", "Kettle"
    )
    pool = Pool([product])
    for seed in range(20):
        TASKS["title_entities"].question("amazon_reviews/products", product, pool, Random(seed))
    assert pool.unusable["text that makes its question read as something else"] > 0


def test_a_text_with_a_list_of_its_own_is_skipped_and_counted() -> None:
    pool = Pool([])
    review = Review("r", 2, "", "Four things: 1. bad 2. dear 3. late 4. rude. Never again, says my cat.", 0, True, None)
    assert TASKS["review_rating"].question("amazon_reviews/reviews", review, pool, Random(1)) is None
    assert pool.unusable == {"text that holds a numbered list of its own": 1}


def test_choice_needs_options_that_differ() -> None:
    assert choice(Random(1), "Red", ["red", "Blue", "Green"]) is None
    assert choice(Random(1), "Red", ["Blue"]) is None
    draft = choice(Random(1), "Red", ["Blue", "Green", "Black", "White"])
    assert draft is not None and draft.slots["options"].split("\n")[draft.truth] == f"{draft.truth}. Red"
    assert draft.numbers == (0, 1, 2, 3)


def test_selection_numbers_from_one() -> None:
    draft = selection(Random(2), ["a", "b", "c"], ["d", "e"])
    items = draft.slots["items"].replace(". ", ".").split("\n")
    assert sorted(items[number - 1].split(".")[1] for number in draft.truth) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("title", "found", "count"),
    [
        ("Garlic Noodles, 9.24 oz (Pack of 6)", [Amount(9.24, "ounce")], 6),
        ("Napkins, 200 Count, Pack of 2", [Amount(200, "count")], 2),
        ("Olive Oil 25.4 fl oz, 2-pack", [Amount(25.4, "fluid ounce")], 2),
        ("Router 5G 4G LTE", [], None),
        ("Ceramic Mug, 16 oz, Set of 4", [], 4),  # what it holds, not what it weighs
        ("Liquid Soap 12 oz", [], None),  # a fluid ounce or one of weight: not sure
        ("Board 9 x 12 inch", [Amount(12, "inch")], None),
        ("Bars, Pack of 12 (3 Packs)", [], None),  # said twice
        ("Poster 24x36 inch", [], None),
        ("Flour 2.5 kg", [Amount(2.5, "kilogram")], None),
        ("Camping Chair, Supports 300 lb, Set of 2", [], 2),  # what it carries
        ("Copy Paper 20 lb, 500 Sheets", [], None),  # what a ream of another size would weigh
    ],
)
def test_amounts_and_packs_in_titles(title: str, found: list[Amount], count: int | None) -> None:
    assert [(float(amount.value), amount.unit) for amount in amounts(title)] == [
        (pytest.approx(float(amount.value)), amount.unit) for amount in found
    ]
    assert packs(title) == count


@pytest.mark.parametrize(
    ("title", "total"),
    [
        ("Garlic Noodles, 9.24 oz (Pack of 6)", "55.44 ounces"),
        ("Napkins, 200 Count, Pack of 2", "400 count"),
        ("Olive Oil 25.4 fl oz, 3-pack", "76.2 fluid ounces"),
        ("Tent Stakes, 10 Pack", "It cannot be inferred."),
    ],
)
def test_the_total_of_a_pack(title: str, total: str) -> None:
    product = Product("p", "en", title)
    for seed in range(5):
        row = TASKS["pack_amount"].question("amazon_reviews/products", product, Pool([product]), Random(seed))
        assert row is not None and f"{row['truth']}. {total}" in row["question"].split("\n")


@pytest.mark.parametrize(
    ("task", "title"),
    [
        ("product_numeric_reasoning", "Paper Towels, 6 Rolls, 110 Count"),  # rolls of pieces: which of them are items?
        ("product_numeric_reasoning", "Jigsaw Puzzle, Harbor Town, 500 Pieces"),  # pieces of one item
        ("largest_amount", "Granola Bars, 1.2 oz, 24 Count"),  # an ounce a bar, or all of them?
        ("pack_amount", "Paper Towels, 110 Count, 6 Rolls, Pack of 2"),
    ],
)
def test_titles_that_leave_open_what_their_numbers_count_are_not_asked_about(task: str, title: str) -> None:
    product = Product("p", "en", title)
    others = [Product(str(n), "en", f"Nuts {n}, 0.{n} oz") for n in range(1, 6)]
    for seed in range(5):
        pool = Pool([product, *others])
        assert TASKS[task].question("amazon_reviews/products", product, pool, Random(seed)) is None
    # The same with nothing left open is asked.
    clear = Product("c", "en", "Batteries, 48 Count" if "numeric" in task else "Oats, 42 oz (Pack of 2)")
    assert TASKS[task].question("amazon_reviews/products", clear, Pool([clear, *others]), Random(1)) is not None


@pytest.mark.parametrize("seed", range(12))
def test_numeric_reasoning_adds_up(seed: int) -> None:
    """The right option follows from the numbers in the question."""
    product = Product("p", "en", "AA Batteries, Alkaline, 48 Count")
    row = TASKS["product_numeric_reasoning"].question("amazon_reviews/products", product, Pool([product]), Random(seed))
    assert row is not None
    lines = row["question"].split("\n")
    right = next(line[3:] for line in lines if line.startswith(f"{row['truth']}. "))
    text = row["question"]
    if found := re.search(r"needs (\d+) items", text):
        assert int(right) == math.ceil(int(found.group(1)) / 48)
    elif found := re.search(r"At (\d+) a day", text):
        assert right in {f"{48 // int(found.group(1))} days", f"{48 // int(found.group(1))} day"}
    else:
        cost = re.search(r"costs \$([\d.]+)\. What", text)
        assert cost is not None and right == f"${float(cost.group(1)) / 48:.2f}"


CONVERSION = {
    ("ounces", "grams"): 28.349523, ("ounces", "pounds"): 1 / 16, ("pounds", "kilograms"): 0.45359237,
    ("pounds", "ounces"): 16.0, ("inches", "centimeters"): 2.54, ("feet", "inches"): 12.0, ("feet", "centimeters"): 30.48,
    ("fluid ounces", "milliliters"): 29.57353, ("liters", "milliliters"): 1000.0, ("liters", "gallons"): 0.26417205,
    ("gallons", "liters"): 3.78541178, ("grams", "ounces"): 0.03527396, ("kilograms", "pounds"): 2.20462262,
}  # fmt: skip


def test_conversions_agree_with_published_factors(questions: dict[str, list[dict[str, Any]]]) -> None:
    titles = [
        f"Thing {amount} {unit}"
        for amount in ("3", "7.5", "40")
        for unit in ("oz", "lb", "inch", "ft", "fl oz", "liter")
    ]
    checked = 0
    for place, title in enumerate([*titles, "Thing 900 g", "Thing 2 kg", "Thing 3 gallon"] * 3):
        product = Product(str(place), "en", title)
        row = TASKS["unit_conversion"].question("amazon_reviews/products", product, Pool([product]), Random(place))
        assert row is not None
        right = row["question"].split("\n")[
            [line[:3] for line in row["question"].split("\n")].index(f"{row['truth']}. ")
        ][3:]
        value, unit = right.split(" ", 1)
        before = amounts(title)[0]
        plural = written(before.value, before.unit).split(" ", 1)[1]
        factor = CONVERSION.get((plural, unit if unit.endswith("s") else unit + "s"))
        if factor:
            assert float(value) == pytest.approx(float(before.value) * factor, rel=0.01, abs=0.006), row["question"]
            checked += 1
    assert checked > 20


def test_a_ready_question_is_asked_as_it_stands() -> None:
    task = with_ready_tasks({}, {"next": 3})["next"]
    text = "Select three of the queries from the list.\n" + "\n".join(f"{n}. query {n}" for n in range(1, 11))
    question = ReadyQuestion("next/0", "en", "next", "retrieval", "hit rate@3", 3, text, [4])
    row = task.question("shopbench/questions", question, Pool([question]), Random(1))
    assert row is not None and row["question"] == text and row["truth"] == [4]
    assert row["completion"][0]["content"].split(",")[0] == "4" and row["completion"][0]["content"].count(",") == 2


def test_a_ready_truth_is_cited_in_the_case_of_the_text() -> None:
    task = with_ready_tasks({}, {"words": 1})["words"]
    text = "Which phrase in the query is of the entity type 'brand'? Extract it from the query.\nQuery: Acme Kettle 2 l\nOutput:"
    for truth, answer in ((["acme"], "Acme"), (["kettler"], None)):
        question = ReadyQuestion("words/0", "en", "words", "named_entity_recognition", "micro f1", 1, text, truth)
        pool = Pool([question])
        row = task.question("shopbench/questions", question, pool, Random(1))
        assert (row and row["completion"][0]["content"]) == answer
        assert pool.unusable.total() == (answer is None)


@pytest.mark.parametrize(
    ("category", "name"),
    [
        ("Over-Ear Headphones", "over-ear headphones"),
        ("Chef's Knives", "chef's knife"),
        ("AA Batteries", "AA battery"),
        ("Dresses", "dress"),
        ("Glass", "glass"),
        ("Toothbrushes", "toothbrush"),
        ("Lens", "lens"),
        ("Camera Lenses", "camera lens"),
        ("Neckties", "necktie"),
        ("Cookies", "cookie"),
        ("Phone Cases", "phone case"),
    ],
)
def test_singular(category: str, name: str) -> None:
    assert singular(category) == name


def test_product_types_name_one_thing() -> None:
    assert product_type(Product("1", "en", "x", categories=("Home", "Desk Lamps"))) == "desk lamp"
    assert product_type(Product("1", "en", "x", categories=("Home", "Beds & Furniture"))) == ""
    assert product_type(Product("1", "en", "x")) == ""
    assert product_type(None) == ""


def test_phrases_stand_as_whole_words() -> None:
    assert find_phrase("Tinkertree train", "TINKERTREE") == "Tinkertree"
    assert find_phrase("scarlet scarf", "scar") is None
    assert find_phrase("ティンカーツリー木製", "木製") == "木製"
    assert find_phrase("C++ book", "C++") == "C++"


@pytest.mark.parametrize(
    ("title", "name", "is_it"),
    [
        ("Northpine Camping Tent with Rainfly", "tent", True),
        ("Ironpeg Tent Stakes, 10 Pack", "tent", False),
        ("Screen Protector for Tablet", "tablet", False),
        ("Filtros de Papel para Cafetera", "cafetera", False),
        ("Tostalia Cafetera de Goteo", "cafetera", True),
        ("オトリ イヤホンケース", "イヤホン", False),
        ("ヤマビト テント 2人用", "テント", True),
    ],
)
def test_titles_of_a_thing_and_of_its_accessories(title: str, name: str, is_it: bool) -> None:
    assert names_the_thing(title, name) is is_it


def test_clauses_are_quoted_and_their_mood_is_plain() -> None:
    text = "The sound is crisp. It's not comfortable, but the lid is perfect! Broke after a week. I like the color and the price."
    found = {clause.text: (clause.aspect, clause.mood) for clause in clauses(text)}
    assert found["sound is crisp"] == ("sound", 1)
    assert found["lid is perfect"] == ("lid", 1)
    assert found["Broke after a week"] == ("durability", -1)
    assert found["not comfortable"] == ("comfort", -1)
    assert all(clause in text for clause in found)
    assert aspects_of("I like the color and the price") == {"color", "price"}


@given(st.text(alphabet="abc de,", max_size=60).map(clean), st.integers(3, 40))
def test_shortened_titles_end_with_a_word(title: str, longest: int) -> None:
    cut = shortened(title, longest)
    assert len(cut) <= longest and title.startswith(cut)


def test_names_of_types_stand_in_every_language() -> None:
    assert all(kind.names[language] for kind in known_types() for language in ("en", "de", "fr", "es", "it", "ja"))


def test_aspects_that_shade_into_each_other_are_never_wrong_beside_each_other() -> None:
    assert not may_be_wrong("ease of use", frozenset({"assembly"}))  # "easy to install"
    assert not may_be_wrong("texture", frozenset({"softness"}))
    assert may_be_wrong("packaging", frozenset({"softness"}))
    assert aspects_of("Bright colors") == {"color"} and aspects_of("Bright enough to read") == {"brightness"}
    assert next(clause.mood for clause in clauses("The smell is strong.")) == 0


def test_what_leaks_is_not_called_waterproofing() -> None:
    assert aspects_of("One bottle leaked") == {"leakage"} and aspects_of("It is waterproof") == {"waterproofing"}
    assert not may_be_wrong("packaging", frozenset({"leakage"}))


def test_accessories_that_fit_any_device_are_never_wrong() -> None:
    def accessory(key: str, title: str, devices: str) -> Product:
        return Product(key, "en", title, details={"Compatible Devices": devices})

    case = accessory("p", "Slim Case for iPhone 13", "iPhone 13")
    fitting = [accessory("u", "Car Mount", "Smartphones"), accessory("v", "Clear Cover iPhone13", "iPhone13")]
    others = [accessory(str(n), f"Case for Pixel {n}", f"Pixel {n}") for n in (6, 7, 8)]
    for seed in range(20):
        pool = Pool([case, *fitting, *others])
        row = TASKS["product_compatibility"].question("amazon_reviews/products", case, pool, Random(seed))
        assert row is not None and "Mount" not in row["question"] and "Cover" not in row["question"]


def test_a_type_above_the_type_of_a_reviewed_product_is_never_wrong() -> None:
    def review(key: str, *categories: str) -> Review:
        product = Product(key, "en", f"Thing {key}", categories=categories)
        return Review(key, 5, "", f"These {categories[-1]} are what I wanted.", 0, True, product)

    earbuds = review("e", "Electronics", "Headphones", "Earbuds")
    others = [review(kind, kind) for kind in ("Headphones", "Kettles", "Lamps", "Mugs")]
    for seed in range(20):
        row = TASKS["reviewed_product_type"].question(
            "amazon_reviews/reviews", earbuds, Pool([earbuds, *others]), Random(seed)
        )
        assert row is not None and "headphones" not in row["question"]


@pytest.mark.parametrize(
    ("clause", "is_plain"),
    [
        ("Very comfortable even after hours", True),
        ("Easy to clean", True),
        ("Super comfortable shoes", False),
        ("straw is easy to clean", False),
    ],
)
def test_snippets_that_name_a_thing_are_told_from_those_that_do_not(clause: str, is_plain: bool) -> None:
    assert is_about_anything(clause) is is_plain


def test_a_pool_without_wrong_answers_gives_no_question(tmp_path: Path) -> None:
    source = open_source("knowledge", None, tmp_path)
    for stream in source.streams:
        records = [source.record(stream, unit, Counter()) for unit in source.units(stream)]
        for record in records[:5]:
            for name, task in TASKS.items():
                if f"knowledge/{stream}" in task.builders and name not in {
                    "category_description",
                    "category_with_attribute",
                }:
                    rows = [
                        task.question(f"knowledge/{stream}", record, Pool([record]), Random(seed)) for seed in range(3)
                    ]
                    # What is known of all types needs no pool.
                    assert rows == [None] * 3 or name in {"complementary_category", "commonsense_use", "use_of_product"}
    product = Product("p", "en", "Kettle")
    twice = JudgedQuery("q", "en", "kettle", ((product, "E"), *[(Product("s", "en", "Pot"), "S")] * 4))
    assert TASKS["query_product_ranking"].question("esci/queries", twice, Pool([twice]), Random(1)) is None


def test_right_snippets_are_of_the_type_or_name_no_thing(questions: dict[str, list[dict[str, Any]]]) -> None:
    for row in questions["review_snippets"]:
        # Things in the plural stand there as they are.
        kind = re.search(r"\ban? ((?:(?!\ban? ).)+?) product|([\w-]+ (?:shoes|headphones))", row["question"])
        lines = [line for line in row["question"].split("\n") if re.match(r"\d+\.", line)]
        for number in row["truth"]:
            snippet = lines[number - 1].split(".", 1)[1].strip()
            other = next((noun for noun in ("shoes", "bars", "bottle", "biscuits", "coffee") if noun in snippet), "")
            assert kind is not None and (not other or terms(other) & terms(kind.group()) or "oil" in kind.group()), row


@pytest.mark.parametrize(
    ("first", "second", "label", "relation"),
    [
        ("running shoes", "sports socks", "C", "complement"),
        ("running shoes", "women's sneakers", "S", "substitute"),
        ("birthday gift", "sports socks", "C", ""),  # asks for anything
        ("strideo", "sports socks", "C", ""),  # a brand alone asks for anything of it
        ("running shoes", "shoes", "I", ""),  # shares a word
        ("shoes", "running shoes", "E", "narrowing"),
    ],
)
def test_how_queries_relate(first: str, second: str, label: str, relation: str) -> None:
    product = Product("p", "en", "Strideo Running Shoes, Coral", "Strideo")
    judged = JudgedProduct("j", "en", product, ((first, "E"), (second, label)))
    row = TASKS["query_relation"].question("esci/products", judged, Pool([judged]), Random(1))
    if not relation:
        assert row is None
    else:
        assert row is not None and f"{row['truth']}. {relation}" in row["question"].split("\n")
    # Two queries that one product answers are neither complements nor substitutes, whatever another was judged.
    both = JudgedProduct("k", "en", Product("q", "en", "Strideo Shoes and Socks"), ((first, "E"), (second, "E")))
    again = TASKS["query_relation"].question("esci/products", judged, Pool([judged, both]), Random(1))
    assert (again is not None) is (relation == "narrowing")


def test_relations_that_hold_together_are_not_offered_together() -> None:
    for answer, statement in (("view", "viewed"), ("similar", "similar"), ("buy", "bought")):
        fields = {"product 1": "Sierra Rain Jacket", "product 2": "Sierra Raincoat"}
        row_in = EcInstructRow("e", "Product_Relation_Prediction", fields, (), f"Users who {answer} it")
        row = TASKS["product_relation"].question("ecinstruct/rows", row_in, Pool([row_in]), Random(1))
        assert row is not None
        assert not ("viewed" in row["question"] and "similar" in row["question"])
        assert statement in next(line for line in row["question"].split("\n") if line.startswith(f"{row['truth']}. "))


@pytest.mark.parametrize("choice_text", ["Both (a) and (c)", "A and C only", "None of the above", "All of these"])
def test_exam_choices_that_speak_of_others_are_left_out(choice_text: str) -> None:
    exam = ExamQuestion("e", "trade", "Which?", ("Rent", "Wages", "Taxes", choice_text), 3)
    pool = Pool([exam])
    assert TASKS["general_knowledge"].question("mmlu/questions", exam, pool, Random(1)) is None
    assert pool.unusable.total() == 1


def test_types_that_have_an_attribute_perhaps_are_never_wrong(tmp_path: Path) -> None:
    source = open_source("knowledge", None, tmp_path)
    attributes = [source.record("attributes", unit, Counter()) for unit in source.units("attributes")]
    pool = Pool([attribute for attribute in attributes if attribute is not None])
    for attribute in pool.records:
        for seed in range(30):
            row = TASKS["category_with_attribute"].question("knowledge/attributes", attribute, pool, Random(seed))
            assert row is not None
            options = {line[3:] for line in row["question"].split("\n") if re.match(r"\d\. ", line)}
            assert options.isdisjoint(attribute.perhaps) and len(options & set(attribute.types)) == 1
            row = TASKS["applicable_attribute"].question("knowledge/attributes", attribute, pool, Random(seed))
            assert row is not None
            kind = next(
                kind.name for kind in known_types() if re.search(rf"\b{kind.name}\b", row["question"].split("\n")[0])
            )
            options = {line[3:] for line in row["question"].split("\n") if re.match(r"\d\. ", line)} - {attribute.name}
            assert not [one.name for one in pool.records if one.name in options and kind in one.possible_types]


def test_sentences_in_another_language_than_the_site_are_left_out() -> None:
    german = Product(
        "DE/1",
        "de",
        "Wasserkocher aus Edelstahl",
        description="Der Wasserkocher kocht einen Liter Wasser in vier Minuten.",
    )
    english = Product(
        "DE/2", "de", "Mouse WM-20", description="Silent buttons and three speeds for you and the office."
    )
    others = [
        Product(f"DE/{n}", "de", f"Ding{n}", description=f"Das Ding mit der Nummer {n} steht auf dem Tisch und ist aus Holz.")
        for n in range(3, 6)
    ]  # fmt: skip
    for seed in range(20):
        row = TASKS["description_for_title"].question(
            "amazon_m2/products", german, Pool([german, english, *others]), Random(seed)
        )
        assert row is not None and "Silent" not in row["question"]


def test_the_docs_list_every_task_as_it_is() -> None:
    docs = (ROOT / "docs" / "training_data.md").read_text()
    kinds = {TaskType.NAMED_ENTITY_RECOGNITION: "NER", TaskType.MULTIPLE_CHOICE: "choice"}
    for task in TASKS.values():
        row = next(line for line in docs.splitlines() if line.startswith(f"| {task.track} | `{task.name}` |"))
        cells = [cell.strip() for cell in row.split("|")[3:-2]]
        streams = sorted(stream.replace("amazon_", "") for stream in task.builders)
        assert cells == [
            kinds.get(task.task_type, task.task_type),
            task.metric,
            ", ".join(streams),
            str(len(task.wordings)),
        ]
    assert f"{len(TASKS)} tasks." in docs
    assert all(f"`{name}`" in docs for name in (*DEVELOPMENT_TASKS.split(), *HIDDEN_TASKS.split()))
