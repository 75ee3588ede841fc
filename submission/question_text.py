"""The anatomy of a question's text: labels, quotation marks, scripts, names of languages, words for translation.

Everything that reads a question takes these from here. Where two uses differ on purpose, the difference is a field, and
its comment says why.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import regex

# Scripts that write no spaces between words, as parts of a character class. `regex` knows them by name, `re` by their ranges
# alone. Each pattern is compiled by the one that finds it faster (`benchmarks.reading_patterns`).
UNSPACED_SCRIPTS = r"\p{Han}\p{Hiragana}\p{Katakana}"
KANA = "぀-ヿ"
KATAKANA = "ァ-ヺー"
HAN = "㐀-䶿一-鿿豈-﫿々"
UNSPACED = KANA + HAN
UNSPACED_LETTER = re.compile(f"[{UNSPACED}]")

# What languages are called in the languages of questions, as patterns over lower case.
LANGUAGE_NAMES = {
    "en": r"english|englisch\w*|anglais|inglés|ingles|inglese|英語|英语|英文",
    "de": r"german|deutsch\w*|allemand|alemán|aleman|tedesco|ドイツ語|德语|德文",
    "fr": r"french|französisch\w*|franzoesisch|français|francais|francés|francese|フランス語|法语|法文",
    "es": r"spanish|spanisch\w*|espagnol|español|espanol|castellano|spagnolo|スペイン語|西班牙语|西班牙文",
    "it": r"italian|italienisch\w*|italien|italiano|イタリア語|意大利语|意大利文",
    "ja": r"japanese|japanisch\w*|japonais|japonés|japones|giapponese|日本語|日语|日文",
    "zh": r"chinese|mandarin|chinesisch\w*|chinois|chino|cinese|中国語|中文|汉语",
    "pt": r"portuguese|portugiesisch\w*|portugais|portugués|portoghese",
    "nl": r"dutch|niederländisch\w*|néerlandais|holandés|olandese",
    "ko": r"korean|koreanisch\w*|coréen|coreano|韓国語|韩语",
}
# Words that ask for a translation, in lower case, whatever stands around them.
TRANSLATION_WORDS = r"\btranslat|\bübersetz|\btradu[cisz]|翻訳|翻译|訳し|译成|译为|\blocali[sz]"


class LabelKind(StrEnum):
    """What stands behind a label."""

    TASK = "task"
    ANSWER = "answer"
    RESULT = "result"
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
        "answer answers output outputs response reply result results a out antwort ausgabe ergebnis réponse résultat sortie "
        "respuesta resultado salida risposta risultato 出力 回答 答案 答え 結果 结果 输出",
        is_body=False,
    ),
    # The label of an answer that says what the answer is.
    LabelWords(
        LabelKind.RESULT,
        "translation summary tl;dr übersetzung zusammenfassung traduction résumé traducción resumen traduzione riassunto "
        "翻訳 要約 译文 总结",
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
        "comentario recensione commento recensie avaliação opinia recension yorum 리뷰 レビュー 口コミ 评论 评价",
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
        "content message letter email mail e-mail post tweet blurb caption notice specification spec information info facts "
        "triple concepts given original satz anzeige beschreibung nachricht texte phrase courriel annonce description "
        "eingabe entrée entrada 入力 输入 "
        "texto frase tekst bericht opis annons cümle metin 텍스트 mensaje correo anuncio descripción testo messaggio annuncio "
        "descrizione メール 邮件 帖子 文 文章 テキスト 句子 文本 描述",
        is_cited=True,
    ),
)
# What stands behind a label of these is a list, or the first item of one that has lost its number. They make no body: without
# a list "products" and "queries" are what an instruction speaks of.
_LIST_NOUNS = (
    "products items options candidates aspects snippets queries categories keywords titles choices articles attributes reviews "
    "phrases statements tags topics labels list produkte artikel optionen liste kandidaten produits options candidats requêtes "
    "productos artículos opciones candidatos consultas lista prodotti articoli opzioni candidati "
    "商品 候補 选项 選択肢 候选 列表 リスト"
)
# Other words tell of something else: "bought items" are not those of the list.
_LIST_ADJECTIVES = (
    "the candidate numbered available possible given following answer product aspect snippet review search query category item "
    "these of nummerierte mögliche verfügbare possibles disponibles posibles possibili disponibili"
)
_IN_LIST_LABELS = frozenset(_LIST_NOUNS.split()), frozenset(_LIST_ADJECTIVES.split())
_UNSPACED_LIST_NOUNS = tuple(noun for noun in _IN_LIST_LABELS[0] if UNSPACED_LETTER.match(noun))
_KIND_OF_NOUN: dict[str, LabelWords] = {}
for _words in reversed(LABELS):
    _KIND_OF_NOUN.update(dict.fromkeys(_words.nouns.split(), _words))
# German joins nouns into one word, and scripts without spaces do: "Kundenrezension", "商品描述".
_LAST_PARTS = (
    *[
        "anfrage",
        "suche",
        "titel",
        "artikel",
        "rezension",
        "bewertung",
        "kommentar",
        "beschreibung",
        "nachricht",
        "text",
        "frage",
        "antwort",
        "ausgabe",
    ],
    *(noun for noun in _KIND_OF_NOUN if not noun.isascii() and UNSPACED_LETTER.match(noun)),
)
# In characters, with what marks a heading.
_LONGEST_ALONE = 30
_ALONE = re.compile(r"[\s#*<\[]{0,5}(?P<label>[^\W\d_][^\W\d_ ]*(?: [^\W\d_ ]+){0,2})[\s#*>\]]{0,5}")
# Besides nouns, the words of a label that stands alone on its line: other lines of a few words tell what to do.
_ALONE_WORDS = "customer product search buyer given original source input the der die das le la el il"
_IN_LABELS_ALONE = frozenset(_ALONE_WORDS.split())
_RANK = {words.kind: place for place, words in enumerate(LABELS)}
# A label is a few words at the beginning of a line, set off by a colon or what people write in its place.
_LABEL = re.compile(
    r"[\s*#\"'(<>=-]{0,4}(?P<label>[^\W\d_](?:[^:：=|>\n\t.,;!?。！？，、；「」]|(?<=\b\w)\.|\.(?!\s)){0,39}?)[\s*)}]*"
    r"(?:[:：]|=|\||>{1,2}|->|→|\t|(?<=[A-Z]) {3,})[\s*]*"
    r"|\s*\[(?P<bracketed>[^\W\d_][^\]:：\n]{0,39})\][^\S\n]*(?:[:：=|]|>{1,2}|->|→)?[^\S\n]*"
)
# Of words that are joined to the noun of a label behind it: "title of the product", "avis du client".
_JOINING = frozenset({"of", "du", "de", "d", "des", "del", "della", "dello", "der", "von", "v"})
_MOST_LABEL_WORDS = 5
# What begins with one of these tells where to look: "From the text above: who …".
_LOOKING = "from in out of using based according read see look aus im nach laut dans d'après selon en según de dal dalla nel nella"
_NO_FIRST_WORDS = frozenset(_LOOKING.split())
_WORD = re.compile(rf"[{UNSPACED}]+|[^\W\d_{UNSPACED}]+(?:[;-][^\W\d_]+)*")


# Within a line a label stands behind the end of a sentence: "Extract the brand. Title: Acme lamp".
_LABEL_WITHIN = re.compile(
    r"(?:(?<=[.!?;,)\"”»』」|/])\s+|(?<=\S)[^\S\n]{2,9}(?=\S)|(?<=[。！？；，])\s*)(?P<label>[^\W\d_][^:：\n.!?;,()。！？；，、「」]{0,39}?)\s*[:：]\s*"
)


@dataclass(frozen=True)
class Labelled:
    """A label in a line: its text, its words' entry (None if unknown), where it begins and where the rest begins."""

    label: str
    words: LabelWords | None
    start: int
    end: int

    @property
    def is_body(self) -> bool:
        """Whether a text that the question is about stands behind it ("Review: …")."""
        return self.words is not None and self.words.is_body

    @property
    def other_words(self) -> str:
        """What it says besides its nouns, in lower case: "compatible model from" of "Compatible model from title"."""
        words = _WORD.findall(self.label.lower())
        return " ".join(word for word in words if not _entry_of(word)) if len(words) > 1 else ""

    @property
    def is_list(self) -> bool:
        """Whether a list stands behind it: "Products: …"."""
        *others, last = _WORD.findall(self.label.lower())
        nouns, adjectives = _IN_LIST_LABELS
        is_list = last in nouns or last.endswith(_UNSPACED_LIST_NOUNS)
        return is_list and adjectives.issuperset(others)

    @property
    def is_numbered(self) -> bool:
        """Whether it is one of several: "Review 1", "Sentence 2"."""
        return self.label[-1:].isdecimal()


