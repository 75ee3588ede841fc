"""Reads from a short clause of a review whether it is for or against what it speaks of: "less expensive too" is for it.

A clause's opinion words must agree, each turned round by a negation or "less" in front of it. The one thing to know:
what is hoped, compared with something unnamed or limited ("would be great", "softer than that", "only on the model") is
no plain opinion. Precision counts: most clauses that are not plain are not used.
"""

import re
from collections.abc import Iterator

_POSITIVE = re.compile(
    r"\b(?:great|good|excellent|perfect\w*|amazing\w*|awesome|nice\w*|fantastic|wonderful\w*|loves?\b(?! stor)"
    r"|loved|lovely|hard to (?:put down|beat|resist|stop)|beautiful\w*|gorgeous|best|super"
    r"|comfortable|comfortably|comfy|soft|sturdy|sturdily|durable|well|easy|easily|fast|quick\w*|early|on time"
    r"|clear|bright|sharp|cute"
    r"|stylish|affordable|bargain|worth|reasonabl\w+|delicious|tasty|light ?-?weight|stable|convenient|roomy|warm"
    r"|silky|helpful|superb"
    r"|pleasant|crisp|rich|strong|true to size|inexpensive|vibrant|fabulous|terrific|outstanding|impress(?:ed|ive)"
    r"|pleased|happy"
    r"|satisfied|favorite|enjoy\w*|recommend\w*|glad|flattering|elegant|solid|incredible|incredibly|stunning"
    r"|refreshing|pretty(?= ?$)|waterproof|prompt\w*"
    r"|better than (?:i )?(?:expected|thought|anticipated|described|pictured|most|any)"
    r"|as (?:expected|described|advertised|pictured)|(?:can't|cannot|can not|could ?n[o']t) (?:be beat\w*|beat"
    r"|go wrong|complain|be happier)"
    r"|(?:no|without)(?: any)? (?:complaints?|issues?|problems?))\b",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    r"\b(?:bad|badly|poor\w*|terrible|terribly|awful\w*|horrible|horribly|cheap|cheaply|flimsy|broke|broken|breaks"
    r"|fell apart|falls apart"
    r"|uncomfortable|scratchy|itchy|ugly|weak|hard to|difficult|expensive|overpriced|pricey|disappoint\w*"
    r"|stopped working"
    r"|leak\w*|wobbl\w+|noisy|faded|fades|late|dented|damaged|rude|bland|greasy|dull|blunt|dim|ripped|torn|tore"
    r"|wrong|runs? (?:small|large|big)"
    r"|useless|strange|annoying|smelly|disconnect\w*|worst|worse|junk|garbage|hate\w*|defective|cracked|crooked"
    r"|shrunk|stinks?|gross"
    r"|nasty|disgusting|lousy|lacks?|lacking|not enough|lost|itches|painful|horrid|mediocre"
    r"|too (?:small|big|large|short|long|tight|loose|heavy|light|thin|thick|soft|stiff|bright|dim|loud|sweet|strong"
    r"|wide|narrow|hard|flimsy"
    r"|expensive|bulky|weak|salty|hot|dark|much|many|little|low|high))\b",
    re.IGNORECASE,
)
# Cheap is what a price is praised for.
_CHEAP_PRICE = re.compile(
    r"\b(?:cheap(?:er|est)?|low(?:er|est)?) (?:price|cost)|\bpriced? (?:was |is )?(?:low|cheap|right)|\bcheaper than\b",
    re.IGNORECASE,
)
_HARD_TO_STOP = re.compile(r"\bhard to (?:put down|beat|resist|stop)\b", re.IGNORECASE)
# A warning stays one behind its "don't".
_WARNING = re.compile(r"\b(?:wast(?:e|ed|ing)|stay away|avoid|beware|steer clear)\b", re.IGNORECASE)
# What is about the thing without saying yet whether that is good: it is worth quoting, but has no mood.
_NEUTRAL = re.compile(
    r"(?<!size )(?<!sizes )\b(?:fine|ok|okay|decent|average|alright|heavy|heavier|light|lighter|loud|quiet|tight"
    r"|loose|small|smaller|large|larger|big|bigger|short"
    r"|shorter|long|longer|thin|thinner|thick|thicker|stiff|low|lower|high|higher|wide|narrow|tiny|huge|hard|harder"
    r"|softer|stronger"
    r"|better|different|mild|subtle|overpowering|sweet|smooth|snug\w*|works|lasted|lasts|held up|holds up|flat|dark"
    r"|slow|basic|simple"
    r"|cheaper|faster|easier|brighter|sharper|warmer|thicker|sturdier|roomier)\b",
    re.IGNORECASE,
)
_TURNED = re.compile(
    r"\b(?:not|no|never|isn't|wasn't|aren't|don't|doesn't|didn't|won't|can't|cannot|with ?out|hardly|barely|nor"
    r"|neither|less|least|nothing"
    r"|none|nobody|far from|anything but|dont|doesnt|didnt|wasnt|isnt|cant|wont)\b|n['’]t\b",
    re.IGNORECASE,
)
_NOT_TURNED = re.compile(
    r"\bnot (?:only|just)\b|\b(?:no|without a?) doubts?\b|\bless than\b|\bno matter\b", re.IGNORECASE
)
_UNREACHED = re.compile(r"\b(?:but|yet|though)\b", re.IGNORECASE)
# How many words behind a negation it reaches.
_REACH = 4
_NOT_PLAIN = re.compile(
    r"\bnever\b.*\b(?:more|better|such)\b"
    r"|\b(?:would|could|should|might|may|wish\w*|hop(?:e|ed|ing)|if|unless|expect(?:ed|ing)?(?<!as expected)(?<!than expected)"
    r"|supposed|claim\w*|advertis\w+(?<!as advertised)|describ\w+(?<!as described)|thought(?<!than i thought)(?<!than thought)"
    r"|said|says|used to|want(?:ed|ing)?|need(?:ed|s|ing)?|look(?:ed|ing) for|(?<!not )only|except|until|other than|aside from"
    r"|besides|instead|maybe|perhaps|seem(?:s|ed)?|hear|heard|wonder(?:s|ed|ing)?|try|tried|whether|than (?:this|these|it|that)"
    r"|better(?! than (?:i\b|expected|thought|anticipated|described|pictured|most|any|other)))\b|\?",
    re.IGNORECASE,
)


