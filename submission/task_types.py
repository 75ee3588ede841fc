"""Tells a question's task type from its wording: the evaluator says only whether it is multiple choice.

The rules themselves are data, in `task_rules`. The type with the most evidence wins; too little evidence means generation,
since a wrong constraint costs more than none.
"""

import re

from submission.numbered_lists import list_numbers
from submission.task_rules import RULES, Rule, TaskType

__all__ = ["TaskType", "asked_count", "classify_task", "classify_with_list", "instruction_of", "is_body_line"]

# The least evidence that is acted on, and the shortest list that numbers are picked from.
_ENOUGH = 4
_SHORTEST_LIST = 3

_BODY_LABELS = frozenset(
    {"review", "user review", "customer review", "review text", "query", "search query", "customer query", "user query"}
    | {"query keyword", "keyword", "title", "product title", "product name", "product", "product description"}
    | {"description", "sentence", "text", "source", "source text", "passage", "context", "aspect", "aspects"}
    | {"search phrase", "search", "request", "utterance", "shopper", "user's query", "user", "customer", "history"}
    | {"purchase history", "action sequence", "rezension", "bewertung", "titel", "anfrage", "suchanfrage", "text"}
    | {
        "avis",
        "titre",
        "requête",
        "reseña",
        "título",
        "consulta",
        "recensione",
        "titolo",
        "クエリ",
        "レビュー",
        "タイトル",
    }
    | {"商品名", "查询", "评论", "标题", "评价"}
)
_QUOTED = re.compile(
    r"""(?<!\w)(?:'[^'\n]*(?:'\w[^'\n]*)*'|"[^"\n]*"|“[^”\n]*”|‘[^’\n]*’|«[^»\n]*»|„[^“”\n]*[“”]|「[^」\n]*」)(?!\w)"""
    r"""|“[^”\n]*”|「[^」\n]*」"""
)
QUOTE_MARKS = frozenset("'\"“‘«„「")
_LIST_LINE = re.compile(r"[\[(]?[0-9０-９]{1,3}[\s.):\]：．、）]")
_LIST_LINE_STARTS = frozenset("0123456789([０１２３４５６７８９")
# Instructions stand at the beginning and at the end: this many characters of each are read.
_HEAD, _TAIL = 900, 350

_NUMBERS = {
    **{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10},
    **{"drei": 3, "trois": 3, "tres": 3, "tre": 3, "zwei": 2, "deux": 2, "fünf": 5, "cinq": 5, "cinco": 5, "cinque": 5},
    **{"dos": 2, "due": 2, "vier": 4, "quatre": 4, "cuatro": 4, "quattro": 4, "两": 2, "三": 3, "四": 4, "五": 5},
}
_NUMBER = "|".join([*sorted(_NUMBERS, key=len, reverse=True), r"[1-9]\d?(?![\d.%]*\d)(?!-)"])
_THINGS = (
    r"(?:numbers?|indices|indexes|index numbers|ids?|numerals|integers|snippets?|aspects?|products?|items?|queries|candidates?"
    r"|options?|keywords?|phrases?|entries|choices|articles?|ones|of (?:them|these|those|the)|from|categories|labels|reviews?"
    r"|sentences?|events?|answers?|results?|titles?|topics?|accessories|suggestions?|picks|best|most|nummern|zahlen|artikel"
    r"|produkte|numéros|produits|aspects|números|productos|numeri|prodotti|aspetti|aspectos|aspekte)"
)
_ASKED = re.compile(
    rf"\btop[- ](?P<top>{_NUMBER})\b"
    rf"|(?<![\w.&-])(?P<count>{_NUMBER})[\s-]+(?:[^\W\d]+[\s,-]+){{0,4}}?{_THINGS}\b"
    rf"|\b(?:selec|elig|escog|choos|pick|find|add|mark|attach|suggest|recommend"
    rf"|nam|give(?!n)|output|writ|keep|tick|wähl|choisi|elig|scegli)\w*\s"
    rf"(?:\w+\s){{0,3}}?(?P<picked>{_NUMBER})\b"
    r"|(?P<cjk>[1-9两三四五])\s?(?:つ|個|个|件|項|项)"
)
# "A numbered list of 15 snippets" says how long the list is; "separating two numbers" says where commas go.
_NOT_ASKED = re.compile(
    r"(?:(?:list|set|pool|collection|catalogu?e) (?:of|with|containing|has) (?:\w+ ){0,2}"
    r"|\b(?:contain|hold|has|have|given|show)\w* (?:\w+ )?"
    r"|\b(?:these|those|following|are|below|here|this|every|separating|between|another|any|in|on|with|and|or|each|has) "
    r"(?:following )?"
    r"|\byou(?:'ll| will| can)? (?:find|see|get) |\bout of (?:the )?|\bfrom (?:the |these |those )?|\bof )$"
)
_THE = re.compile(r"\b(?:the|their|all) $")


