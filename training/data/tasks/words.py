"""Words that carry meaning, in several languages: what tells whether two texts may be about the same thing."""

import re
from functools import lru_cache

from submission.answer_formats import citations, find_phrase
from submission.question_text import HAN, KATAKANA, UNSPACED
from training.data.sources.cleaning import has_words
from training.data.sources.records import Product

# Latin words; in Japanese runs of kanji, of katakana: hiragana are mostly grammar.
_TERM = re.compile(rf"[{KATAKANA}]{{2,}}|[{HAN}]+|[^\W_{UNSPACED}]+")
_GRAMMAR_WORDS = (
    "a an and are as at be by for from in is it its of on or that the this to with without your you we our all not no more "
    "der die das und mit für von ein eine im zu aus bei des dem den auf oder ohne "
    "de la le les du et pour avec une en au aux sur ou sans "
    "el los las y con para por del al "
    "il lo gli e di da per un della dei nel o"
)
_GRAMMAR = frozenset(_GRAMMAR_WORDS.split())
_SEVERAL_THINGS = re.compile(r"[&/,()]| and |>")
_PLURAL_WORDS = (
    "headphones earphones earbuds shoes boots sandals sneakers slippers socks jeans pants trousers shorts leggings tights "
    "sunglasses glasses goggles binoculars scissors pliers pajamas gloves mittens scrubs boxers briefs overalls cleats "
    "electronics accessories supplies clothes underwear press series oats"
)
# Neither plural nor to be cut, though they end like a plural.
_SINGULAR_WORDS = "lens canvas christmas atlas bias texas"
PLURAL_WORDS = frozenset(_PLURAL_WORDS.split())
"""What is named in the plural though it is one thing."""
_UNCHANGED = frozenset((*PLURAL_WORDS, *_SINGULAR_WORDS.split()))
_IRREGULAR_WORDS = (
    "knives:knife shelves:shelf scarves:scarf loaves:loaf leaves:leaf calves:calf lenses:lens mice:mouse men:man women:woman "
    "children:child potatoes:potato tomatoes:tomato ties:tie neckties:necktie pies:pie cookies:cookie brownies:brownie "
    "smoothies:smoothie hoodies:hoodie beanies:beanie onesies:onesie movies:movie veggies:veggie zombies:zombie pixies:pixie"
)
_ALIKE = str.maketrans({**dict.fromkeys("-‐‑–", " "), **dict.fromkeys("’‘ʼ", "'")})
_NUMBER = re.compile(r"\d+(?:[.,]\d+)?")
# In "4人用" and "50個" no word begins behind the number.
_COUNTED = re.compile(rf"\d[\d.,]*[{HAN}]+")
_SMALL_NUMBERS = ("two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
_NUMBER_WORDS = {word: str(number) for number, word in enumerate(_SMALL_NUMBERS, start=2)} | dict(
    fifteen="15", twenty="20", thirty="30", forty="40", fifty="50", sixty="60", hundred="100", thousand="1000"
)
_IRREGULAR = dict(pair.split(":") for pair in _IRREGULAR_WORDS.split())


@lru_cache(maxsize=65536)
def terms(text: str) -> frozenset[str]:
    """Return the meaningful words of `text`: lower case, singular as far as an s at the end tells, no grammar."""
    return frozenset(term_sequence(text))


def term_sequence(text: str) -> list[str]:
    """Return the words that `terms` returns, in their order."""
    found = []
    for term in _TERM.findall(text.lower()):
        if term in _GRAMMAR or (term.isascii() and len(term) < 2):
            continue
        found.append(term[:-1] if len(term) > 3 and term.endswith("s") and not term.endswith("ss") else term)
    return found


def surface_terms(text: str) -> list[str]:
    """Return the meaningful words of `text` as they stand there, in lower case, without numbers and what counts with them."""
    text = _COUNTED.sub(" ", text.lower())
    return [term for term in dict.fromkeys(_TERM.findall(text)) if terms(term) and not term[0].isdigit()]


def share_terms(first: str, second: str) -> bool:
    """Whether a meaningful word stands in both texts."""
    return not terms(first).isdisjoint(terms(second))


def contains(text: str, phrase: str) -> bool:
    """Whether `phrase` stands in `text` as whole words, whatever the case."""
    return find_phrase(text, phrase) is not None


def find_once(text: str, phrase: str) -> str | None:
    """Return what `find_phrase` returns, None where the phrase stands there more than once.

    Where it does not stand there as it is, a hyphen may stand for a space and a curled apostrophe for a straight one.
    """
    found = [*citations(text, phrase)]
    if not found and phrase:
        pattern = rf"(?<![^\W_]){re.escape(phrase.translate(_ALIKE))}(?![^\W_])"
        # Characters are replaced one by one, so places stay.
        found = [text[slice(*match.span())] for match in re.finditer(pattern, text.translate(_ALIKE), re.IGNORECASE)]
    return found[0] if len(found) == 1 else None


def names_the_thing(title: str, name: str) -> bool:
    """Whether a title is of a thing with this name, rather than of a part of it, a case for it or the like."""
    if name.lower() not in title.lower():
        return False
    pattern = (
        rf"(?<!for )(?<!for the )(?<!para )(?<!para la )(?<!para el )(?<!de )(?<![^\W_]){re.escape(name)}"
        r"(?=\s*(?:$|[,;:(|/–-]|\d|(?:with|for|in|by|and|of|set|over|from|de|con|para|y)\b)|\s+[^\x00-\x7f])"
    )
    return re.search(pattern, title, re.IGNORECASE) is not None


def numbers_in(text: str) -> frozenset[str]:
    """Return the numbers of a text, in digits or as a word, with a point for decimals."""
    found = {number.replace(",", ".") for number in _NUMBER.findall(text)}
    return frozenset(found | {_NUMBER_WORDS[word] for word in _TERM.findall(text.lower()) if word in _NUMBER_WORDS})


def count_phrase(text: str, phrase: str) -> int:
    """Return how often `phrase` stands in `text`, whatever the case."""
    return text.lower().count(phrase.lower())


@lru_cache(maxsize=16384)
def singular(category: str) -> str:
    """Return the name of one thing of a category ("Over-Ear Headphones", "AA Batteries"), in lower case but for "AA"."""
    *before, last = (word if word.isupper() and len(word) < 4 else word.lower() for word in category.split())
    if last in _IRREGULAR:
        last = _IRREGULAR[last]
    elif last in _UNCHANGED or len(last) < 4:
        pass
    elif last.endswith("ies"):
        last = last[:-3] + "y"
    elif last.endswith(("sses", "shes", "ches", "xes")):
        last = last[:-2]
    elif last.endswith("s") and not last.endswith(("ss", "us", "is")):
        last = last[:-1]
    return " ".join([*before, last])


def product_type(product: Product | None) -> str:
    """Return the type of a product by its most specific category, empty where that names several things or none."""
    if product is None or not has_words(product.category) or _SEVERAL_THINGS.search(product.category):
        return ""
    # "Basic Cases" is what a shop calls its cases.
    return singular(product.category).removeprefix("basic ")


def shortened(text: str, max_characters: int = 180) -> str:
    """Return a title cut at a word where it is longer than anyone reads."""
    if len(text) <= max_characters:
        return text
    cut = text[: max_characters + 1]
    return (cut.rsplit(" ", 1)[0] if " " in cut else cut[:max_characters]).rstrip(" ,;:-–|/(")
