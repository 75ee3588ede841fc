"""The evidence that tells task types apart, as data: one rule a line.

A rule reads the *instruction*: the question lower-cased, with bodies and list items taken out, quotations replaced by '',
and tags put in front that say what the list looks like: `<list>` (numbers to choose from), `<asks some>` (fewer numbers
are asked for than the list holds), `<asks all>`. If the pattern is found, the type gains the weight. Before a pattern is
tried, one of its needles (plain text) must be there: that is what makes reading fast.
"""

import re
from dataclasses import dataclass
from enum import StrEnum


class TaskType(StrEnum):
    """What kind of answer a question asks for, by the names that the data use."""

    MULTIPLE_CHOICE = "multiple-choice"
    RANKING = "ranking"
    RETRIEVAL = "retrieval"
    NAMED_ENTITY_RECOGNITION = "named_entity_recognition"
    GENERATION = "generation"


@dataclass(frozen=True)
class Rule:
    """One piece of evidence for `task_type`; `needs_list` restricts it to questions with or without a list."""

    task_type: TaskType
    weight: int
    needs_list: bool | None
    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    why: str


# Words for a text that entities are found in, and for the act of finding or citing.
_TEXT = (
    r"(?:titles?|quer(?:y|ies)|search(?:es| phrase| request)?|product names?|sentence|listing|headline|utterance|requests?"
    r"|keywords?|text|string|input|product description|titels?|suchanfrage|anfrage|requête|titre|título|consulta|titolo|ricerca"
    r"|クエリ|タイトル|商品名|检索|查询|标题)"
)
_FIND = (
    r"(?:extract\w*|identif\w+|locat\w+|find|determin\w+|highlight\w*|pinpoint\w*|select|choose|list|spot|detect|recogni[sz]\w+"
    r"|tag|pick\w*|pull\w*|mark|isolat\w+|point out|single out|which|what|where|name|give|copy|return|repeat|underline\w*|annotat\w+"
    r"|tell|output|quote|cite|label|report|retrieve|capture|take|write|state|provide|parse|contains|extrahier\w+|nenne|was|gib"
    r"|extrai\w*|relev\w+|donne\w*|extrae\w*|estrai\w*|indica|抽出|抜き出|提取|抽取|找出|识别|指出)"
)
_RANK, _RETRIEVE = TaskType.RANKING, TaskType.RETRIEVAL
_NER, _GENERATE = TaskType.NAMED_ENTITY_RECOGNITION, TaskType.GENERATION


def _rule(
    task_type: TaskType, weight: int, needs_list: bool | None, pattern: str, why: str, needles: str | None = None
) -> Rule:
    return Rule(task_type, weight, needs_list, tuple((needles or pattern).split("|")), re.compile(pattern), why)


