"""What a review says of an aspect: which one, for or against it, and in which of its words."""

import json
import re
from random import Random

import pytest

from tests.shared_data import ec_guide_questions
from training.data.sources.records import Product, Review
from training.data.tasks import TASKS
from training.data.tasks.aspects import aspects_of, clauses, may_speak_of
from training.data.tasks.opinions import mood_of
from training.data.tasks.task import Pool


@pytest.mark.parametrize(
    ("clause", "mood"),
    [
        ("less expensive too", 1),
        ("not expensive at all", 1),
        ("not comfortable", -1),
        ("doesn't leak", 1),
        ("never leaked", 1),
        ("isn't as soft as the picture", -1),
        ("less comfortable", -1),
        ("no longer sharp", -1),
        ("did not fit well", -1),
        ("not only beautiful", 1),
        ("price cannot be beat", 1),
        ("couldn't be happier with the fit", 1),
        ("don't waste your money", -1),
        ("cheaper than the store", 1),
        ("cheaply made", -1),
        ("not too heavy", 1),
        ("too soft", -1),
        ("worse than the old one", -1),
        ("quality is better than expected", 1),
        ("works without problems", 1),
        ("sturdy but expensive", 0),
        ("not cheap but comfortable", 1),
        ("would be a great color", 0),
        ("could be sturdier and better", 0),
        ("heavier than other covers", 0),
        ("never had a more comfortable shoe", 0),
        ("never owned such a soft blanket", 0),
        ("never comfortable", -1),
        ("looks good only on the model", 0),
        ("expected better quality", 0),
        ("is the sound good?", 0),
        ("comes in a box", 0),
    ],
)
def test_opinions_are_read_with_their_negations_and_comparatives(clause: str, mood: int) -> None:
    assert mood_of(clause) == mood


def test_published_snippets_are_read_as_they_are_labelled() -> None:
    """Snippets of the public instruction set that answer "positive" or "negative" are never read the other way round."""
    wrong, plain = [], 0
    for row in ec_guide_questions()["retrieval_rrs"]:
        text = row["input_field"]
        wanted = re.search("positive|negative", text.split("Snippet List")[0].lower())
        if wanted is None:
            continue
        snippets = dict(re.findall(r"(?m)^(\d+)\.\s*(.*)$", text))
        for number in row["output_field"]:
            mood = mood_of(snippets[str(number)])
            plain += mood != 0
            if mood == (-1 if wanted.group() == "positive" else 1):
                wrong.append(snippets[str(number)])
    assert plain > 900 and len(wrong) < plain / 200, wrong


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ("WOW this delivers", "delivery"),
        ("It delivers on its promises", "delivery"),
        ("The shipping container is huge", "delivery"),
        ("It works beautifully", "appearance"),
        ("The cover comes off pretty easily", "appearance"),
        ("The volume of the peplum is too much", "sound"),
        ("sounds like a bargain", "sound"),
        ("I am in charge of the kitchen", "battery life"),
        ("hair color-depositing shampoo is great", "color"),
        ("I weigh approximately 145", "weight"),
    ],
)
def test_words_that_only_look_like_an_aspect_speak_of_none(text: str, aspect: str) -> None:
    assert aspect not in aspects_of(text)
    assert aspect not in {clause.aspect for clause in clauses(text)}


@pytest.mark.parametrize(
    ("text", "aspect"),
    [
        ("heavier than other covers", "weight"),
        ("a bit lighter than mine", "weight"),
        ("brighter than the sun", "brightness"),
        ("cheaper elsewhere", "price"),
        ("It tears at the seams", "durability"),
        ("bigger than I thought", "size"),
        ("came two days late", "delivery"),
        ("sent me a replacement", "customer service"),
    ],
)
def test_comparatives_and_other_words_speak_of_an_aspect(text: str, aspect: str) -> None:
    assert aspect in may_speak_of(text)


def review(text: str, rating: int = 5, category: str = "Covers") -> Review:
    page = Product(f"p/{category}", "en", "Brewwell Thing", categories=("Home", category))
    return Review(f"r/{text}", rating, "Title", text, 0, True, page)


PRAISE = (
    "sound is great", "colors are vibrant", "comfortable", "great price", "easy to use", "zipper is sturdy", "arrived early",
    "tastes delicious", "easy to clean", "warm", "screen is clear", "pockets are great", "scent is pleasant", "very stable",
)  # fmt: skip


def test_a_snippet_that_speaks_of_an_aspect_is_never_listed_as_one_of_another() -> None:
    asked = [review(f"{words}. Nice.") for words in ("lightweight", "very lightweight", "super lightweight")]
    others = [
        review(f"{words}!") for words in (*PRAISE, "heavier than others but comfortable fabric", "heavier yet soft")
    ]
    pool = Pool([*asked, *others])
    seen = 0
    for record in asked:
        for seed in range(20):
            row = TASKS["review_snippets"].question("amazon_reviews/reviews", record, pool, Random(seed))
            if row is None:
                continue
            seen += 1
            listed = dict(re.findall(r"(?m)^(\d+)\. ?(.*)$", row["question"]))
            for number, snippet in listed.items():
                assert ("weight" in may_speak_of(snippet)) is (int(number) in row["truth"]), row["question"]
    assert seen


@pytest.mark.parametrize(
    "text",
    ["Love it, the size. Great!", "Nice size, colors and price", "Good: the colors", "I opened the package. Happy."],
)
def test_bare_nouns_are_no_clauses(text: str) -> None:
    assert not {"size", "colors", "price", "opened the package"} & {clause.text.lower() for clause in clauses(text)}


def test_what_a_customer_loves_stays_in_the_clause() -> None:
    (clause,) = clauses("I love the size!")
    assert (clause.text, clause.aspect, clause.mood) == ("love the size", "size", 1)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("The sound is so loud that it hurts.", "sound is so loud that it hurts"),
        ("The material, however, is rough.", ""),
        ("The price, it's perfect.", ""),
        ("The battery is", ""),
        ("The fit is loose so I sent it back.", "fit is loose"),
        ("It lasted 6,000 miles and was sturdy.", ""),
    ],
)
def test_a_keyphrase_does_not_stop_before_the_opinion(text: str, found: str) -> None:
    assert [clause.text for clause in clauses(text)][:1] == ([found] if found else []) or "sturdy" in text
    assert not any(clause.text.endswith((" is", " so", " 6")) for clause in clauses(text))


def test_of_a_thing_the_thing_itself_is_no_aspect() -> None:
    for seed in range(10):
        for task in ("aspect_keyphrase", "aspect_sentiment"):
            record = review("I needed a spare one for work. The cable is sturdy enough.", category="Charging Cables")
            row = TASKS[task].question("amazon_reviews/reviews", record, Pool([record]), Random(seed))
            assert row is None or "cable" not in json.dumps(row["truth"])


def test_the_mood_of_a_condition_is_not_plain() -> None:
    moods = {clause.mood for clause in clauses("Great color if you like gray. I thought it was a good price.")}
    assert moods <= {0}
