"""Tasks about product reviews: stars, sentiment, aspects, keyphrases, snippets, and which product a review is about.

A question of `aspect_sentiment`, and its answer:

    Review of a water bottle product: Sturdy bottle, easy to clean. The lid leaks a little.
    How does the customer feel about the lid?
    0. not mentioned
    1. positive
    2. negative
    Answer: 2
"""

import re
from dataclasses import dataclass
from random import Random

from submission.task_types import TaskType
from training.data.sources.records import Product, Review
from training.data.tasks.aspects import (
    ASPECTS,
    OF_ANY_PRODUCT,
    Clause,
    aspects_of,
    clauses,
    is_about_anything,
    may_be_wrong,
    may_speak_of,
)
from training.data.tasks.equivalents import related
from training.data.tasks.task import Draft, Pool, Task, choice, draw, draw_unrelated, in_english, selection
from training.data.tasks.words import PLURAL_WORDS, count_phrase, product_type, share_terms, shortened, terms

_VOWEL_LETTER = frozenset("AEFHILMNORSX")
_LIKE_CONSONANT = re.compile(r"(?:uni|use|usual|utensil|eu|one\b|once\b|ukulele|ute)")
_SILENT_H = re.compile(r"(?:hour|honest|heir|honou?r)")


def _thing(product: Product | None) -> str:
    """Return what a review is of with its article: "an ice cream maker product", "a product" where the page does not say.

    Of plurals the name is enough: "running shoes".
    """
    kind = product_type(product)
    if not kind:
        return "a product"
    if kind.split()[-1] in PLURAL_WORDS:
        return kind
    name = kind if kind.endswith("product") else f"{kind} product"
    first = name.split()[0]
    if first.isupper():
        has_vowel = first[0] in _VOWEL_LETTER
    else:
        has_vowel = (name[0] in "aeiou" and not _LIKE_CONSONANT.match(name)) or _SILENT_H.match(name) is not None
    return f"{'an' if has_vowel else 'a'} {name}"


RATING = Task(
    "review_rating",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        "Instructions: Rate the sentiment of this product review from 1 to 5, where 1 is very negative and 5 very "
        "positive.\nInput: {review}\nOutput:\nAnswer: ",
        "How many stars did the customer give, on a scale of 1 to 5? Answer with one number.\nReview: {review}\nAnswer: ",
        "Instructions: Predict the star rating, from 1 (worst) to 5 (best), that comes with the review below.\n"
        "Input: a review of {thing}\n{review}\nOutput:\nAnswer: ",
        "Read what a customer wrote and judge it from 1 to 5: 1 for very dissatisfied, 5 for very satisfied.\n"
        "Input: {review}\nAnswer:",
    ),
)


@RATING.built_from("amazon_reviews/reviews")
def build_rating(review: Review, pool: Pool[Review], rng: Random) -> Draft | None:
    """Ask for the stars of a review; its title stands before it, as in the benchmark."""
    if not pool.is_in_balance(review, RATING.name, lambda review: str(review.rating)):
        return None
    text = f"{review.title}\n{review.text}" if review.title and rng.random() < 0.7 else review.text
    slots = {"review": text, "thing": _thing(review.product)}
    return Draft(slots, review.rating, numbers=(1, 2, 3, 4, 5))


SENTIMENT = Task(
    "review_sentiment",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        "What is the overall sentiment of this customer review?\nReview: {review}\n{options}\nAnswer: ",
        "A customer wrote the following about a product: '{review}'\nWhich sentiment does it express?\n{options}\nAnswer: ",
        "Review: {review}\nDoes the customer who wrote this sound satisfied, dissatisfied or neither? Name the "
        "sentiment.\n{options}\nAnswer: ",
        "Classify the review by its sentiment.\nReview: {review}\n\n{options}\nAnswer:",
    ),
)


@SENTIMENT.built_from("amazon_reviews/reviews")
def build_sentiment(review: Review, pool: Pool[Review], rng: Random) -> Draft | None:
    """Ask for the sentiment that the stars stand for."""
    right = _sentiment(review)
    if not pool.is_in_balance(review, SENTIMENT.name, _sentiment):
        return None
    text = f"{review.title}. {review.text}" if review.title else review.text
    return choice(rng, right, [name for name in ("negative", "neutral", "positive") if name != right], review=text)


