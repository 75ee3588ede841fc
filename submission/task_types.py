"""Tells a question's task type from its wording: the evaluator says only whether it is multiple choice.

The rules are data, one a line: evidence (a pattern over the instruction, bodies and quotations taken out) for a type,
with a weight. The type with the most evidence wins; too little evidence means generation, since a wrong constraint
costs more than none.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

from submission.numbered_lists import list_numbers


class TaskType(StrEnum):
    """What kind of answer a question asks for, by the names that the data use."""

    MULTIPLE_CHOICE = "multiple-choice"
    RANKING = "ranking"
    RETRIEVAL = "retrieval"
    NAMED_ENTITY_RECOGNITION = "named_entity_recognition"
    GENERATION = "generation"


NUMBER_WORD = (
    r"(?:one|two|three|four|five|six|seven|eight|nine|ten|drei|trois|tres|tre|[1-9]\d?(?![\d.]*\d)|[三3]つ|三个|3个)"
)
_PICK = (
    r"(?:select|choos|pick|identify|find|output|list|return|retriev|give|provide|name|determine|indicate|answer|write"
    r"|recommend|predict|suggest|submit|respond|reply|report|state|enter|print|supply|narrow|single out|point out"
    r"|wähl|nenn|gib|choisi|sélectionn|donne|elige|selecciona|escoge|indica|scegli|seleziona|選|选)"
)
_CITED_TEXT = (
    r"(?:title|query|queries|search|product name|sentence|listing|headline|utterance|request|keywords?|text|phrase"
    r"|titel|titre|título|titolo|suchanfrage|anfrage|requête|consulta|タイトル|クエリ|标题|查询|検索)"
)


@dataclass(frozen=True)
class Rule:
    """One piece of evidence: if `pattern` is found in the instruction, `task_type` gains `weight`.

    `needs_list` restricts the rule to questions with (True) or without (False) a numbered list. One of `needles`,
    plain lower-case texts, must be there before the pattern is tried, which is what makes reading fast.
    """

    task_type: TaskType
    weight: int
    needs_list: bool | None
    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    why: str


def _rule(task_type: TaskType, weight: int, needs_list: bool | None, needles: str, pattern: str, why: str) -> Rule:
    return Rule(task_type, weight, needs_list, tuple(needles.split("|")), re.compile(pattern), why)


_RANK, _RETRIEVE = TaskType.RANKING, TaskType.RETRIEVAL
_NER, _GENERATE = TaskType.NAMED_ENTITY_RECOGNITION, TaskType.GENERATION

# fmt: off
RULES = (
    _rule(_RANK, 6, None, "permut", r"permut", "only a ranking is a permutation"),
    _rule(_RANK, 5, True, "rank|classe|clasifi|classific", r"\b(?:re-?)?rank(?:s|ed|ing|ings)?\b|\brangfolge|\bclassez|\bclassifica|\bclasifi", "the verb itself"),
    _rule(_RANK, 4, True, "sort|order|arrang|prioriti|sequence|ordne|ordina", r"\b(?:sort|re-?order|order|arrange|prioriti[sz]e|sequence|ordne|sortiere|ordena|ordina)\b(?!ed\b).{0,120}(?:relevan|most|least|best|accord|\bby\b|basis|nach|selon|según|secondo|match|likel|suit)", "put in order by a criterion"),
    _rule(_RANK, 4, True, "to the least|to least|to worst|to lowest|to the worst|to the lowest|least relevant last|best first|most relevant first|first to last|best to|down to|goes first|comes first", r"(?:most|best|highest|strongest|closest)\b.{0,40}\b(?:to|down to)\b.{0,14}\b(?:least|worst|lowest|weakest|poorest)|least relevant last|(?:best|most \w+)(?: \w+)? (?:goes |comes )?first", "names both ends of an order"),
    _rule(_RANK, 4, True, "並べ|排序|排列|順位|順に", r"並べ|排序|排列|順位|順に", "put in order, in Japanese and Chinese"),
    _rule(_RANK, 3, True, "descending|decreasing|order of", r"(?:descending|decreasing) (?:order|relevance)|\b(?:in|by) (?:the )?order of\b", "names an order"),
    _rule(_RANK, 3, True, "once", r"\b(?:each|every|all)\b.{0,60}\bonce\b", "nothing may be left out"),
    _rule(_RETRIEVE, 3, True, "|".join(("select", "choos", "pick", "identify", "find", "output", "list", "return", "retriev", "give", "provide", "name", "answer", "write", "recommend", "predict", "suggest", "indicate", "respond", "reply", "wähl", "choisi", "elige", "selec", "scegli", "選", "选", "sélec", "narrow", "single out", "point out", "determine", "submit", "enter", "print", "supply", "report", "state")), rf"{_PICK}\w*[^.?!。]{{0,90}}?(?<![\w.]){NUMBER_WORD}(?![\w%])", "pick so many"),
    _rule(_RETRIEVE, 3, True, "numbers|indices|indexes|numerals|integers|ids|nummern|zahlen|numéros|números|numeri|番号|编号", rf"\b{NUMBER_WORD}\b(?:[\w,' -]{{0,30}}?) (?:numbers|indices|indexes|numerals|integers|ids|nummern|zahlen|numéros|números|numeri)\b|番号|编号", "so many numbers"),
    _rule(_RETRIEVE, 2, True, "numbers|indices|indexes|comma", r"\b(?:numbers|indices|indexes)\b|\bcomma", "the answer is numbers"),
    _rule(_RETRIEVE, 3, True, "top", rf"\btop[- ]{NUMBER_WORD}\b", "the best few"),
    _rule(_RETRIEVE, 2, True, "select|choose|pick|which|recommend|predict|identify", r"\b(?:select|choose|pick|which|recommend|predict|identify)\b", "pick from a list"),
    _rule(_NER, 4, False, "entit", r"\b(?:named )?entit(?:y|ies|à|é|és|ät|äten|dad|dades)\b(?! (?:relation|link))", "names the task"),
    _rule(_NER, 4, False, "固有表現|エンティティ|实体", r"固有表現|エンティティ|实体", "names the task, in Japanese and Chinese"),
    _rule(_NER, 3, False, "extract|identif|locate|find|determine|highlight|pinpoint|select|choose|list|spot|detect|recogni|tag|pick|pull|mark|isolate|single out|point out|which|what|name|give|copy|return|underline|extrahier|extrai|extrae|estrai|抽出|提取|tell|output|quote|label|report|retrieve|capture|take|write|state", rf"(?:extract|identif|locate|find|determine|highlight|pinpoint|select|choose|list|spot|detect|recogni[sz]|tag|pick|pull|mark|isolate|single out|point out|which|what|name|give|copy|return|underline|extrahier|extrai|extrae|estrai|抽出|提取|tell|output|quote|label|report|retrieve|capture|take|write out|state).{{0,140}}?{_CITED_TEXT}", "find something in a title or a query"),
    _rule(_NER, 3, False, _CITED_TEXT[3:-1], rf"{_CITED_TEXT}s?\b[^.?!]{{0,80}}(?:extract|identify|locate|find|highlight|pinpoint|select|spot|detect|recogni[sz]e|tag\b|pick out|pull out|mark\b|isolate|name the|list\b|copy|quote|estrai|extrais|抽出|提取)", "a title or a query to find something in"),
    _rule(_NER, 2, False, "attribute|''|type|words|phrase|tokens|span|brand|colo|material", r"\battribute(?: value)?s?\b|''|\b(?:words?|phrases?|tokens?|spans?)\b|\b(?:brands?|colou?rs?|materials?|product types?)\b", "what is looked for is an attribute, a quoted type or words"),
    _rule(_NER, 2, False, "separate|comma|kommas|virgule|comas|virgol", r"\bseparat\w+ .{0,40}comma|\bcomma[- ]separated|\bkomma|\bvirgule|\bcomas\b|\bvirgol", "several short answers"),
    _rule(_NER, 1, False, "extract|mentions|mentioned|appear", r"\bextract|\bmention(?:s|ed)\b|\bappears?\b", "taken from the text"),
    _rule(_GENERATE, 9, None, "translat|übersetz|tradu|翻訳|翻译|訳", r"\btranslat|\bübersetz|\btradu[cisz]|翻訳|翻译|訳して", "a translation"),
    _rule(_GENERATE, 8, False, "key|phrase|quote", r"\bkey[- ]?phrases?\b|\b(?:one|single|short|exact) (?:\w+ )?phrase\b.{0,60}\b(?:review|aspect)", "a keyphrase is scored as text"),
    _rule(_GENERATE, 7, None, "title", r"\b(?:generate|write|compose|create|produce|craft|suggest|give|propose|provide|draft|come up with|reword|rewrite|localis\w*|localiz\w*|adapt|render)\b[^.?!]{0,60}\b(?:title|headline|product name)\b", "a title to write"),
    _rule(_GENERATE, 5, None, "explain|describ|summari|elaborate|rewrite|rephrase|paraphras|define|tell|compose|draft|erklär|beschreib|explique|décri|describ|spieg|説明|解释|描述|介绍|illustrate|introduc", r"(?<!not )(?<!n't )(?<!or )\b(?:explain|describe|summari[sz]e|elaborate|rewrite|rephrase|paraphrase|define|tell (?:me|us)|compose|draft|erkläre|beschreib\w*|expliqu\w*|décri\w*|describ[ae]|spieg\w*|introduce)\b|説明|解释|描述|介绍", "prose"),
    _rule(_GENERATE, 3, None, "generate|write|create|produce|why|how |what is|what are|reply|respond", r"(?<!not )(?<!n't )\b(?:generate|write|create|produce) (?!only|the (?:numbers?|indices)|indices|numbers|out\b)|\b(?:why|how) |\bwhat (?:is|are) an? ", "something to write"),
)
# fmt: on

_ENOUGH = 5
_FIRM_LIST = 5
_BODY_LABELS = frozenset(
    "review user review customer review query search query customer query user query product title title product name "
    "product description description sentence text aspect aspects review text product query keyword context passage "
    "source source text history purchase history action sequence rezension titel anfrage avis titre requête "
    "reseña título consulta recensione titolo".split()
) | {
    "user review",
    "customer review",
    "search query",
    "customer query",
    "user query",
    "product title",
    "product name",
    "product description",
    "review text",
    "query keyword",
    "source text",
    "purchase history",
    "action sequence",
}
_QUOTED = re.compile(
    r"""(?<!\w)(?:'[^'\n]*(?:'\w[^'\n]*)*'|"[^"\n]*"|“[^”\n]*”|‘[^’\n]*’|«[^»\n]*»|「[^」\n]*」)(?!\w)"""
)
_LIST_LINE_STARTS = frozenset("0123456789([０１２３４５６７８９")
_HEAD, _TAIL = 900, 350