# fmt: off
RULES = (
    # With a list: which of its numbers, and in what order?
    _rule(_RETRIEVE, 5, True, r"<list>", "a list that is not multiple choice is there to be picked from"),
    _rule(_RETRIEVE, 6, True, r"<asks some>", "fewer numbers are asked for than there are"),
    _rule(_RETRIEVE, 2, True, r"\b(?:select|choose|pick|which|recommend|predict|retrieve|shortlist)", "pick from a list", "select|choose|pick|which|recommend|predict|retrieve|shortlist"),
    _rule(_RETRIEVE, 1, True, r"\b(?:numbers?|indices|indexes|ids)\b", "the answer is numbers", "number|indices|indexes|ids"),
    _rule(_RANK, 5, True, r"<asks all>", "every number is asked for"),
    _rule(_RANK, 9, None, r"permut", "only a ranking is a permutation"),
    _rule(_RANK, 9, True, r"\b(?:re-?)?rank(?:s|ed|ing|ings)?\b", "the verb itself", "rank"),
    _rule(_RANK, 7, True, r"\b(?:re-?order|reorgani[sz]e|order|sort|arrange|re-?arrange|prioriti[sz]e|line up|sequence)\b:? *(?:the|these|this|them|those|all|following|below|next|by|from|it|its|for|five|[4-9]|products|items|''|$)", "put in order", "order|sort|arrang|organi|prioriti|line up|sequence"),
    _rule(_RANK, 7, True, r"\b(?:the|a|ideal|best|new|right|correct|which|what|full|final|complete|descending|decreasing|this|relevance|relevancy|by|in|into) (?:order(?:ing)?|sequence|line-up)\b(?! to\b)|\b(?:ordering|sorting|line-up|rearranged|reordered|re-ordered)\b|\bsort\b|\bin (?:\w+ )?order of\b|\border them\b", "names an order", "order|sort|sequence|line-up|rearrang"),
    _rule(_RANK, 6, True, r"(?:most|best|highest|strongest|closest|top|better|higher|rather)\b.{0,60}\b(?:to|down to|->|ahead of|before|then|over) ?(?:the )?.{0,14}\b(?:least|worst|lowest|weakest|poorest|others|less|rest)|\bde más a menos|\bvom .{3,30} zum\b|\bdal più .{3,40} al meno|\bdu plus .{3,40} au moins", "names both ends of an order", "least|worst|lowest|weakest|poorest|others|less|rest|menos|zum|meno|moins"),
    _rule(_RANK, 6, True, r"(?:(?:most|best|highest|closest|strongest|greatest)\b[^.!?]{0,30}\b(?:first|at the (?:top|start|beginning)|on top|ahead)\b|\b(?:start|begin)\w*,? (?:with|from) (?:the|what|whatever|those)\b|(?:least|worst|lowest)\b.{0,20}\blast\b|\bzuerst\b|\ben premier\b|\bprimero\b|\bper prim|\bgoes? (?:first|on top))", "says what comes first", "first|top|start|begin|last|ahead|zuerst|premier|primero|prim|goes"),
    _rule(_RANK, 6, True, r"\b(?:descending|decreas\w+|descends)\b", "a falling order", "descend|decreas"),
    _rule(_RANK, 5, True, r"\b(?:each|every|all)\b.{0,60}\bonce\b|\b(?:position|place|rank|slot) ?(?:1|one)\b.{0,40}\b(?:2|two)\b|\bcomes second\b|\bpositions\b|\b(?:a, ?b, ?c|n1, ?n2)", "every number has its place", "once|position|place|comes second|n1|a,"),
    _rule(_RANK, 8, True, r"並べ|排序|排列|順位|ランキング|顺序|順番|排名", "put in order, in Japanese and Chinese"),
    _rule(_RANK, 8, True, r"\b(?:ordne|sortier\w*|rangfolge|reihenfolge|class(?:e|er|ez)\b|classement|trie[rz]?\b|ordonne\w*|orden(?:a|e|ar)\b|clasific\w+|ordin(?:a|e|are|ate)\b|classific\w+)", "put in order, in other languages", "ordn|sortier|rangfolge|reihenfolge|class|trie|ordonn|orden|clasific|ordin"),
    # Without a list: phrases taken from a short text, or text of the model's own?
    _rule(_NER, 4, False, r"\b(?:named )?entit(?:y|ies|à|é|és|ät|äten|dad|dades)\b|固有表現|エンティティ|实体|\bslots?\b|\bner\b|\bsequence label", "names the task", "entit|固有表現|エンティティ|实体|slot|ner|label"),
    _rule(_NER, 3, False, rf"{_FIND}.{{0,140}}?{_TEXT}", "find something in a title or a query", "title|quer|search|product name|sentence|listing|headline|utterance|request|keyword|text|string|input|description|titel|anfrage|requête|titre|título|consulta|titolo|ricerca|クエリ|タイトル|商品名|检索|查询|标题"),
    _rule(_NER, 3, False, rf"{_TEXT}\b.{{0,120}}?{_FIND}", "a title or a query to find something in", "title|quer|search|product name|sentence|listing|headline|utterance|request|keyword|text|string|input|description|titel|anfrage|requête|titre|título|consulta|titolo|ricerca|クエリ|タイトル|商品名|检索|查询|标题"),
    _rule(_NER, 2, False, r"\battribute(?: value)?s?\b|''|\bvalues?\b|\b(?:words?|phrases?|tokens?|spans?|terms?|substrings?|parts?|components?|elements?)\b|属性|語句|词语", "what is looked for is an attribute, a quoted type or words", "attribute|''|value|word|phrase|token|span|term|substring|part|component|element|属性|語句|词语"),
    _rule(_NER, 2, False, r"\b(?:brands?|colou?rs?|materials?|product types?|models?|sizes?|capacity|flavou?rs?|audience|quantit\w+|marke|marque|marca)\b|ブランド|材质|品牌|颜色", "a usual entity type", "brand|colo|material|product type|model|size|capacity|flavo|audience|quantit|mar|ブランド|材质|品牌|颜色"),
    _rule(_NER, 3, False, r"\b(?:verbatim|word for word|as (?:it|they) (?:stands?|appears?|is|are)|as written|exactly as|without chang\w+|letter for letter|cite|cited|quote|copy|wording of|unchanged)\b|そのまま|原文", "cited as it stands", "verbatim|word for word|as it|as they|as written|exactly|without chang|letter|cite|quote|copy|wording|unchanged|そのまま|原文"),
    _rule(_NER, 2, False, r"\bseparat\w+ .{0,40}comma|\bcomma|\bkomma|\bvirgule|\bcomas\b|\bvirgol|カンマ|逗号", "several short answers", "comma|komma|virgul|comas|virgol|カンマ|逗号"),
    _rule(_NER, 1, False, r"\bextract|\bmention(?:s|ed)\b|\bappears?\b", "taken from the text", "extract|mention|appear"),
    _rule(_GENERATE, 12, None, r"\btranslat|\bübersetz|\btradu[cisz]|翻訳|翻译|訳し|译成|译为|\blocali[sz]", "a translation", "translat|übersetz|tradu|翻訳|翻译|訳|译|locali"),
    _rule(_GENERATE, 9, False, r"\b(?:into|in) (?:fluent |natural |good |idiomatic |proper )?(?:english|german|french|spanish|italian|japanese|chinese)\b|\b(?:english|german|french|spanish|italian|japanese|chinese)[ -](?:version|title|rendering|wording|online|website|marketplace|language|equivalent|customers|translation)\b|\b(?:title|sentence)\b.{0,30}\bfor .{0,20}\b(?:germany|france|spain|italy|japan|china|customers in)\b|\bwhich title would", "another language is asked for", "english|german|french|spanish|italian|japanese|chinese|germany|france|spain|italy|japan|china|title would"),
    _rule(_GENERATE, 9, False, r"\bkey ?-?phrases?\b", "a keyphrase is scored as text", "key"),
    _rule(_GENERATE, 12, False, r"\breview(?:er|'s)?\b.{0,160}\b(?:phrase|snippet|words|excerpt|expression|passage|verbatim)\b|\b(?:phrase|snippet|words|excerpt|expression|passage|verbatim)\b.{0,160}\breview\b(?! snippet for the attribute)|\baspect\b", "a phrase of a review is scored as text", "review|aspect"),
    _rule(_GENERATE, 8, None, r"\b(?:generat\w+|write|compos\w+|creat\w+|produc(?:e|ing)|craft|suggest|propose|draft|come up with|reword|rewrit\w+|adapt|render|invent|improve|shorten|use|need)\b[^.?!]{0,60}\b(?:title|headline|product name|description|slogan|bullet)s?\b|\b(?:title|headline)\b[^.?!]{0,40}\b(?:should|would) ", "a title to write", "title|headline|product name|description|slogan|bullet"),
    _rule(_GENERATE, 8, None, r"(?<!not )(?<!n't )(?<!or )(?<!no )\b(?:explain|describe|summari[sz]e|elaborate|rewrite|rephrase|reformulate|paraphrase|define|tell (?:me|us) (?:about|what|why|how|more)|compose|draft|erkläre|beschreib\w*|expliqu\w*|décri\w*|describ[ae]|spieg\w*|introduce|continue|turn (?:the|this|these)|convert the|(?:give|provide|write) (?:me )?(?:a|an|some) (?:short |brief |one-sentence |concise |plain )*(?:explanation|description|definition|summary|overview|reason|example|tips?|answer))\b|説明|解释|描述|介绍|要約|总结", "prose", "explain|describ|summar|elaborat|rewrit|rephras|reformul|paraphras|defin|tell |compos|draft|erkläre|beschreib|expliqu|décri|spieg|introduc|continu|turn th|convert the|give m|give a|give s|provide a|provide s|write a s|説明|解释|描述|介绍|要約|总结"),
    _rule(_GENERATE, 6, None, r"(?<!not )(?<!n't )\b(?:generate|write|create|produce|compose) (?:a|an|one|two|some|your|short|\d)\b|\bwhy (?:do|does|did|is|are|would|might|could)\b.{0,200}(?:\?|$)|\bhow (?:do|does|can|would|should) (?:i|you|one|the)\b|^<?[^<]{0,40}\bwhat (?:is|are) an? ", "something to write", "generate |write |create |produce |compose |why |how do|how ca|how wo|how sh|what is a|what are a"),
)
# fmt: on
