"""Named entity recognition: brands, colors and other values as they stand in a query or a title, in several languages.

A question of `query_entities`, and its answer:

    Query: red single serve coffee maker
    Copy from the query above all phrases that are of the entity type 'color', with commas between them.
    Output: red

The sources name the value (the brand of the product that was searched for, the color on its page); an entity is asked for
only where that value stands in the text word for word, since an answer has to be cited.
"""

import re
from random import Random

from submission.answer_formats import find_phrase
from submission.task_types import TaskType
from training.data.sources.records import JudgedQuery, Product
from training.data.tasks.equivalents import is_color, names_value, says_shade
from training.data.tasks.task import Draft, Pool, Task, in_another_language, in_english
from training.data.tasks.words import contains, count_phrase

_MOST_ENTITY_WORDS = 4
_NO_ENTITY = "text without an entity that can be cited for sure"
_AUDIENCES = re.compile(
    r"(?<![^\W_])(?:women'?s?|men'?s?|womens|mens|girls?|boys?|kids?|toddlers?|bab(?:y|ies)|teens?|adults?|seniors?|unisex"
    r"|mujer(?:es)?|hombres?|niñ[oa]s?|bebés?|damen|herren|kinder|femmes?|hommes?|enfants?|donna|uomo|bambin[oa]"
    r")(?![^\W_])|レディース|メンズ|キッズ|子供用|男の子|女の子",
    re.IGNORECASE,
)
# Names that hold such a word and say nothing of who a thing is for.
_NO_AUDIENCE = re.compile(
    r"\bgame ?boys?\b|\bbaby (?:showers?|shark|yoda|blue|pink|back|corn|carrots?|powder)\b|\b(?:beach|hardy|pet shop) boys\b"
    r"|\b(?:spice|golden|gilmore|mean) girls\b|\bamerican girl\b|\b(?:boy|girl) (?:scouts?|bands?)\b|\bmen in black\b|\bx[- ]?men\b"
    r"|\bla[- ]?z[- ]?boy\b|\bteen titans\b",
    re.IGNORECASE,
)
_MEASURES = re.compile(
    r"(?<![^\W_])\d+(?:[.,/]\d+)?(?:[ -]?(?:fl\.? ?oz|oz|ounces?|inch(?:es)?|ft|feet|cm|mm|kg|g|lbs?|pounds?|ml|l|liters?|litros?"
    r"|gallons?|gb|tb|watts?|volts?|mah|count|ct|pack)|in|m|w|v)(?![^\W_])|\d+(?:\.\d+)?(?:インチ|センチ|リットル)",
    re.IGNORECASE,
)
# "2 in 1", "4 v 4", a shoe's "9 m", "5g": no measures, or perhaps none. "5 x 7 ft", "8-10 inch", "1 1/2 inch" and "12 oz, pack of
# 6" are more than the patterns cite. Who asks for all measures of a query with any of these does not know the answer.
_DOUBTFUL_MEASURES = re.compile(
    r"\d[ -](?:in|m|w|v)(?![^\W_])|(?<![^\W_])(?<!\d[.,])(?:[2-6]|2[.,]4|5[.,]8|10)g(?![^\W_])|\d ?[x×*+–-] ?\d|[x×] ?\d|\d ?[x×] "
    r"|\d \d|[½¼¾]|\b(?:pack|set|case|box) of \d",
    re.IGNORECASE,
)

