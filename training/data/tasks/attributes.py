"""Tasks about product pages: attribute values, product types, compatibility, features, descriptions.

A question of `attribute_value_from_title`, and its answer:

    Judge by the title alone.
    Product title: Harkwell Studio Over-Ear Headphones, Bluetooth, Matte Black
    What is the color of this product?
    0. Clear
    1. Matte Black
    2. Cocoa
    3. It cannot be inferred.
    Answer: 1

The pages of Amazon Reviews 2023 name attributes in `details`; only those whose values can be told apart by kind are
used. So a value drawn as a wrong answer is never right by another name.
"""

import re
from collections.abc import Iterator
from random import Random

from submission.task_types import TaskType
from training.data.sources.cleaning import first_sentences, has_words
from training.data.sources.records import Product
from training.data.tasks.equivalents import is_color, is_vague, meanings, names_value, related, squeezed
from training.data.tasks.task import Draft, Pool, Task, choice, draw, draw_unrelated
from training.data.tasks.unsuitable import is_boilerplate
from training.data.tasks.words import contains, numbers_in, product_type, share_terms, shortened, terms

# Names of attributes in details: the kind of their values, and how a question calls them.
_KINDS = {
    "Color": ("color", "color"),
    "Material": ("material", "material"),
    "Material Type": ("material", "material"),
    "Fabric Type": ("material", "fabric"),
    "Outer Material": ("material", "outer material"),
    "Scent": ("scent", "scent"),
    "Flavor": ("flavor", "flavor"),
    "Pattern": ("pattern", "pattern"),
    "Finish Type": ("finish", "finish"),
    "Closure Type": ("closure", "closure type"),
    "Connectivity Technology": ("connection", "connectivity technology"),
    "Power Source": ("power", "power source"),
    "Skin Type": ("skin", "suitable skin type"),
    "Hair Type": ("hair", "suitable hair type"),
    "Item Form": ("form", "form"),
    "Product Benefits": ("benefit", "product benefit"),
    "Mounting Type": ("mounting", "mounting type"),
    "Shape": ("shape", "shape"),
    "Room Type": ("room", "room type"),
    "Sport": ("sport", "sport"),
    "Occasion": ("occasion", "occasion"),
    "Age Range (Description)": ("age", "age range"),
    "Operating System": ("system", "operating system"),
    "Form Factor": ("fit", "form factor"),
}
_COMPATIBILITY = ("Compatible Devices", "Compatible Phone Models", "Compatible Models")
# Kinds whose values are values of nothing else: "Cream" is a form and a color, "Mint" a scent, a flavor and a color, but
# nothing else is "Lace-Up" or "Bluetooth". Those of one group may share values.
_PLAIN_KINDS = {
    "closure": 0,
    "connection": 1,
    "power": 1,
    "system": 1,
    "skin": 2,
    "hair": 2,
    "age": 3,
    "mounting": 4,
    "room": 5,
    "sport": 6,
    "shape": 7,
    "fit": 8,
    "occasion": 9,
}
# Kinds that values of these plain kinds could pass for: there is Christmas scent, and a chocolate in round form.
_PASSES_FOR = {
    "form": {"shape", "fit"},
    "scent": {"occasion"},
    "flavor": {"occasion"},
    "pattern": {"occasion", "sport", "shape", "age"},
    "benefit": {"skin", "hair", "fit"},
    "closure": {"mounting"},
    "mounting": {"closure", "fit"},
    "fit": {"shape", "mounting"},
    "shape": {"fit"},
}
_SCENTED = re.compile(r"\b(?:un)?(?:scent|fragran|perfum)", re.IGNORECASE)
_EMPTY_VALUES = frozenset({"all", "unisex", "yes", "no"})
# Kinds of which a title may leave the value open; what form flour has needs no telling.
_LEFT_OPEN = frozenset(
    {"color", "material", "scent", "flavor", "pattern", "finish", "closure", "connection", "mounting"}
)
_UNKNOWN = "It cannot be inferred."
_MOST_VALUE_WORDS = 4
_MOST_DESCRIPTION_CHARACTERS = 220


def _values(product: Product) -> Iterator[tuple[str, str, str]]:
    """Yield (attribute as a question calls it, kind, value) of a page."""
    for name, (kind, label) in _KINDS.items():
        value = product.details.get(name, "")
        if not has_words(value) or "," in value or value.lower() in _EMPTY_VALUES or is_vague(value):
            continue
        if len(value.split()) <= _MOST_VALUE_WORDS and (kind != "color" or is_color(value)):
            yield label, kind, value


def _values_by_name(pool: Pool[Product]) -> dict[str, list[str]]:
    """Return the different values by attribute, by kind of attribute, and what those of a kind mean."""
    found: dict[str, dict[str, str]] = {}
    for product in pool.records:
        for label, kind, value in _values(product):
            for name in {label, f"kind of {kind}"}:
                found.setdefault(name, {}).setdefault(value.lower(), value)
    by_name = {name: list(values.values()) for name, values in found.items()}
    meant = {f"meanings of {name}": sorted(meanings(" ".join(values))) for name, values in by_name.items()}
    return {**by_name, **meant}