@lru_cache(maxsize=1024)
def label_of(line: str) -> Labelled | None:
    """Return the label that `line` begins with, None without one."""
    match = _LABEL.match(line)
    if match is None:
        return _label_alone(line) if len(line) <= _LONGEST_ALONE else None
    label = match["label"] or match["bracketed"]
    words = _WORD.findall(label.lower())
    if not 0 < len(words) <= _MOST_LABEL_WORDS:
        return None
    return Labelled(label, _words_of(words), match.start("label" if match["label"] else "bracketed"), match.end())


def _label_alone(line: str) -> Labelled | None:
    """Return the label that a line consists of, without anything that sets it off: "### Customer review"."""
    match = _ALONE.fullmatch(line)
    if match is None:
        return None
    label = match["label"]
    words = _WORD.findall(label.lower())
    entry = _words_of(words)
    if entry is None or any(word not in _IN_LABELS_ALONE and _entry_of(word) is None for word in words):
        return None
    return Labelled(label, entry, match.start("label"), match.end())


def label_within(line: str, is_wanted: Callable[[Labelled], bool], start: int = 0) -> Labelled | None:
    """Return the first label within `line` behind `start` that `is_wanted`, None without one."""
    if ":" not in line and "：" not in line:
        return None
    for match in _LABEL_WITHIN.finditer(line, start):
        words = _WORD.findall(match["label"].lower())
        if 0 < len(words) <= _MOST_LABEL_WORDS:
            label = Labelled(match["label"], _words_of(words), match.start("label"), match.end())
            if is_wanted(label):
                return label
    return None


