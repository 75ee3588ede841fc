"""Tasks about what shoppers buy and look at together: baskets of Amazon Reviews, sessions of Amazon-M2.

A question of `next_product`, and its answer:

    A shopper viewed these products one after the other:
    - Brunswick Cordless Electric Kettle 1.7 L, Stainless Steel, 3000 W
    - Brunswick 4 Slice Toaster with Wide Slots, Cream
    Which product will the shopper view next?
    0. Ordrey Bamboo Desk Organiser with Drawer
    1. Bloomstead Terracotta Plant Pot 20 cm with Saucer
    2. Fjordal Insulated Water Bottle 750 ml, Leakproof, Midnight Blue
    3. Leafwell English Breakfast Tea, 160 Bags
    Answer: 3

Behaviour is not logic: many products may follow. Wrong answers come from other shoppers of the same locale, rather from
the same part of the shop. They share no meaningful word with anything in the session. So what did follow is the best
answer.
"""

from collections.abc import Iterable, Sequence
from random import Random

from submission.task_types import TaskType
from training.data.sources.records import Basket, Product, Session
from training.data.tasks.domains import domains
from training.data.tasks.equivalents import related
from training.data.tasks.task import Draft, Pool, Task, choice, draw, in_another_language, in_english, selection
from training.data.tasks.words import shortened

_LISTED = 15

ALSO_BOUGHT = Task(
    "also_bought",
    TaskType.RETRIEVAL,
    "hit rate@3",
    track=3,
    wordings=(
        "A customer bought '{title}'. Which three of the 15 products below did the same customer probably buy too? Output "
        "only three numbers separated by commas.\nProduct List:\n{items}\nOutput: ",
        "Given that a shopper has just ordered '{title}', select 3 products from the numbered list for the recommendation "
        '"customers also bought".\nProduct List:\n{items}\nGive the three numbers, with commas between them.\nOutput: ',
        "Product List:\n{items}\nThree of the 15 products above were bought by someone who also bought '{title}'. "
        "Select the three most likely ones and output only their numbers, separated by commas.\nOutput: ",
        "Recommend products to the buyer of '{title}': choose three from the list.\nProduct List:\n{items}\nAnswer with "
        "three numbers separated by commas, without explanation.\nOutput:\n",
    ),
    questions_per_record=3,
)


@ALSO_BOUGHT.built_from("amazon_reviews/baskets")
def build_also_bought(basket: Basket, pool: Pool[Basket], rng: Random) -> Draft | None:
    """Mix the three products of a basket that share most categories with the one bought with twelve of other baskets."""
    anchor = rng.choice(basket.products)
    alike = [product for product in basket.products if product.key != anchor.key and _shared(product, anchor) > 1]
    if len(alike) < 3:
        return pool.skip("basket with fewer than three products that share two categories")
    rng.shuffle(alike)
    right = sorted(alike, key=lambda product: -_shared(product, anchor))[:3]
    fewest = min(_shared(product, anchor) for product in right)
    others = pool.once("products", lambda pool: _distinct(p for basket in pool.records for p in basket.products))
    # Of the same part of the shop, but further from the product than what was bought with it.
    near = pool.once("products by category", _by_category).get(anchor.categories[0], [])
    lists = [[product for product in products if _shared(product, anchor) < fewest] for products in (near, others)]
    return _selection(anchor, right, basket.products, lists, _LISTED - 3, rng)


def _by_category(pool: Pool[Basket]) -> dict[str, list[Product]]:
    """Return the products of all baskets by their widest category."""
    found: dict[str, list[Product]] = {}
    for product in _distinct(product for basket in pool.records for product in basket.products):
        found.setdefault(product.categories[0] if product.categories else "", []).append(product)
    return found


def _shared(first: Product, second: Product) -> int:
    """Return how many categories products share: what one person buys over years has little to do with each other."""
    return len(set(first.categories) & set(second.categories))


VIEWED_TOGETHER = Task(
    "viewed_together",
    TaskType.RETRIEVAL,
    "hit rate@3",
    track=3,
    wordings=(
        "A shopper is looking at '{title}'. Which three of these products will the shopper look at in the same session? "
        "Output only three numbers, separated by commas.\nProduct List:\n{items}\nOutput: ",
        "Select three products from the list that were viewed together with '{title}'. Give only the numbers with commas "
        "between them.\nProduct List:\n{items}\nOutput:\n",
        "Product List:\n{items}\nSomeone opened the page of '{title}' and after it the pages of three products from "
        "the list above. Select the three most likely ones and output only their numbers, separated by "
        "commas.\nOutput: ",
        "People who view '{title}' also view other products. Pick the three most likely ones by number.\nProducts:\n{items}\n"
        "Respond with three numbers separated by comma.\nOutput:",
    ),
)


