"""Aspects of products that reviews speak of, found by their words: which ones, where, and in what mood.

The public review sets have stars but no aspects. A clause is taken to be about an aspect when it holds a word of it. It
is positive or negative when its own words say so; anything less certain is left alone. The one thing to know: what an
aspect is asked about by is narrower than what may speak of it. So "heavier than others" is never called not about
weight.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from training.data.tasks.opinions import has_opinion, mood_of, without_opinion
from training.data.tasks.words import terms

# Aspect: its group, the words that speak of it, and further words that may. Aspects of one group shade into each other, so
# none of them is ever offered as a wrong answer beside another.
_ASPECTS = {
    "quality": ("make", r"quality|well[- ]made|workmanship|craftsmanship|poorly made|cheaply made",
        r"cheap\w*|junk|construct\w*|built|build\b|solid|strong|thin\b|thick|defect\w*|craft\w*|garbage|crap"),
    "durability": ("make", r"durab\w+|sturdy|flimsy|fell apart|falls apart|held up|holds up|broke\b|lasted",
        r"break\w*|broken|tears?\b|tore|torn|rip\w*|crack\w*|fray\w*|wore out|last(?:s|ing)?\b|fell off|came off|peel\w*"
        r"|die[ds]?\b|dead\b"),
    "material": ("make", r"fabric|material|leather|plastic|cotton",
        r"metal|wood\w*|polyester|wool|silicone|rubber|canvas|cloth|steel|cardboard|stitch\w*|seams?|sew\w*|glass"
        r"|foam|paper"),
    "price": ("price", r"price\w*|pricey|expensive|affordable|bargain|inexpensive|cheaper",
        r"cheap\w*|costs?\b|dollars?|bucks|deals?\b|on sale|paid|pay\b|spend|spent|penn(?:y|ies)|cents|discount\w*"
        r"|budget|\d+ ?usd"),
    "value": ("price", r"value|worth\b|bang for|waste of money|for the money|waste (?:your|my) money", r"money"
        r"|rip[- ]?off|worthwhile"),
    "size": ("size", r"siz(?:e|es|ing)\b|too (?:small|big|large|short|long)|roomy|runs (?:small|large|big)",
        r"bigger|larger|smaller|longer|shorter|wider|narrow\w*|tall\w*|length|width|height|inch\w*|small\b|large\b"
        r"|big\b|huge|tiny|mini"
        r"|compact|bulky|oversized|dimensions?|sized|spacious|slim|short\b|long\b"),
    "fit": ("size", r"fits?\b(?! (?:for|me)\b)|fitted|fitting|snug\w*", r"tight\w*|loose\w*|baggy|stretch\w*"
        r"|ill[- ]fitting"),
    "comfort": ("comfort", r"comfort\w*|comfy|uncomfortable",
        r"cozy|cosy|hurts?|pinch\w*|pain\w*|irritat\w*|itch\w*|cushion\w*|padd\w+|supportive|ergonomic|stiff"),
    "softness": ("comfort", r"soft\b|softer|softness|scratchy", r"plush|rough\w*|fluffy|hard\b|firm\w*|smooth\w*"),
    "appearance": ("looks", r"beautiful\b|beautifully (?:made|designed|crafted|wrapped)|gorgeous|looks? (?:great"
        r"|good|nice|cheap|amazing|beautiful)"
        r"|stylish|ugly|cute\w*|pretty\b(?! (?:much|good|well|eas\w+|quick\w*|fast|big|small|large|short|long|light"
        r"|heavy|cheap|nice|sturdy|soft"
        r"|comfortable|thin|thick|tight|loose|decent|bad|poor\w*|simple|hard|basic|expensive|close|happy|sure"
        r"|strong|loud|quiet|warm|cool|hot|cold"
        r"|great|sweet|solid|durable|accurate|impress\w+|\w+ly)\b)",
        r"look\w*|style\w*|design\w*|pattern\w*|handsome|attractive|elegant|classy|beaut\w*|pretty|lovely|flattering"),
    "color": ("looks", r"colou?rs?\b(?!-)",
        r"colou?r\w*|shade|hue|tint\w*|black|white|red\b|blue|green|pink|brown|gr[ae]y|purple|yellow|orange|golden"
        r"|silver|beige|navy|fade\w*|vibrant"),
    "ease of use": ("use", r"(?:easy|simple|hard|difficult) to use|user[- ]friendly|convenient\w*|intuitive",
        r"eas(?:y|ily|ier)|hard to|difficult|simple|simply|confus\w*|complicated|handy|convenien\w*|useful|useless"),
    "performance": ("use", r"work(?:s|ed)? (?:great|well|perfectly|fine|beautifully|wonderfully|as (?:expected"
        r"|advertised|described))"
        r"|performs?|stopped working|(?:does|did)(?:n['’]t| not) work",
        r"work\w*|function\w*|effective\w*|do(?:es|ing)? (?:the|its|it's) job|did (?:the|its|it's) job|powerful"
        r"|perform\w*|slow\w*|fast\b"),
    "assembly": ("assembly", r"assembl\w+|put together|instructions|easy to install\w*|installation",
        r"install\w*|set ?up|build|screws?|instruction\w*|manual|mount\w*|attach\w*|directions"),
    "sound": ("sound", r"sound\b(?! asleep)|sound quality|sounds (?:great|good|clear|amazing|awesome|awful|terrible"
        r"|bad|tinny|muffled|crisp)|audio\b"
        r"|volume\b(?! of)|bass\b|noisy|noise|loud\b",
        r"sound\w*|hear\w*|speakers?|loud\w*|quiet\w*|silent\w*|nois\w*|volume|music|audio\w*|mic\b|microphone"
        r"|squeak\w*|listen\w*"),
    "battery life": ("battery", r"battery|batteries|holds? (?:a |its )?charge|charg(?:es?|ing) (?:quickly|fast"
        r"|slowly|well|time)",
        r"charg\w*|power\w*|batter\w*|hours|plug\w*"),
    "smell": ("smell", r"smells?\b|scent\w*|fragrance|odou?r", r"smell\w*|fragran\w*|odou?r\w*|aroma\w*|stink\w*"
        r"|stench|perfume\w*|fumes|nose|chemical\w*"),
    "taste": ("taste", r"tastes?\b|flavou?r\w*|delicious|tasty|bland",
        r"tast\w*|sweet\w*|bitter\w*|sour\b|salty|yum\w*|eat\w*|ate\b|spicy|flavou?r\w*|mouth"),
    "weight": ("weight", r"light ?-?weight|weighs?\b(?! (?:about|approximately|around|only|a)? ?\d)|heavy|heavier"
        r"|too light|lighter than|heavier than",
        r"heav\w*|light(?:er|est|ly)?\b|weigh\w*|pounds?|lbs?\b|ounces?|oz\b|bulky|dense"),
    "ease of cleaning": ("cleaning", r"(?:easy|hard|difficult) to clean|clean ?up|washes|washing|washed|washable"
        r"|dishwasher",
        r"clean\w*|wash\w*|wip(?:e|es|ed|ing)\b|stain\w*|laundry|rins\w*|scrub\w*|dust\w*"),
    "packaging": ("delivery", r"packag(?:e|ed|ing)\b|box was|wrapped|well packed|dented", r"packag\w*|pack\w*"
        r"|box\w*|wrap\w*|dent\w*|damag\w*|seal\w*|container"),
    "delivery": ("delivery", r"delivery|deliveries|delivered\b(?! (?:on (?!time)|as |what|exactly|results?"
        r"|everything))|shipping\b(?! (?:container|box|label|tape))|shipped"
        r"|arrived (?:on time|early|late|quickly|fast|promptly)|(?:arrives?|came|comes) (?:quickly|fast|promptly"
        r"|on time|early|late)",
        r"deliver\w*|ship\w*|arriv\w*|came\b|received|order\w*|mail\w*|prompt\w*|on time|late\b|post\b|days\b|weeks\b"),
    "customer service": ("service", r"customer (?:service|support)|refund\w*|warranty|seller",
        r"customer\w*|service|return\w*|vendor|compan(?:y|ies)|replac\w*|contact\w*|respon\w*|manufacturer|sellers?"
        r"|support\w*"),
    "absorbency": ("absorbency", r"absorb\w*", r"absor\w*|soak\w*|dry\w*|dries|spill\w*"),
    "brightness": ("light", r"bright(?:ness|er|ly)?\b(?! colou?rs?)|dim\b", r"bright\w*|dim\w*|light\w*|lit\b"
        r"|glow\w*|leds?\b|lumens|dark\w*|shin\w*"),
    "sharpness": ("sharpness", r"sharp\w*|dull\b|blunt", r"sharp\w*|dull\w*|cuts?\b|cutting|edge\w*"),
    "stability": ("stability", r"stable|wobbl\w+|stability|tips over", r"stab\w*|steady|slid\w*|slip\w*|tip(?:s|ped"
        r"|ping)\b|sturd\w*|shak\w*"),
    "storage space": ("space", r"pockets?\b|compartments?|storage space|holds a lot", r"room\b|spac\w*|storage"
        r"|hold\w*|capacity|carr(?:y|ies)|store\w*"),
    "warmth": ("warmth", r"warmth|keeps? (?:me|us|you|my \w+) warm|warm\b", r"warm\w*|hot\b|cold\b|cool\w*|heat\w*"
        r"|insulat\w*|cozy|winter"),
    "waterproofing": ("water", r"waterproof|water[- ]resistant", r"water\w*|rain\w*|wet\b|drip\w*|spill\w*"),
    "leakage": ("water", r"leak\w*", r"leak\w*|drip\w*"),
    "suction": ("suction", r"suction", r"suck\w*|vacuum\w*|stick\w*|stuck"),
    "texture": ("texture", r"texture|greasy|sticky|silky", r"textur\w*|smooth\w*|rough\w*|feel\w*|felt|greas\w*"
        r"|creamy|thick|thin\b"),
    "connectivity": ("connection", r"bluetooth|connect(?:s|ed|ion|ivity)?\b|pairing|pairs easily"
        r"|disconnect\w*", r"connect\w*|pair(?:s|ed|ing)\b|wi-?fi|signal|sync\w*"),
    "screen": ("screen", r"screen\b(?! protector)|display\b", r"screens?|display\w*|monitor|picture"),
    "handle": ("handle", r"handles?\b", r"handl\w*|grip\w*|hold\w*"),
    "lid": ("lid", r"lids?\b", r"lids?\b|cap\b|caps\b|cover\w*|top\b|seal\w*"),
    "zipper": ("zipper", r"zippers?\b|zips?\b", r"zip\w*"),
    "straps": ("straps", r"straps?\b", r"strap\w*|bands?\b|belt\w*"),
    "buttons": ("buttons", r"buttons?\b", r"button\w*|keys?\b|press\w*|switch\w*"),
    "cable": ("cable", r"cables?\b|cords?\b", r"cabl\w*|cord\w*|wire\w*|plug\w*"),
    "heel": ("heel", r"heels?\b", r"heel\w*|soles?\b|foot|feet"),
    "blade": ("blade", r"blades?\b", r"blad\w*|cut\w*|knife|knives"),
    "lens": ("lens", r"lens(?:es)?\b", r"lens\w*|glass\w*"),
    "pump": ("pump", r"pumps?\b", r"pump\w*|dispens\w*"),
    "bristles": ("bristles", r"bristles?\b", r"bristl\w*|brush\w*"),
    "pages": ("pages", r"pages?\b", r"page\w*|book\w*|read\w*|paper"),
    "magnet": ("magnet", r"magnet\w*", r"magnet\w*"),
    "hook": ("hook", r"hooks?\b", r"hook\w*|hang\w*|hung"),
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
_WORDS = {name: re.compile(rf"\b(?:{words})", re.IGNORECASE) for name, (_, words, _) in _ASPECTS.items()}
_LOOSE_WORDS = {
    name: re.compile(rf"\b(?:{words}|{further})", re.IGNORECASE) for name, (_, words, further) in _ASPECTS.items()
}

# "so" ends a clause where another begins, "so soft" does not.
_CLAUSE_END = re.compile(
    r"([.,:](?!\d)|[!?;()\[\]…\"]+|\s[-–—]+\s|\s(?:but|and|although|though|however|because|since|while|when|plus|yet)\s"
    r"|\sso\s(?=(?:i|it|its|it's|they|we|you|that|this|my|he|she|there|the)\s))",
    re.IGNORECASE,
)
_FILLERS = re.compile(
    r"^(?:(?:and|but|so|it|it's|its|they|they're|this|these|is|are|was|were|the|i|we|really|also|which|that|just"
    r"|has|have|had"
    r"|my|a(?!\s+(?:bit|little|lot|few)\b)|an|as|to|of|would|say|think|absolutely|overall|also|there|there's|i'm"
    r"|i've|for)\s+)+",
    re.IGNORECASE,
)
_TRAILING = re.compile(r"\s+(?:though|too|also|as well|however|overall|again)$", re.IGNORECASE)
# A clause that ends with these was cut off before what it says.
_CUT_OFF = re.compile(
    r"^(?:than|nor|or)\b|\b(?:is|are|was|were|be|been|the|a|an|of|to|for|with|than|as|so|very|really|not|too|in|on"
    r"|at|by|from|my|its|it's|such|quite"
    r"|isn't|wasn't|aren't|doesn't|didn't|how|that|which|who|even|just|like|feels?|looks?|seems?|has|have|had)$",
    re.IGNORECASE,
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
    """A short clause of a review as it stands there, about one aspect, with what it thinks of it.

    `mood` is 1, -1, or 0 where it is not plain; a clause that only mentions the aspect is none.
    """

    text: str
    aspect: str
    mood: int


@lru_cache(maxsize=8192)
def aspects_of(text: str) -> frozenset[str]:
    """Return the aspects of which a word stands in `text`."""
    return frozenset(name for name, pattern in _WORDS.items() if pattern.search(text))


@lru_cache(maxsize=8192)
def may_speak_of(text: str) -> frozenset[str]:
    """Return all aspects that `text` may speak of, in whatever words: more than `aspects_of` returns."""
    return frozenset(name for name, pattern in _LOOSE_WORDS.items() if pattern.search(text))


def may_be_wrong(aspect: str, covered: Iterable[str], touched: Iterable[str] = ()) -> bool:
    """Whether `aspect` is certainly none of those `covered`, not of the group of one or a near one, and not `touched`."""
    groups = {_ASPECTS[name][0] for name in covered}
    group = _ASPECTS[aspect][0]
    is_near = group in groups or any(group in near and not near.isdisjoint(groups) for near in _NEAR)
    return not is_near and aspect not in touched


@lru_cache(maxsize=8192)
def clauses(text: str) -> tuple[Clause, ...]:
    """Return the clauses of a review that say something of exactly one aspect and are short enough to be quoted."""
    found = []
    # Pieces and what ends them take turns.
    parts = [*_CLAUSE_END.split(text), ""]
    for piece, end in zip(parts[::2], parts[1::2], strict=True):
        clause = _TRAILING.sub("", _FILLERS.sub("", piece.strip())).strip()
        if not 1 <= len(clause.split()) <= _MOST_WORDS or not clause[0].isalnum():
            continue
        about = aspects_of(clause)
        if len(about) != 1 or not has_opinion(clause) or _CUT_OFF.search(clause) or "?" in end:
            continue
        aspect = next(iter(about))
        # Whether a strong smell is a good one is a matter of taste.
        is_plain = aspect != "smell" or "strong" not in piece.lower()
        mood = mood_of(clause)
        found.append(Clause(clause, aspect, mood if is_plain and mood == mood_of(piece) else 0))
    return tuple(found)


def is_about_anything(clause: str) -> bool:
    """Whether a clause could stand in a review of any product: it has words for aspect and opinion, and plain ones."""
    for pattern in _WORDS.values():
        clause = pattern.sub(" ", clause)
    return terms(without_opinion(clause)) <= _PLAIN_WORDS
