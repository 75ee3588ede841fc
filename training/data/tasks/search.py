"""Tasks about search: queries, the products judged for them, and how queries relate. The judgements are ESCI's.

A question of `relevant_product`, and its answer:

    Search query: tent stakes heavy duty
    Select the product that fulfils the query.
    0. Solano Single Serve Coffee Maker for Pods and Ground Coffee, Red
    1. Lumora Arc Floor Lamp with Marble Base, Gold
    2. Ironpeg Heavy Duty Tent Stakes, 10 Pack
    3. Cacaoro Sugar Free Dark Chocolate Chips, 9 oz
    Answer: 2

A wrong answer is either judged irrelevant for the very query, or it belongs to another query of the same locale. Then
it shares no meaningful word with query and right answer.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from random import Random

from submission.task_types import TaskType
from training.data.sources.knowledge import far_apart, known_types
from training.data.sources.records import JudgedProduct, JudgedQuery, Product
from training.data.tasks.domains import domains
from training.data.tasks.equivalents import meanings, related
from training.data.tasks.neighbours import Titles
from training.data.tasks.task import (
    Draft,
    Pool,
    Task,
    choice,
    draw,
    draw_any,
    draw_unrelated,
    in_another_language,
    in_english,
    numbered,
    ranking,
)
from training.data.tasks.unsuitable import says_no
from training.data.tasks.words import names_the_thing, shortened, surface_terms, term_sequence, terms

# Gains of the four labels, as the benchmark's own ranking questions have them.
GAINS = {"E": 1.0, "S": 0.1, "C": 0.01, "I": 0.0}
RANKED_PRODUCTS = 5

_RANKING_WORDINGS = (
    "A shopper searched for '{query}'. Rank the {count} products below by how relevant they are to this query, the most "
    "relevant first. Products that are equally relevant stay in the order of the list.\nProduct List:\n{items}\nOutput a "
    "permutation of the numbers 1 to {count}, separated by commas, and nothing else.\nOutput: ",
    "Sort these products by their relevance for the search query '{query}', starting with the best match. Each number from "
    "1 to {count} must appear once. Of equally relevant products the smaller number comes first.\nProduct List:\n{items}\n"
    "Output:\n",
    "Product List:\n{items}\nA search engine shows the {count} products above for the query '{query}'. In which order "
    "should they stand, if the most relevant comes first? Equally relevant ones keep their order. Rank them: "
    "output a permutation of the numbers 1 to {count}, separated by commas.\nOutput: ",
    "Query: {query}\nProducts:\n{items}\nOrder the products from most to least relevant to the query, equally relevant "
    "ones as they are listed. Answer with a permutation of 1 to {count}, with commas in between.\nOutput:",
)
QUERY_RANKING = Task("query_product_ranking", TaskType.RANKING, "ndcg", track=3, wordings=_RANKING_WORDINGS)
FOREIGN_RANKING = Task("multilingual_query_ranking", TaskType.RANKING, "ndcg", track=4, wordings=_RANKING_WORDINGS)


@QUERY_RANKING.built_from("esci/queries", when=in_english)
@FOREIGN_RANKING.built_from("esci/queries", when=in_another_language)
def build_ranking(query: JudgedQuery, pool: Pool[JudgedQuery], rng: Random) -> Draft | None:
    """Rank a match with products that match less, as judged; where fewer than five are judged, products of other queries fill up.

    A match is an exact one, or a substitute where none is exact. What fills up is of the same part of the shop and gains nothing.
    """
    best = next((pairs for label in "ES" if (pairs := _judged(query, label))), [])
    if not best:
        return pool.skip("query without an exact product or a substitute")
    hard = [pair for label in "SCI" for pair in _judged(query, label) if pair not in best]
    chosen = draw_any(rng, hard, rng.randint(min(2, len(hard)), RANKED_PRODUCTS - 1))
    # Some of the room is for more of the best, as far as there are any.
    chosen += draw_any(rng, best, max(1, min(len(best), RANKED_PRODUCTS - len(chosen))))
    graded = {shortened(product.title): GAINS[label] for product, label in chosen}
    if len(graded) < RANKED_PRODUCTS:
        filling = _unlike(
            query, [product.title for product, _ in query.judgements], pool, rng, RANKED_PRODUCTS - len(graded)
        )
        graded |= {shortened(title): 0.0 for title in filling if shortened(title) not in graded}
    if len(graded) < RANKED_PRODUCTS or len({*graded.values()}) < 2:
        return pool.skip("query with fewer than five products of two labels, and no others to fill up with")
    return ranking(rng, [*graded.items()], query=query.query, count=str(len(graded)))


def _judged(query: JudgedQuery, label: str) -> list[tuple[Product, str]]:
    return [pair for pair in query.judgements if pair[1] == label]


RELATION_TO_PRODUCT = Task(
    "query_product_relation",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        "A customer searched for '{query}' and sees the product '{title}'. How relevant is the product?\n{options}\nAnswer: ",
        "Query: {query}\nProduct: {title}\nHow does the product relate to what the query asks for?\n{options}\nAnswer: ",
        "Someone types '{query}' and is shown '{title}'. What is this product to them?\n{options}\nAnswer: ",
        "Judge the product '{title}' as a result for the search '{query}'.\n{options}\nAnswer:",
    ),
)
# Short, as all options are that are the same in every question: longer ones would be 13 words in a row that training and
# held-out questions share.
_STATEMENTS = {"E": "exact match", "S": "substitute", "C": "complement", "I": "irrelevant"}


@RELATION_TO_PRODUCT.built_from("esci/queries")
def build_relation_to_product(query: JudgedQuery, pool: Pool[JudgedQuery], rng: Random) -> Draft | None:
    """Ask for the label of one judged product, every label as likely as the others where all are there."""
    label = rng.choice(sorted({label for _, label in query.judgements}))
    product = rng.choice(query.products(label))
    return statement_choice(rng, label, query=query.query, title=shortened(product.title))


def statement_choice(rng: Random, label: str, **slots: str) -> Draft | None:
    """Draft the choice among the four statements, of which the one for `label` is right."""
    wrong = [statement for other, statement in _STATEMENTS.items() if other != label]
    draft = choice(rng, _STATEMENTS[label], wrong, **slots)
    return draft and replace(draft, content="\n".join(slots.values()))


_RELEVANT_WORDINGS = (
    "Which of these products is the best result for the search query '{query}'?\n{options}\nAnswer: ",
    "A shopper types '{query}' into the search box. Which product matches what the shopper wants?\n{options}\nAnswer: ",
    "Four products, one search: '{query}'. Which of the products did the shopper have in mind?\n{options}\nAnswer: ",
    "Search query: {query}\nSelect the product that fulfils the query.\n{options}\nAnswer:",
)
RELEVANT_PRODUCT = Task("relevant_product", TaskType.MULTIPLE_CHOICE, "accuracy", track=3, wordings=_RELEVANT_WORDINGS)
FOREIGN_RELEVANT_PRODUCT = Task(
    "multilingual_relevant_product", TaskType.MULTIPLE_CHOICE, "accuracy", track=4, wordings=_RELEVANT_WORDINGS
)


@RELEVANT_PRODUCT.built_from("esci/queries", when=in_english)
@FOREIGN_RELEVANT_PRODUCT.built_from("esci/queries", when=in_another_language)
def build_relevant_product(query: JudgedQuery, pool: Pool[JudgedQuery], rng: Random) -> Draft | None:
    """Ask for an exact match of a query."""
    return _product_choice(query, "E", pool, rng)


SUBSTITUTE = Task(
    "substitute_product",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        "Nothing on the site matches '{query}' exactly. Which of these products would be the best substitute?\n{options}\n"
        "Answer: ",
        "A customer wants '{query}', which is sold out. Which product could the customer take instead?\n{options}\nAnswer: ",
        "Suppose a shopper would settle for something close to '{query}'. Which product comes nearest without being "
        "it?\n{options}\nAnswer: ",
        "Query: {query}\nSelect the product that is not an exact match but could replace what is searched for.\n{options}\n"
        "Answer:",
    ),
)
COMPLEMENT = Task(
    "complement_product",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        "A customer has found '{query}'. Which of the following products would go together with it?\n{options}\nAnswer: ",
        "Query: {query}\nWhich product complements what this query is looking for?\n{options}\nAnswer: ",
        "'{query}' is already in the cart. Which product should be offered as an addition to it?\n{options}\nAnswer: ",
        "Someone buys the item they searched for with '{query}'. Suggest something to use along with it.\n{options}\nAnswer:",
    ),
)


@SUBSTITUTE.built_from("esci/queries")
def build_substitute(query: JudgedQuery, pool: Pool[JudgedQuery], rng: Random) -> Draft | None:
    """Ask for a substitute among products that are irrelevant."""
    return _product_choice(query, "S", pool, rng)


@COMPLEMENT.built_from("esci/queries")
def build_complement(query: JudgedQuery, pool: Pool[JudgedQuery], rng: Random) -> Draft | None:
    """Ask for a complement among products that are irrelevant."""
    return _product_choice(query, "C", pool, rng)


def _product_choice(query: JudgedQuery, label: str, pool: Pool[JudgedQuery], rng: Random) -> Draft | None:
    """Draw the right answer at random among the products with this label, wrong ones among irrelevant products."""
    if says_no(query.query):
        return pool.skip("query that says what it does not want")
    labelled = query.products(label)
    if not labelled:
        return pool.skip(f"query without a product labelled {label}")
    right = rng.choice(labelled)
    wrong = _irrelevant_products(query, [right.title], 3, pool, rng, may_go_along=label != "C")
    titles = [shortened(title) for title in wrong]
    return choice(rng, shortened(right.title), titles, query=query.query) if len(titles) == 3 else None


def _irrelevant_products(
    query: JudgedQuery,
    right: Sequence[str],
    count: int,
    pool: Pool[JudgedQuery],
    rng: Random,
    *,
    may_go_along: bool = True,
) -> list[str]:
    """Draw the titles of products that were judged irrelevant, then of those that other queries ask for."""
    judged = query.products("I")
    drawn = [product.title for product in rng.sample(judged, min(count, len(judged)))]
    return drawn + _unlike(query, right, pool, rng, count - len(drawn), may_go_along=may_go_along)


def _unlike(
    query: JudgedQuery,
    right: Sequence[str],
    pool: Pool[JudgedQuery],
    rng: Random,
    count: int,
    *,
    may_go_along: bool = True,
) -> list[str]:
    """Draw the titles of products of other queries that have nothing to do with this one, rather those of its part of the shop.

    What is of the same part may go along with what is asked for, though nobody judged it: not where that would make it right.
    """
    if count == 0:
        return []
    own = {product.title for product, _ in query.judgements}
    text = " ".join(right)
    wanted, offered = domains(query.query), domains(text)
    among = (wanted & offered) or wanted or offered
    avoided = frozenset[str]() if may_go_along else wanted | offered

    def accept(title: str) -> bool:
        return title not in own and domains(title).isdisjoint(avoided)

    titles = pool.once("titles", _titles_by_language)[query.language]
    # What goes along with other things looks like what goes along with this one.
    accessories = [] if may_go_along else pool.once("complements", _complements)[query.language]
    return titles.alike(rng, query.query, text, count, among - avoided, accept, accessories)


def _complements(pool: Pool[JudgedQuery]) -> dict[str, list[str]]:
    found: dict[str, dict[str, None]] = {}
    for query in pool.records:
        found.setdefault(query.language, {}).update((product.title, None) for product in query.products("C"))
    return {language: [*titles] for language, titles in found.items()}


def _titles_by_language(pool: Pool[JudgedQuery]) -> dict[str, Titles]:
    asked: dict[str, dict[str, list[str]]] = {}
    for query in pool.records:
        for product, label in query.judgements:
            queries = asked.setdefault(query.language, {}).setdefault(product.title, [])
            if label != "I":
                queries.append(query.query)
    return {
        language: Titles(found, {title: " ".join(queries) for title, queries in found.items()})
        for language, found in asked.items()
    }


IRRELEVANT = Task(
    "irrelevant_product",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        "Three of these products suit the search query '{query}'. Which one does not?\n{options}\nAnswer: ",
        "A search for '{query}' returned the products below. Which result is out of place?\n{options}\nAnswer: ",
        "Which of these products should be taken off the results for '{query}', because it is something "
        "else?\n{options}\nAnswer: ",
        "Query: {query}\nFind the product that is irrelevant to the query.\n{options}\nAnswer:",
    ),
)


@IRRELEVANT.built_from("esci/queries")
def build_irrelevant(query: JudgedQuery, pool: Pool[JudgedQuery], rng: Random) -> Draft | None:
    """Ask for the one product that is not relevant among three that match exactly."""
    if says_no(query.query):
        return pool.skip("query that says what it does not want")
    relevant = [product for product in query.products("E") if related(product.title, query.query)]
    if len(relevant) < 3:
        return pool.skip("query with fewer than three exact products that name something of it")
    shown = rng.sample(relevant, 3)
    odd = _irrelevant_products(query, [product.title for product in relevant], 1, pool, rng)
    if not odd:
        return None
    return choice(rng, shortened(odd[0]), [shortened(product.title) for product in shown], query=query.query)


QUERY_FOR_PRODUCT = Task(
    "query_for_product",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        "A shopper ended up buying '{title}'. What did the shopper most likely search for?\n{options}\nAnswer: ",
        "Product: {title}\nWhich search query leads to this product?\n{options}\nAnswer: ",
        "Somebody typed a query and then clicked on '{title}'. What did the query say?\n{options}\nAnswer: ",
        "For which of these queries is the product '{title}' a good result?\n{options}\nAnswer:",
    ),
)


@QUERY_FOR_PRODUCT.built_from("esci/products")
def build_query_for_product(judged: JudgedProduct, pool: Pool[JudgedProduct], rng: Random) -> Draft | None:
    """Ask for a query that the product matches exactly, among queries of other products in the same language."""
    exact = judged.labelled("E")
    if not exact:
        return pool.skip("product that no query asks for exactly")
    context = " ".join((judged.product.text, *(query for query, _ in judged.queries)))
    queries = pool.once("queries", _queries_by_language)[judged.language]
    wrong = draw_unrelated(rng, queries, 3, context)
    return choice(rng, rng.choice(exact), wrong, title=shortened(judged.product.title)) if len(wrong) == 3 else None


def _queries_by_language(pool: Pool[JudgedProduct]) -> dict[str, list[str]]:
    queries: dict[str, dict[str, None]] = {}
    for judged in pool.records:
        queries.setdefault(judged.language, {}).update((query, None) for query, _ in judged.queries)
    return {language: list(found) for language, found in queries.items()}


QUERY_RELATION = Task(
    "query_relation",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        'How does the search query "{second}" relate to the query "{first}" that came before it?\n{options}\nAnswer: ',
        'A shopper first searches for "{first}" and then for "{second}". What is the relation between the two?\n'
        "{options}\nAnswer: ",
        'First query: "{first}"\nSecond query: "{second}"\nWhat is the second one to the first?\n{options}\nAnswer: ',
        'Choose the word that describes the step from query "{first}" to query "{second}".\n{options}\nAnswer:',
    ),
    questions_per_record=2,
)
# From the rarest on.
_RELATIONS = ("complement", "narrowing", "substitute", "irrelevant")


@QUERY_RELATION.built_from("esci/products")
def build_query_relation(judged: JudgedProduct, pool: Pool[JudgedProduct], rng: Random) -> Draft | None:
    """Compare a query that the product matches exactly with another that it was judged for."""
    pairs = _related_pairs(judged, pool)
    if not pairs:
        return pool.skip("product without two queries whose relation is sure")
    if not pool.is_in_balance(judged, QUERY_RELATION.name, lambda one: _rarest(_related_pairs(one, pool))):
        return None
    relation = _rarest(pairs)
    _, first, second = rng.choice([pair for pair in pairs if pair[0] == relation])
    return choice(rng, relation, [other for other in _RELATIONS if other != relation], first=first, second=second)


def _related_pairs(judged: JudgedProduct, pool: Pool[JudgedProduct]) -> list[tuple[str, str, str]]:
    """Return (relation, first, second) for the queries of a product whose relation is sure."""
    return [
        (relation, first, second)
        for first in judged.labelled("E")
        for second, label in judged.queries
        if (relation := _relation(first, second, label, judged.product))
        and (relation == "narrowing" or not _share_a_product(first, second, pool))
    ]


def _rarest(pairs: Sequence[tuple[str, str, str]]) -> str:
    """Return the relation of these pairs that is found least often, "" where there are none: most queries are irrelevant."""
    return next((relation for relation in _RELATIONS if any(pair[0] == relation for pair in pairs)), "")


def _share_a_product(first: str, second: str, pool: Pool[JudgedProduct]) -> bool:
    """Whether some product matches both queries exactly: "camping gear" and "tent stakes" are no complements."""
    exact = pool.once("exact products", _exact_products)
    return not exact.get(first, set()).isdisjoint(exact.get(second, set()))


def _exact_products(pool: Pool[JudgedProduct]) -> dict[str, set[str]]:
    exact: dict[str, set[str]] = {}
    for judged in pool.records:
        for query in judged.labelled("E"):
            exact.setdefault(query, set()).add(judged.product.key)
    return exact


def _relation(first: str, second: str, label: str, product: Product) -> str:
    """Return how `second` relates to `first`, given the label of a product that is exact for `first`; "" if unsure."""
    before, after = terms(first), terms(second)
    if label == "E":
        return "narrowing" if before < after else ""
    # A shared word ("phone case", "phone") makes it a matter of taste which relation holds.
    if before & after:
        return ""
    # "wedding gift", or a brand alone, asks for other things than this product too: what relates to it need not to them.
    if not before <= terms(product.title) or before <= terms(product.brand):
        return ""
    return {"S": "substitute", "C": "complement", "I": "irrelevant"}[label]


NEXT_QUERY = Task(
    "next_query",
    TaskType.RETRIEVAL,
    "hit rate@3",
    track=3,
    wordings=(
        "Here is what a shopper did on a shopping site, in order. Which of the ten queries will the shopper most likely type "
        "next? Select three from the list and output only their numbers, separated by comma.\n\nAction Sequence:\n{actions}"
        "\n\nQuery List:\n{items}\nOutput: ",
        "You see the latest searches and clicks of a customer. Predict the next search: pick the three most likely queries "
        "from the numbered list. Give three numbers with commas between them.\n\nAction Sequence:\n{actions}\n\n"
        "Candidate Queries:\n{items}\nOutput:\n",
        "Query List:\n{items}\n\nAction Sequence:\n{actions}\n\nAfter these actions the shopper searches again. "
        "Select the three queries of the list that come next most likely, and output only three numbers, separated "
        "by commas.\nOutput: ",
        "A user of an online shop performed the actions below. Choose three candidates for the next query keyword.\n"
        "Actions:\n{actions}\nCandidates:\n{items}\nRespond with three numbers separated by commas.\nOutput:",
    ),
)
_CANDIDATE_QUERIES, _ASKED_FOR = 10, 3


@NEXT_QUERY.built_from("esci/products")
def build_next_query(judged: JudgedProduct, pool: Pool[JudgedProduct], rng: Random) -> Draft | None:
    """Let a shopper search, click a product and search anew: the next query is another one that finds the product.

    Only the true query counts, but three numbers are asked for: the answer adds two others that are near.
    """
    found = judged.labelled("E", "S")
    pairs = [
        (first, second)
        for first in found
        for second in found
        if terms(first) & terms(second) and terms(first) != terms(second)
    ]
    if not pairs:
        return pool.skip("product without two queries that share a word")
    first, second = rng.choice(pairs)
    title = shortened(judged.product.title)
    actions = [f"Query keyword '{first}'", f"Click on product '{title}'"]
    # Who has put into the cart what the next query asks for has no need of it.
    if second not in judged.labelled("E") and rng.random() < 0.5:
        actions.append(f"Add product '{title}' to cart")
    own = {query for query, _ in judged.queries}
    also = draw_any(rng, [query for query in found if query not in (first, second)], _ASKED_FOR - 1)
    wrong: list[str] = []

    def is_wrong(query: str) -> bool:
        return query not in own and query not in wrong and not related(query, second)

    # Two complete the answer: others that find the product, or queries of the same part of the shop.
    by_domain = pool.once("queries by domain", _queries_by_domain)
    near = [query for domain in sorted(domains(title)) for query in by_domain.get((judged.language, domain), [])]
    everything = pool.once("queries", _queries_by_language)[judged.language]
    wrong += draw(rng, near, _ASKED_FOR - 1 - len(also), is_wrong)
    completing = [*also, *wrong]
    if len(completing) < _ASKED_FOR - 1:
        return pool.skip("session with fewer than two other queries that come near")
    # Of what else is near nothing may be left out of the answer.
    wrong += draw(
        rng,
        everything,
        _CANDIDATE_QUERIES - _ASKED_FOR,
        lambda query: is_wrong(query) and query not in near and not related(query, f"{first} {title}"),
    )
    if 1 + len(also) + len(wrong) < _CANDIDATE_QUERIES:
        return None
    candidates = [second, *also, *wrong]
    rng.shuffle(candidates)
    numbers = tuple(range(1, len(candidates) + 1))
    answer = [candidates.index(query) + 1 for query in (second, *completing)]
    slots = {"actions": "\n".join(actions), "items": numbered(candidates, 1)}
    return Draft(slots, answer[:1], numbers, answer=answer)


def _queries_by_domain(pool: Pool[JudgedProduct]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for language, queries in pool.once("queries", _queries_by_language).items():
        for query in queries:
            for domain in domains(query):
                found.setdefault((language, domain), []).append(query)
    return found


TYPE_FROM_QUERY = Task(
    "product_type_from_query",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=1,
    wordings=(
        "A shopper searched for '{query}'. What type of product is the shopper looking for?\n{options}\nAnswer: ",
        "Query: {query}\nWhich product type does this query ask for?\n{options}\nAnswer: ",
        "Results for the search '{query}' should be products of one type. Of which one?\n{options}\nAnswer: ",
        "Select the product type that fits the search query '{query}'.\n{options}\nAnswer:",
    ),
)

# What a thing has, is for or is of stands behind these.
_BEHIND_THE_HEAD = re.compile(
    r"[,;:(\[|–—、（【]|\s[-/+&]\s|\b(?:with|without|for|fits?|compatible|designed|works|con|para)\b", re.IGNORECASE
)


@TYPE_FROM_QUERY.built_from("esci/queries")
def build_type_from_query(query: JudgedQuery, pool: Pool[JudgedQuery], rng: Random) -> Draft | None:
    """Take the type from the titles of the exact matches: the one type that most of them name and none contradicts.

    A query that is only a brand asks for no type.
    """
    exact = query.products("E")
    if terms(query.query) <= terms(" ".join(product.brand for product in exact)):
        return pool.skip("query that is only a brand")
    titles = [product.title for product in exact]
    named = [
        {
            kind.name
            for kind in known_types()
            if any(names_the_thing(title, name) for name in kind.names[query.language])
        }
        for title in titles
    ]
    certain = {next(iter(kinds)) for kinds in named if len(kinds) == 1}
    if len(certain) != 1 or sum(len(kinds) == 1 for kinds in named) * 2 <= len(titles) or any(map(_several, named)):
        return pool.skip("type that the titles do not name, or more than one")
    right = next(kind for kind in known_types() if kind.name in certain)
    names = right.names[query.language]
    if not any(
        names_the_thing(query.query, form) for name in names for form in (name, f"{name}s", f"{name}es")
    ) and not all(_is_headed_by(title, names, query) for title, kinds in zip(titles, named, strict=True) if kinds):
        return pool.skip("type that the query does not name and that does not head the titles")
    others = [kind for kind in known_types() if far_apart(kind.group, right.group)]
    wrong = draw_unrelated(rng, [kind.name for kind in others], 3, query.query)
    return choice(rng, right.name, wrong, query=query.query)


def _is_headed_by(title: str, names: Sequence[str], query: JudgedQuery) -> bool:
    """Whether a title begins with a thing of one of these names, which is also the thing that the query is about."""
    head = _BEHIND_THE_HEAD.split(title, maxsplit=1)[0]
    asked = term_sequence(_BEHIND_THE_HEAD.split(query.query, maxsplit=1)[0])
    if query.language == "en" and (not asked or asked[-1] not in terms(head)):
        return False
    return any(names_the_thing(head, name) for name in names)


def _several(kinds: set[str]) -> bool:
    return len(kinds) > 1


KEYWORDS = Task(
    "query_keyword_set",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=4,
    wordings=(
        "Product Title: {title}\nWhich set of keywords describes this product best?\n{options}\nAnswer: ",
        "Shoppers find the following product by its keywords. Which set belongs to it?\nProduct Title: {title}\n{options}\n"
        "Answer: ",
        "Here are four sets of keywords. By which one would shoppers find '{title}'?\n{options}\nAnswer: ",
        "Select the keywords that summarize the product '{title}'.\n{options}\nAnswer:",
    ),
)
_KEYWORDS = 4


@KEYWORDS.built_from("esci/products", when=in_another_language)
def build_keywords(judged: JudgedProduct, pool: Pool[JudgedProduct], rng: Random) -> Draft | None:
    """Ask for words of the queries that the product matches, among sets that mix in words of other products' queries."""
    exact = judged.labelled("E")
    page = terms(judged.product.text)
    own = sorted({word for query in exact for word in surface_terms(query) if terms(word) <= page})
    if len(own) < 3:
        return pool.skip("product whose queries have fewer than three words")
    right = rng.sample(own, min(_KEYWORDS, len(own)))
    everything = meanings(" ".join((judged.product.text, *(query for query, _ in judged.queries))))
    others = pool.once("query words", _query_words)[judged.language]
    foreign = draw(rng, others, 3 * len(right), lambda word: everything.isdisjoint(meanings(word)))
    if len(foreign) < 3 * len(right):
        return None
    wrong = []
    for place in range(3):
        words = foreign[place * len(right) : (place + 1) * len(right)]
        # One word of the product in a wrong set: a single match must not give the answer away.
        words[0] = rng.choice(own) if rng.random() < 0.5 else words[0]
        rng.shuffle(words)
        wrong.append(", ".join(words))
    return choice(rng, ", ".join(right), wrong, title=shortened(judged.product.title))


def _query_words(pool: Pool[JudgedProduct]) -> dict[str, list[str]]:
    by_language = pool.once("queries", _queries_by_language)
    return {
        language: list(dict.fromkeys(word for query in queries for word in surface_terms(query)))
        for language, queries in by_language.items()
    }
