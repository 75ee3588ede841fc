"""Tasks across languages: one product on the sites of several countries, and keywords of pages in any language.

A question of `title_translation`, and its answer:

    Translate this product title into Italian.
    Title: Quillon Hardback Notebook A5, Lined, 192 Pages, Forest Green
    Output: Quillon Taccuino A5 a righe, copertina rigida, 192 pagine, verde foresta
"""

from random import Random

from submission.languages import detect_language
from submission.task_types import TaskType
from training.data.sources.cleaning import first_sentences, sentences
from training.data.sources.records import Product, ProductType, Translations
from training.data.tasks.equivalents import is_color, is_vague, may_be_in, meanings, related
from training.data.tasks.task import Draft, Pool, Task, choice, draw, draw_any, draw_unrelated, in_another_language
from training.data.tasks.unsuitable import is_boilerplate
from training.data.tasks.words import contains, numbers_in, share_terms, shortened, surface_terms, terms

ENGLISH_NAME = {
    "en": "English",
    "de": "German",
    "fr": "French",
    "es": "Spanish",
    "it": "Italian",
    "ja": "Japanese",
}

TITLE_TRANSLATION = Task(
    "title_translation",
    TaskType.GENERATION,
    "bleu",
    track=4,
    wordings=(
        "Translate this product title into {language}.\nTitle: {title}\nOutput: ",
        "The product '{title}' is going to be sold in another country. Translate its title into {language}.\nOutput: ",
        "Product title: {title}\nHow does this title read in {language}? Translate it.\nOutput: ",
        "Give the {language} translation of the product title '{title}'.\nOutput:\n",
    ),
)
JAPANESE_TITLE_TRANSLATION = Task(
    "japanese_title_translation",
    TaskType.GENERATION,
    "jp-bleu",
    track=4,
    wordings=TITLE_TRANSLATION.wordings,
)
# Titles of one product that share more words than this were copied rather than translated.
_MOST_SHARED = 0.7


@TITLE_TRANSLATION.built_from("amazon_m2/translations")
def build_title_translation(product: Translations, pool: Pool[Translations], rng: Random) -> Draft | None:
    """Ask for the title on the site of a European language."""
    return _translation(product, sorted(set(product.pages) - {"ja"}), pool, rng)


@JAPANESE_TITLE_TRANSLATION.built_from("amazon_m2/translations")
def build_japanese_title_translation(product: Translations, pool: Pool[Translations], rng: Random) -> Draft | None:
    """Ask for the title on the Japanese site."""
    return _translation(product, ["ja"] if "ja" in product.pages else [], pool, rng)


def _translation(product: Translations, targets: list[str], pool: Pool[Translations], rng: Random) -> Draft | None:
    """Translate from English where there is an English page, else from another."""
    if not targets:
        return pool.skip("product without a page in a language of the task")
    target = rng.choice(targets)
    sources = sorted(set(product.pages) - {target})
    source = "en" if "en" in sources and rng.random() < 0.8 else rng.choice(sources) if sources else ""
    if not source:
        return pool.skip("product with a page in one language only")
    before, after = product.pages[source].title, product.pages[target].title
    if len(before.split()) < 3 or _share(before, after) > _MOST_SHARED or not _is_in(after, target):
        return pool.skip("title that is short, was copied or is in another language than its site")
    if numbers_in(before) != numbers_in(after):
        return pool.skip("translation with other numbers than the title")
    return Draft({"title": before, "language": ENGLISH_NAME[target]}, after, language=target)


def _share(first: str, second: str) -> float:
    smaller = min(len(terms(first)), len(terms(second)))
    return len(terms(first) & terms(second)) / smaller if smaller else 1.0


def _is_in(title: str, language: str) -> bool:
    """Whether a title may be in `language`: short titles often show none, so only another one that shows is a no."""
    detected = detect_language(title)
    return detected == language or (detected == "en" and language not in {"ja", "zh"} and language != "en")


SAME_DESCRIPTION = Task(
    "same_description_other_language",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=4,
    wordings=(
        "A product page says: '{text}'\nWhich of the following describes the same product in another language?\n{options}\n"
        "Answer: ",
        "One shop describes a product as follows: '{text}'\nFind the description of this product on the site of another "
        "country.\n{options}\nAnswer: ",
        "Two pages in two languages sell one and the same product. On the first page it says: '{text}'\nWhat does it "
        "say on the second?\n{options}\nAnswer: ",
        "Description: {text}\nSelect the text in a different language that belongs to the same product.\n{options}\nAnswer:",
    ),
)
_MOST_DESCRIPTION = 300


@SAME_DESCRIPTION.built_from("amazon_m2/translations")
def build_same_description(product: Translations, pool: Pool[Translations], rng: Random) -> Draft | None:
    """Ask for the same product's description among those of other products in the same or other languages."""
    described = sorted(language for language, page in product.pages.items() if _description(page))
    if len(described) < 2:
        return pool.skip("product with fewer than two descriptions in the languages of their sites")
    source, target = rng.sample(described, 2)
    text, right = _description(product.pages[source]), _description(product.pages[target])
    own = " ".join(page.text for page in product.pages.values())
    others = pool.once("descriptions", _descriptions)
    wrong = draw(
        rng,
        others,
        3,
        lambda entry: entry[0] != product.key and entry[1] != source and not related(entry[3], own),
    )
    options = [entry[2] for entry in wrong]
    return choice(rng, right, options, text=text) if len(options) == 3 else None


