"""What no question should hold: vulgar words, sentences that stand below any product, reviews in another language."""

from pathlib import Path
from random import Random
from typing import Any

import pytest

from tests.shared_data import ec_guide_questions
from tests.training.review_fixtures import review_of
from training.data.sources.records import ExamQuestion, Product, Review
from training.data.tasks import TASKS
from training.data.tasks.task import Pool
from training.data.tasks.unsuitable import is_boilerplate, is_vulgar


@pytest.mark.parametrize(
    "text",
    ["This is shit", "F**k this pan", "what a BITCH to clean", "sh*tty zipper", "bullshit", "Cock ring, black", "so eine Scheiße",
     "qué mierda", "che cazzo", "de la merde", "motherfucker", "アダルトグッズ", "assholes", "dumb a$$",
     "motherf***er", "fcking great", "this pisses me off", "pissed off", "my ass hurts", "badass", "WTF", "sex toys", "anal beads",
     "a dick move", "my tits", "big boobs", "クソ商品", "arsehole"],
)  # fmt: skip
def test_vulgar_words_are_found(text: str) -> None:
    assert is_vulgar(text)


@pytest.mark.parametrize(
    "text",
    ["Shiitake mushrooms", "Cocktail shaker", "Moby Dick", "Peacock feathers", "Pussy willow branch", "assassin", "Essex", "class",
     "Scunthorpe", "grape", "Dick's hammer", "a hell of a deal", "damn good", "cockpit", "the computer's output", "bastardized?",
     "Pussy Cats poster", "hoe for the garden", "Dick Tracy",
     "Dick's Sporting Goods", "Philip K. Dick", "Dick Van Dyke", "blue tit",
     "embassy", "assemble", "passive", "analog", "piston", "titan",
     "boob-shaped? no, bobbin", "unisex toy box", "cumin", "canal"],
)  # fmt: skip
def test_words_that_hold_such_letters_stay(text: str) -> None:
    assert not is_vulgar(text)


def test_a_question_with_a_vulgar_word_is_skipped_and_counted() -> None:
    page = Product("p", "en", "Brewwell Teapot", categories=("Teapots",))
    review = Review("r", 1, "Bad", "It is shit and the lid leaks all the time.", 0, True, page)
    pool: Pool[Any] = Pool([review])
    assert TASKS["review_rating"].question("amazon_reviews/reviews", review, pool, Random(1)) is None
    assert pool.unusable == {"text with a vulgar word": 1}
    exam = ExamQuestion("e", "english", "Which word is rude?", ("tea", "bitch", "pot", "lid"), 1)
    assert TASKS["general_knowledge"].question("mmlu/questions", exam, Pool([exam]), Random(1)) is None


BOILERPLATE = (
    "Shipping Weight: 1.2 pounds and ships from our warehouse",
    "100% GUARANTEE: we stand behind each teapot that we make",
    "No returns on opened teapots for reasons of hygiene",
    "Please contact us if you have any questions about the teapot",
    "All sales are final on teapots, sorry for any trouble",
    "Limited time offer on this glass teapot, do not wait",
    "Sold by Brewwell and fulfilled by Amazon from Ohio",
    "Click the link above to see our other glass teapots",
    "Umtausch der Teekanne innerhalb von 30 Tagen möglich",
    "Perfect gift for teapot lovers and for everyone else at Christmas",
    "Due to different monitors the color of the teapot may vary",
)


@pytest.mark.parametrize("bullet", BOILERPLATE)
def test_bullets_that_stand_below_any_product_are_no_features(bullet: str) -> None:
    assert is_boilerplate(bullet)
    teapot = Product("p", "en", "Glass Teapot", features=(bullet,), categories=("Teapots",))
    others = [
        Product(f"o{n}", "en", f"Thing {n}", features=(f"Made of {thing} that lasts a lifetime",))
        for n, thing in enumerate(("oak", "wool", "brass"))
    ]
    for seed in range(5):
        assert (
            TASKS["product_feature"].question("amazon_reviews/products", teapot, Pool([teapot, *others]), Random(seed))
            is None
        )
    good = Product(
        "g", "en", "Brass Lamp", features=("This brass lamp can be dimmed in three steps",), categories=("Lamps",)
    )
    row = TASKS["product_feature"].question("amazon_reviews/products", good, Pool([good, teapot, *others]), Random(1))
    assert row is None or bullet not in row["question"]


@pytest.mark.parametrize(
    "bullet",
    [
        "Holds four cups of tea without a drip",
        "The handle returns to its place when you let go of it",
        "Boils a full jug in under four minutes",
        "Weighs 300 g and fits in any drawer",
        "Woven in one piece and brushed by hand",
    ],
)
def test_bullets_about_the_product_stay(bullet: str) -> None:
    assert not is_boilerplate(bullet)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("The lid leaks and the handle broke after a week.", "en"),
        ("I love these pants. They fit great!", "en"),
        ("Love my i phone case", "en"),
        ("super nice, bien made", "en"),
        ("Excelente producto, llegó a tiempo", "es"),
        ("Me gusto mucho, muy bonito", "es"),
        ("Ottimo prodotto, lo consiglio", "it"),
        ("Molto bello e davvero perfetto", "it"),
        ("Produit conforme, merci beaucoup", "fr"),
        ("Sehr gut, gerne wieder", "de"),
        ("Works great, but I wish they made one of steel, as I do NOT use plastic.", "en"),
        ("La tapa no cierra bien y el mango se rompió en una semana.", "es"),
        ("Der Deckel ist undicht und der Griff ist nach einer Woche abgebrochen.", "de"),
        ("蓋が閉まらず、取っ手が一週間で壊れました。 とても 残念 です。", "ja"),
    ],
)
def test_the_language_of_a_review_is_told_by_its_words(tmp_path: Path, text: str, language: str) -> None:
    record = review_of(tmp_path, text=text)
    assert record.language == language
    row = TASKS["review_rating"].question("amazon_reviews/reviews", record, Pool([record]), Random(1))
    assert row is not None and row["language"] == language


def test_aspects_are_asked_about_in_english_reviews_only() -> None:
    page = Product("p", "en", "Funda", categories=("Home", "Covers"))
    text = "La calidad es perfect size, great price y muy soft. Good quality also, dice mi hermana."
    record = Review("r", 5, "Perfect size cover", text, 9, True, page, "es")
    for task in (
        "review_aspects",
        "aspect_keyphrase",
        "aspect_sentiment",
        "review_snippets",
        "review_title",
        "helpful_review",
    ):
        assert TASKS[task].question("amazon_reviews/reviews", record, Pool([record] * 5), Random(1)) is None


def test_almost_all_published_reviews_in_english_are_told_so(tmp_path: Path) -> None:
    from training.data.sources.review_language import language_of

    texts = [row["input_field"].split("Input:")[-1].split("\nAnswer")[0] for row in ec_guide_questions()["mcq_sa"]]
    others = [text for text in texts if language_of(text) != "en"]
    assert len(others) < len(texts) / 100, others