def _sentiment(review: Review) -> str:
    return ("negative", "negative", "neutral", "positive", "positive")[review.rating - 1]


ASPECT_RETRIEVAL = Task(
    "review_aspects",
    TaskType.RETRIEVAL,
    "hit rate@3",
    track=1,
    wordings=(
        "Below are a customer's review of {thing} and ten numbered aspects. Select the three aspects that the review "
        "talks about.\nReview: {review}\nAspect List:\n{items}\nAnswer with three numbers separated by commas.\nOutput: ",
        "Which three aspects of {thing} does this review cover? Choose from the list and output only three numbers, "
        "separated by comma.\nReview:\n{review}\nAspect List:\n{items}\nOutput:\n",
        "Review: {review}\nAspect List:\n{items}\nThree of the aspects in the list are spoken of in this review of "
        "{thing}. Output their three numbers, separated by commas.\nOutput: ",
        "A shopper reviewed {thing}. Pick three aspects from the numbered list which are mentioned in the review. Give "
        "only their numbers, with commas between them.\nReview: {review}\nAspects:\n{items}\nOutput:",
    ),
)


@ASPECT_RETRIEVAL.built_from("amazon_reviews/reviews", when=in_english)
def build_aspect_retrieval(review: Review, pool: Pool[Review], rng: Random) -> Draft | None:
    """List three aspects that the review has words for among seven that it has none for."""
    covered = aspects_of(review.text)
    kind = product_type(review.product)
    if len(covered) < 3 or not kind:
        return pool.skip("review with fewer than three aspects, or of a product whose type is not known")
    touched = may_speak_of(review.text)
    # The review may cover more than three: none of those is ever among the wrong ones.
    right = rng.sample(sorted(covered), 3)
    # What reviews of the type speak of comes first: a list of lenses and zippers for a shampoo would give the answer away.
    usual = {*pool.once("aspects", _aspects_by_type)[kind], *OF_ANY_PRODUCT}
    by_fit = (sorted(usual), [aspect for aspect in ASPECTS if aspect not in usual])
    wrong: list[str] = []
    for aspects in by_fit:
        wrong += draw(rng, aspects, 7 - len(wrong), lambda aspect: may_be_wrong(aspect, covered, touched))
    return selection(rng, right, wrong, review=review.text, thing=_thing(review.product)) if len(wrong) == 7 else None