def _description(page: Product) -> str:
    text = first_sentences(page.description, _MOST_DESCRIPTION)
    return text if len(text) >= 20 and not is_boilerplate(text) and detect_language(text) == page.language else ""


def _descriptions(pool: Pool[Translations]) -> list[tuple[str, str, str, str]]:
    return [
        (product.key, language, text, page.title)
        for product in pool.records
        for language, page in sorted(product.pages.items())
        if (text := _description(page))
    ]


SAME_TITLE = Task(
    "same_title_other_language",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=4,
    wordings=(
        "Which of these is the product '{title}' on the {language} site?\n{options}\nAnswer: ",
        "Product title: {title}\nWhich title does the same product have in {language}?\n{options}\nAnswer: ",
        "In {language}, the product '{title}' is sold under another title. Under which one?\n{options}\nAnswer: ",
        "Match the product '{title}' with its {language} listing.\n{options}\nAnswer:",
    ),
)


@SAME_TITLE.built_from("amazon_m2/translations")
def build_same_title(product: Translations, pool: Pool[Translations], rng: Random) -> Draft | None:
    """Ask for the title of the same product among titles of other products in the target language."""
    source, target = rng.sample(sorted(product.pages), 2)
    before, right = product.pages[source].title, product.pages[target].title
    if _share(before, right) > _MOST_SHARED:
        return pool.skip("titles that are the same in both languages")
    own = " ".join(page.title for page in product.pages.values())
    pages = pool.once(f"titles in {target}", lambda pool: _titles_in(pool, target))
    wrong = draw(rng, pages, 3, lambda pair: pair[0] != product.key and not related(pair[1], own))
    titles = [shortened(title) for _, title in wrong]
    slots = {"title": shortened(before), "language": ENGLISH_NAME[target]}
    return choice(rng, shortened(right), titles, **slots) if len(titles) == 3 else None


def _titles_in(pool: Pool[Translations], language: str) -> list[tuple[str, str]]:
    """Return the titles of a site by product, without those that sellers left in another language."""
    titles = [(product.key, product.pages[language].title) for product in pool.records if language in product.pages]
    return [(key, title) for key, title in titles if language == "en" or detect_language(title) == language]


KEYWORD_SET = Task(
    "keyword_set",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=4,
    wordings=(
        "Which keyword set suits the product below?\nProduct Title: {title}\nProduct Description: {description}\n{options}\n"
        "Answer: ",
        "Read the product page and choose the keywords that sum it up.\nProduct Title: {title}\nProduct Description: "
        "{description}\n\n{options}\nAnswer: ",
        "One of these sets of keywords was taken from the page below. Which one?\nProduct Title: {title}\nProduct "
        "Description: {description}\n{options}\nAnswer: ",
        "Product Title: {title}\nProduct Description: {description}\nSelect the keywords under which this product should be "
        "found.\n{options}\nAnswer:",
    ),
)
_FEWEST_KEYWORDS, _MOST_KEYWORDS = 3, 4


@KEYWORD_SET.built_from("amazon_m2/products")
def build_keyword_set(product: Product, pool: Pool[Product], rng: Random) -> Draft | None:
    """Take words that stand in title and description; wrong sets mix at most one of them with those of other pages."""
    own = _keywords(product)
    if len(own) < _FEWEST_KEYWORDS:
        return pool.skip("page with fewer than three words of the title in its description")
    count = min(len(own), _MOST_KEYWORDS)
    right = rng.sample(own, count)
    page_meanings = meanings(product.text)
    words_of_titles = pool.once("title words", _title_words)[product.language]
    drawn = draw(rng, words_of_titles, 3 * count, lambda word: page_meanings.isdisjoint(meanings(word)))
    if len(drawn) < 3 * count:
        return None
    wrong = []
    for place in range(3):
        words = drawn[place * count : (place + 1) * count]
        if rng.random() < 0.5:
            words[0] = rng.choice(own)
        rng.shuffle(words)
        wrong.append(", ".join(words))
    slots = {"title": product.title, "description": shortened(product.description, 500)}
    return choice(rng, ", ".join(right), wrong, **slots)


def _keywords(page: Product) -> list[str]:
    """Return words of the title that the description takes up."""
    described = terms(page.description)
    return [word for word in surface_terms(page.title) if terms(word) <= described and _is_keyword(word, page)]


