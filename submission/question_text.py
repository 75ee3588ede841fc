"""The anatomy of a question's text: labels, quotation marks, scripts, names of languages, words for translation.

Everything that reads a question takes these from here. Where two uses differ on purpose, the difference is a field, and
its comment says why.
"""

import re
from dataclasses import dataclass
from enum import StrEnum

# Characters of scripts that write no spaces between words, as parts of a character class.
KANA = "぀-ヿ"
HAN = "㐀-䶿一-鿿豈-﫿"
UNSPACED = KANA + HAN


class LabelKind(StrEnum):
    """What stands behind a label."""

    TASK = "task"
    ANSWER = "answer"
    QUERY = "query"
    TITLE = "title"
    REVIEW = "review"
    QUESTION = "question"
    PERSON = "person"
    TYPE = "type"
    ASPECT = "aspect"
    STATEMENT = "statement"
    TEXT = "text"


@dataclass(frozen=True)
class LabelWords:
    """The nouns that a label of one kind is made with.

    `is_body`: a text that the question is about stands behind it, which says nothing about what to do with that text.
    `is_cited`: phrases are cited from that text. A buyer's question and a speaker's turn are bodies, but what is asked of
    them is an answer. `is_one_line`: the text ends with its line, so that an instruction may follow on the next.
    """

    kind: LabelKind
    nouns: str
    is_body: bool = True
    is_cited: bool = False
    is_one_line: bool = False


# The first entry that has a noun of the label decides: "question text" is a question, "review title" a review.
LABELS = (
    LabelWords(
        LabelKind.TASK,
        "instruction instructions task note format rule rules goal job hint hints remark output-format aufgabe anweisung "
        "hinweis tâche consigne rôle tarea instrucción instrucciones compito istruzione istruzioni 指示 任务 要求 说明",
        is_body=False,
    ),
    LabelWords(
        LabelKind.ANSWER,
        "answer answers output response reply result results translation summary tl;dr antwort ausgabe ergebnis übersetzung "
        "réponse résultat traduction respuesta resultado traducción risposta risultato traduzione 出力 回答 答案 答え 結果 结果 "
        "翻訳 译文",
        is_body=False,
    ),
    LabelWords(
        LabelKind.QUESTION,
        "question questions q frage kundenfrage pregunta domanda quiz riddle 質問 问题 提问 問い",
        is_one_line=True,
    ),
    LabelWords(
        LabelKind.ASPECT,
        "aspect aspects aspekt aspekte aspecto aspectos aspetto aspetti 観点 方面",
        is_one_line=True,
    ),
    LabelWords(
        LabelKind.TYPE,
        "entity entities ent type attribute attributes attr slot property tag field ne want wanted label entität typ attribut "
        "entité entidad tipo "
        "atributo entità attributo 属性 类型 実体 实体 タイプ",
        is_body=False,
        is_one_line=True,
    ),
    LabelWords(
        LabelKind.STATEMENT,
        "statement claim premise hypothesis cause effect fact assertion aussage behauptung affirmation prémisse hypothèse "
        "afirmación premisa hipótesis affermazione premessa ipotesi 说法 前提 假设 主張",
    ),
    LabelWords(
        LabelKind.REVIEW,
        "review reviews rev comment comments feedback testimonial rezension bewertung kommentar avis commentaire reseña "
        "comentario recensione commento レビュー 口コミ 评论 评价",
        is_cited=True,
    ),
    LabelWords(
        LabelKind.QUERY,
        "query queries qry kw search request utterance keyword keywords phrase wish suchanfrage anfrage suche requête recherche "
        "consulta búsqueda ricerca クエリ 検索 查询 搜索词",
        is_cited=True,
        is_one_line=True,
    ),
    LabelWords(
        LabelKind.TITLE,
        "title name product prod item headline listing offer titel produkttitel produkt artikel titre produit título producto "
        "titolo "
        "prodotto タイトル 商品名 商品 标题 商品标题",
        is_cited=True,
        is_one_line=True,
    ),
    LabelWords(
        LabelKind.PERSON,
        "user customer shopper agent bot assistant seller buyer student teacher speaker history session actions sequence "
        "kunde client cliente 顾客 买家 お客様",
    ),
    LabelWords(
        LabelKind.TEXT,
        "text txt sentence sentece passage paragraph context document description article abstract story plot bio input source "
        "content message letter email specification spec information info facts triple concepts given original "
        "satz beschreibung nachricht texte phrase description texto frase mensaje descripción testo messaggio descrizione "
        "文 文章 テキスト 句子 文本 描述",
        is_cited=True,
    ),
)
_KIND_OF_NOUN: dict[str, LabelWords] = {}
for _words in reversed(LABELS):
    _KIND_OF_NOUN.update(dict.fromkeys(_words.nouns.split(), _words))
_RANK = {words.kind: place for place, words in enumerate(LABELS)}
# A label is a few words at the beginning of a line, set off by a colon or what people write in its place.
_LABEL = re.compile(
    r"[\s*#\"'(<>-]{0,4}(?P<label>[^\W\d_][^:：=|>\n\t]{0,39}?)[\s*)}]*"
    r"(?:[:：]|(?:=|\||>{1,2}|->|→|\t)(?=\s|\S)|(?<=[A-Z]) {3,})[\s*]*"
    r"|\s*\[(?P<bracketed>[^\W\d_][^\]:：\n]{0,39})\][^\S\n]*[:：]?[^\S\n]*"
)
# Of words that are joined to the noun of a label behind it: "title of the product", "avis du client".
_JOINING = frozenset({"of", "du", "de", "d", "des", "del", "della", "dello", "der", "von", "v"})
_MOST_LABEL_WORDS = 5
_WORD = re.compile(rf"[{UNSPACED}]+|[^\W\d_{UNSPACED}]+(?:[;-][^\W\d_]+)*")


@dataclass(frozen=True)
class Labelled:
    """A line that begins with a label: the label's text, its words' entry (None if unknown) and where the rest begins."""

    label: str
    words: LabelWords | None
    end: int


def label_of(line: str) -> Labelled | None:
    """Return the label that `line` begins with, None without one."""
    match = _LABEL.match(line)
    if match is None:
        return None
    label = match["label"] or match["bracketed"]
    words = _WORD.findall(label.lower())
    if not 0 < len(words) <= _MOST_LABEL_WORDS:
        return None
    return Labelled(label, _words_of(words), match.end())


def _words_of(words: list[str]) -> LabelWords | None:
    """Return the entry of the noun that a label is made with: "review text", "avis du client", not "review helpfulness"."""
    if words[-1] not in _KIND_OF_NOUN and not (len(words) > 1 and words[1] in _JOINING):
        return None
    found = [_KIND_OF_NOUN[word] for word in words if word in _KIND_OF_NOUN]
    return min(found, key=lambda entry: _RANK[entry.kind], default=None)


def is_body_line(line: str) -> bool:
    """Return whether `line` begins with the label of a text that the question is about ("Review: …")."""
    found = label_of(line)
    return found is not None and found.words is not None and found.words.is_body


# Quotation marks: what opens, and what closes it.
QUOTES = {
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
