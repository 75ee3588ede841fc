"""Tasks from ECInstruct: product matching, relations, attribute values, ranking, next items, questions about products.

A question of `product_matching`, and its answer:

    Decide whether these listings are of the same item.
    Listing A: Casterly Photo Studio 12, Casterly, price 49.5
    Listing B: Casterly Photo Studio 9 Standard, Casterly, price 19.0
    0. Yes
    1. No
    Answer: 1

What a row's input holds is read tolerantly (a title may be a text or an object with one). Rows that do not hold what
the task needs are counted.
"""

import json
import re
from dataclasses import replace
from itertools import pairwise
from random import Random
from typing import Any

from submission.task_types import TaskType
from training.data.sources.cleaning import clean, clean_value
from training.data.sources.ecinstruct import read_data
from training.data.sources.records import EcInstructRow
from training.data.tasks.domains import domains, in_far_parts
from training.data.tasks.equivalents import meanings, related
from training.data.tasks.neighbours import Titles
from training.data.tasks.search import GAINS, QUERY_RANKING, RANKED_PRODUCTS, RELATION_TO_PRODUCT, statement_choice
from training.data.tasks.task import OF_ANOTHER_TASK, Draft, Pool, Task, choice, draw_unrelated, ranking
from training.data.tasks.words import contains, find_once, share_terms, shortened

_STREAM = "ecinstruct/rows"


