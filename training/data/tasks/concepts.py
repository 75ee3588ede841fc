"""Tasks about what products are, have, need and are used for; about everyday events. Built from `knowledge.yaml`.

A question of `commonsense_use`, and its answer:

    Someone wants to brew a hot drink for breakfast. Which product do they need?
    0. sunscreen
    1. dress
    2. laptop
    3. coffee maker
    Answer: 3
"""

from collections.abc import Callable
from random import Random

from submission.task_types import TaskType
from training.data.sources.knowledge import far_apart, known_types
from training.data.sources.records import Attribute, Event, ProductType
from training.data.tasks.equivalents import related
from training.data.tasks.task import Draft, Pool, Task, choice, draw_any, draw_unrelated

CATEGORY_DESCRIPTION = Task(
    "category_description",
    TaskType.GENERATION,
    "sent-transformer",
    track=1,
    wordings=(
        "Instructions: Explain what kind of product this is\nInput: {name}\nOutput:",
        "Input: Describe the product category {name}\nOutput:",
        "Instructions: Define the product type in one sentence\nInput: {name}\nOutput:",
        "Explain the product type '{name}' to someone who has never seen one.\nOutput: ",
    ),
)


@CATEGORY_DESCRIPTION.built_from("knowledge/types")
def build_category_description(kind: ProductType, pool: Pool[ProductType], rng: Random) -> Draft | None:
    """Ask for the definition."""
    return Draft({"name": rng.choice((kind.name, kind.name.title()))}, kind.definition)


TYPE_FROM_DEFINITION = Task(
    "product_type_from_definition",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        'Which product type is described here? "{definition}"\n{options}\nAnswer: ',
        "Description: {definition}\nWhat is it?\n{options}\nAnswer: ",
        "A customer describes a product without naming it: '{definition}' Name its type.\n{options}\nAnswer: ",
        "Find the product type that fits the description '{definition}'\n{options}\nAnswer:",
    ),
)


@TYPE_FROM_DEFINITION.built_from("knowledge/types")
def build_type_from_definition(kind: ProductType, pool: Pool[ProductType], rng: Random) -> Draft | None:
    """Ask for the type of a definition whose subject is hidden."""
    subject, verb, rest = _split_definition(kind.definition)
    if not subject:
        return pool.skip("definition without a subject")
    hidden = f"{'These' if verb == 'are' else 'This'} {verb} {rest}"
    others = [other.name for other in pool.records if other.key != kind.key]
    wrong = draw_unrelated(rng, others, 3, f"{kind.name} {hidden}")
    return choice(rng, kind.name, wrong, definition=hidden)


def _split_definition(definition: str) -> tuple[str, str, str]:
    for verb in (" is ", " are "):
        subject, found, rest = definition.partition(verb)
        if found:
            return subject, verb.strip(), rest
    return "", "", ""


CATEGORY_WITH_ATTRIBUTE = Task(
    "category_with_attribute",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "Which of these product categories can have the attribute {attribute}?\n{options}\nAnswer: ",
        "For products of which category would a shop state the attribute '{attribute}'?\n{options}\nAnswer: ",
        "A shop wants to let its customers filter by '{attribute}'. In which of these categories is that of "
        "use?\n{options}\nAnswer: ",
        "The attribute {attribute} makes sense for one of these product categories only. Which one?\n{options}\nAnswer: ",
    ),
    questions_per_record=4,
)


@CATEGORY_WITH_ATTRIBUTE.built_from("knowledge/attributes")
def build_category_with_attribute(attribute: Attribute, pool: Pool[Attribute], rng: Random) -> Draft | None:
    """Ask for one of the types that have the attribute, among types of groups in which none has it."""
    groups = {kind.group for kind in known_types() if kind.name in attribute.types}
    others = [
        kind.name
        for kind in known_types()
        if kind.name not in attribute.perhaps and all(far_apart(kind.group, group) for group in groups)
    ]
    return choice(rng, rng.choice(attribute.types), draw_any(rng, others, 3), attribute=attribute.name)


APPLICABLE_ATTRIBUTE = Task(
    "applicable_attribute",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "Which attribute applies to the product type {type}?\n{options}\nAnswer: ",
        "A seller lists a product of the type '{type}'. Which of these attributes should be filled in?\n{options}\nAnswer: ",
        "Someone compares products of the type '{type}' side by side. Which of these attributes can the comparison "
        "list?\n{options}\nAnswer: ",
        "Select the attribute that products of the type '{type}' can have.\n{options}\nAnswer:",
    ),
    questions_per_record=3,
)


