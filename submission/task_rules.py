"""The evidence that tells task types apart, as data: one rule an entry, why it speaks before what it looks for.

A rule looks at one of two things. `sees` is a pattern over the kinds of words of the instruction (`task_lexicon`), written
with the names of the kinds: `cite ~8 kind` is a word for citing and, at most eight words later in the same sentence, a word
such as "brand". `tag` is something that reading has found out about the question's shape: a list, a label, a quotation.

How much a rule counts for each way to read a question stands in `task_weights`, fitted by `benchmarks.reading --fit`.
`leans` is what we expect of it: the fit starts there and departs from it only as far as the wordings it sees make it.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from submission.word_kinds import FUNCTION_WORDS, LETTER_OF_NAME


class TaskType(StrEnum):
    """What kind of answer a question asks for, by the names that the data use."""

    MULTIPLE_CHOICE = "multiple-choice"
    RANKING = "ranking"
    RETRIEVAL = "retrieval"
    NAMED_ENTITY_RECOGNITION = "named_entity_recognition"
    GENERATION = "generation"


class Reading(StrEnum):
    """What a question that is not multiple choice can be read as: generation has a cited and a free form."""

    RANKING = "ranking"
    RETRIEVAL = "retrieval"
    ENTITIES = "entities"
    PHRASE = "cited phrase"
    FREE = "free text"

    @property
    def task_type(self) -> TaskType:
        """The task type that it belongs to."""
        return _TASK_TYPES[self]


_TASK_TYPES = {
    Reading.RANKING: TaskType.RANKING,
    Reading.RETRIEVAL: TaskType.RETRIEVAL,
    Reading.ENTITIES: TaskType.NAMED_ENTITY_RECOGNITION,
    Reading.PHRASE: TaskType.GENERATION,
    Reading.FREE: TaskType.GENERATION,
}
# Words that say nothing of what is asked, words that write, judge or number, names of texts.
_SKIPPED = "".join(sorted(FUNCTION_WORDS))
_WRITERS = (
    *("compose", "rewrite", "translate", "summary", "reason", "judgement", "question", "own words", "sentence count"),
    *("language", "dialogue", "keyword", "order", "number", "permutation"),
)
_TEXTS = ("short text", "long text", "question", "dialogue", "snippet")


def _letters(*names: str) -> str:
    return "".join(map(LETTER_OF_NAME.__getitem__, names))


_SIGNS = {
    "quote": "q",
    "kind-quote": "e",
    "text-quote": "b",
    "figure": "d",
    "stop": r"\.",
    "colon": ":",
    "begin": "(?:^|[.:>])",
    # Any of several kinds.
    "other": f"[_{_SKIPPED}]",
    "plain": f"[^.:>{_letters(*_WRITERS)}]",
    "after": f"[_qb.:{_SKIPPED}]",
    "phrase": f"[{_letters('snippet', 'snippets')}]",
    "text": f"[qb{_letters(*_TEXTS)}]",
}
_TOKEN = re.compile(r"[a-z]+(?:-[a-z]+)*|~\d+|≈\d+|\S")


def compile_pattern(sees: str) -> re.Pattern[str]:
    """Compile a pattern over kinds: `~n` is up to n words within a sentence, `≈n` up to n words across sentences."""
    parts = []
    for token in _TOKEN.findall(sees):
        if token[0] in "~≈":
            parts.append(rf"{'[^.]' if token[0] == '~' else '.'}{{0,{token[1:]}}}")
        elif token[0].isalpha():
            parts.append(_SIGNS.get(token) or LETTER_OF_NAME[token.replace("-", " ")])
        else:
            parts.append(token)
    return re.compile("".join(parts))


@dataclass(frozen=True)
class Rule:
    """One piece of evidence: its name, why it speaks, what it looks for and what it is expected to speak for."""

    name: str
    why: str
    sees: str = ""
    tag: str = ""
    leans: Mapping[Reading, float] = field(default_factory=dict)

    @property
    def pattern(self) -> re.Pattern[str] | None:
        """The pattern over kinds, None where a kind alone is looked for."""
        return None if re.fullmatch(r"[a-z-]+", self.sees) else compile_pattern(self.sees)

    @property
    def needs(self) -> tuple[frozenset[str], ...]:
        """Letters without which the pattern need not be tried: those of its alternatives that are not optional."""
        if self.pattern is None:
            return (frozenset(compile_pattern(self.sees).pattern),)
        return tuple(
            frozenset(
                letter for letter in re.sub(r"\([^)]*\)|\[[^\]]*\]|\{[^}]*\}|.\?|\\", "", way) if letter in LETTERS
            )
            for way in re.split(r"\|(?![^(]*\))", compile_pattern(self.sees).pattern)
        )


LETTERS = frozenset(LETTER_OF_NAME.values()) | frozenset("qebd")
_RANK, _PICK, _ENTITIES, _PHRASE, _FREE = Reading
_CITE = {_ENTITIES: 1.0, _PHRASE: 1.0}

RULES = (
    # What the list looks like, and how many of its numbers are asked for.
    Rule("list", "a list that is not multiple choice is there to be picked from", tag="list", leans={_PICK: 2.0, _RANK: 1.0}),
    Rule("loose list", "numbers that nothing sets off may be amounts", tag="loose list"),
    Rule("short list", "who picks needs something to leave out", tag="short list", leans={_FREE: 0.5}),
    Rule("two items", "two things are compared rather than picked from", tag="two items", leans={_FREE: 4.0}),
    Rule("asks some", "fewer numbers are asked for than there are", tag="asks some", leans={_PICK: 2.0}),
    Rule("asks all", "every number is asked for", tag="asks all", leans={_RANK: 2.0}),
    Rule("figure below", "a number smaller than the list's length may say how many", tag="figure below", leans={_PICK: 0.5}),
    Rule("figure is length", "the list's length is named where all of it is asked for", tag="figure is length", leans={_RANK: 0.5}),
    Rule("pattern of letters", "\"a,b,c,d\" shows the form of an order", tag="pattern of letters", leans={_RANK: 1.0}),
    # Orders.
    Rule("permutation", "only a ranking holds every number once", "permutation", leans={_RANK: 3.0}),
    Rule("order", "the verb or the noun itself", "order", leans={_RANK: 3.0}),
    Rule("order first", "an instruction begins with what it wants", "begin ~4 order", leans={_RANK: 1.5}),
    Rule("relevance", "what an order goes by", "relevance", leans={_RANK: 0.7}),
    Rule("most to least", "both ends of an order are named", "most ~14 least | least ~14 most", leans={_RANK: 2.0}),
    Rule("most first", "what comes first is said", "most ~8 most", leans={_RANK: 1.0}),
    Rule("most is first", "the end of a line that says what comes first", "most ~3 (stop | $ | colon)", leans={_RANK: 0.5}),
    Rule("order of numbers", "numbers in an order", "order ~10 number | number ~10 order", leans={_RANK: 1.0}),
    # Picking.
    Rule("pick", "the verb itself", "pick", leans={_PICK: 1.5}),
    Rule("pick first", "an instruction begins with what it wants", "begin ~2 pick", leans={_PICK: 1.5}),
    Rule("pick what applies", "select all that apply, mark all the numbers that", "pick ~2 pick", leans={_PICK: 1.5}),
    Rule("pick some", "a number behind the verb", "(pick | give | which) ~6 figure", leans={_PICK: 1.0}),
    Rule("which of them", "one asks which of the things", "which ~5 (product | aspect | long-text | short-text | keyword)", leans={_PICK: 0.5}),
    Rule("which option", "one asks which of what the list holds", "(which | pick | give) ~3 option", leans={_PICK: 2.0}),
    Rule("option", "a name for what a list holds, whatever that is", "option", leans={_PICK: 0.5, _RANK: 0.3}),
    Rule("fit", "what is picked suits, applies, is right", "fit", leans={_PICK: 0.5}),
    Rule("which fits", "one asks which of them suit or are right", "(which | pick | give) ~6 fit | fit ~6 (pick | give)", leans={_PICK: 1.5}),
    Rule("buy", "what somebody buys next stands in a list", "buy", leans={_PICK: 0.5}),
    Rule("which is bought", "one asks what somebody will buy", "which ~6 buy", leans={_PICK: 1.5}),
    Rule("find things", "things that there are several of are found among those of the list", "begin other{0,3} give (definite | universal | figure) other? (product | option | short-text | long-text | snippets) plain* (stop | $ | colon)", leans={_PICK: 1.0}),
    Rule("numbers", "the answer is numbers", "number", leans={_PICK: 1.0, _RANK: 1.0}),
    Rule("numbers with commas", "the answer is several numbers", "number ~6 separated | separated ~6 number", leans={_PICK: 0.5, _RANK: 0.5}),
    Rule("all numbers", "every number of which something holds", "universal ~3 (number | option) | number ~4 universal | (number | option) ~3 permutation", leans={_PICK: 0.7}),
    Rule("give numbers", "the answer is numbers", "(give | which | question) ~5 number | number ~3 (give | question)", leans={_PICK: 0.7, _RANK: 0.5}),
    # Citing: a kind of thing, and a text to take it from.
    Rule("cite a kind", "take out a brand, a colour", "cite ~8 kind", leans={_ENTITIES: 2.0}),
    Rule("cite a kind first", "an instruction that begins with taking out a kind", "begin other? other? cite ~3 (kind | named-entity)", leans={_ENTITIES: 1.5}),
    Rule("cite a thing", "take out a city, a date", "cite ~8 thing", leans={_ENTITIES: 1.5}),
    Rule("give a thing", "list, name, return a city, a date", "(give | which) ~4 thing", leans={_ENTITIES: 0.3}),
    Rule("thing alone", "nothing but what could be searched for stands on the line", "(^ | stop) other? other? thing other? (stop | $ | colon)", leans={_ENTITIES: 0.7}),
    Rule("thing", "what is searched for in texts, and told of as often", "thing"),
    Rule("cite an entity", "take out entities", "cite ~8 named-entity", leans={_ENTITIES: 3.0}),
    Rule("cite a quoted kind", "take out what a quoted name stands for", "(cite | give | pick | which) ~12 kind-quote", leans={_ENTITIES: 3.0}),
    Rule("cite a value", "take out values, words, spans", "cite ~8 value", leans={_ENTITIES: 1.0, _PHRASE: 0.5}),
    Rule("words for a kind", "which words, which part, which value", "(which | pick | give | cite) ~4 value ~8 (kind | thing | kind-quote)", leans={_ENTITIES: 2.0}),
    Rule("value of a kind", "the value of an attribute, a word for it", "value ~3 (kind | thing | kind-quote) | (kind | thing | kind-quote) ~3 value", leans={_ENTITIES: 0.7}),
    Rule("write out", "\"write\" with a word for citing copies", "compose ~8 cite", leans={_ENTITIES: 1.0, _PHRASE: 0.5}),
    Rule("give a kind", "list, name, return a brand", "give ~6 kind", leans={_ENTITIES: 1.0}),
    Rule("give an entity", "list, name, return entities", "(give | pick | which) ~8 named-entity", leans={_ENTITIES: 2.0}),
    Rule("kind named", "a brand that is mentioned", "(kind | thing | value | named-entity) ~5 named | named ~4 (kind | thing)", leans={_ENTITIES: 1.0}),
    Rule("named", "what a text holds can be taken out of it", "named", leans={_ENTITIES: 0.3}),
    Rule("cite a verdict", "take out complaints, praise", "cite ~12 verdict | verdict ~12 cite", leans={_ENTITIES: 0.7, _PHRASE: 0.7}),
    Rule("give a verdict", "list, name complaints", "(give | which) ~12 verdict", leans={_FREE: 0.3}),
    Rule("verdict", "what people think is told as often as it is cited", "verdict"),
    Rule("who it is for", "a recipient is asked for", "which ~3 kind ~8 cite", leans={_ENTITIES: 1.0}),
    Rule("verbatim and a kind", "a kind of thing, in the text's own words", "kind ≈20 verbatim | verbatim ≈20 kind", leans={_ENTITIES: 1.0}),
    Rule("verbatim and a verdict", "what is thought of a thing, in the text's own words", "verdict ≈16 verbatim | verbatim ≈16 verdict", leans={_ENTITIES: 0.7, _PHRASE: 0.7}),
    Rule("which kind", "which brand, what colour", "which other? other? kind", leans={_ENTITIES: 1.0}),
    Rule("kind of a title", "a kind of thing and a title or a query beside it", "kind ~8 short-text | short-text ~8 kind", leans={_ENTITIES: 1.0}),
    Rule("kind of a text", "a kind of thing and a text beside it", "kind ~10 long-text | long-text ~10 kind", leans={_ENTITIES: 0.3}),
    Rule("text and name quoted", "a text is quoted and the name of what it is searched for", "text-quote ≈20 quote | quote ≈20 text-quote", leans={_ENTITIES: 1.0}),
    Rule("kind and title quoted", "a kind is quoted, and a text beside it", "(quote | text-quote) ≈20 kind-quote | kind-quote ≈20 (quote | text-quote)", leans={_ENTITIES: 1.0}),
    Rule("type and text quoted", "a type is quoted by name, and a text beside it", "text-quote ≈20 (named-entity | value) other? (quote | kind-quote) | (named-entity | value) other? (quote | kind-quote) ≈20 text-quote", leans={_ENTITIES: 1.5}),
    Rule("take a quoted name", "what is taken out of a quoted text has a quoted name", "text-quote ~8 (cite | pick | give | which) ~4 quote | (cite | pick | give | which) ~4 quote ~8 text-quote", leans={_ENTITIES: 1.5}),
    Rule("quoted kind", "names of types are quoted", "kind-quote", leans={_ENTITIES: 1.5}),
    Rule("kind with quoted name", "the attribute '…', the type '…'", "(kind | value | named-entity) other? (quote | kind-quote)", leans={_ENTITIES: 0.7}),
    Rule("value in a title", "words and values of a title or a query", "value ~8 short-text | short-text ~8 value", leans={_ENTITIES: 0.7}),
    Rule("cite from a title", "take out of a title or a query", "(cite | pick) ~10 short-text | short-text ~10 (cite | pick)", leans={_ENTITIES: 1.0}),
    Rule("cite from a text", "take out of a text", "cite ~12 long-text | long-text ~12 cite", leans={_PHRASE: 0.5, _ENTITIES: 0.3}),
    Rule("cite a quotation", "take out of what is quoted", "(cite | pick) ~10 text-quote | text-quote ~10 (cite | pick)", leans={_ENTITIES: 0.5}),
    Rule("cite first", "an instruction begins with what it wants", "begin ~3 cite", leans=_CITE),
    Rule("kind first", "a terse question begins with the kind", "begin ~3 kind", leans={_ENTITIES: 0.7}),
    Rule("kind alone", "nothing but a kind of thing stands on the line", "(^ | stop) other? other? kind other? (stop | $ | colon)", leans={_ENTITIES: 1.0}),
    Rule("the kind", "a kind that the text has", "definite kind", leans={_ENTITIES: 0.5}),
    Rule("kind and its text", "nothing but a kind, and a quotation behind it", "^ other? kind colon (quote | text-quote) $", leans={_ENTITIES: 1.5}),
    Rule("kinds, commas", "several short answers", "kind ≈60 separated", leans={_ENTITIES: 0.5}),
    Rule("only the kind", "the name and nothing else", "only ~5 (kind | value | named-entity) | (kind | value | named-entity) ~5 only", leans={_ENTITIES: 0.7}),
    Rule("named entity", "names the task", "named-entity", leans={_ENTITIES: 2.0}),
    Rule("kind", "what shops take out of titles", "kind", leans={_ENTITIES: 0.5}),
    Rule("cite", "an act of citing", "cite", leans={_ENTITIES: 0.7, _PHRASE: 0.7}),
    Rule("verbatim", "cited as it stands", "verbatim", leans={_ENTITIES: 1.0, _PHRASE: 1.0}),
    Rule("separated", "several short answers", "separated", leans={_ENTITIES: 0.3}),
    Rule("value", "attributes, words, spans", "value"),
    # Whatever the thing is called: what tells that it stands in a text.
    Rule("source", "a text is named as the place to take from", "source ~4 text | text source-behind", leans={_ENTITIES: 0.3, _PHRASE: 0.3}),
    Rule("cite from a source", "take out of a text, whatever it is", "cite ~12 source ~4 text | source ~4 text ~12 cite | text source-behind ~12 cite", leans={_ENTITIES: 1.0, _PHRASE: 0.7}),
    Rule("give from a source", "list, name, find in a text, whatever it is", "begin ~3 give ~10 source ~4 text | source ~4 text ~8 give | text source-behind ~12 give", leans={_ENTITIES: 0.7}),
    Rule("which in a source", "which one is there in a text, whatever it is", "which ~10 source ~4 text | source ~4 text ~4 which | text source-behind ~8 which", leans={_ENTITIES: 0.3}),
    Rule("words from a source", "words of a text", "(value | phrase) ~4 source ~4 text | text source-behind ~4 (value | phrase)", leans={_ENTITIES: 0.7, _PHRASE: 0.7}),
    Rule("source pointed at", "the text is pointed at: \"in the following\"", "source ~2 given | given ~4 source-behind", leans={_ENTITIES: 0.2, _PHRASE: 0.2}),
    Rule("cite from what follows", "\"take out … of:\", and the text", "cite ~10 source other? other? colon", leans={_ENTITIES: 1.0}),
    Rule("source first", "an instruction begins with the text that something is taken from", "begin other? source ~4 text", leans={_ENTITIES: 0.3}),
    Rule("take the thing", "the thing is one that the text has", "(cite | pick) other? definite", leans={_ENTITIES: 0.3, _PHRASE: 0.3}),
    Rule("take every thing", "every such thing in the text", "(cite | pick | give) other? universal", leans={_ENTITIES: 0.7}),
    Rule("give the thing", "the thing is one that the text has", "begin other? give definite", leans={_ENTITIES: 0.5}),
    Rule("give a new thing", "any such thing will do, so that it stands in no text", "(give | compose) other? (indefinite | figure)", leans={_FREE: 0.7}),
    Rule("every thing of a text", "every such thing in the text", "universal ~4 source ~4 text | text ~3 universal", leans={_ENTITIES: 0.7}),
    Rule("which of a text", "which one the text, the query, its writer has", "which other{1,3} auxiliary other? (short-text | long-text | product)", leans={_ENTITIES: 0.5}),
    Rule("which is it", "which one it is, whatever that is", "begin ~2 which auxiliary other{1,4} (stop | source | $)"),
    Rule("which is named", "which one is named, stated, mentioned", "which ~8 named", leans={_ENTITIES: 0.7}),
    Rule("named in a text", "what a text names, states, mentions", "text ~3 named | named ~6 text", leans={_ENTITIES: 0.5}),
    Rule("plain citing", "a sentence takes out, and does not write or judge", "begin plain{0,5}? cite plain* (stop | $ | colon)", leans={_ENTITIES: 0.5, _PHRASE: 0.5}),
    Rule("plain giving", "a sentence begins with naming, and does not write or judge", "begin plain{0,2}? give plain* (stop | $ | colon)"),
    Rule("plain which", "a sentence asks which, and does not write or judge", "begin plain{0,3}? which plain* (stop | $ | colon)"),
    Rule("absent", "what to write where there is none of it: a text is searched", "absent", leans={_ENTITIES: 1.0}),
    Rule("several snippets", "several phrases are listed", "snippets", leans={_ENTITIES: 1.0}),
    Rule("answer with words of a text", "the answer is a part of the text", "(question | give) ~5 (value | phrase) ~3 source", leans={_ENTITIES: 1.5, _PHRASE: 0.7}),
    Rule("part of a text", "the part of a text is picked", "(cite | pick | give | which) ~2 (value | phrase) ~3 text", leans={_ENTITIES: 0.7, _PHRASE: 0.7}),
    Rule("cite what answers", "the words that answer a question are taken out", "(cite | phrase) ~14 question", leans={_ENTITIES: 0.3, _PHRASE: 0.3}),
    Rule("text of one's own first", "an instruction begins with what it wants", "begin other? other? (translate | rewrite | summary | reason | question)", leans={_FREE: 1.5}),
    Rule("verbatim from a source", "as the text has it", "verbatim ~4 text | text ~4 verbatim", leans={_ENTITIES: 1.0, _PHRASE: 0.7}),
    Rule("give verbatim", "name it as it stands there", "(give | which | question | pick) ~10 verbatim", leans={_ENTITIES: 1.0, _PHRASE: 0.7}),
    Rule("writes in the end", "the last sentence wants something written", "begin other{0,3} (translate | rewrite | summary | reason | compose | judgement) [^.]* after* $", leans={_FREE: 1.5}),
    Rule("cites in the end", "the last sentence wants something taken out", "begin other{0,3} cite [^.]* after* $", leans={_ENTITIES: 0.5, _PHRASE: 0.5}),
    Rule("gives in the end", "the last sentence wants something named", "begin other{0,3} give plain* after* $", leans={_ENTITIES: 0.2}),
    # Phrases of reviews.
    Rule("snippet", "a phrase is cited whole", "snippet | snippets", leans={_PHRASE: 1.0}),
    Rule("cite a snippet", "take out a phrase", "(cite | give | pick | which) ~8 phrase", leans={_PHRASE: 1.5}),
    Rule("snippet of a text", "a phrase of a review", "phrase ~12 long-text | long-text ~12 phrase", leans={_PHRASE: 1.0}),
    Rule("words of a text", "the words of a review", "value ~8 long-text | long-text ~8 value", leans={_PHRASE: 0.5}),
    Rule("snippet that sums up", "a phrase that says all of it is cited, not made", "cite ~6 (phrase | keyphrase) ~6 summary", leans={_PHRASE: 3.0}),
    Rule("snippet of an aspect", "a phrase about an aspect", "aspect ≈24 (phrase | keyphrase) | (phrase | keyphrase) ≈24 aspect", leans={_PHRASE: 2.0}),
    Rule("keyphrase of a text", "a keyphrase of a review is cited from it", "(cite | give | pick | which) ~10 keyphrase ~14 long-text", leans={_PHRASE: 1.5}),
    Rule("aspect", "aspects belong to reviews", "aspect", leans={_PHRASE: 0.5}),
    # Free text: what the answer is.
    Rule("translate", "a translation", "translate", leans={_FREE: 4.0}),
    Rule("language", "a language is named that the answer is in", "language", leans={_FREE: 0.7}),
    Rule("rewrite", "the text itself in another form", "rewrite", leans={_FREE: 2.0}),
    Rule("rewrite a text", "the text itself in another form", "rewrite ~6 (short-text | long-text)", leans={_FREE: 1.0}),
    Rule("summary", "the text in fewer words", "summary", leans={_FREE: 2.5}),
    Rule("compose", "something to write", "compose", leans={_FREE: 1.0}),
    Rule("compose first", "an instruction begins with what it wants", "begin ~3 compose", leans={_FREE: 1.5}),
    Rule("compose a title", "a title to write", "compose ~6 (short-text | long-text)", leans={_FREE: 1.5}),
    Rule("compose a question", "a question to write", "compose ~8 question", leans={_FREE: 1.5}),
    Rule("sentence count", "how long the text is to be", "sentence-count", leans={_FREE: 1.5}),
    Rule("so many sentences", "a number of sentences, words, lines", "figure other? sentence-count", leans={_FREE: 1.5}),
    Rule("own words", "words that do not stand there", "own-words", leans={_FREE: 1.5}),
    Rule("reason", "why and how are told, not cited", "reason", leans={_FREE: 1.5}),
    Rule("reason first", "a question for a reason", "(^ | stop) ~2 reason", leans={_FREE: 1.0}),
    Rule("judgement", "whether something holds is judged", "judgement", leans={_FREE: 1.0}),
    Rule("judgement first", "a question for a judgement", "(^ | stop) ~2 judgement", leans={_FREE: 0.5}),
    Rule("question", "a question is answered from knowledge", "question", leans={_FREE: 1.0}),
    Rule("answer a question", "a question is answered from knowledge", "question ~4 question", leans={_FREE: 1.0}),
    Rule("dialogue", "stories, talks, bills: what is not cut into entities", "dialogue", leans={_FREE: 1.0}),
    Rule("keyphrase", "keyphrases are cited from reviews as often as they are made up", "keyphrase", leans={_PHRASE: 0.5, _FREE: 0.5}),
    Rule("keyword", "categories, keywords, topics are assigned", "keyword", leans={_FREE: 0.5}),
    Rule("keywords for a product", "categories, keywords of a product are assigned", "keyword ~8 product | product ~8 keyword", leans={_FREE: 1.0}),
    Rule("which keyword", "the topic, the category", "(which | give | compose) ~4 keyword", leans={_FREE: 0.5}),
    # Words that decide little by themselves.
    Rule("give", "answers are given in all tasks", "give"),
    Rule("which", "questions are asked in all tasks", "which"),
    Rule("short text", "titles and queries hold entities", "short-text", leans={_ENTITIES: 0.3}),
    Rule("long text", "texts are there in all tasks", "long-text"),
    Rule("product", "products are there in all tasks", "product"),
    Rule("only", "forms are narrowed in all tasks", "only"),
    Rule("most", "what comes first", "most", leans={_RANK: 0.3}),
    Rule("least", "what comes last", "least", leans={_RANK: 0.3}),
    Rule("quotation", "something short is quoted", "quote"),
    Rule("quoted text", "a text is quoted", "text-quote"),
    # Labels and bodies.
    Rule("query label", "a query is given", tag="query label", leans={_ENTITIES: 0.3}),
    Rule("title label", "a title is given", tag="title label"),
    Rule("review label", "a review is given", tag="review label", leans={_PHRASE: 0.5}),
    Rule("text label", "a text is given", tag="text label"),
    Rule("question label", "a question is given", tag="question label", leans={_FREE: 2.0}),
    Rule("statement label", "a statement is given", tag="statement label", leans={_FREE: 2.0}),
    Rule("person label", "somebody speaks", tag="person label", leans={_FREE: 0.5}),
    Rule("aspect label", "an aspect is given", tag="aspect label", leans={_PHRASE: 1.5}),
    Rule("type label", "a type of entity is given", tag="type label", leans={_ENTITIES: 1.5}),
    Rule("kind label", "a kind of thing is the label of a text", tag="kind label", leans={_ENTITIES: 1.5}),
    Rule("several kind labels", "a record of a thing is given, which is written about", tag="several kind labels", leans={_FREE: 0.7}),
    Rule("body asks", "what is given is a question", tag="body asks", leans={_FREE: 1.5}),
    Rule("long body", "a long text is given", tag="long body"),
    Rule("waits for a kind", "the last line is \"Brand:\"", tag="waits for a kind", leans={_ENTITIES: 1.0}),
    Rule("waits for a citation", "the last line is \"Span:\"", tag="waits for a citation", leans=_CITE),
    Rule("waits for what is named", "the last line repeats a word of the instruction, as a slot of it", tag="waits for what is named", leans={_ENTITIES: 0.5}),
    Rule("waits for a thing in a text", "the last line is \"codes in the ticket:\"", tag="waits for a thing in a text", leans={_ENTITIES: 1.5}),
    Rule("waits for an unknown thing", "the last line is a label that names nothing that is written", tag="waits for an unknown thing", leans={_ENTITIES: 0.3}),
    Rule("waits for a word of the text", "the last line is a label with a word of the text, as a slot of it", tag="waits for a word of the text", leans={_ENTITIES: 1.0}),
    Rule("only waits", "no instruction, a text and a label that waits", tag="only waits", leans={_ENTITIES: 0.3}),
    Rule("text set off", "a text stands on lines of its own, without a label", tag="text set off", leans={_ENTITIES: 0.3}),
    Rule("unknown label", "a text stands behind a label that says nothing", tag="unknown label"),
    Rule("nothing to write", "no word for a text of one's own", tag="nothing to write", leans={_ENTITIES: 0.3, _PHRASE: 0.3}),
    Rule("answer cited", "a question is given, and its answer is taken out of a text", tag="answer cited", leans={_ENTITIES: 1.0, _PHRASE: 0.7}),
    Rule("nothing understood", "no word of the instruction is known", tag="nothing understood"),
    Rule("waits for text", "the last line is \"Summary:\"", tag="waits for text", leans={_FREE: 1.0}),
    Rule("kind and nothing to write", "a kind of thing, and no word for a text of one's own", tag="kind and nothing to write", leans={_ENTITIES: 0.7}),
    Rule("citing and nothing to write", "a word for citing, and none for a text of one's own", tag="citing and nothing to write", leans=_CITE),
    Rule("writing over a list", "a word for a text of one's own, and none for numbers, picking or order", tag="writing over a list", leans={_FREE: 1.5}),
    Rule("nothing given", "one line without a quotation: there is nothing to cite from", tag="nothing given", leans={_FREE: 1.5}),
    Rule("nothing set off", "sentences and nothing else: what could be cited from is told from what is asked by nothing", tag="nothing set off", leans={_FREE: 1.0}),
    Rule("long instruction", "much is said", tag="long instruction"),
    Rule("short instruction", "little is said: unsure is free text", tag="short instruction", leans={_FREE: 1.0}),
)  # fmt: skip
