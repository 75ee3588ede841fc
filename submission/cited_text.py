"""Finds the text that an answer must be cited from, or translated: the body of a question without its instruction.

Bodies come in two shapes: behind a label ("Query: …", "Review: …") or in quotation marks ("the product title '…'"),
where the body itself may hold apostrophes, quotes and commas. Where neither is found the whole question is the body:
citing from too much is harmless, citing from too little loses the answer.
"""

import re

_LABELS = (
    r"(?:user |customer |search |product |shopping |input |given |source )*"
    r"(?:query|title|review|text|name|sentence|sentece|description|keywords?|product|input|utterance|headline|passage|listing"
    r"|request|search|feedback|comment|phrase"
    r"|suchanfrage|anfrage|titel|produkttitel|rezension|bewertung|text|satz|requête|titre|avis|phrase|consulta|título|reseña|texto|frase"
    r"|titolo|recensione|testo|クエリ|タイトル|商品名|レビュー|検索|文|查询|标题|评论|商品标题|句子|文本)"
    r"(?: text| title| keyword| body)?"
)
_LABELLED = re.compile(rf"(?:^|(?<=[\n.!?。;,)]))[ \t\"'*]*(?P<label>{_LABELS})\**\s*[:：]\**[ \t]*\n?", re.I)
_NEXT_LABEL = re.compile(
    r"\n[^\S\n]*+\**+(?:(?:the )?(?:given |target |desired )?(?:aspects?|output|answer|response|query|entity(?: type)?|entities"
    r"|attributes?|instructions?|question|label|type|key ?phrases?|extracted \w{1,30}|result|translation|title|tags?|options"
    r"|product|review|reply|your answer|phrases?|note|target|task|antwort|ausgabe|aspekt|réponse|aspecto|respuesta|risposta|aspetto"
    r"|出力|回答|答案|答え|输出|観点|方面)[^\n:：]{0,30}\s?[:：]"
    # A line that is nothing but a label waits for the answer.
    r"|[^\W\d][\w ()]{1,24}\s?[:：]\s*$"
    # An instruction may follow the body; it begins with one of these and ends the body.
    r"|(?:please|do not|don't|extract|return|identify|output|answer|respond|separate|list|give|find|which|what|select|spot|use) "
    r"[^\n]*\b(?:aspect|phrases?|entit\w+"
    r"|comma|only|explanations?|type|part|size|keyphrases?|translation)\b)",
    re.I,
)
# A query is one line; an instruction may follow it there.
_ONE_LINE = re.compile(
    r"query|title|name|utterance|headline|request|search|keyword|anfrage|consulta|requête|クエリ|查询", re.I
)
_NEXT_SENTENCE = re.compile(
    r"(?<=[^.])\.\s+(?:write|take|give|extract|list|output|tag|find|identify|return|which|what|please|quote)\w*\b", re.I
)
_QUOTES = {
    "'": "'",
    '"': '"',
    "“": "”",
    "‘": "’",
    "«": "»",
    "「": "」",
    "『": "』",
    "`": "`",
    "„": "“",
    "”": "”",
    "’": "’",
}
_OPENING = re.compile(r"(?<![\w'\"])['\"“‘«「『`„](?=\S)|(?<=[぀-ヿ㐀-䶿一-鿿])[\"「『“‘'](?=\S)")
_TEXT_NOUN = re.compile(
    r"(?:title|query|review|description|sentence|text|name|headline|utterance|search|product|phrase|entitled|titled|called|listing|request"
    r"|keywords?|titel|anfrage|titre|requête|título|titolo|consulta|タイトル|クエリ|标题|查询|商品)\W{0,4}$",
    re.I,
)


_TYPE_NOUN = re.compile(
    r"(?:types?|entity|entities|attribute|aspect|value|field|label|labelled|slot|category|class|for|on|the|of)\W{0,3}$",
    re.I,
)


def quotations(text: str) -> list[tuple[int, int]]:
    """Return the [start, end) ranges of the quoted texts, without their marks; apostrophes inside a word do not count.

    Marks that open and close alike are matched with the last closing one before the next opening one, so that
    `'Men's Shoes'` is one quotation.
    """
    ranges: list[tuple[int, int]] = []
    openings = [match.end() - 1 for match in _OPENING.finditer(text)]
    limits = [*openings[1:], len(text)]
    end_of_last = -1
    unclosed: set[str] = set()
    for number, opening in enumerate(openings):
        mark = _QUOTES[text[opening]]
        if opening <= end_of_last or mark in unclosed:
            continue
        start, closing = opening + 1, -1
        for following in range(number, len(limits)):
            closing = _last_closing(text, mark, start, limits[following])
            if closing >= 0:
                break
            start = limits[following]
        else:
            # Nothing closes what opens here, so nothing closes what opens later either.
            unclosed.add(mark)
        if closing > opening + 1:
            ranges.append((opening + 1, closing))
            end_of_last = closing
    return ranges


def _last_closing(text: str, mark: str, start: int, limit: int) -> int:
    position = text.rfind(mark, start, limit)
    while position >= start:
        after = text[position + 1 : position + 2]
        if not after.isalnum() or not after.isascii():
            return position
        position = text.rfind(mark, start, position)
    return -1


def labelled_body(text: str) -> tuple[int, int] | None:
    """Return the range of the text behind the last body label that has one, up to what follows it; None without one."""
    for match in reversed(list(_LABELLED.finditer(text))):
        start = match.end()
        if _ONE_LINE.search(match.group("label")) and text[start - 1] != "\n":
            line_end = text.find("\n", start)
            end = line_end if line_end >= 0 else len(text)
            sentence = _NEXT_SENTENCE.search(text, start, end)
            end = sentence.start() + 1 if sentence and text[start] not in _QUOTES else end
        else:
            following = _NEXT_LABEL.search(text, start)
            end = following.start() if following else len(text)
        if text[start:end].strip():
            return _trimmed(text, start, end)
    return None


def quoted_body(text: str) -> tuple[int, int] | None:
    """Return the range of the quotation behind a word like "title" or "query", else of the longest that is no type name."""
    ranges = quotations(text)
    named = [(start, end) for start, end in ranges if _TEXT_NOUN.search(text, max(0, start - 40), start - 1)]
    if not named:
        named = [(start, end) for start, end in ranges if not _TYPE_NOUN.search(text, max(0, start - 40), start - 1)]
    return max(named, key=lambda span: span[1] - span[0], default=None)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    # A body that is quoted as a whole is what is inside.
    if end - start > 2 and text[start] in _QUOTES and text[end - 1] == _QUOTES[text[start]]:
        return start + 1, end - 1
    return start, end


def body_of(text: str) -> str:
    """Return the body of an extraction or translation question, the whole question where it cannot be told apart."""
    span = labelled_body(text) or quoted_body(text)
    return text[span[0] : span[1]].strip() if span else text.strip()