def _name(value: Any) -> str:
    """Return the title of a product that is given as text or as an object."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("title", "product title", "name") if value.get(key)), "")
    return value if isinstance(value, str) else ""


def _first(row: EcInstructRow, *keys: str) -> str:
    return next((name for key in keys if (name := _name(row.fields.get(key)))), "")


MATCHING = Task(
    "product_matching",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "Two shops describe a product as follows.\nProduct A: {first}\nProduct B: {second}\nIs it the same product?\n{options}\n"
        "Answer: ",
        "Product A: {first}\nProduct B: {second}\nDo both entries refer to one and the same product?\n{options}\nAnswer: ",
        "Could a shop merge the following two entries, because one and the same product stands behind both?\nFirst "
        "entry: {first}\nSecond entry: {second}\n{options}\nAnswer: ",
        "Decide whether these listings are of the same item.\nListing A: {first}\nListing B: {second}\n{options}\nAnswer:",
    ),
)


@MATCHING.built_from(_STREAM)
def build_matching(row: EcInstructRow, pool: Pool[EcInstructRow], rng: Random) -> Draft | None:
    """Ask whether two product entries are the same."""
    if row.task != "Product_Matching":
        return pool.skip(f"{OF_ANOTHER_TASK}{row.task}")
    first, second = (_described(row.fields.get(key)) for key in ("product 1", "product 2"))
    if not first or not second or _yes_or_no(row) not in _YES_NO:
        return pool.skip("Product_Matching row without two products and a yes or no")
    return _yes_no(row, rng, first=first, second=second)


def _described(value: Any) -> str:
    """Return title, maker and price of a product entry on one line."""
    if not isinstance(value, dict):
        return _name(value)
    # A price of 0 means that it is not known.
    price = f"price {value['price']}" if _NOT_ZERO.search(str(value.get("price") or "")) else ""
    parts = [*(value.get(key) for key in ("title", "name", "manufacturer")), price]
    return ", ".join(part for part in parts if isinstance(part, str) and part)


_NOT_ZERO = re.compile(r"[1-9]")
_YES_NO = ("yes", "no")


def _yes_or_no(row: EcInstructRow) -> str:
    return row.answer.lower().rstrip(". ")


def _yes_no(row: EcInstructRow, rng: Random, **slots: str) -> Draft:
    options = [*_YES_NO]
    rng.shuffle(options)
    listed = "\n".join(f"{number}. {option.capitalize()}" for number, option in enumerate(options))
    return Draft(
        {**slots, "options": listed}, options.index(_yes_or_no(row)), (0, 1), content="\n".join(slots.values())
    )


SUBSTITUTE = Task(
    "substitute_identification",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        "A customer searched for '{query}'. Could the product '{product}' serve as a substitute for what was searched for?\n"
        "{options}\nAnswer: ",
        "Query: {query}\nProduct: {product}\nThe product is not an exact match. Can it still replace what is wanted?\n"
        "{options}\nAnswer: ",
        "Someone wants '{query}' and is offered '{product}' instead. Would that do?\n{options}\nAnswer: ",
        "Is the product '{product}' a reasonable substitute for a shopper looking for '{query}'?\n{options}\nAnswer:",
    ),
)


@SUBSTITUTE.built_from(_STREAM)
def build_substitute(row: EcInstructRow, pool: Pool[EcInstructRow], rng: Random) -> Draft | None:
    """Ask whether a product can replace what a query asks for; one that may match it exactly gives way to another."""
    if row.task != "Product_Substitute_Identification":
        return pool.skip(f"{OF_ANOTHER_TASK}{row.task}")
    query, product = _first(row, "query"), _first(row, "product", "product title")
    if not query or not product or _yes_or_no(row) not in _YES_NO:
        return pool.skip("Product_Substitute_Identification row without query, product and a yes or no")
    if _yes_or_no(row) == "no" and (related(query, product) or not in_far_parts(query, product)):
        # "No" says only that the label is not "substitute". Most such products match exactly, and would do all the same.
        others = pool.once("offered products", _offered_products).neighbours(rng, query, 1, product)
        if not others:
            return pool.skip("product that may match exactly, and no other to ask about")
        product = others[0]
    return _yes_no(row, rng, query=query, product=product)


def _offered_products(pool: Pool[EcInstructRow]) -> Titles:
    rows = [row for row in pool.records if row.task == "Product_Substitute_Identification"]
    return Titles(filter(None, (_first(row, "product", "product title") for row in rows)))


RELATION = Task(
    "product_relation",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        "First product: {first}\nSecond product: {second}\nWhat do the two have to do with each other?\n{options}\nAnswer: ",
        "How are the products '{first}' and '{second}' related?\n{options}\nAnswer: ",
        "What, if anything, connects the following products in the eyes of shoppers?\n- {first}\n- {second}\n{options}\nAnswer: ",
        "An online shop compares two products.\nOne: {first}\nOther: {second}\nChoose the relation between them.\n{options}\n"
        "Answer:",
    ),
)
_RELATIONS = {"buy": "bought together", "view": "viewed by the same customers", "similar": "similar"}
# Who views a product often views what is similar to it, so neither is ever offered as wrong beside the other; and what is
# bought together is viewed by the same customers.
_UNRELATED = "unrelated"
# How often the second product gives way to an unrelated one. Four in five of the published rows are viewed together.
_TAKEN_APART = {"buy": 0.4, "view": 0.5, "similar": 0.4}
_SURELY_WRONG = {"buy": ("similar",), "view": ("buy",), "similar": ("buy",)}


@RELATION.built_from(_STREAM)
def build_relation(row: EcInstructRow, pool: Pool[EcInstructRow], rng: Random) -> Draft | None:
    """Ask whether products are bought together, viewed together, similar, or unrelated: taken from two rows."""
    if row.task != "Product_Relation_Prediction":
        return pool.skip(f"{OF_ANOTHER_TASK}{row.task}")
    first, second = _first(row, "product 1"), _first(row, "product 2")
    kind = next((kind for kind in _RELATIONS if kind in row.answer.lower()), "")
    if not first or not second or not kind:
        return pool.skip("Product_Relation_Prediction row without two products and a known relation")
    options = [_RELATIONS[kind], *(_RELATIONS[other] for other in _SURELY_WRONG[kind]), _UNRELATED]
    right = _RELATIONS[kind]
    if rng.random() < _TAKEN_APART[kind]:
        others = pool.once("related products", _related_products).neighbours(rng, first, 1, second)
        right, second = (_UNRELATED, others[0]) if others else (right, second)
    draft = choice(rng, right, [option for option in options if option != right], first=first, second=second)
    return draft and replace(draft, content=f"{first}\n{second}")


def _related_products(pool: Pool[EcInstructRow]) -> Titles:
    rows = [row for row in pool.records if row.task == "Product_Relation_Prediction"]
    return Titles(title for row in rows for title in (_first(row, "product 1"), _first(row, "product 2")) if title)


_TITLE_KEYS = ("product title", "title", "product_title")


def _values(row: EcInstructRow) -> list[tuple[str, str]]:
    """Return the (attribute, value) pairs of an extraction row; an absent value is empty.

    The output is a JSON object a line, a list of them, or several objects separated by commas.
    """
    pairs = []
    for match in re.finditer(r"\{[^{}]*\}", row.answer):
        try:
            found = json.loads(match.group())
        except ValueError:
            continue
        if isinstance(found, dict) and found.get("attribute"):
            pairs.append((clean(found["attribute"]).lower(), clean_value(found.get("value"))))
    return pairs


ATTRIBUTE_VALUE = Task(
    "attribute_value_extraction",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "Product title: {title}\nWhich value does the title give for the attribute '{attribute}'?\n{options}\nAnswer: ",
        "The title of a product is '{title}'. What does it say about the {attribute}?\n{options}\nAnswer: ",
        "A shop fills in the field '{attribute}' of a product from its title alone. What does it enter for "
        "'{title}'?\n{options}\nAnswer: ",
        "Find the {attribute} in the product title '{title}'.\n{options}\nAnswer:",
    ),
)
ATTRIBUTE_SPAN = Task(
    "attribute_extraction",
    TaskType.NAMED_ENTITY_RECOGNITION,
    "micro f1",
    track=1,
    wordings=(
        "Extract the phrase of the entity type '{attribute}' from the following product title.\nTitle: {title}\nOutput: ",
        "Which words in the product title '{title}' name the '{attribute}'? Copy them as they appear.\nOutput: ",
        "From the title '{title}', copy the phrase that states the entity '{attribute}', exactly as it is "
        "written.\nOutput: ",
        "Product title: {title}\nIdentify the entity '{attribute}' in this title and output only the phrase itself.\nOutput:\n",
    ),
)
_ABSENT = "The title does not say."
_MOST_VALUE_WORDS = 4


@ATTRIBUTE_VALUE.built_from(_STREAM)
def build_attribute_value(row: EcInstructRow, pool: Pool[EcInstructRow], rng: Random) -> Draft | None:
    """Ask for a value that stands in the title, or for one that is nowhere on the page."""
    if row.task != "Attribute_Value_Extraction":
        return pool.skip(f"{OF_ANOTHER_TASK}{row.task}")
    title, pairs = _first(row, *_TITLE_KEYS), _values(row)
    if not title or not pairs:
        return pool.skip("Attribute_Value_Extraction row without a title or a value that can be read")
    attribute, value = rng.choice(pairs)
    if value and (not contains(title, value) or len(value.split()) > _MOST_VALUE_WORDS):
        return pool.skip("value that is long or does not stand in the title")
    alike = pool.once("attribute values", _values_by_attribute)
    known = alike.get(attribute, [])
    # What a title says in other words than any value of the attribute, it does not leave open.
    if not value and any(not meanings(title).isdisjoint(meanings(other)) for other in known):
        return pool.skip("absent value of which the title may speak")
    wrong = draw_unrelated(rng, known, 3, f"{value} {title}")
    # Values of other attributes are wrong as well, if less tempting.
    others = sorted({other for name, values in alike.items() if name != attribute for other in values} - set(known))
    wrong += draw_unrelated(rng, others, 3 - len(wrong), f"{value} {title}", wrong)
    slots = {"title": title, "attribute": attribute}
    if not value:
        return choice(rng, _ABSENT, wrong, **slots)
    return choice(rng, value, [*wrong[:2], _ABSENT], **slots)


def _values_by_attribute(pool: Pool[EcInstructRow]) -> dict[str, list[str]]:
    found: dict[str, dict[str, str]] = {}
    for row in pool.records:
        if row.task == "Attribute_Value_Extraction":
            for attribute, value in _values(row):
                if value and len(value.split()) <= _MOST_VALUE_WORDS:
                    found.setdefault(attribute, {}).setdefault(value.lower(), value)
    return {attribute: list(values.values()) for attribute, values in found.items()}


@ATTRIBUTE_SPAN.built_from(_STREAM)
def build_attribute_span(row: EcInstructRow, pool: Pool[EcInstructRow], rng: Random) -> Draft | None:
    """Ask for the phrase that is the value, where it stands in the title once, in the title's case."""
    if row.task != "Attribute_Value_Extraction":
        return pool.skip(f"{OF_ANOTHER_TASK}{row.task}")
    title, pairs = _first(row, *_TITLE_KEYS), [pair for pair in _values(row) if pair[1]]
    # Of two values of one attribute each would be half of the answer.
    names = [attribute for attribute, _ in pairs]
    usable = [
        (attribute, cited)
        for attribute, value in pairs
        if names.count(attribute) == 1
        and "," not in value
        # Values are published in lower case.
        and (cited := find_once(title, value))
    ]
    usable = [pair for pair in usable if len(pair[1].split()) <= _MOST_VALUE_WORDS]
    if not usable:
        return pool.skip("title without a value that can be cited: there once, short, one of its attribute")
    attribute, value = rng.choice(usable)
    return Draft({"title": title, "attribute": attribute}, [value])