VALUE_FROM_TITLE = Task(
    "attribute_value_from_title",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "An online shop sells the product '{title}'. What is its {attribute}?\n{options}\nAnswer: ",
        "Judge by the title alone.\nProduct title: {title}\nWhat is the {attribute} of this product?\n{options}\nAnswer: ",
        "Fill in the attribute '{attribute}' of a product page from the product's title: {title}\n{options}\nAnswer: ",
        "The following product is on sale: '{title}'. Which value does its attribute '{attribute}' have?\n{options}\n"
        "Answer:",
    ),
)


@VALUE_FROM_TITLE.built_from("amazon_reviews/products")
def build_value_from_title(product: Product, pool: Pool[Product], rng: Random) -> Draft | None:
    """Ask for a value that the title names, or for one that it does not, where it cannot be inferred."""
    values = list(_values(product))
    if not values:
        return pool.skip("page without an attribute whose values can be told apart")
    label, kind, value = rng.choice(values)
    # "Shampoo with Coconut Oil" says what is in it.
    if kind == "scent" and not _SCENTED.search(product.title):
        return pool.skip("title that does not speak of a scent")
    by_name = pool.once("values", _values_by_name)
    context = f"{value} {product.title}"
    wrong = draw_unrelated(rng, by_name[label], 3, context)
    wrong += draw_unrelated(rng, by_name[f"kind of {kind}"], 3 - len(wrong), context, wrong)
    slots = {"title": product.title, "attribute": label}
    if contains(product.title, value):
        return choice(rng, value, [*wrong[:2], _UNKNOWN], **slots)
    # A title of another color than its page has something to say about the color all the same.
    if kind not in _LEFT_OPEN or not meanings(product.title).isdisjoint(by_name[f"meanings of kind of {kind}"]):
        return pool.skip("value that the title does not name and may not leave open")
    if kind in {"color", "material"} and names_value(product.title, kind):
        return pool.skip("value that the title does not name and may not leave open")
    return choice(rng, _UNKNOWN, wrong, **slots)


COMPATIBLE_VALUE = Task(
    "compatible_attribute_value",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "Which of these can be the {attribute} of a product of the type '{type}'?\n{options}\nAnswer: ",
        "A product of the type '{type}' is offered online. Which value fits its attribute '{attribute}'?\n{options}\nAnswer: ",
        "The page of a product of the type '{type}' has a field for the {attribute}. What may be entered "
        "there?\n{options}\nAnswer: ",
        "For the product type '{type}', select the value that is valid for the attribute '{attribute}'.\n{options}\nAnswer:",
    ),
)


@COMPATIBLE_VALUE.built_from("amazon_reviews/products")
def build_compatible_value(product: Product, pool: Pool[Product], rng: Random) -> Draft | None:
    """Ask for a value of an attribute among values of attributes of other kinds."""
    values = list(_values(product))
    kind_of_product = product_type(product)
    if not values or not kind_of_product:
        return pool.skip("page without a type or without an attribute whose values can be told apart")
    label, kind, value = rng.choice(values)
    if related(value, kind_of_product):
        return pool.skip("value that the type of the page names")
    by_name = pool.once("values", _values_by_name)
    same_kind = {other.lower() for other in by_name[f"kind of {kind}"]}
    others = [
        (group, other)
        for name, group in _PLAIN_KINDS.items()
        if name != kind and group != _PLAIN_KINDS.get(kind) and name not in _PASSES_FOR.get(kind, ())
        for other in by_name.get(f"kind of {name}", [])
    ]
    groups: set[int] = set()

    def is_wrong(candidate: tuple[int, str]) -> bool:
        group, other = candidate
        if group in groups or other.lower() in same_kind or related(other, value):
            return False
        groups.add(group)
        return True

    wrong = [other for _, other in draw(rng, others, 3, is_wrong)]
    return choice(rng, value, wrong, attribute=label, type=kind_of_product)


TYPE_FROM_TITLE = Task(
    "product_type_from_title",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "What type of product is '{title}'?\n{options}\nAnswer: ",
        "Product title: {title}\nWhich product type does this product belong to?\n{options}\nAnswer: ",
        "'{title}' is what the title of a product page says. What kind of thing is sold there?\n{options}\nAnswer: ",
        "Assign the product with the title '{title}' to one of these product types.\n{options}\nAnswer:",
    ),
)