def body_label_of(line: str) -> Labelled | None:
    """Return the label of a text that the question is about, at the beginning of `line` or within it; None without one."""
    label = label_of(line)
    return label if label and label.is_body else label_within(line, is_body_label, label.end if label else 0)


def list_label_of(line: str) -> Labelled | None:
    """Return the label of a list, at the beginning of `line` or within it; None without one."""
    label = label_of(line)
    return label if label and label.is_list else label_within(line, _is_list_label)


def _is_list_label(label: Labelled) -> bool:
    return label.is_list


def begins_part(label: Labelled) -> bool:
    """Whether something new begins with `label`; a note may stand within a text."""
    return label.words is not None and label.words.kind is not LabelKind.TASK


def is_body_label(label: Labelled) -> bool:
    """Whether a text that the question is about stands behind `label`."""
    return label.is_body


def _words_of(words: list[str]) -> LabelWords | None:
    """Return the entry of the noun that a label is made with: "review text", "avis du client", not "review helpfulness"."""
    entries = [entry for word in words if (entry := _entry_of(word))]
    if (
        not entries
        or (len(words) > 1 and words[0] in _NO_FIRST_WORDS)
        or not (_entry_of(words[-1]) or (len(words) > 1 and words[1] in _JOINING))
    ):
        return None
    return min(entries, key=lambda entry: _RANK[entry.kind])


@lru_cache(maxsize=4096)
def _entry_of(word: str) -> LabelWords | None:
    if entry := _KIND_OF_NOUN.get(word):
        return entry
    parts = [part for part in _LAST_PARTS if word.endswith(part)]
    return _KIND_OF_NOUN[max(parts, key=len)] if parts else None


def is_body_line(line: str) -> bool:
    """Return whether `line` begins with the label of a text that the question is about ("Review: …")."""
    found = label_of(line)
    return found is not None and found.is_body


# In seconds: a search that takes longer is given up with an error, which costs the question its form and no more.
SEARCH_LIMIT = 5.0
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
# What opens behind a word is an apostrophe, or an inch. French writes a blank within its marks. Where words have no spaces
# between them it may open there too.
_OPENING = regex.compile(
    rf"(?<![\w'\"])['\"“‘«「『`„](?=\S)|(?<!\w)«(?=\s\S)|(?<=[{UNSPACED_SCRIPTS}ー])[\"「『“‘'](?=\S)"
)
# A quotation in one line, with its marks: what is replaced where only the words around it are looked at.
QUOTED = regex.compile(
    r"""(?<!\w)(?:''[^'\n]++''|'[^'\n]*+(?:'(?:\w|(?<=s')\s[A-Z\d])[^'\n]*+)*'|"[^"\n]*+"|“[^”\n]*+”|‘[^’\n]*+’|«[^»\n]*+»"""
    r"""|„[^“”\n]*+[“”]|「[^」\n]*+」|『[^』\n]*+』)(?!\w)|“[^”\n]*+”|「[^」\n]*+」|『[^』\n]*+』"""
)


def quotations(text: str) -> list[tuple[int, int]]:
    """Return the [start, end) ranges of the quoted texts, without their marks; apostrophes inside a word do not count.

    Marks that open and close alike are matched with the last closing one before the next opening one, so that
    `'Men's Shoes'` is one quotation.
    """
    ranges: list[tuple[int, int]] = []
    openings = [match.end() - 1 for match in _OPENING.finditer(text, timeout=SEARCH_LIMIT)]
    limits = [*openings[1:], len(text)]
    end_of_last = -1
    unclosed: set[str] = set()
    for number, opening in enumerate(openings):
        mark = QUOTES[text[opening]]
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


def unquoted(text: str, start: int, end: int) -> tuple[int, int]:
    """Return the range from `start` to `end` without the marks of what is quoted as a whole, and what stands behind them."""
    tag = text.rfind("</", start, end) if text[end - 1 : end] == ">" else -1
    if tag > start:
        end = start + len(text[start:tag].rstrip())
    closing = len(text[start:end].rstrip(" .,;。，；")) + start - 1
    if closing > start + 1 and text[start] in QUOTES and text[closing] == QUOTES[text[start]]:
        return start + 1, closing
    return start, end
