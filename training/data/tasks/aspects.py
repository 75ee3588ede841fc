"""Aspects of products that reviews speak of, found by their words: which ones, where, and in what mood.

The public review sets have stars but no aspects. A clause is taken to be about an aspect when it holds a word of it, and
to be positive or negative when its own words say so and the stars agree; anything less certain is left alone. The one
thing to know: precision is what counts here, most clauses are simply not used.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from training.data.tasks.words import terms

# Aspect: its group, and the words that speak of it. Aspects of one group shade into each other, so none of them is ever
# offered as a wrong answer beside another.
_ASPECTS = {
    "quality": ("make", r"quality|well[- ]made|workmanship|craftsmanship|poorly made|cheaply made"),
    "durability": ("make", r"durab\w+|sturdy|flimsy|fell apart|falls apart|held up|holds up|broke\b|broken|lasted"),
    "material": ("make", r"fabric|material|leather|plastic|cotton"),
    "price": ("price", r"price\w*|pricey|expensive|affordable|bargain|inexpensive"),
    "value": ("price", r"value|worth|bang for|waste of money|money"),
    "size": ("size", r"siz(?:e|es|ing)\b|too (?:small|big|large|short|long)|roomy|runs (?:small|large|big)"),
    "fit": ("size", r"fits?\b|fitted|fitting|snug"),
    "comfort": ("comfort", r"comfort\w*|comfy|uncomfortable"),
    "softness": ("comfort", r"soft\b|softer|softness|scratchy"),
    "appearance": ("looks", r"beautiful\w*|gorgeous|pretty (?!much|good|well)|looks? (?:great|good|nice|cheap)|stylish|ugly|cute"),
    "color": ("looks", r"colou?rs?\b"),
    "ease of use": ("use", r"(?:easy|simple|hard|difficult) to use|user[- ]friendly|convenient|intuitive"),
    "performance": ("use", r"work(?:s|ed)? (?:great|well|perfectly|fine)|performs?|stopped working|(?:does|did)(?:n't| not) work"),
    "assembly": ("assembly", r"assembl\w+|put together|instructions|easy to install|installation"),
    "sound": ("sound", r"sounds?\b|audio|volume|bass\b|noisy|noise|loud\b"),
    "battery life": ("battery", r"battery|batteries|holds? (?:a |its )?charge|charges?\b"),
    "smell": ("smell", r"smells?\b|scent\w*|fragrance|odou?r"),
    "taste": ("taste", r"tastes?\b|flavou?r\w*|delicious|tasty|bland"),
    "weight": ("weight", r"light ?weight|weighs?\b|heavy|too light"),
    "ease of cleaning": ("cleaning", r"(?:easy|hard|difficult) to clean|clean ?up|washes|washing|washed|washable|dishwasher"),
    "packaging": ("delivery", r"packag\w+|box was|wrapped|well packed|dented"),
    "delivery": ("delivery", r"deliver\w*|shipping|shipped|arrived (?:on time|early|late|quickly|fast)"),
    "customer service": ("service", r"customer (?:service|support)|refund\w*|warranty|seller"),
    "absorbency": ("absorbency", r"absorb\w*"),
    "brightness": ("light", r"bright(?:ness|er|ly)?\b(?! colou?rs?)|dim\b"),
    "sharpness": ("sharpness", r"sharp\w*|dull\b|blunt"),
    "stability": ("stability", r"stable|wobbl\w+|stability|tips over"),
    "storage space": ("space", r"pockets?\b|compartments?|storage space|holds a lot"),
    "warmth": ("warmth", r"warmth|keeps? (?:me|us|you|my \w+) warm|warm\b"),
    "waterproofing": ("water", r"waterproof|water[- ]resistant"),
    "leakage": ("water", r"leak\w*"),
    "suction": ("suction", r"suction"),
    "texture": ("texture", r"texture|greasy|sticky|silky"),
    "connectivity": ("connection", r"bluetooth|connect(?:s|ed|ion|ivity)?\b|pairing|pairs easily|disconnect\w*"),
    "screen": ("screen", r"screen\b|display\b"),
    "handle": ("handle", r"handles?\b"),
    "lid": ("lid", r"lids?\b"),
    "zipper": ("zipper", r"zippers?\b|zips?\b"),
    "straps": ("straps", r"straps?\b"),
    "buttons": ("buttons", r"buttons?\b"),
    "cable": ("cable", r"cables?\b|cords?\b"),
    "heel": ("heel", r"heels?\b"),
    "blade": ("blade", r"blades?\b"),
    "lens": ("lens", r"lens(?:es)?\b"),
    "pump": ("pump", r"pumps?\b"),
    "bristles": ("bristles", r"bristles?\b"),
    "pages": ("pages", r"pages?\b"),
    "magnet": ("magnet", r"magnet\w*"),
    "hook": ("hook", r"hooks?\b"),
}  # fmt: skip
ASPECTS = tuple(_ASPECTS)
# Groups that shade into each other as well: "easy to install", "soft velvet", "the lid does not leak".
_NEAR = (
    {"use", "assembly"},
    {"comfort", "texture", "bristles"},
    {"water", "lid"},
    {"sharpness", "blade", "lens"},
    {"light", "screen"},
    {"battery", "cable"},
    {"looks", "screen"},
    {"space", "zipper"},
    {"size", "weight"},
    {"taste", "smell"},
    {"delivery", "service"},
    {"delivery", "water"},
)
# Aspects that any product has, so that to ask whether a review speaks of them is never odd.
OF_ANY_PRODUCT = ("packaging", "delivery", "customer service", "size", "weight", "smell", "color")
_WORDS = {name: re.compile(rf"\b(?:{pattern})", re.IGNORECASE) for name, (_, pattern) in _ASPECTS.items()}

_CLAUSE_END = re.compile(
    r"[.!?;,:()\[\]…\"]+|\s[-–—]+\s|\s(?:but|and|although|though|however|because|since|while|so|when|if|plus|yet)\s",
    re.IGNORECASE,
)
_FILLERS = re.compile(
    r"^(?:(?:and|but|so|it|it's|its|they|they're|this|these|is|are|was|were|the|i|we|really|also|which|that|just|has|have|had"
    r"|my|a(?!\s+(?:bit|little|lot|few)\b)|an|as|to|of|would|say|think|like|love|absolutely|overall|also|there|there's|i'm|i've|for)\s+)+",
    re.IGNORECASE,
)
_TRAILING = re.compile(r"\s+(?:though|too|also|as well|however|overall|again)$", re.IGNORECASE)
_POSITIVE = re.compile(
    r"\b(?:great|good|excellent|perfect\w*|amazing|awesome|nice\w*|fantastic|wonderful|love\w*|beautiful\w*|gorgeous|best|comfortable"
    r"|comfy|soft|sturdy|durable|well|easy|fast|quick\w*|early|on time|clear|bright|sharp|cute|stylish|affordable|bargain|worth"
    r"|reasonabl\w+|delicious|tasty|lightweight|light weight|stable|convenient|roomy|snug|warm|silky|helpful|superb|pleasant"
    r"|crisp|rich|strong|true to size)\b",
    re.IGNORECASE,
)
_NEGATIVE = re.compile(
    r"\b(?:bad|poor\w*|terrible|awful|horrible|cheap\w*|flimsy|broke|broken|fell apart|falls apart|uncomfortable|scratchy|ugly"
    r"|weak|hard to|difficult|expensive|overpriced|pricey|waste|too (?:small|big|large|short|long|tight|loose|heavy|light|thin)"
    r"|disappoint\w*|stopped working|leak\w*|wobbl\w+|noisy|faded|late|dented|rude|bland|greasy|dull|blunt|dim|ripped|wrong"
    r"|runs small|runs large|useless|strange|annoying|smelly|disconnect\w*)\b",
    re.IGNORECASE,
)
_NEGATION = re.compile(
    r"\b(?:not|no|never|isn't|wasn't|aren't|don't|doesn't|didn't|won't|can't|cannot|without|hardly|nor)\b|n't\b", re.I
)
_MOST_WORDS = 7
_PLAIN_PHRASE = (
    "very really quite pretty bit little much more most too so one two day week month year hour even after before first again "
    "still time well just only all every anything everything thing use used get got keep stay come look feel made make far "
    "super totally overall"
)
_PLAIN_WORDS = frozenset(_PLAIN_PHRASE.split())


@dataclass(frozen=True)
class Clause:
    """A short clause of a review as it stands there, about one aspect; `mood` is 1, -1, or 0 where it is not plain."""

    text: str
    aspect: str
    mood: int


@lru_cache(maxsize=8192)
def aspects_of(text: str) -> frozenset[str]:
    """Return the aspects of which a word stands in `text`."""
    return frozenset(name for name, pattern in _WORDS.items() if pattern.search(text))


def may_be_wrong(aspect: str, covered: frozenset[str]) -> bool:
    """Whether `aspect` is certainly none of those covered: not one of them, nor of the group of one or a near one."""
    groups = {_ASPECTS[name][0] for name in covered}
    group = _ASPECTS[aspect][0]
    return group not in groups and not any(group in near and not near.isdisjoint(groups) for near in _NEAR)


@lru_cache(maxsize=8192)
def clauses(text: str) -> tuple[Clause, ...]:
    """Return the clauses of a review that are about exactly one aspect and short enough to be quoted."""
    found = []
    for piece in _CLAUSE_END.split(text):
        clause = _TRAILING.sub("", _FILLERS.sub("", piece.strip())).strip()
        if not 1 <= len(clause.split()) <= _MOST_WORDS or not clause[0].isalnum():
            continue
        about = aspects_of(clause)
        if len(about) == 1:
            aspect = next(iter(about))
            # Whether a strong smell is a good one is a matter of taste.
            is_plain = aspect != "smell" or "strong" not in piece.lower()
            found.append(Clause(clause, aspect, _mood(piece) if is_plain else 0))
    return tuple(found)


def _mood(clause: str) -> int:
    positive, negative = bool(_POSITIVE.search(clause)), bool(_NEGATIVE.search(clause))
    # "not bad", "no wrong sizing": negation is beyond words lists, so the mood is not plain.
    if positive is negative or _NEGATION.search(clause):
        return 0
    return 1 if positive else -1


def is_about_anything(clause: str) -> bool:
    """Whether a clause could stand in a review of any product: it has words for aspect and opinion, and plain ones."""
    rest = clause
    for pattern in (*_WORDS.values(), _NEGATIVE, _POSITIVE):
        rest = pattern.sub(" ", rest)
    return terms(rest) <= _PLAIN_WORDS