def mood_of(clause: str) -> int:
    """Return 1 where a clause speaks for what it is about, -1 where it speaks against it, 0 where neither is plain."""
    if _NOT_PLAIN.search(clause):
        return 0
    found = set(_polarities(clause))
    return found.pop() if len(found) == 1 else 0


def has_opinion(clause: str) -> bool:
    """Whether a clause judges or describes something: "size" and "opened the package" do not."""
    return any(pattern.search(clause) for pattern in (_POSITIVE, _NEGATIVE, _NEUTRAL, _WARNING))


def without_opinion(clause: str) -> str:
    """Return a clause with blanks in place of its opinion words."""
    for pattern in (_WARNING, _NEGATIVE, _POSITIVE):
        clause = pattern.sub(" ", clause)
    return clause


def _polarities(clause: str) -> Iterator[int]:
    """Yield the sign of each opinion word, turned round by the negations in front of it."""
    kept = [match.span() for match in _HARD_TO_STOP.finditer(clause)]
    praised = [match.span() for match in _CHEAP_PRICE.finditer(clause)]
    negative = [match for match in _NEGATIVE.finditer(clause) if not _within(match, [*praised, *kept])]
    # "too soft" holds a word of praise.
    taken = [match.span() for match in negative]
    yield from (1 for _ in praised)
    yield from (-1 for _ in _WARNING.finditer(clause))
    yield from (-_sign(clause, match) for match in negative)
    yield from (_sign(clause, match) for match in _POSITIVE.finditer(clause) if not _within(match, taken))


def _within(match: re.Match[str], spans: list[tuple[int, int]]) -> bool:
    return any(start <= match.start() and match.end() <= end for start, end in spans)


def _sign(clause: str, opinion: re.Match[str]) -> int:
    """Return -1 where an odd number of negations reaches an opinion word, else 1."""
    before = _NOT_TURNED.sub(lambda match: " ".join("_" * len(match.group().split())), clause[: opinion.start()])
    before = _UNREACHED.split(before)[-1]
    turned = sum(len(before[match.end() :].split()) < _REACH for match in _TURNED.finditer(before))
    return -1 if turned % 2 else 1
