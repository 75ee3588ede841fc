"""Tells how many numbers of its list a question asks for.

Every figure in the instruction is looked at with what stands around it: "pick three", "the 3 snippets that", "top three".
What says how long the list is, or where commas go, is left out.
"""

import re
from functools import lru_cache

from submission.competition import RETRIEVED_NUMBERS
from submission.question_text import UNSPACED_LETTER

_WORDS = {
    **{"one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10},
    **{"drei": 3, "trois": 3, "tres": 3, "tre": 3, "zwei": 2, "deux": 2, "fünf": 5, "cinq": 5, "cinco": 5, "cinque": 5},
    **{"dos": 2, "due": 2, "vier": 4, "quatre": 4, "cuatro": 4, "quattro": 4},
}
# The longest first: "cinque" begins with "cinq".
_NUMBER_WORD = re.compile("|".join(sorted(_WORDS, key=len, reverse=True)))
_UNSPACED_NUMBERS = {"一": 1, "二": 2, "两": 2, "三": 3, "四": 4, "五": 5}
_DIGITS = re.compile(r"[1-9][0-9]?(?![\d.%]*\d)(?!-)")
_COUNTED = re.compile(r"[一二两三四五](?=\s?(?:つ|個|个|件|項|项|样|款|条))")
_THINGS = (
    r"(?:numbers?|indices|indexes|index numbers|ids?|numerals|integers|snippets?|aspects?|products?|items?|queries|candidates?"
    r"|options?|keywords?|phrases?|entries|choices|articles?|ones|of (?:them|these|those|the)|from|categories|labels|reviews?"
    r"|sentences?|events?|answers?|results?|titles?|topics?|accessories|suggestions?|picks|best|most|nummern|zahlen|artikel"
    r"|produkte|numéros|produits|aspects|números|productos|numeri|prodotti|aspetti|aspectos|aspekte|things|dinge|stück"
    r"|lines|points|goods|places|requêtes|consultas|accessoires|accesorios|zubehör)"
)
# What may stand behind a figure that is asked for: things that lists hold, a counter, nothing more on the line.
_BEHIND = re.compile(rf"[\s-]+(?:[^\W\d]+[\s,-]+){{0,4}}?{_THINGS}\b|\s?(?:つ|個|个|件|項|项|样|款|条)")
_VERBS = (
    r"(?:selec|elig|escog|choos|pick|find|add|mark|attach|suggest|recommend|nam|give(?!n)|output|writ|keep|tick|take|wähl|choisi"
    r"|scegli|which|marca|coche)"
)
_PICKED = re.compile(rf"\b{_VERBS}\w*\s(?:\w+\s){{0,3}}$|(?:选|挑|選|选出|挑出)\s?$")
_TOP = re.compile(r"\btop[- ]$")
# A figure alone in brackets, or at the end of what is said about the list: "accessories (3)".
_ALONE = re.compile(r"\(\s?$")
_ALONE_BEHIND = re.compile(r"\s?\)\s*:?\s*(?:$|resp|answer|antwort|rép)")
# "A numbered list of 15 snippets" says how long the list is; "separating two numbers" says where commas go.
_NOT_ASKED = re.compile(
    r"(?:(?:list|set|pool|collection|catalogu?e) (?:of|with|containing|has) (?:\w+ ){0,2}"
    r"|\b(?:contain|hold|has|have|given|show)\w* (?:\w+ )?"
    r"|\b(?:these|those|following|are|below|here|this|every|separating|between|another|any|in|on|with|and|or|each|has) "
    r"(?:following )?"
    r"|\byou(?:'ll| will| can)? (?:find|see|get) |\bout of (?:the )?|\bfrom (?:the |these |those )?|\bof )$"
)
# Bounds are no count: "one or more", "at least two", "1 to 5".
_UP_TO = re.compile(
    r"\b(?:up to|at most|no more than|maximum(?: of)?|max\.?|bis zu|höchstens|maximal|jusqu'à|au plus|hasta|como máximo|fino a"
    r"|al massimo) $"
)
_AT_LEAST = re.compile(
    r"\b(?:at least|minimum(?: of)?|mindestens|au moins|al menos|almeno|between|zwischen|entre|tra) $"
)
_RANGE_BEHIND = re.compile(
    r"(?:\s?(?:\+|-|–)|(?: \w+)?,? (?:or|oder|ou|o|to|bis|à|a|and|und|et|y|e) "
    r"(?:more|several|many|mehr|mehrere|plus|plusieurs|más|varios|varias|più|diversi|anche|even|\d|two|three|four|five))"
)
_THE = re.compile(r"\b(?:the|their|all) $")
# In characters: as far as one looks back from a figure.
_LOOK_BACK = 60


@lru_cache(maxsize=1024)
def figures_in(instruction: str) -> tuple[tuple[int, int, int], ...]:
    """Return value, start and end of every figure in `instruction`: 1 to 99, in digits or in words."""
    found = [
        (int(match.group()), match.start(), match.end())
        for match in _DIGITS.finditer(instruction)
        if _stands_alone(instruction, match.start(), match.end())
    ]
    found += [
        (_WORDS[match.group()], match.start(), match.end())
        for match in _NUMBER_WORD.finditer(instruction)
        if _stands_alone(instruction, match.start(), match.end())
    ]
    if UNSPACED_LETTER.search(instruction):
        found += [
            (_UNSPACED_NUMBERS[match.group()], match.start(), match.end()) for match in _COUNTED.finditer(instruction)
        ]
    return tuple(sorted(found, key=lambda figure: figure[1]))


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Whether no letter, digit or decimal point joins the figure to what is around it."""
    before, after = text[start - 1 : start], text[end : end + 1]
    return not (
        (before.isalnum() and before < "\u3040") or before in _JOINING or (after.isalnum() and after < "\u3040")
    )


_JOINING = frozenset("._&,-")


@lru_cache(maxsize=1024)
def asked_count(instruction: str, list_length: int) -> int | None:
    """Return how many numbers the instruction asks for, None where it leaves that open."""
    for count, start, end in figures_in(instruction):
        if count > list_length:
            continue
        near = max(0, start - _LOOK_BACK)
        is_picked = _PICKED.search(instruction, near, start) is not None
        if is_picked and (_AT_LEAST.search(instruction, near, start) or _RANGE_BEHIND.match(instruction, end)):
            return None
        # "One product, twelve attributes", "one after another".
        if count == 1 and not (is_picked and (end == len(instruction) or _BEHIND.match(instruction, end))):
            continue
        is_alone = _ALONE.search(instruction, near, start) and _ALONE_BEHIND.match(instruction, end)
        if not (is_picked or is_alone or _TOP.search(instruction, near, start) or _BEHIND.match(instruction, end)):
            continue
        if _NOT_ASKED.search(instruction, near, start):
            continue
        if _UP_TO.search(instruction, near, start):
            # Of a bound, only less than the metric reads decides anything.
            return count if count < RETRIEVED_NUMBERS else None
        # "The five products" are those of the list and "the two queries" stand elsewhere; "the three best" are asked for.
        if _THE.search(instruction, near, start) and not 3 <= count < list_length:
            continue
        return count
    return None