@VIEWED_TOGETHER.built_from("amazon_m2/sessions")
def build_viewed_together(session: Session, pool: Pool[Session], rng: Random) -> Draft | None:
    """Mix the three products viewed after the first of a session with seven of other sessions."""
    viewed = _distinct((*session.previous, session.following))
    if len(viewed) < 4:
        return pool.skip("session with fewer than four products")
    near = _of_the_same_part(viewed[1:4], viewed[:1], session, pool)
    return _selection(
        viewed[0], viewed[1:4], viewed, (near, pool.once("products", _by_language)[session.language]), 7, rng
    )


def _of_the_same_part(
    following: Sequence[Product], viewed: Sequence[Product], session: Session, pool: Pool[Session]
) -> list[Product]:
    """Return products of the part of the shop that shoppers stay in; none where what follows is not of a kind with what was viewed.

    Of two things of the same part, neither like what was viewed, either may follow.
    """
    context = " ".join(product.title for product in viewed)
    if not all(related(product.title, context) for product in following):
        return []
    by_domain = pool.once("products by domain", _by_domain)
    shared = domains(context) & domains(" ".join(product.title for product in following))
    return [product for domain in sorted(shared) for product in by_domain.get((session.language, domain), [])]


def _selection(
    anchor: Product,
    right: list[Product],
    known: Iterable[Product],
    others: Sequence[list[Product]],
    count: int,
    rng: Random,
) -> Draft | None:
    wrong = _unrelated(known, others, count, rng)
    titles = [shortened(product.title, 120) for product in right]
    wrong_titles = [shortened(product.title, 120) for product in wrong]
    if len(wrong) < count or len({*titles, *wrong_titles}) < count + 3:
        return None
    return selection(rng, titles, wrong_titles, title=shortened(anchor.title))


def _unrelated(known: Iterable[Product], others: Sequence[list[Product]], count: int, rng: Random) -> list[Product]:
    """Draw products that say nothing of what those `known` say, from the first list as far as it goes, then from the next."""
    context = " ".join(product.title for product in known)
    drawn: list[Product] = []

    def is_wrong(product: Product) -> bool:
        return product not in drawn and not related(product.title, context)

    for candidates in others:
        drawn += draw(rng, candidates, count - len(drawn), is_wrong)
    return drawn


_NEXT_WORDINGS = (
    "A shopper viewed these products one after the other:\n{viewed}\nWhich product will the shopper view next?\n{options}\n"
    "Answer: ",
    "Products seen in a shopping session, in this order:\n{viewed}\nPredict the product that comes next.\n{options}\nAnswer: ",
    "Which product comes next for a shopper who has just looked at the following?\n{viewed}\nChoose "
    "one.\n{options}\nAnswer: ",
    "During a visit to an online shop someone clicked on:\n{viewed}\nSelect the most likely next click.\n{options}\nAnswer:",
)
NEXT_PRODUCT = Task("next_product", TaskType.MULTIPLE_CHOICE, "accuracy", track=3, wordings=_NEXT_WORDINGS)
FOREIGN_NEXT_PRODUCT = Task(
    "multilingual_next_product", TaskType.MULTIPLE_CHOICE, "accuracy", track=4, wordings=_NEXT_WORDINGS
)
_MOST_VIEWED = 5


@NEXT_PRODUCT.built_from("amazon_m2/sessions", when=in_english)
@FOREIGN_NEXT_PRODUCT.built_from("amazon_m2/sessions", when=in_another_language)
def build_next_product(session: Session, pool: Pool[Session], rng: Random) -> Draft | None:
    """Ask for the next product of a session."""
    viewed = _distinct(session.previous)[-_MOST_VIEWED:]
    near = _of_the_same_part([session.following], viewed, session, pool)
    others = (near, pool.once("products", _by_language)[session.language])
    wrong = _unrelated((*viewed, session.following), others, 3, rng)
    if len(wrong) < 3:
        return None
    bullets = "\n".join(f"- {shortened(product.title, 120)}" for product in viewed)
    titles = [shortened(product.title, 120) for product in wrong]
    return choice(rng, shortened(session.following.title, 120), titles, viewed=bullets)


def _by_language(pool: Pool[Session]) -> dict[str, list[Product]]:
    found: dict[str, list[Product]] = {}
    for session in pool.records:
        found.setdefault(session.language, []).extend((*session.previous, session.following))
    return {language: _distinct(products) for language, products in found.items()}


def _by_domain(pool: Pool[Session]) -> dict[tuple[str, str], list[Product]]:
    found: dict[tuple[str, str], list[Product]] = {}
    for language, products in pool.once("products", _by_language).items():
        for product in products:
            for domain in domains(product.title):
                found.setdefault((language, domain), []).append(product)
    return found


def _distinct(products: Iterable[Product]) -> list[Product]:
    return list({product.key: product for product in products}.values())