# Four products are one of each ESCI label, the best first; of fewer only the order is known.
_RANKED = tuple(GAINS.values())
_LETTERED = re.compile(r"\(?([A-Za-z])\s*[:.)]\s*(.+)")
_LIST_NAMES = ("product list", "product_list", "products")
_LETTERS = "ABCDEFGHIJ"
_ONE_LETTER = re.compile(r"(?<![^\W_])[A-Z](?![^\W_])")


@QUERY_RANKING.built_from(_STREAM)
def build_query_ranking(row: EcInstructRow, pool: Pool[EcInstructRow], rng: Random) -> Draft | None:
    """Rank the products of a row in the order of its output; fewer than four are joined by those of other queries."""
    if row.task != "Query_Product_Rank":
        return pool.skip(f"{OF_ANOTHER_TASK}{row.task}")
    query, products = _first(row, "query"), _listed_products(row)
    order = _order(row.answer, products)
    titles = [shortened(products[letter]) for letter in order if letter in products]
    if not query or not 2 <= len(set(titles)) == len(order) <= len(_RANKED):
        return pool.skip("Query_Product_Rank row without a query and an order of two to four different products")
    graded = list(zip(titles, _RANKED, strict=False))
    if len(graded) < len(_RANKED):
        others = pool.once("ranked products", _ranked_products)
        among = domains(query) or domains(" ".join(titles))
        filling = others.alike(
            rng, query, " ".join(titles), RANKED_PRODUCTS - len(graded), among, lambda title: title not in titles
        )
        graded += [(title, 0.0) for title in filling]
    return ranking(rng, graded, query=query, count=str(len(graded)))


