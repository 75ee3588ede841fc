"""Turns the texts of product pages into one clean line, or nothing where nothing is there.

Pages hold HTML, entities escaped twice, line breaks and the words "nan" or "None" for absence. Texts that people asked
or wrote may be about all of these: each source chooses what is taken off its texts. A question is read by its lines. So
the one thing to know is that no text of a source may bring a line break into it.
"""

import html
import json
import re
import unicodedata
from typing import Any

from submission.half_surrogates import replace_half_surrogates

_TAG = re.compile(r"<\s*br\s*/?>|</?[a-zA-Z][^<>]{0,2000}>")
# What review pages put in place of a video or a product, "[[ASIN:B00ABCDEFG Title]]", and where a video would be.
_PAGE_MARK = re.compile(
    r"\[\[\s*(?:VIDEO|ASIN|IMAGE|MAP)\s?(?:(?:ID)?\s*:|ID\s)(?:[^\[\]]*(?:\[[^\[\]]*\][^\[\]]*)*\]\]|\S*)|\[(?:VIDEOID|ASIN):[^\[\]]*\]"
    r"|The media could not be loaded\.?|Your browser does not support HTML5 video\.?|Video Player is loading\.?",
    re.IGNORECASE,
)
# A link to a product reads as its title, which gives away what a review is about.
_PRODUCT_LINK = re.compile(r"<a\b[^<>]*\bproduct-link\b[^<>]*>.*?</a>", re.IGNORECASE | re.DOTALL)
# Control and format characters: invisible, and some tokenizers split on them.
_INVISIBLE = re.compile(
    r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufff9-\uffff]"
)
# UTF-8 that somebody took for Latin-1: what is left of spaces without a break and of curled quotes.
_MISREAD = re.compile(r"Â(?=[\s\u00a0®©°£«»]|$)|â€[™˜œ“”\u009d]?")
_MISREAD_AS = {"â€™": "'", "â€˜": "'", "â€œ": '"', "â€“": "-", "â€”": "-", "â€\u009d": '"', "â€": '"'}
_LETTER = re.compile(r"[^\W\d_]")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+|(?<=[。！？])")
_ABSENT = frozenset({"", "nan", "none", "null", "n/a", "na", "not applicable", "not available", "does not apply"})
# What shops enter where an attribute has no value, in the languages of the sources, without accents and punctuation.
_NO_VALUES = (
    "generic;unbranded;no brand;k a;n d;n c;no especifica;sin color;sans couleur;ohne;ohne marke;keine marke;sin marca;"
    "sans marque;senza marca;ノーブランド;ノーブランド品;"
    "s o;n v t;undefined;does not apply;doesn t apply;keine angaben;ohne angabe;"
    "ohne angaben;nicht spezifiziert;niet van toepassing;"
    "nao aplicavel;nao se aplica;sans;aucun e;senza;nessun;sin;"
    "特になし;該当無;表記なし;記載なし;情報なし;設定なし;データなし;不適用;暫無;未知道;"
    "unknown;not specified;unspecified;not provided;not set;no;nil;n a;tbd;tba;"
    "nicht zutreffend;nicht anwendbar;trifft nicht zu;nicht verfugbar;nicht angegeben;keine angabe;keine;kein;unbekannt;entfallt;"
    "non applicable;ne s applique pas;sans objet;non disponible;non specifie;non specifiee;non precise;non renseigne;inconnu;"
    "inconnue;aucun;aucune;"
    "no aplica;no aplicable;no se aplica;no procede;no disponible;no especificado;sin especificar;desconocido;ninguno;ninguna;"
    "non applicabile;non si applica;non disponibile;non specificato;non pertinente;sconosciuto;nessuno;nessuna;"
    "該当なし;該当ナシ;該当無し;該当しない;非該当;適用外;適用なし;なし;無し;ナシ;不明;未定;指定なし;未指定;"
    "不适用;不適用;无;無;没有;未知;暂无"
)
_NO_VALUE = frozenset((*_ABSENT, *_NO_VALUES.split(";")))
_PUNCTUATION = re.compile(r"[\W_]+")
_ALTERNATIVES = re.compile(r"[/,;|]")


def clean(text: object) -> str:
    """Return the text of a page as `without_markup` does, empty where the page's words stand for nothing ("nan", "N/A")."""
    text = without_markup(text)
    return "" if text.lower() in _ABSENT else text


def without_markup(text: object) -> str:
    """Return `text` on one line without HTML, entities and marks of pages: not for texts that may be about HTML."""
    if text is None:
        return ""
    if not isinstance(text, str):
        text = str(text)
    if "&" in text:
        text = html.unescape(html.unescape(text))
    if "Â" in text or "â€" in text:
        text = _MISREAD.sub(lambda match: _MISREAD_AS.get(match.group(), ""), text)
    if "<" in text:
        text = _TAG.sub(" ", _PRODUCT_LINK.sub(" ", text) if "product-link" in text else text)
    if "[" in text or "The media" in text or "Your browser" in text or "Video Player" in text:
        text = _PAGE_MARK.sub(" ", text)
    return on_one_line(text)


def on_one_line(text: object) -> str:
    """Return `text` without control characters and line breaks, else as it is; empty for None and for not a number."""
    if text is None or text != text:
        return ""
    return " ".join(_INVISIBLE.sub(" ", str(text)).split())


def clean_value(value: object) -> str:
    """Return the value of an attribute as `clean` does, empty where it says in one of the languages that there is none."""
    text = clean(value)
    parts = _ALTERNATIVES.split(text)
    return "" if _says_nothing(text) or (len(parts) > 1 and all(map(_says_nothing, parts))) else text


def _says_nothing(value: str) -> bool:
    return " ".join(_PUNCTUATION.split(without_accents(value))).strip() in _NO_VALUE


def without_accents(text: str) -> str:
    """Return `text` in lower case without accents and wide forms; the marks of Japanese letters stay."""
    if text.isascii():
        return text.lower()
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFKC", text).casefold())
    return unicodedata.normalize("NFC", "".join(letter for letter in folded if not "\u0300" <= letter <= "\u036f"))


def without_half_characters(value: Any) -> Any:
    """Return what JSON held with "?" in place of halves of surrogate pairs, which no file and no tokenizer takes."""
    return json.loads(replace_half_surrogates(json.dumps(value, ensure_ascii=False), "?"))


def has_words(text: str) -> bool:
    """Whether there is a letter in `text`, in any script."""
    return _LETTER.search(text) is not None


def sentences(text: str) -> list[str]:
    """Split clean text into its sentences."""
    return [part for part in (piece.strip() for piece in _SENTENCE_END.split(text)) if part]


def first_sentences(text: str, max_characters: int) -> str:
    """Return as many whole sentences of clean text as fit, empty if not even the first does."""
    end = 0
    for sentence in sentences(text):
        following = text.index(sentence, end) + len(sentence)
        if following > max_characters:
            break
        end = following
    return text[:end]


def words(text: str) -> list[str]:
    """Return the words of `text` in lower case: runs of letters and digits, in scripts without spaces the runs."""
    return re.findall(r"[^\W_]+", text.lower())