@TYPE_FROM_TITLE.built_from("amazon_reviews/products")
def build_type_from_title(product: Product, pool: Pool[Product], rng: Random) -> Draft | None:
    """Ask for the most specific category, among those of other products which share no word with page or category."""
    right = product_type(product)
    if not right:
        return pool.skip("page without a category that names one thing")
    kinds = pool.once("types", lambda pool: sorted({product_type(product) for product in pool.records} - {""}))
    page = " ".join((product.title, *product.categories))
    return choice(rng, right, draw_unrelated(rng, kinds, 3, page), title=product.title)


COMPATIBILITY = Task(
    "product_compatibility",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=2,
    wordings=(
        "A customer owns this device: {device}. Which of the following products is compatible with it?\n{options}\nAnswer: ",
        "Which of these products can be used together with '{device}'?\n{options}\nAnswer: ",
        "Someone looks for an accessory that fits their {device}. Which product should they take?\n{options}\nAnswer: ",
        "Select the product that is made to work with '{device}'.\n{options}\nAnswer:",
    ),
)
_SPECIFIC = re.compile(r"\d")


@COMPATIBILITY.built_from("amazon_reviews/products")
def build_compatibility(product: Product, pool: Pool[Product], rng: Random) -> Draft | None:
    """Ask for the accessory whose title names a device, among accessories made for other devices."""
    named = [device for device in _devices(product) if _SPECIFIC.search(device) and contains(product.title, device)]
    if not named:
        return pool.skip("page without a device that its title names")
    device = rng.choice(named)
    accessories = pool.once("accessories", lambda pool: [product for product in pool.records if _devices(product)])
    titles: set[str] = set()

    def is_wrong(other: Product) -> bool:
        if squeezed(device) in squeezed(other.text) or other.title.lower() in titles:
            return False
        # "Galaxy S21" is no answer for "Galaxy S21 Ultra", but too near to be surely wrong the other way round; and what is
        # for all "Smartphones" fits this one too.
        if any(terms(mentioned) <= terms(device) or not _SPECIFIC.search(mentioned) for mentioned in _devices(other)):
            return False
        titles.add(other.title.lower())
        return True

    wrong = [shortened(other.title) for other in draw(rng, accessories, 3, is_wrong)]
    right = shortened(product.title)
    return choice(rng, right, wrong, device=device) if contains(right, device) else None


def _devices(product: Product) -> list[str]:
    listed = ",".join(product.details.get(name, "") for name in _COMPATIBILITY)
    return [device for device in map(str.strip, listed.split(",")) if device]


FEATURE = Task(
    "product_feature",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "Which of these features belongs to the product '{title}'?\n{options}\nAnswer: ",
        "Product title: {title}\nWhich bullet point appears on the page of this product?\n{options}\nAnswer: ",
        "One of these sentences was written about '{title}'. Find it.\n{options}\nAnswer: ",
        "A shop lists '{title}'. Select the statement that describes this product.\n{options}\nAnswer:",
    ),
)


@FEATURE.built_from("amazon_reviews/products")
def build_feature(product: Product, pool: Pool[Product], rng: Random) -> Draft | None:
    """Ask for a bullet point that shares words with the title, among those of other products that share none."""
    own = [feature for feature in product.features if _is_telling(feature) and share_terms(feature, product.title)]
    if not own:
        return pool.skip("page without a bullet point that speaks of what the title names")
    others = pool.once(
        "features",
        lambda pool: [
            (product.key, text) for product in pool.records for text in product.features if _is_telling(text)
        ],
    )
    wrong = draw(
        rng,
        others,
        3,
        lambda pair: pair[0] != product.key and not related(pair[1], product.title + " " + product.category),
    )
    return choice(rng, shortened(rng.choice(own)), [shortened(text) for _, text in wrong], title=product.title)


def _is_telling(feature: str) -> bool:
    return 5 <= len(feature.split()) <= 40 and not is_boilerplate(feature)


DESCRIPTION = Task(
    "product_description",
    TaskType.GENERATION,
    "sent-transformer",
    track=1,
    wordings=(
        "Instructions: Describe this product in one or two sentences.\nInput: {title}\nOutput:",
        "Write a short description for the page of the product '{title}'.\nOutput: ",
        "Product: {title}\nTell a customer in one or two sentences what the product above is and what it "
        "offers.\nOutput: ",
        "Explain briefly to a customer what the following product is.\nProduct: {title}\nOutput:",
    ),
)


@DESCRIPTION.built_from("amazon_reviews/products")
def build_description(product: Product, pool: Pool[Product], rng: Random) -> Draft | None:
    """Ask for the first sentences of a description that speaks of what the title names."""
    text = first_sentences(product.description, _MOST_DESCRIPTION_CHARACTERS)
    if len(text.split()) < 8 or is_boilerplate(text) or len(terms(text) & terms(product.title)) < 2:
        return pool.skip("page without a description that speaks of what the title names")
    if not numbers_in(text) <= numbers_in(product.title):
        return pool.skip("description with a number that the title does not give")
    return Draft({"title": product.title}, text)