@APPLICABLE_ATTRIBUTE.built_from("knowledge/attributes")
def build_applicable_attribute(attribute: Attribute, pool: Pool[Attribute], rng: Random) -> Draft | None:
    """Ask for the attribute that a type has, among attributes that no type of its group has."""
    kind = rng.choice([kind for kind in known_types() if kind.name in attribute.types])
    group = {other.name for other in known_types() if other.group == kind.group}
    others = [
        other.name
        for other in pool.records
        if group.isdisjoint(other.types) and kind.name not in other.perhaps and not related(other.name, attribute.name)
    ]
    return choice(rng, attribute.name, draw_any(rng, others, 3), type=kind.name)


ATTRIBUTE_SYNONYM = Task(
    "attribute_synonym",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "Which of these attributes means the same as '{attribute}' for the product type '{type}'?\n{options}\nAnswer: ",
        "Sellers of the product type '{type}' name an attribute differently. What could '{attribute}' be called instead?\n"
        "{options}\nAnswer: ",
        "Two shops sell products of the type '{type}'. What one of them lists as '{attribute}', the other lists "
        "as\n{options}\nAnswer: ",
        "Select the synonym of the attribute '{attribute}' of products of the type '{type}'.\n{options}\nAnswer:",
    ),
    questions_per_record=3,
)


@ATTRIBUTE_SYNONYM.built_from("knowledge/attributes")
def build_attribute_synonym(attribute: Attribute, pool: Pool[Attribute], rng: Random) -> Draft | None:
    """Ask for another name of an attribute, among names of attributes of other types."""
    asked, right = rng.sample(attribute.names, 2)
    own = " ".join(attribute.names)
    others = [rng.choice(other.names) for other in _unlike(attribute, pool)]
    wrong = draw_unrelated(rng, others, 3, own)
    return choice(rng, right, wrong, attribute=asked, type=rng.choice(attribute.types))


TYPED_VALUE = Task(
    "attribute_value_by_name",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "Which of these values is possible for the product attribute '{attribute}'?\n{options}\nAnswer: ",
        "Attribute of a product: {attribute}\nSelect the value that fits.\n{options}\nAnswer: ",
        "A product page has a line that begins with '{attribute}'. How could the line go on?\n{options}\nAnswer: ",
        "A seller has to fill in the field '{attribute}'. Which entry makes sense?\n{options}\nAnswer:",
    ),
    questions_per_record=3,
)


@TYPED_VALUE.built_from("knowledge/attributes")
def build_typed_value(attribute: Attribute, pool: Pool[Attribute], rng: Random) -> Draft | None:
    """Ask for a value of an attribute, among values of attributes of other types."""
    own = " ".join(attribute.values)
    # Bare numbers ("6.5", "1000") could be anything's value.
    others = [
        value for other in _unlike(attribute, pool) for value in other.values if not value.replace(".", "").isdigit()
    ]
    right = rng.choice(attribute.values)
    if right.replace(".", "").isdigit():
        return pool.skip("value that is a bare number")
    wrong = draw_unrelated(rng, others, 3, own)
    return choice(rng, right, wrong, attribute=rng.choice(attribute.names))


def _unlike(attribute: Attribute, pool: Pool[Attribute]) -> list[Attribute]:
    """Return the attributes of other types that are not of the same sort: a strap and a sole may be of one material."""
    own = " ".join(attribute.names)
    return [
        other
        for other in pool.records
        if set(other.types).isdisjoint(attribute.possible_types) and not related(" ".join(other.names), own)
    ]


def _far_types(kind: ProductType) -> list[ProductType]:
    return [other for other in known_types() if far_apart(kind.group, other.group)]


COMPLEMENTARY_CATEGORY = Task(
    "complementary_category",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=2,
    wordings=(
        "Which product category goes best with the product type {type}?\n{options}\nAnswer: ",
        "A customer buys a product of the type {type}. Which of these categories complements it?\n{options}\nAnswer: ",
        "With a product of the type {type} in the cart, what should the shop suggest as an "
        "addition?\n{options}\nAnswer: ",
        "Select the category that would best complement the product type '{type}'.\n{options}\nAnswer: ",
    ),
    questions_per_record=3,
)


@COMPLEMENTARY_CATEGORY.built_from("knowledge/types")
def build_complementary_category(kind: ProductType, pool: Pool[ProductType], rng: Random) -> Draft | None:
    """Ask for a complement of a type, among complements of types of other groups."""
    own = " ".join((kind.name, *kind.complements))
    others = [name for other in _far_types(kind) for name in other.complements]
    wrong = draw_unrelated(rng, others, 3, own)
    return choice(rng, rng.choice(kind.complements), wrong, type=kind.name)