def _listed_products(row: EcInstructRow) -> dict[str, str]:
    """Return the titles of a list by letter: that in front of each ("A: …"), or that of its place."""
    listed = read_data(next((row.fields[name] for name in _LIST_NAMES if row.fields.get(name)), None))
    if listed is None:
        listed = [row.fields.get(f"product {letter.lower()}") for letter in _LETTERS]
    if isinstance(listed, dict):
        listed = [f"{letter}: {_name(product)}" for letter, product in listed.items()]
    if isinstance(listed, str):
        listed = _parts(listed)
    names = [name for name in map(_name, listed) if name]
    found = {match[1].upper(): match[2] for match in map(_LETTERED.fullmatch, names) if match}
    if [*found] == [*_LETTERS[: len(names)]]:
        return found
    return dict(zip(_LETTERS, names, strict=False))


def _parts(text: str) -> list[str]:
    """Cut "A: red cord, B: black cord" in front of its letters; what is cut in two ways is not cut."""
    ends: list[int] = []
    for letter in _LETTERS:
        marks = [
            match.start() for match in re.finditer(rf"(?:^|(?<=[\s,;|]))\(?{letter}\s*[:.)]\s", text, re.IGNORECASE)
        ]
        if len(marks) != 1 or marks < ends[-1:]:
            break
        ends += marks
    return [text[start:end].strip(" ,;|") for start, end in pairwise([*ends, len(text)])]