def instruction_of(text: str) -> str:
    """Return what tells the reader what to do, lower-cased: bodies, list items and quotations ('') are taken out.

    Runs of white space become one space, which also keeps patterns from dividing them up in every possible way.
    """
    kept = []
    for line in text.replace("：", ":").replace("&quot;", '"').replace("&#39;", "'").split("\n"):
        stripped = " ".join(line.split())
        if not stripped or (stripped[0] in _LIST_LINE_STARTS and _LIST_LINE.match(stripped)):
            continue
        label, _, body = stripped.partition(":")
        # A quoted body is taken out with the other quotations: an instruction may follow it on its line.
        if is_body_line(stripped) and body.lstrip()[:1] not in QUOTE_MARKS:
            stripped = label
        kept.append(stripped)
    joined = " ".join(kept)
    if len(joined) > _HEAD + _TAIL:
        joined = f"{joined[:_HEAD]} {joined[-_TAIL:]}"
    return _QUOTED.sub("''", joined).lower()


def is_body_line(line: str) -> bool:
    """Return whether `line` begins with the label of a text that the question is about ("Review: …")."""
    label, colon, _ = line.partition(":")
    return bool(colon) and len(label) < 24 and label.lower() in _BODY_LABELS


def asked_count(instruction: str, list_length: int) -> int | None:
    """Return how many numbers the instruction asks for, None where it does not say."""
    for match in _ASKED.finditer(instruction):
        word = match.group("top") or match.group("count") or match.group("picked") or match.group("cjk")
        count = _NUMBERS.get(word) or (int(word) if word.isdecimal() else 0)
        if not 0 < count <= list_length or _NOT_ASKED.search(instruction, 0, match.start()):
            continue
        if count == 1 and not match.group("picked"):
            continue  # "one product, twelve attributes"
        # "The five products" are those of the list and "the two queries" stand elsewhere; "the three best" are asked for.
        if _THE.search(instruction, 0, match.start()) and not 3 <= count < list_length:
            continue
        return count
    return None


def speaking_rules(instruction: str, list_length: int) -> list[Rule]:
    """Return the rules that the instruction speaks for; `list_length` is 0 without a list."""
    has_list = list_length > 1
    tags = ""
    if list_length >= _SHORTEST_LIST:
        asked = asked_count(instruction, list_length)
        tags = "<list>" if asked is None else "<list><asks some>" if asked < list_length else "<list><asks all>"
    instruction = f"{tags} {instruction}"
    found = []
    for rule in RULES:
        if rule.needs_list is not None and rule.needs_list is not has_list:
            continue
        for needle in rule.needles:
            if needle in instruction:
                if rule.pattern.search(instruction):
                    found.append(rule)
                break
    return found


def evidence(instruction: str, list_length: int) -> dict[TaskType, int]:
    """Return the weight of the evidence for each type but multiple choice; `list_length` is 0 without a list."""
    weights: dict[TaskType, int] = {kind: 0 for kind in TaskType if kind is not TaskType.MULTIPLE_CHOICE}
    for rule in speaking_rules(instruction, list_length):
        weights[rule.task_type] += rule.weight
    return weights


def classify_with_list(instruction: str, list_length: int) -> TaskType:
    """Classify a question that is not multiple choice by its instruction and the length of its list."""
    weights = evidence(instruction, list_length)
    best = max(weights, key=weights.__getitem__)
    enough = weights[best] >= _ENOUGH and weights[best] > weights[TaskType.GENERATION]
    return best if enough else TaskType.GENERATION


def classify_task(question: str, is_multiple_choice: bool) -> TaskType:
    """Return the task type of a question's text; `is_multiple_choice` is what the evaluator says of its batch."""
    if is_multiple_choice:
        return TaskType.MULTIPLE_CHOICE
    return classify_with_list(instruction_of(question), len(list_numbers(question)))