COMMONSENSE = Task(
    "commonsense_use",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=2,
    wordings=(
        "Someone wants to {use}. Which product do they need?\n{options}\nAnswer: ",
        "What would a person use to {use}?\n{options}\nAnswer: ",
        "Name the product that somebody buys who wants to {use}.\n{options}\nAnswer: ",
        '"I would like to {use}." Which of these products helps?\n{options}\nAnswer:',
    ),
    questions_per_record=2,
)


@COMMONSENSE.built_from("knowledge/types")
def build_commonsense(kind: ProductType, pool: Pool[ProductType], rng: Random) -> Draft | None:
    """Ask for the type that serves a purpose, among types of other groups."""
    others = [other.name for other in _far_types(kind)]
    wrong = draw_unrelated(rng, others, 3, f"{kind.use} {kind.name}")
    return choice(rng, kind.name, wrong, use=kind.use)


USE_OF_PRODUCT = Task(
    "use_of_product",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=2,
    wordings=(
        "Why do people buy {plural}?\n{options}\nAnswer: ",
        "What is the usual purpose of {plural}?\n{options}\nAnswer: ",
        "Complete the sentence: in most cases, {plural} are bought\n{options}\nAnswer: ",
        "A customer puts {plural} into the shopping cart. What is the customer most likely planning?\n{options}\nAnswer:",
    ),
)


@USE_OF_PRODUCT.built_from("knowledge/types")
def build_use_of_product(kind: ProductType, pool: Pool[ProductType], rng: Random) -> Draft | None:
    """Ask for the purpose of a type, among purposes of types of other groups."""
    others = [other.use for other in _far_types(kind)]
    wrong = draw_unrelated(rng, others, 3, f"{kind.use} {kind.name}")
    return choice(rng, f"to {kind.use}", [f"to {use}" for use in wrong], plural=kind.plural)


_OBSTACLE_WORDINGS = (
    'Which of these can keep the event "{event}" from happening?\n{options}\nAnswer: ',
    'The event "{event}" is planned. What would obstruct it?\n{options}\nAnswer: ',
    'Name the circumstance under which the event "{event}" would most likely not take place.\n{options}\nAnswer: ',
    "What could prevent the following? {event}.\n{options}\nAnswer:",
)
OBSTACLE = Task("event_obstacle", TaskType.MULTIPLE_CHOICE, "accuracy", track=2, wordings=_OBSTACLE_WORDINGS)
PRECONDITION = Task(
    "event_precondition",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=2,
    wordings=(
        'Before the event "{event}", what does PersonX most likely do?\n{options}\nAnswer: ',
        "Which of the following comes first if {event}?\n{options}\nAnswer: ",
        "What has to be done before this can happen? {event}.\n{options}\nAnswer: ",
        'Select the step that prepares the event "{event}".\n{options}\nAnswer:',
    ),
)
CONSEQUENCE = Task(
    "event_consequence",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=2,
    wordings=(
        'After the event "{event}", PersonX probably\n{options}\nAnswer: ',
        "If {event}, then in the end PersonX\n{options}\nAnswer: ",
        "Here is something that happened: {event}. As a result of it, PersonX most likely\n{options}\nAnswer: ",
        'Complete the sentence about the event "{event}": as a consequence, PersonX\n{options}\nAnswer:',
    ),
)
OBSTACLE.questions_per_record = 2


@OBSTACLE.built_from("knowledge/events")
def build_obstacle(event: Event, pool: Pool[Event], rng: Random) -> Draft | None:
    """Ask for what obstructs an event; what would obstruct many events is only ever right."""
    right = (*event.obstacles, *event.general_obstacles)
    return _event(event, right, lambda other: other.obstacles, pool, rng)


@PRECONDITION.built_from("knowledge/events")
def build_precondition(event: Event, pool: Pool[Event], rng: Random) -> Draft | None:
    """Ask for what an event needs first."""
    return _event(event, event.needs, lambda other: other.needs, pool, rng)


@CONSEQUENCE.built_from("knowledge/events")
def build_consequence(event: Event, pool: Pool[Event], rng: Random) -> Draft | None:
    """Ask for what follows from an event."""
    return _event(event, event.results, lambda other: other.results, pool, rng)


def _event(
    event: Event, right: tuple[str, ...], part: Callable[[Event], tuple[str, ...]], pool: Pool[Event], rng: Random
) -> Draft | None:
    others = [text for other in pool.records if far_apart(event.topic, other.topic) for text in part(other)]
    return choice(rng, rng.choice(right), draw_any(rng, others, 3), event=event.name)