def instruction_of(text: str) -> str:
    """Return what tells the reader what to do, lower-cased: bodies, list items and quotations ('') are taken out."""
    kept = []
    for line in text.replace("：", ":").split("\n"):
        stripped = line.strip()
        if not stripped or stripped[0] in _LIST_LINE_STARTS:
            continue
        label, colon, _ = stripped.partition(":")
        if colon and len(label) < 24 and label.lower() in _BODY_LABELS:
            stripped = ""
        kept.append(stripped)
    joined = " ".join(kept)
    if len(joined) > _HEAD + _TAIL:
        joined = f"{joined[:_HEAD]} {joined[-_TAIL:]}"
    return _QUOTED.sub("''", joined).lower()


def evidence(text: str, numbers: tuple[int, ...]) -> dict[TaskType, int]:
    """Return the weight of the evidence for each type that is not multiple choice, given the list in the text."""
    instruction = instruction_of(text)
    has_list = len(numbers) > 1
    weights = {_RANK: 0, _RETRIEVE: 2 if len(numbers) >= _FIRM_LIST else 0, _NER: 0, _GENERATE: 0}
    for rule in RULES:
        if rule.needs_list is not None and rule.needs_list is not has_list:
            continue
        for needle in rule.needles:
            if needle in instruction:
                if rule.pattern.search(instruction):
                    weights[rule.task_type] += rule.weight
                break
    return weights


def classify_with_list(text: str, numbers: tuple[int, ...], is_multiple_choice: bool) -> TaskType:
    """Classify a question whose list was read already."""
    if is_multiple_choice:
        return TaskType.MULTIPLE_CHOICE
    weights = evidence(text, numbers)
    best = max(weights, key=weights.__getitem__)
    return best if weights[best] >= _ENOUGH and weights[best] > weights[_GENERATE] else _GENERATE


def classify_task(question: str, is_multiple_choice: bool) -> TaskType:
    """Return the task type of a question's text; `is_multiple_choice` is what the evaluator says of its batch."""
    return classify_with_list(question, () if is_multiple_choice else list_numbers(question), is_multiple_choice)
