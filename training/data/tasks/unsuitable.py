"""Text of pages and reviews that no question should hold: vulgar words, and sentences of pages that are not about a thing.

The one thing to know: words are taken whole, so that a cocktail, shiitake and Moby Dick stay.
"""

import re
from functools import lru_cache

# Masked letters ("f**k", "sh!t") are read as well. In lower case, as the text is: ignoring the case takes twice the time.
_VULGAR = re.compile(
    r"(?<![^\W_])(?:"
    r"(?:mother)?f[u*@#]{1,2}[c*#]?k(?:s|er|ers|ed|ing?|in)?|fuc?king?|fck(?:ing|ed)?|motherf\*+(?:er|ing)?|f\*{2,}|(?:bull|horse|dip)?sh[i1!*]+t+(?:s"
    r"|ty|tier|tiest|ting|show)?"
    r"|b[i!*]tch(?:es|y|ing)?|c[u*]nts?|a[r]?[s*$]{1,2}e?holes?|a\$\$|(?:dumb|bad|jack|kick)?ass(?:es)?|piss(?:es|ed|ing)?"
    r"|wtf|stfu|boob(?:s|ies)|titt?(?:s|ies)"
    r"|sex toys?|anal (?:beads?|plugs?)|penis(?:es)?|dickheads?"
    r"|(?<!moby )(?<!k\. )dicks?(?!['’]s| (?:tracy|van|and jane|clark|francis|cheney))|cocksuckers?|puss(?:y"
    r"|ies)(?! ?(?:willow|cats?))|slut(?:s|ty)?"
    r"|whores?|n[i*]gg(?:er|a)s?|fagg?ots?|bastards?|wankers?|twats?|dildos?|butt ?plugs?|cock ?rings?|fleshlights?"
    r"|blow ?jobs?"
    r"|hand ?jobs?|porn(?:o|ographic|star)?s?|cumshots?|jerk(?:ing)? off|hentai"
    r"|schei(?:ß|ss)\w*|verfickt\w*|fick(?:en|t|er)?|arschl(?:o|ö)ch(?:er)?|fotzen?|hurensohn|wichser"
    r"|putains?|merde|merdique|connards?|connasses?|salopes?|encul(?:é|e)s?|bordel de"
    r"|mierda|putas?|joder|jodid[oa]s?|cabr(?:ó|o)n(?:es)?|coño|gilipollas|pendej[oa]s?|follar"
    r"|cazzo|merda|stronz[oaie]|puttan[ae]|vaffanculo|coglion[ei]"
    r")(?![^\W_])|オナホ|オナニー|アダルトグッズ|巨乳|クソ|セックス|ディルド|他妈的|傻逼",
)
# What shops write below any product: how it is sent, guaranteed and returned, whom to ask, how to read the page.
_BOILERPLATE = re.compile(
    r"\b(?:(?:shipping|package|item) (?:weight|dimensions)|product dimensions|model number|best ?sellers? rank"
    r"|date first available|asin|upc"
    r"|customer (?:service|support|care)|contact(?:ing)? (?:us|the seller|seller)|after[- ]?sales?|money[- ]back"
    r"|satisf(?:action|ied) "
    r"|satisfaction|guarantee[ds]?|warrant(?:y|ies)|refund(?:s|ed|able)?|returns?\b(?! to\b)|risk[- ]free"
    r"|hassle[- ]free"
    r"|(?:buy|order|shop|click|purchase) (?:it )?(?:now|today|with confidence)|add to cart|please (?:note|check"
    r"|refer|allow|read|contact|see"
    r"|feel|make sure|confirm|be advised|do not)|any (?:questions?|problems?|issues?|concerns?)|feel free"
    r"|free shipping|ships (?:from|in|within)"
    r"|sales are final|limited[- ]time offer|follow us|click (?:on )?the (?:link|button|image|picture)|(?:sold|fulfilled) by"
    r"|stand by our|non[- ]?returnable|country of origin|umtausch\w*"
    r"|fast shipping|brand new|in stock|different (?:monitors?|screens?)|(?:due|owing) to (?:the )?(?:monitor"
    r"|screen|light)|manual measurement|measurement error|slight(?:ly)? (?:differen|color)|colou?rs? may (?:vary"
    r"|differ)"
    r"|actual (?:product|colou?r|item)|trademarks?|all rights reserved|copyright|prop(?:osition)? ?65"
    r"|not affiliated|we (?:promise|provide|offer"
    r"|guarantee|are committed|stand behind|will)|our (?:team|customers|store|shop|company|brand|mission)"
    r"|(?:perfect|great|ideal|best|excellent|good)"
    r" gifts?|gift (?:idea|choice|for)|what you get|package includes?|seller"
    r"|garantie|rückgabe\w*|rückerstattung|kundenservice|kundendienst|versand\w*|zufriedenheit\w*|geld[- ]zurück\w*"
    r"|kontaktieren sie"
    r"|zögern sie nicht|perfektes geschenk|ideales geschenk|remboursement\w*|service (?:client|après[- ]vente)"
    r"|livraison|contacte[zr][- ]nous"
    r"|n['’]hésitez pas|satisfaction|cadeau (?:idéal|parfait)|garant[ií]as?|devoluci(?:ón|ones)|reembolso"
    r"|(?:servicio|atención) al cliente|env[ií]os?"
    r"|satisfacción|cont[aá]cte\w*|póngase en contacto|no dud(?:e|es) en|regalo (?:ideal|perfecto)|garanzia"
    r"|rimborso|resi|(?:servizio|assistenza)"
    r" clienti|spedizion[ei]|soddisfazione|contatta(?:ci|rci|teci)|non esita(?:te|re)|regalo (?:ideale|perfetto))\b"
    r"|保証|返品|返金|お問い?合わせ|カスタマー|サポート(?:センター|いたし|対応)|アフターサービス|送料|発送|ご購入|お気軽|ご了承|ご連絡|プレゼントに",
    re.IGNORECASE,
)

_NO = re.compile(r"\b(?:without|w/o|not|no|non|never|except|sin|ohne|sans|senza)\b|なし|ない", re.IGNORECASE)
_PRICE = re.compile(
    r"[$€£¥]|\b(?:cheap(?:est)?|free|lol|under \d+(?! ?(?:inch|in|ft|lbs?|oz|cm|mm|kg))|\d+ (?:dollars?|bucks|euros?))\b",
    re.IGNORECASE,
)


@lru_cache(maxsize=65536)
def is_vulgar(text: str) -> bool:
    """Whether a word of `text` is one that nobody wants to read in a shop, in one of the languages of the sources."""
    return _VULGAR.search(text.lower()) is not None


def says_no(query: str) -> bool:
    """Whether a query says what it does not want: "tires without rims"."""
    return _NO.search(query) is not None


def names_a_price(query: str) -> bool:
    """Whether a query is about what something may cost, which no title tells."""
    return _PRICE.search(query) is not None


def is_boilerplate(sentence: str) -> bool:
    """Whether a sentence of a page could stand below any product."""
    return _BOILERPLATE.search(sentence) is not None