def _order(answer: str, products: dict[str, str]) -> list[str]:
    """Return the letters of an output, which may repeat the titles behind them or hold nothing else."""
    places = {}
    for letter, title in sorted(products.items(), key=lambda pair: -len(pair[1])):
        match = re.search(rf"(?<![^\W_]){re.escape(title)}(?![^\W_])", answer, re.IGNORECASE)
        if match:
            places[letter] = match.start()
            answer = f"{answer[: match.start()]}{' ' * len(title)}{answer[match.end() :]}"
    if places and len(places) == len(products):
        return sorted(places, key=places.__getitem__)
    answer = answer.upper() if answer.islower() else answer
    is_one_word = sorted(answer) == sorted(products)
    return [*answer] if is_one_word else _ONE_LETTER.findall(answer)


def _ranked_products(pool: Pool[EcInstructRow]) -> Titles:
    rows = [row for row in pool.records if row.task == "Query_Product_Rank"]
    return Titles(shortened(title) for row in rows for title in _listed_products(row).values())


_CLASSES = {
    "satisfies all": "E",
    "exactly match": "C",
    "in combination": "C",
    "substitute": "S",
    "irrelevant": "I",
}


@RELATION_TO_PRODUCT.built_from(_STREAM)
def build_query_class(row: EcInstructRow, pool: Pool[EcInstructRow], rng: Random) -> Draft | None:
    """Ask for the ESCI class of a query and a product, in our own words for the classes."""
    if row.task != "Multiclass_Product_Classification":
        return pool.skip(f"{OF_ANOTHER_TASK}{row.task}")
    query, title = _first(row, "query"), _first(row, "product title", "product", "title")
    label = next((label for words, label in _CLASSES.items() if words in row.answer.lower()), "")
    if not query or not title or not label:
        return pool.skip("Multiclass_Product_Classification row without query, product and a known class")
    return statement_choice(rng, label, query=query, title=shortened(title))


SENTIMENT_LEVEL = Task(
    "sentiment_level",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        "How does the customer feel in this review?\nReview: {review}\n{options}\nAnswer: ",
        "Review: {review}\nWhich of the five levels of sentiment does it show?\n{options}\nAnswer: ",
        "From very negative to very positive: where does the opinion of this customer stand?\nReview: "
        "{review}\n{options}\nAnswer: ",
        "Read the review and choose its sentiment.\nReview: {review}\n\nLevels:\n{options}\n",
    ),
)
_LEVELS = ("very negative", "negative", "neutral", "positive", "very positive")


@SENTIMENT_LEVEL.built_from(_STREAM)
def build_sentiment_level(row: EcInstructRow, pool: Pool[EcInstructRow], rng: Random) -> Draft | None:
    """Ask for one of five levels, listed in order in either direction."""
    if row.task != "Sentiment_Analysis":
        return pool.skip(f"{OF_ANOTHER_TASK}{row.task}")
    review, answer = _first(row, "text", "review"), row.answer.lower().rstrip(".")
    if not review or answer not in _LEVELS:
        return pool.skip("Sentiment_Analysis row without a review or one of the five levels")
    levels = _LEVELS if rng.random() < 0.5 else _LEVELS[::-1]
    listed = "\n".join(f"{number}. {level}" for number, level in enumerate(levels))
    return Draft({"review": review, "options": listed}, levels.index(answer), tuple(range(5)))


NEXT_PURCHASE = Task(
    "next_purchase",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        "A customer bought these products in this order:\n{history}\nWhich product will the customer buy next?\n{options}\n"
        "Answer: ",
        "Purchase history of a shopper, oldest first:\n{history}\nPredict the next purchase.\n{options}\nAnswer: ",
        "Which of the products below continues this list of purchases?\n{history}\nChoose one.\n{options}\nAnswer: ",
        "Past orders:\n{history}\nSelect the product that this customer most likely orders next.\n{options}\nAnswer:",
    ),
)
_MOST_HISTORY = 6
_PLACE = re.compile(r"^\d+(?:st|nd|rd|th)\s*:\s*", re.IGNORECASE)