def _aspects_by_type(pool: Pool[Review]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for review in pool.records:
        found.setdefault(product_type(review.product), set()).update(aspects_of(review.text))
    return found


KEYPHRASE = Task(
    "aspect_keyphrase",
    TaskType.GENERATION,
    "rougel",
    track=1,
    wordings=(
        "Below is a review of {thing}. Extract the one keyphrase that speaks of the given aspect, word for word.\n"
        "Review: {review}\nAspect: {aspect}\nOutput: ",
        "From the following review of {thing}, copy the short keyphrase about the aspect named below it. Use the "
        "reviewer's own words.\nReview: {review}\nAspect: {aspect}\nOutput:\n",
        "Review: {review}\nAspect: {aspect}\nQuote from the review above the keyphrase in which the customer speaks "
        "of this aspect. Copy it word for word.\nOutput: ",
        "Which keyphrase in this review mentions the aspect? Extract only one, exactly as written, and nothing else.\n"
        "Review: {review}\nAspect: {aspect}\nOutput:",
    ),
)


@KEYPHRASE.built_from("amazon_reviews/reviews", when=in_english)
def build_keyphrase(review: Review, pool: Pool[Review], rng: Random) -> Draft | None:
    """Ask for the only clause of a review that is about an aspect."""
    kind = product_type(review.product)
    phrases = [clause for clause in _clauses(review) if _is_only_mention(clause, review.text)]
    if not kind or not phrases or len(review.text.split()) < 8:
        return pool.skip(
            "review without a short clause that is alone about an aspect, or of a product whose type is not known"
        )
    phrase = rng.choice(phrases)
    return Draft({"review": review.text, "aspect": phrase.aspect, "thing": _thing(review.product)}, phrase.text)


def _is_only_mention(clause: Clause, text: str) -> bool:
    if count_phrase(text, clause.text) != 1 or "'" in clause.text[:1]:
        return False
    before, after = text.split(clause.text, 1) if clause.text in text else ("", text)
    return clause.aspect not in may_speak_of(f"{before} . {after}")


def _clauses(review: Review) -> list[Clause]:
    """Return the clauses about aspects of the product, not about the product: of a cable the cable is no aspect."""
    return [
        clause for clause in clauses(review.text) if clause.aspect not in may_speak_of(product_type(review.product))
    ]


SNIPPETS = Task(
    "review_snippets",
    TaskType.RETRIEVAL,
    "hit rate@3",
    track=1,
    wordings=(
        "A customer who bought {thing} wants to say something {mood} about its {aspect} in a review. Which three "
        "of the 15 numbered snippets would fit best? Output only three numbers, separated by comma.\nReview Snippet List:\n"
        "{items}\nOutput: ",
        "Someone reviews {thing} and is {opinion} its {aspect}. From the snippets below, select the three that this "
        "reviewer would most likely write. Reply with three numbers separated by commas and no explanation.\nSnippets:\n"
        "{items}\nOutput:\n",
        "Review Snippet List:\n{items}\nWhich three of the snippets above say something {mood} about the {aspect} of "
        "{thing}? Output only their three numbers, separated by commas.\nOutput: ",
        "Select three snippets from the numbered list that express a {mood} opinion on the {aspect} of {thing}. Give "
        "their numbers only, separated with commas.\nReview Snippet List:\n{items}\nOutput:",
    ),
)


@SNIPPETS.built_from("amazon_reviews/reviews", when=in_english)
def build_snippets(review: Review, pool: Pool[Review], rng: Random) -> Draft | None:
    """Mix three snippets of one aspect and mood with twelve that are of another aspect or of the opposite mood.

    What is right was written about a product of the type, or names no thing at all; so is what is wrong, as far as there
    is enough of it.
    """
    kind = product_type(review.product)
    own = [clause for clause in _clauses(review) if clause.mood and clause.mood == _mood_of(review.rating)]
    if not kind or not own:
        return pool.skip(
            "review without a plain clause about an aspect in the mood of its stars, or of a product whose type is not known"
        )
    first = rng.choice(own)
    by_aspect = pool.once("snippets", _snippets)
    alike = [snippet.text for snippet in by_aspect.get((first.aspect, first.mood), []) if snippet.suits(kind)]
    right = draw(rng, alike, 2, lambda text: text.lower() != first.text.lower())
    if len(right) < 2:
        return pool.skip("aspect and mood with fewer than three snippets")
    right.append(first.text)
    others = pool.once("all_snippets", lambda pool: [(key, found) for key in by_aspect for found in by_aspect[key]])
    taken = {text.lower() for text in right}

    def is_wrong(entry: tuple[tuple[str, int], _Snippet]) -> bool:
        (aspect, mood), snippet = entry
        # "Heavier than others" is of another aspect's words, but speaks of weight.
        is_of_another = may_be_wrong(aspect, {first.aspect}) and first.aspect not in may_speak_of(snippet.text)
        differs = is_of_another or (aspect == first.aspect and mood == -first.mood)
        if not differs or snippet.text.lower() in taken:
            return False
        taken.add(snippet.text.lower())
        return True

    wrong = draw(rng, others, 12, lambda entry: entry[1].suits(kind) and is_wrong(entry))
    wrong += draw(rng, others, 12 - len(wrong), is_wrong)
    if len(wrong) < 12:
        return pool.skip("fewer than twelve snippets of something else")
    slots = {
        "thing": _thing(review.product),
        "aspect": first.aspect,
        "mood": "positive" if first.mood > 0 else "negative",
        "opinion": "pleased with" if first.mood > 0 else "disappointed by",
    }
    return selection(rng, right, [snippet.text for _, snippet in wrong], **slots)


@dataclass(frozen=True)
class _Snippet:
    """A clause of a review, the type of product it was written about, and whether it could be about any."""

    text: str
    kind: str
    is_about_anything: bool

    def suits(self, kind: str) -> bool:
        return self.is_about_anything or self.kind == kind


def _mood_of(rating: int) -> int:
    return (rating > 3) - (rating < 3)


def _snippets(pool: Pool[Review]) -> dict[tuple[str, int], list[_Snippet]]:
    found: dict[tuple[str, int], dict[str, _Snippet]] = {}
    for review in filter(in_english, pool.records):
        for clause in _clauses(review):
            if clause.mood and clause.mood == _mood_of(review.rating):
                snippet = _Snippet(clause.text, product_type(review.product), is_about_anything(clause.text))
                found.setdefault((clause.aspect, clause.mood), {}).setdefault(clause.text.lower(), snippet)
    return {key: list(texts.values()) for key, texts in found.items()}


ASPECT_SENTIMENT = Task(
    "aspect_sentiment",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "What does the reviewer think of the {aspect} of the reviewed product?\nReview: {review}\n{options}\nAnswer: ",
        "Review of {thing}: {review}\nHow does the customer feel about the {aspect}?\n{options}\nAnswer: ",
        "Review: {review}\nThe review above is of {thing}. What is its verdict on the {aspect}?\n{options}\nAnswer: ",
        "Which opinion on the {aspect} does the following review of {thing} express?\nReview: {review}\n\n{options}\n"
        "Answer:",
    ),
)