def _title_words(pool: Pool[Product]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for page in pool.records:
        words = found.setdefault(page.language, {})
        words.update((word, None) for word in surface_terms(page.title) if _is_keyword(word, page))
    return {language: list(words) for language, words in found.items()}


def _is_keyword(word: str, page: Product) -> bool:
    return (
        len(word) > (1 if page.language == "ja" else 3)
        and not any(map(str.isdigit, word))
        and word not in page.brand.lower()
    )


FOREIGN_VALUE = Task(
    "multilingual_attribute_value",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=4,
    wordings=(
        "What is the {attribute} of the product '{title}'?\n{options}\nAnswer: ",
        "Product title: {title}\nWhich {attribute} does this product have?\n{options}\nAnswer: ",
        "The page of '{title}' has a field for the {attribute}. What is entered there?\n{options}\nAnswer: ",
        "Read the title '{title}' and select the {attribute} of the product.\n{options}\nAnswer:",
    ),
)


@FOREIGN_VALUE.built_from("amazon_m2/products", when=in_another_language)
def build_foreign_value(product: Product, pool: Pool[Product], rng: Random) -> Draft | None:
    """Ask for a value that stands in a title of another language than English."""
    values = _own_values(product)
    named = sorted(name for name, value in values.items() if contains(product.title, value))
    if not named:
        return pool.skip("page without a value that stands in the title")
    attribute = rng.choice(named)
    alike = pool.once("values", _values)[product.language, attribute]
    wrong = draw_unrelated(rng, alike, 3, f"{values[attribute]} {product.title}")
    return choice(rng, values[attribute], wrong, title=product.title, attribute=attribute)


def _own_values(page: Product) -> dict[str, str]:
    """Return the values of a page by attribute, without those in another language than the page: sellers mix them."""
    values = {"color": page.color if is_color(page.color) else "", "material": page.material}
    kept = {name: value for name, value in values.items() if may_be_in(value, page.language)}
    return {
        name: value
        for name, value in {**kept, "brand": page.brand}.items()
        if value and "," not in value and not is_vague(value)
    }


def _values(pool: Pool[Product]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], dict[str, str]] = {}
    for page in pool.records:
        for attribute, value in _own_values(page).items():
            found.setdefault((page.language, attribute), {}).setdefault(value.lower(), value)
    return {key: list(values.values()) for key, values in found.items()}


PAGE_SENTENCE = Task(
    "description_for_title",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=4,
    wordings=(
        "Product title: {title}\nWhich sentence appears on the page of this product?\n{options}\nAnswer: ",
        "Which of the following statements describes the product '{title}'?\n{options}\nAnswer: ",
        "Sentences from several product pages got mixed up. Which one was written for '{title}'?\n{options}\nAnswer: ",
        "Select the description that belongs to '{title}'.\n{options}\nAnswer:",
    ),
)


@PAGE_SENTENCE.built_from("amazon_m2/products", when=in_another_language)
def build_page_sentence(product: Product, pool: Pool[Product], rng: Random) -> Draft | None:
    """Ask for a sentence of the description, among sentences of pages in the same language about other things."""
    own = [text for text in _sentences(product) if share_terms(text, product.title)]
    if not own:
        return pool.skip("page without a sentence in its language that speaks of what the title names")
    pages = pool.once("pages", _pages_by_language)[product.language]
    wrong: list[str] = []
    for page in draw(rng, pages, 3, lambda page: bool(_unrelated(page, product))):
        wrong.append(rng.choice(_unrelated(page, product)))
    return choice(rng, rng.choice(own), wrong, title=shortened(product.title)) if len(wrong) == 3 else None


def _pages_by_language(pool: Pool[Product]) -> dict[str, list[Product]]:
    found: dict[str, list[Product]] = {}
    for page in pool.records:
        found.setdefault(page.language, []).append(page)
    return found


def _unrelated(page: Product, product: Product) -> list[str]:
    if related(page.title, product.title):
        return []
    return [text for text in _sentences(page) if not related(text, product.title)]


def _sentences(page: Product) -> list[str]:
    """Return the sentences of a description in the language of its site: some sellers leave theirs in English."""
    if detect_language(page.description) != page.language:
        return []
    return [text for text in sentences(page.description) if 20 <= len(text) <= 200 and not is_boilerplate(text)]


TYPE_TRANSLATION = Task(
    "product_type_translation",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=4,
    wordings=(
        "What is the product type '{name}' called on a shopping site in {language}?\n{options}\nAnswer: ",
        "Which {language} search term would a customer use to find the product type '{name}'?\n{options}\nAnswer: ",
        "A dictionary for shoppers has an entry '{name}', a product type. What does it give as the {language} "
        "word?\n{options}\nAnswer: ",
        "Select the {language} name of the product type '{name}'.\n{options}\nAnswer:",
    ),
    questions_per_record=3,
)


@TYPE_TRANSLATION.built_from("knowledge/types")
def build_type_translation(kind: ProductType, pool: Pool[ProductType], rng: Random) -> Draft | None:
    """Ask for the name of a product type in another language, among names of types of other groups."""
    language = rng.choice(sorted(set(kind.names) - {"en"}))
    others = [other for other in pool.records if other.key != kind.key]
    wrong = [rng.choice(other.names[language]) for other in draw_any(rng, others, 3)]
    right = rng.choice(kind.names[language])
    return choice(rng, right, wrong, name=kind.name, language=ENGLISH_NAME[language])