@NEXT_PURCHASE.built_from(_STREAM)
def build_next_purchase(row: EcInstructRow, pool: Pool[EcInstructRow], rng: Random) -> Draft | None:
    """Ask for the next product of a purchase history, among three other options of the row."""
    if row.task != "Sequential_Recommendation":
        return pool.skip(f"{OF_ANOTHER_TASK}{row.task}")
    listed = row.fields.get("items") or next((value for value in row.fields.values() if isinstance(value, list)), [])
    history = [_PLACE.sub("", name) for name in map(_name, listed) if name]
    others = [option for option in row.options if option != row.answer]
    if len(history) < 2 or len(others) < 3:
        return pool.skip("Sequential_Recommendation row without two products in the past and four options")
    bullets = "\n".join(f"- {shortened(name, 120)}" for name in history[-_MOST_HISTORY:])
    wrong = [shortened(option, 120) for option in rng.sample(others, 3)]
    return choice(rng, shortened(row.answer, 120), wrong, history=bullets)


ANSWERABILITY = Task(
    "answerability",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=2,
    wordings=(
        "A shopper asks: '{question}'\nThe page and its reviews say: {documents}\nCan the question be answered from this?\n"
        "{options}\nAnswer: ",
        "Text: {documents}\nQuestion of a customer: {question}\nDoes the text contain the answer?\n{options}\nAnswer: ",
        "Someone reads this about a product: {documents}\nDo they now know the answer to the question "
        "'{question}'?\n{options}\nAnswer: ",
        "Decide whether the following text answers the customer's question '{question}'.\nText: {documents}\n{options}\nAnswer:",
    ),
)
PRODUCT_ANSWER = Task(
    "product_question_answer",
    TaskType.GENERATION,
    "sent-transformer",
    track=2,
    wordings=(
        "Instructions: Write a short answer to the customer's question. The reviews say: {documents}\nInput: {question}\n"
        "Output:",
        "Reviews of a product: {documents}\nA customer asks: {question}\nWrite an answer to the customer.\nOutput: ",
        "Question of a customer: {question}\nReviews: {documents}\nWrite what somebody who knows the product from these "
        "reviews would reply.\nOutput: ",
        "Explain to the customer what others found out. Question: {question}\nFrom the reviews: {documents}\nOutput:",
    ),
)
_MOST_DOCUMENT_CHARACTERS = 1200
_MOST_ANSWER_WORDS = 40


@ANSWERABILITY.built_from(_STREAM)
def build_answerability(row: EcInstructRow, pool: Pool[EcInstructRow], rng: Random) -> Draft | None:
    """Ask whether documents hold the answer to a question."""
    if row.task != "Answerability_Prediction":
        return pool.skip(f"{OF_ANOTHER_TASK}{row.task}")
    question, documents = _first(row, "question"), _documents(row)
    if not question or not documents or _yes_or_no(row) not in _YES_NO:
        return pool.skip("Answerability_Prediction row without question, documents and a yes or no")
    return _yes_no(row, rng, question=question, documents=documents)


@PRODUCT_ANSWER.built_from(_STREAM)
def build_product_answer(row: EcInstructRow, pool: Pool[EcInstructRow], rng: Random) -> Draft | None:
    """Ask for an answer that the documents support: it shares words with them, and is short."""
    if row.task != "Answer_Generation":
        return pool.skip(f"{OF_ANOTHER_TASK}{row.task}")
    question, documents = _first(row, "question"), _documents(row)
    if not question or not documents:
        return pool.skip("Answer_Generation row without question and documents")
    if not 4 <= len(row.answer.split()) <= _MOST_ANSWER_WORDS or not share_terms(row.answer, documents):
        return pool.skip("Answer_Generation row whose answer is too long, too short or not in the documents")
    return Draft({"question": question, "documents": documents}, row.answer)


def _documents(row: EcInstructRow) -> str:
    found = row.fields.get("document") or row.fields.get("documents") or row.fields.get("reviews") or []
    texts = found if isinstance(found, list) else [found]
    return shortened(" ".join(text for text in texts if isinstance(text, str)), _MOST_DOCUMENT_CHARACTERS)