@ASPECT_SENTIMENT.built_from("amazon_reviews/reviews", when=in_english)
def build_aspect_sentiment(review: Review, pool: Pool[Review], rng: Random) -> Draft | None:
    """Ask for the mood of the only clause about an aspect, or about an aspect that the review does not touch."""
    kind = product_type(review.product)
    plain = [clause for clause in _clauses(review) if clause.mood and _is_only_mention(clause, review.text)]
    if not kind or not plain:
        return pool.skip(
            "review without a plain clause that is alone about an aspect, or of a product whose type is not known"
        )
    answers = {1: "positive", -1: "negative", 0: "not mentioned"}
    clause = rng.choice(plain)
    aspect, mood = clause.aspect, clause.mood
    if rng.random() < 0.25:
        text = f"{review.title} {review.text}"
        covered, touched = aspects_of(text), may_speak_of(text)
        untouched = draw(rng, OF_ANY_PRODUCT, 1, lambda name: may_be_wrong(name, covered, touched))
        aspect, mood = (untouched[0], 0) if untouched else (aspect, mood)
    wrong = [answer for key, answer in answers.items() if key != mood]
    return choice(rng, answers[mood], wrong, review=review.text, aspect=aspect, thing=_thing(review.product))


REVIEW_TITLE = Task(
    "review_title",
    TaskType.GENERATION,
    "sent-transformer",
    track=3,
    wordings=(
        "Instructions: Write a short headline for this customer review.\nInput: {review}\nOutput:",
        "A customer wrote the review below about {thing}. Write the title that the customer would give it.\n"
        "Review: {review}\nOutput: ",
        "Review: {review}\nUnder which headline could this review of {thing} appear? Write one of a few "
        "words.\nOutput: ",
        "Summarize the following product review in a title of a few words.\nReview: {review}\nOutput:\n",
    ),
)


@REVIEW_TITLE.built_from("amazon_reviews/reviews", when=in_english)
def build_review_title(review: Review, pool: Pool[Review], rng: Random) -> Draft | None:
    """Ask for a review's own title where it says something that the review says too."""
    if not 3 <= len(review.title.split()) <= 15 or not share_terms(review.title, review.text):
        return pool.skip("review whose title is too short or too long, or shares no word with it")
    if review.title.lower() in review.text.lower() or "star" in review.title.lower():
        return pool.skip("review whose title stands in it or names its stars")
    return Draft({"review": review.text, "thing": _thing(review.product)}, review.title)


