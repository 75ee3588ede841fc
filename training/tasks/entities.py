"""Named entity recognition: brands, colors and other values as they stand in a query or a title, in several languages.

The sources name the value (the brand of the product that was searched for, the color on its page); an entity is asked for
only where that value stands in the text word for word, since an answer has to be cited.
"""

import re
from random import Random

from submission.task_types import TaskType
from training.sources.records import JudgedQuery, Product
from training.tasks.task import Draft, Pool, Task
from training.tasks.words import count_phrase, find_phrase

_MOST_ENTITY_WORDS = 4
_AUDIENCES = re.compile(
    r"(?<![^\W_])(?:women'?s?|men'?s?|womens|mens|girls?|boys?|kids?|toddlers?|bab(?:y|ies)|teens?|adults?|seniors?|unisex"
    r"|mujer(?:es)?|hombres?|niñ[oa]s?|bebés?|damen|herren|kinder|femmes?|hommes?|enfants?|donna|uomo|bambin[oa]"
    r")(?![^\W_])|レディース|メンズ|キッズ|子供用|男の子|女の子",
    re.IGNORECASE,
)
_MEASURES = re.compile(
    r"(?<![^\W_])\d+(?:[.,/]\d+)?[ -]?(?:fl\.? ?oz|oz|ounces?|inch(?:es)?|in|ft|feet|cm|mm|m|kg|g|lbs?|pounds?|ml|l|liters?|litros?"
    r"|gallons?|gb|tb|watts?|w|v|volts?|mah|count|ct|pack)(?![^\W_])|\d+(?:\.\d+)?(?:インチ|センチ|リットル)",
    re.IGNORECASE,
)

_QUERY_WORDINGS = (
    "A shopper searched for the phrase below. Extract from the query every phrase that names the entity type '{entity}'. "
    "Separate several phrases with commas.\nQuery: {text}\nOutput: ",
    "Find the '{entity}' in this search query and copy it exactly as it is written. If there is more than one, separate "
    "them by comma.\nQuery: {text}\nOutput:\n",
    "You label entities in queries of an online shop. Which part of the query '{text}' is of the entity type '{entity}'? "
    "Answer with the phrase only.\nOutput:",
)
_TITLE_WORDINGS = (
    "Extract the '{entity}' from the product title '{text}'. Copy it word for word.\nOutput: ",
    "Which phrase in the following title is the entity '{entity}'? Give only the phrase as it appears.\nTitle: {text}\n"
    "Output:\n",
    "Identify all phrases of the entity type '{entity}' in this product title, separated by commas if there are several.\n"
    "Product title: {text}\nOutput:",
)

QUERY_ENTITIES = Task(
    "query_entities", TaskType.NAMED_ENTITY_RECOGNITION, "micro f1", track=1, wordings=_QUERY_WORDINGS
)
FOREIGN_QUERY_ENTITIES = Task(
    "multilingual_query_entities", TaskType.NAMED_ENTITY_RECOGNITION, "micro f1", track=4, wordings=_QUERY_WORDINGS
)
TITLE_ENTITIES = Task(
    "title_entities", TaskType.NAMED_ENTITY_RECOGNITION, "micro f1", track=1, wordings=_TITLE_WORDINGS
)
FOREIGN_TITLE_ENTITIES = Task(
    "multilingual_title_entities", TaskType.NAMED_ENTITY_RECOGNITION, "micro f1", track=4, wordings=_TITLE_WORDINGS
)


@QUERY_ENTITIES.built_from("esci/queries")
def build_query_entities(query: JudgedQuery, pool: Pool, rng: Random) -> Draft | None:
    """Ask for an entity of an English query."""
    return _query_entity(query, rng) if query.language == "en" else None


@FOREIGN_QUERY_ENTITIES.built_from("esci/queries")
def build_foreign_query_entities(query: JudgedQuery, pool: Pool, rng: Random) -> Draft | None:
    """Ask for an entity of a Spanish or Japanese query."""
    return None if query.language == "en" else _query_entity(query, rng)


def _query_entity(query: JudgedQuery, rng: Random) -> Draft | None:
    """Take brand and color from the products that match exactly, audience and measure from the words themselves."""
    found: dict[str, list[str]] = {}
    for product in query.products("E"):
        for entity, value in (("brand", product.brand), ("color", product.color)):
            phrase = find_phrase(query.query, value)
            if phrase and phrase not in found.setdefault(entity, []):
                found[entity].append(phrase)
    for entity, pattern in (("audience", _AUDIENCES), ("unit", _MEASURES)):
        found[entity] = list(dict.fromkeys(match.group() for match in pattern.finditer(query.query)))
    return _draft(query.query, found, rng)


@TITLE_ENTITIES.built_from("amazon_reviews/products")
def build_title_entities(product: Product, pool: Pool, rng: Random) -> Draft | None:
    """Ask for a value from the page of an English product, where it stands in the title."""
    names = ("Brand", "Color", "Material", "Flavor", "Scent", "Pattern", "Fabric Type", "Sport", "Skin Type")
    values = {name.lower(): product.details.get(name, "") for name in names}
    return _title_entity(product, {**values, "brand": product.brand}, rng)


@FOREIGN_TITLE_ENTITIES.built_from("amazon_m2/products")
def build_foreign_title_entities(product: Product, pool: Pool, rng: Random) -> Draft | None:
    """Ask for a value from the page of a product that is sold in another language than English."""
    if product.language == "en":
        return None
    values = {
        "brand": product.brand,
        "color": product.color,
        "material": product.material,
        "size": product.size,
    }
    return _title_entity(product, values, rng)


def _title_entity(product: Product, values: dict[str, str], rng: Random) -> Draft | None:
    phrases = {entity: find_phrase(product.title, value) for entity, value in values.items()}
    return _draft(product.title, {entity: [phrase] for entity, phrase in phrases.items() if phrase}, rng)


def _draft(text: str, found: dict[str, list[str]], rng: Random) -> Draft | None:
    usable = sorted(entity for entity, phrases in found.items() if phrases and all(_is_plain(p, text) for p in phrases))
    if not usable:
        return None
    entity = rng.choice(usable)
    return Draft({"text": text, "entity": entity}, found[entity])


def _is_plain(phrase: str, text: str) -> bool:
    """Whether a phrase can be cited without doubt: short, without a comma, once in the text, and not all of it."""
    return (
        len(phrase.split()) <= _MOST_ENTITY_WORDS
        and "," not in phrase
        and count_phrase(text, phrase) == 1
        and len(phrase) < len(text)
    )
