"""Which language a text is in, and which one a question asks to translate into.

Seven languages occur (en, de, fr, es, it, ja, zh). Scripts settle Japanese and Chinese, function words the rest: exact
enough to choose a wording and a token budget, which is all that it is used for.
"""

import re

import regex

from submission.question_text import HAN, LANGUAGE_NAMES

_KANA = regex.compile(r"[\p{Hiragana}\p{Katakana}ー]")
_HAN = re.compile(f"[{HAN}]")
_WORD = re.compile(r"[^\W\d_]+")

_FUNCTION_WORDS = {
    "en": "the and of to in is for with this that you it are on your was have from not which",
    "de": "der die das und ist für mit von auf ein eine nicht zu den im dem sich auch wird ich",
    "fr": "le la les des et est pour avec une dans du sur pas vous au en ce qui par cette",
    "es": "el la los las de y es para con una en del por que su no se al como este",
    "it": "il la di e per con una che del è in non gli della i nel le da si questo",
}
_LANGUAGES_OF_WORD: dict[str, list[str]] = {}
for _code, _words in _FUNCTION_WORDS.items():
    for _one in _words.split():
        _LANGUAGES_OF_WORD.setdefault(_one, []).append(_code)
_MARKS = {"de": "äöß", "fr": "çêèœ", "es": "ñ¿¡ó", "it": "òìù"}

# Two-word queries hold no function word; these endings are what tells them.
_ENDINGS = {
    "de": ("ung", "keit", "schuhe", "tasche", "lich", "chen"),
    "fr": ("ette", "ettes", "eaux", "ière", "euse", "aire"),
    "es": ("ción", "ores", "dora", "illo", "illa", "eros"),
    "it": ("zione", "etto", "ezza", "ello", "ini", "agli"),
}

_NAME = re.compile("|".join(f"(?P<{code}>(?<!\\w)(?:{names}))" for code, names in LANGUAGE_NAMES.items()))

_INTO = re.compile(r"(?:\b(?:into|in|to|auf|nach|ins|en|al|a)\b(?: \w+)?|译成|译为|翻译成)\s*$")
_INTO_BEHIND = re.compile(r"(?:に|へ)")
_LANGUAGE_OF = {
    "germany": "de",
    "austria": "de",
    "france": "fr",
    "spain": "es",
    "mexico": "es",
    "italy": "it",
    "japan": "ja",
    "china": "zh",
    "the uk": "en",
    "the us": "en",
}
_COUNTRY = re.compile(rf"\b(?:in|for|from|to)\b(?: \w+){{0,2}} ({'|'.join(_LANGUAGE_OF)})\b")


def detect_language(text: str) -> str:
    """Return the ISO 639-1 code of the language of `text`, "en" where nothing speaks for another."""
    sample = text[:600]
    kana, han = len(_KANA.findall(sample)), len(_HAN.findall(sample))
    if kana + han > len(sample) / 8:
        return "ja" if kana * 12 > han else "zh"
    lowered = sample.lower()
    votes = dict.fromkeys(_FUNCTION_WORDS, 0.0)
    for word in _WORD.findall(lowered):
        languages = _LANGUAGES_OF_WORD.get(word, ())
        for code in languages:
            votes[code] += 1 / len(languages)
        for code, endings in _ENDINGS.items():
            votes[code] += 0.4 * word.endswith(endings)
    for code, marks in _MARKS.items():
        votes[code] += 0.5 * sum(lowered.count(mark) for mark in marks)
    best = max(votes, key=votes.__getitem__)
    return best if votes[best] > votes["en"] else "en"


def target_language(text: str) -> str | None:
    """Return the code of the language that `text` asks to write in ("from English to German" gives "de"), or None.

    A language behind "to", "into", "in" and their like counts more than one that is merely named; a country ("for
    customers in Italy") stands for its language where no language is named.
    """
    lowered = text.lower()
    named = list(_NAME.finditer(lowered))
    for match in named:
        if _INTO.search(lowered, 0, match.start()) or _INTO_BEHIND.match(lowered, match.end()):
            return match.lastgroup
    if named:
        return named[-1].lastgroup
    country = _COUNTRY.search(lowered)
    return _LANGUAGE_OF[country.group(1)] if country else None
