"""Generator 4: multiple choice from ESCI, the right answer drawn at random among the relevant products.

The writer puts the query into a shopper's words; which product is right, and that the others are wrong, ESCI's judges
have said. What the shopper says must not give the answer away: no words of the title that the query does not have.
"""

from dataclasses import replace
from functools import partial
from itertools import islice

from submission.task_types import TaskType
from training.data.rows import AskedRow
from training.data.sources.records import JudgedQuery
from training.data.synthetic.checks import (
    check_gives_nothing_away,
    check_language,
    check_length,
    check_overlap,
    one_line,
    read_back,
)
from training.data.synthetic.items import Context, Item, question_or_rejected
from training.data.synthetic.replies import RejectedError, read_reply
from training.data.synthetic.requests import TEXT, Reply, WriterRequest, schema
from training.data.synthetic.seeds import pools
from training.data.tasks.search import build_relevant_product
from training.data.tasks.task import Draft, Task, in_english
from training.data.tasks.words import terms

TASK = Task(
    "product_for_need",
    TaskType.MULTIPLE_CHOICE,
    "accuracy",
    track=3,
    wordings=(
        'A shopper says: "{need}"\nWhich of these products should the shop recommend?\n{options}\nAnswer: ',
        "Need of a customer: {need}\nSelect the product that meets it.\n{options}\nAnswer: ",
        '"{need}"\nWhich product is this customer looking for?\n{options}\nAnswer:',
        "Someone asks a shop: {need}\nWhich product answers the request?\n{options}\nAnswer: ",
    ),
)
_SYSTEM = (
    "You play a shopper in an online shop. Given the words that the shopper typed into the search box, say in one natural "
    "sentence what the shopper needs. Use the words of the search and add no brands, sizes or colors of your own."
)
_MOST_GIVEN_AWAY = 2
_MOST_SIMILAR = 0.8


class EsciChoice:
    """Seeds are English queries from which a choice among products can be built."""

    name = "esci_choice"

    def seeds(self, context: Context, count: int) -> list[tuple[JudgedQuery, Draft]]:
        """Return queries with the choice among products that is built from them."""
        drafts = (
            (query, build_relevant_product(query, pool, context.rng(f"{self.name}/{query.key}")))
            for pool in pools(context, "esci/queries")
            for query in pool.records
            if isinstance(query, JudgedQuery) and in_english(query)
        )
        # What was judged is in the draft, and forty pages a query would fill memory.
        kept = ((replace(query, judgements=()), draft) for query, draft in drafts if isinstance(draft, Draft))
        return list(islice(kept, count))

    def request(self, seed: tuple[JudgedQuery, Draft], context: Context) -> WriterRequest:
        """Ask for the query in a shopper's words."""
        query, _ = seed
        messages = (("system", _SYSTEM), ("user", f"Search: {query.query}"))
        number = context.rng(f"{self.name}/seed/{query.key}").randrange(2**31)
        return WriterRequest(messages, schema(sentence=TEXT), 80, number)

    def items(self, written: list[tuple[tuple[JudgedQuery, Draft], Reply]], context: Context) -> list[Item]:
        """Ask the choice with what the shopper says."""
        return [
            question_or_rejected(partial(self._row, query, draft, reply, context), self.name, reply.text, query.key)
            for (query, draft), reply in written
        ]

    def _row(self, query: JudgedQuery, draft: Draft, reply: Reply, context: Context) -> AskedRow:
        need = one_line(read_reply(reply).get("sentence"))
        check_length(need, 4, 40)
        check_language(need, query.language)
        check_overlap(need, query.query, most=_MOST_SIMILAR)
        asked = terms(query.query)
        said = terms(need)
        if len(said & asked) * 2 < len(asked):
            raise RejectedError("the text leaves out what was searched for")
        right = draft.slots["options"].split("\n")[draft.truth]
        check_gives_nothing_away(need, query.query, right, most=_MOST_GIVEN_AWAY)
        wording = context.rng(f"{self.name}/wording/{query.key}").choice(context.wordings(TASK))
        text = wording.format(need=need.replace('"', "'"), options=draft.slots["options"])
        return read_back(TASK, text, draft)