REVIEWED_TYPE = Task(
    "reviewed_product_type",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "Which type of product is this review about?\nReview: {review}\n{options}\nAnswer: ",
        "A customer left the following review: '{review}'\nWhat did the customer most likely buy?\n{options}\nAnswer: ",
        "Review: {review}\nThe name of the product got lost. To a product of which type does the review "
        "belong?\n{options}\nAnswer: ",
        "Guess from the review what kind of product was bought.\nReview: {review}\n\n{options}\nAnswer:",
    ),
)


@REVIEWED_TYPE.built_from("amazon_reviews/reviews", when=in_english)
def build_reviewed_type(review: Review, pool: Pool[Review], rng: Random) -> Draft | None:
    """Ask for the type of the product; its words stand in the review, those of the others do not."""
    right = product_type(review.product)
    text = f"{review.title} {review.text}"
    if review.product is None or not right or not share_terms(right, text):
        return pool.skip("review that does not name the type of its product")
    kinds = pool.once("types", lambda pool: sorted({product_type(review.product) for review in pool.records} - {""}))
    # The categories above it may name the type of another product: earbuds are headphones.
    wrong = draw_unrelated(rng, kinds, 3, " ".join((text, *review.product.categories)))
    return choice(rng, right, wrong, review=review.text)


REVIEWED_PRODUCT = Task(
    "reviewed_product",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        "Which of these products was this review written for?\nReview: {review}\n{options}\nAnswer: ",
        "A shopper reviewed one of the products below. Which one?\nReview: {review}\n{options}\nAnswer: ",
        "Review: {review}\nUnder which of the following products would you expect to read this?\n{options}\nAnswer: ",
        "Match the review with the product that it describes.\nReview: {review}\n\n{options}\nAnswer:",
    ),
)


@REVIEWED_PRODUCT.built_from("amazon_reviews/reviews", when=in_english)
def build_reviewed_product(review: Review, pool: Pool[Review], rng: Random) -> Draft | None:
    """Ask for the product whose title shares words with the review, among products whose titles do not."""
    text = f"{review.title} {review.text}"
    if review.product is None or len(terms(review.product.title) & terms(text)) < 2:
        return pool.skip("review that shares fewer than two words with the title of its product")
    products = pool.once("products", _products)
    wrong = draw(
        rng,
        products,
        3,
        lambda product: not related(product.title, text) and product_type(product) != product_type(review.product),
    )
    titles = [shortened(product.title) for product in wrong]
    return choice(rng, shortened(review.product.title), titles, review=review.text)


def _products(pool: Pool[Review]) -> list[Product]:
    return list({review.product.key: review.product for review in pool.records if review.product}.values())


HELPFUL_REVIEW = Task(
    "helpful_review",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        "Which of these reviews would other shoppers find most helpful?\n{options}\nAnswer: ",
        "Four customers reviewed products on a shopping site. Whose review got the most votes for being helpful?\n"
        "{options}\nAnswer: ",
        "An online shop shows one review above all others. Which of these deserves the place because it tells buyers "
        "the most?\n{options}\nAnswer: ",
        "Choose the review that helps a shopper most in deciding what to buy.\n{options}\nAnswer:",
    ),
)
_HELPFUL_VOTES, _HELPFUL_WORDS, _UNHELPFUL_WORDS = 5, 25, 15


@HELPFUL_REVIEW.built_from("amazon_reviews/reviews", when=in_english)
def build_helpful_review(review: Review, pool: Pool[Review], rng: Random) -> Draft | None:
    """Ask for a detailed review with many votes among short ones without any."""
    if review.helpful < _HELPFUL_VOTES or not _HELPFUL_WORDS <= len(review.text.split()) <= 80:
        return pool.skip("review with few votes, or that is too short or too long")
    unhelpful = pool.once("unhelpful", _unhelpful)
    return choice(rng, review.text, draw(rng, unhelpful, 3, lambda text: text != review.text))


def _unhelpful(pool: Pool[Review]) -> list[str]:
    short = {
        review.text: None
        for review in pool.records
        if in_english(review) and review.helpful == 0 and len(review.text.split()) <= _UNHELPFUL_WORDS
    }
    return list(short)