_QUERY_WORDINGS = (
    "A shopper searched for the phrase below. Extract from the query every phrase that names the entity type '{entity}'. "
    "Separate several phrases with commas.\nQuery: {text}\nOutput: ",
    "Find the '{entity}' in this search query and copy it exactly as it is written. If there is more than one, separate "
    "them by comma.\nQuery: {text}\nOutput:\n",
    "Query: {text}\nCopy from the query above all phrases that are of the entity type '{entity}', with commas "
    "between them.\nOutput: ",
    "You label entities in queries of an online shop. Which part of the query '{text}' is of the entity type '{entity}'? "
    "Answer with the phrase only.\nOutput:",
)
_TITLE_WORDINGS = (
    "Extract the '{entity}' from the product title '{text}'. Copy it word for word.\nOutput: ",
    "Which phrase in the following title is the entity '{entity}'? Give only the phrase as it appears.\nTitle: {text}\n"
    "Output:\n",
    "Product title: {text}\nWhich words of the title above name the entity '{entity}'? Quote them as they stand "
    "there.\nOutput: ",
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


@QUERY_ENTITIES.built_from("esci/queries", when=in_english)
@FOREIGN_QUERY_ENTITIES.built_from("esci/queries", when=in_another_language)
def build_query_entities(query: JudgedQuery, pool: Pool[JudgedQuery], rng: Random) -> Draft | None:
    """Take brand and color from the products that match exactly, audience and measure from the words themselves."""
    found: dict[str, list[str]] = {}
    for product in query.products("E"):
        for entity, value in (("brand", product.brand), ("color", product.color)):
            phrase = find_phrase(query.query, value)
            if phrase and _is_value(entity, value) and phrase not in found.setdefault(entity, []):
                found[entity].append(phrase)
    # Of "navy blue" and "blue" the longer is what the query says.
    for entity, phrases in found.items():
        found[entity] = [one for one in phrases if not any(contains(other, one) for other in phrases if other != one)]
    for entity, pattern, doubtful in (
        ("audience", _AUDIENCES, _NO_AUDIENCE),
        ("unit", _MEASURES, _DOUBTFUL_MEASURES),
    ):
        if not doubtful.search(query.query):
            found[entity] = list(dict.fromkeys(match.group() for match in pattern.finditer(query.query)))
    return _draft(query.query, found, rng) or pool.skip(_NO_ENTITY)


@TITLE_ENTITIES.built_from("amazon_reviews/products")
def build_title_entities(product: Product, pool: Pool[Product], rng: Random) -> Draft | None:
    """Ask for a value from the page of an English product, where it stands in the title."""
    names = ("Brand", "Color", "Material", "Flavor", "Scent", "Pattern", "Fabric Type", "Sport", "Skin Type")
    values = {name.lower(): product.details.get(name, "") for name in names}
    return _title_entity(product, {**values, "brand": product.brand}, rng) or pool.skip(_NO_ENTITY)


@FOREIGN_TITLE_ENTITIES.built_from("amazon_m2/products", when=in_another_language)
def build_foreign_title_entities(product: Product, pool: Pool[Product], rng: Random) -> Draft | None:
    """Ask for a value from the page of a product that is sold in another language than English."""
    values = {
        "brand": product.brand,
        "color": product.color,
        "material": product.material,
        "size": product.size,
    }
    return _title_entity(product, values, rng) or pool.skip(_NO_ENTITY)


def _title_entity(product: Product, values: dict[str, str], rng: Random) -> Draft | None:
    phrases = {entity: find_phrase(product.title, value) for entity, value in values.items()}
    return _draft(
        product.title,
        {entity: [phrase] for entity, phrase in phrases.items() if phrase and _is_value(entity, values[entity])},
        rng,
    )


def _is_value(entity: str, value: str) -> bool:
    return entity != "color" or is_color(value)


def _draft(text: str, found: dict[str, list[str]], rng: Random) -> Draft | None:
    usable = sorted(
        entity
        for entity, phrases in found.items()
        if phrases and all(_is_plain(phrase, text) for phrase in phrases) and are_all(entity, phrases, text)
    )
    if not usable:
        return None
    entity = rng.choice(usable)
    return Draft({"text": text, "entity": entity}, found[entity])


def are_all(entity: str, phrases: list[str], text: str) -> bool:
    """Whether `phrases` are surely all that `text` says of colors or materials, of the other entities always.

    Of "black and white" and "dark blue" one color of a page is a part, and whether two are one phrase or two is open.
    """
    kind = {"fabric type": "material", "colour": "color", "fabric": "material"}.get(entity, entity)
    if kind not in {"color", "material"}:
        return True
    if len(phrases) > 1:
        return False
    before, after = text.split(phrases[0])
    beside = " ".join((*before.split()[-1:], *after.split()[:1]))
    return not (names_value(before, kind) or names_value(after, kind) or says_shade(beside))


def _is_plain(phrase: str, text: str) -> bool:
    """Whether a phrase can be cited without doubt: short, without a comma, once in the text, and not all of it."""
    return (
        len(phrase.split()) <= _MOST_ENTITY_WORDS
        and "," not in phrase
        and count_phrase(text, phrase) == 1
        and len(phrase) < len(text)
    )
