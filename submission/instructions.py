"""Takes a question's instruction out of its text: what tells its reader what to do, and what else the text looks like.

Bodies, quotations and lists are left out, since what stands there does not tell what is asked.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice

from submission.asked_count import asked_count, figures_in
from submission.item_numbers import numbering_length
from submission.json_prompts import with_fields_on_lines, without_json
from submission.numbered_lists import NumberedList, find_list
from submission.question_text import (
    LANGUAGE_NAMES,
    QUOTED,
    QUOTES,
    SEARCH_LIMIT,
    UNSPACED_LETTER,
    LabelKind,
    Labelled,
    begins_part,
    is_body_label,
    label_of,
    label_within,
    quotations,
)
from submission.word_kinds import (
    FUNCTION_WORDS,
    KIND_QUOTE,
    LETTER_OF_NAME,
    LONG_QUOTE,
    SHORT_QUOTE,
    first_kinds_of,
    kinds_of,
)

_WRITING = frozenset(
    LETTER_OF_NAME[name]
    for name in (
        "compose",
        "rewrite",
        "translate",
        "summary",
        "reason",
        "judgement",
        "question",
        "own words",
        "sentence count",
    )
)
_TAKING = frozenset(LETTER_OF_NAME[name] for name in ("cite", "verbatim"))
_CITING = frozenset(LETTER_OF_NAME[name] for name in ("cite", "verbatim", "value", "snippet", "snippets"))
_UNDERSTOOD = frozenset(LETTER_OF_NAME.values()) - FUNCTION_WORDS - {LETTER_OF_NAME["nothing"]}
_NUMBERING = frozenset(
    LETTER_OF_NAME[name] for name in ("order", "permutation", "pick", "number", "separated", "relevance")
)
# Quotations, a colon, the end of a sentence before the last: something to cite from.
_GIVEN = frozenset("qeb:.")
# "Please: …", "Task: …"
_LEADING = re.compile(r"^[^.:]{0,2}:")
# What sets a text off from the instruction on its line.
_SET_OFF, _DASH = frozenset("qeb:"), re.compile(r"\s[-–—|/]+\s")
QUOTE_MARKS = frozenset(QUOTES)
# Instructions stand at the beginning and at the end: this many characters of each are read.
_HEAD, _TAIL = 900, 350
# In characters of scripts with and without spaces: a longer quotation is a text, not the name of something.
_LONGEST_NAME, _LONGEST_UNSPACED_NAME = 28, 8
# In words, in letters of scripts without spaces: a longer body is a text, a shorter one may be a title or a query.
_LONG_BODY, _LONG_UNSPACED_BODY = 14, 45
# In words with a kind or without: a shorter instruction says little, a longer one much.
_SHORT_INSTRUCTION, _LONG_INSTRUCTION = 14, 150
# In words: what is shorter, behind a text on lines of its own, is an instruction rather than more of the text.
_SHORTEST_PROSE = 8
_SHORTEST_TEXT = 5
# Texts within quotation marks of their own; what ends a line that waits for something.
_NO_QUOTES = str.maketrans(dict.fromkeys("“”\n"))
_WAITING_ENDS = (":", "?", "：", "？", ">>", "=>", "->", "→", "=")
# Words for the form of an answer.
_FORMING = frozenset(LETTER_OF_NAME[name] for name in ("verbatim", "only", "separated", "absent"))
_AFTER_QUOTATION = frozenset(".,;。，；")
_MARK_ALONE = re.compile(r"\s*[^\w\s][^\w]*")
# "EN > DE", "Japanese -> English"
_LANGUAGE = rf"(?:en|de|fr|es|it|ja|jp|zh|cn|pt|nl|{'|'.join(LANGUAGE_NAMES.values())})"
_LANGUAGE_PAIR = re.compile(rf"\b{_LANGUAGE}\s?[-=]?(?:>|→)\s?{_LANGUAGE}\b", re.I)
_LETTER_PATTERN = re.compile(r"\b(?:a, ?b, ?c|n1, ?n2|x, ?y, ?z)\b")
# Where an instruction begins behind the text of a label that takes one line.
_NEXT_SENTENCE = re.compile(r"[.;!?。！？]\s+(?=(\w+ ?\w*))")
# Japanese and Chinese mark requests and questions.
_REQUEST = re.compile(r"(?:ください|下さい|なさい|ますか|ですか|でしょうか)[。？?！]?\s*$|(?:^|[。！])\s*请")
# Politeness puts the act off, by so many words.
_POLITE = re.compile(
    r"\W*(?:please|pls|plz|kindly|(?:could|can|would|will) you|i('d| would)|bitte|könn|veuillez|pou[vr]|s'il|merci|por favor"
    r"|podr|pued|per favore|potr|pu[oò])",
    re.I,
)
_MOST_POLITE = 6
_PART = re.compile(r"[.!?。！？:：]\s*")
_COMMA = re.compile(r"[,，、]")
_COLON, _QUESTION_MARKS = re.compile(r":\s|：|\s>+\s"), ("?", "？")
_CLAUSE = re.compile(r"[.!?。！？:：,，、;；]\s*")
# In characters: what stands behind a text and tells what to do with it is no longer.
_LONGEST_TOLD = 200
ACTS = frozenset(
    LETTER_OF_NAME[name]
    for name in ("order", "cite", "pick", "give", "compose", "rewrite", "translate", "which", "reason", "question")
)
# What an instruction asks for, or how: an act together with one of these tells what to do, also where a text would go on.
_WANTED = frozenset(
    LETTER_OF_NAME[name]
    for name in (
        "kind",
        "value",
        "named entity",
        "snippet",
        "snippets",
        "keyphrase",
        "keyword",
        "aspect",
        "separated",
        "only",
        "verbatim",
        "translate",
        "reason",
    )
)
# "…, list the tokens": an act and close behind it what is wanted.
_ACT_ON_WANTED = re.compile(rf"[{''.join(ACTS)}][_{''.join(FUNCTION_WORDS)}]{{0,2}}[{''.join(_WANTED)}]")
# An order or a choice, and what is put in order or chosen from.
_LISTING = frozenset(LETTER_OF_NAME[name] for name in ("order", "pick"))
_LISTED = frozenset(
    LETTER_OF_NAME[name] for name in ("option", "product", "number", "relevance", "most", "fit", "give")
) | {"d"}
# Writing, and what is written or written about.
_WRITES = frozenset(LETTER_OF_NAME[name] for name in ("compose", "rewrite", "summary", "translate"))
_WRITTEN = frozenset(
    LETTER_OF_NAME[name] for name in ("long text", "short text", "sentence count", "question", "product", "own words")
)
# "Now please could you": no more words than these lead in an act.
_LEAD, _MOST_LEADS = LETTER_OF_NAME["lead"], 3
_VERBS = (ACTS | _LISTING | _WRITES) - {LETTER_OF_NAME["which"]}
_BEGINNERS = ACTS | _LISTING | _WRITES
# In characters: longer than the words that an act may stand behind.
_BEGINNING, _PLAIN_BEGINNING = 100, 44
_NUMBER, _FORM = LETTER_OF_NAME["number"], frozenset(LETTER_OF_NAME[name] for name in ("only", "separated"))
# In letters: a shorter word stands in texts by chance.
_SHORTEST_NAME = 4
# In words: an act further on in a line is one of those that texts tell of, longer lines are texts.
_LATEST_ACT, _LONGEST_INSTRUCTION = 3, 40
_KIND, _THING, _CITATION = (
    LETTER_OF_NAME["kind"],
    LETTER_OF_NAME["thing"],
    frozenset(LETTER_OF_NAME[name] for name in ("named entity", "value", "snippet", "snippets")),
)
_CITE = LETTER_OF_NAME["cite"]
_VALUES = frozenset(LETTER_OF_NAME[name] for name in ("named entity", "value"))
# "Error codes in the ticket:", "brand mentioned:"
_IN_A_TEXT = frozenset(LETTER_OF_NAME[name] for name in ("source", "source behind", "named", "verbatim"))
_TEXTS = frozenset(
    LETTER_OF_NAME[name]
    for name in (
        "summary",
        "rewrite",
        "translate",
        "reason",
        "compose",
        "keyword",
        "dialogue",
        "question",
        "short text",
    )
)
# With fewer items, a list may be there to be compared or told of.
_SHORTEST_LIST = 4


@dataclass(frozen=True)
class Instruction:
    """What a question tells its reader to do.

    `text` is in lower case, without bodies and list items, with marks in place of quotations and runs of white space made
    one space. `kinds` are the kinds of its words, `tags` what else was found, `list` its numbered list.
    """

    text: str
    kinds: str
    tags: frozenset[str]
    list: NumberedList | None

    @property
    def list_length(self) -> int:
        """How many numbers the list holds, 0 without one."""
        return len(self.list.numbers) if self.list else 0


def read_instruction(text: str) -> Instruction:
    """Take a question's instruction out of its text."""
    if "{" in text:
        text = without_json(text)
    text = with_fields_on_lines(text)
    found = find_list(text)
    tags: set[str] = set()
    instruction = _instruction(_lines_without(text, found), tags, sets_texts_off=found is None)
    kinds = ".".join(map(kinds_of, instruction.split("\n")))
    tags.update(_tags_of_kinds(kinds))
    if "question label" in tags and not _CITING.isdisjoint(kinds):
        tags.add("answer cited")
    if not found:
        tags.update(_tags_of_nothing(instruction, kinds, tags))
    instruction = instruction.replace("\n", " ")
    if found:
        tags.update(_tags_of_list(instruction, found))
        if not _WRITING.isdisjoint(kinds) and _NUMBERING.isdisjoint(kinds):
            tags.add("writing over a list")
    return Instruction(instruction, kinds, frozenset(tags), found)


def instruction_of(text: str) -> str:
    """Return what tells the reader what to do, lower-cased: bodies, quotations and lines with numbers are taken out."""
    lines = (line.strip() for line in text.split("\n"))
    return _instruction((line for line in lines if not numbering_length(line)), set()).replace("\n", " ")


def _instruction(lines: Iterable[str | None], tags: set[str], *, sets_texts_off: bool = False) -> str:
    """Return what is instruction in `lines`, a line each, and add what else is found to `tags`."""
    parts = list(_joined_bodies(lines))
    if sets_texts_off:
        parts = _with_texts_set_off(parts, tags)
    joined = "\n".join(
        _instruction_line(line, label, tags, is_last=index == len(parts) - 1)
        for index, (line, label) in enumerate(parts)
    )
    if parts:
        tags.update(_tags_of_last(*parts))
    if len(joined) > _HEAD + _TAIL:
        joined = f"{joined[:_HEAD]}\n{joined[-_TAIL:]}"
    if ">" in joined or "→" in joined:
        joined = _LANGUAGE_PAIR.sub(" translate ", joined)
    if "&" in joined:
        joined = joined.replace("&quot;", '"').replace("&#39;", "'").replace("&amp;", "&")
    joined = _marked(joined).lower().replace("：", ":")
    return _with_texts_named(joined, parts) if sets_texts_off else joined


def _with_texts_named(instruction: str, parts: list[tuple[str, Labelled | None]]) -> str:
    """Return `instruction` with "text" in place of words that name one here: "the receipt" where "Receipt: …" is given."""
    for line, label in parts:
        if label is None or label.end == len(line) or (label.words and label.words.kind is not LabelKind.TEXT):
            continue
        name = label.label.lower().split()[-1]
        if len(name) > 1 and instruction.count(name) > (label.words is None) and set(kinds_of(name)) == {"_"}:
            instruction = re.sub(rf"{_edge(name)}{re.escape(name)}{_edge(name)}(?!\s*[:=])", "text", instruction)
    return instruction


def _edge(word: str) -> str:
    """Return the pattern for where a word begins or ends: scripts without spaces have none."""
    return "" if UNSPACED_LETTER.search(word) else r"\b"


def _marked(text: str) -> str:
    """Return `text` with marks in place of quotations."""
    # Most texts hold a few marks close to each other: no more than what they enclose is gone through.
    places = [place for mark in QUOTE_MARKS if (place := text.find(mark)) >= 0]
    if not places:
        return text
    return QUOTED.sub(_mark_of, text, pos=min(places), timeout=SEARCH_LIMIT)


def _with_texts_set_off(parts: list[tuple[str, Labelled | None]], tags: set[str]) -> list[tuple[str, Labelled | None]]:
    """Return `parts` with quotation marks around texts that stand on lines of their own or behind unknown labels.

    Only where another line tells what to do: a question that is not understood stays as it is.
    """
    may_tell = [(line, label) for line, label in parts if not _is_no_instruction(label)]
    if not may_tell or (len(may_tell) == 1 and not _COLON.search(may_tell[0][0])):
        return parts
    telling = [_tells(line, label) for line, label in parts]
    if not any(telling):
        return parts
    marked: list[tuple[str, Labelled | None]] = []
    for (line, label), tells in zip(parts, telling, strict=True):
        place = label.end if label else 0
        is_unknown = label is None or (label.words is None and place < len(line))
        if is_unknown and not tells and _is_text(line[place:]):
            tags.add("unknown label" if label else "text set off")
            line = f"{line[:place]} “{line[place:].translate(_NO_QUOTES)}”"
        elif label is None and tells and (colon := _COLON.search(line)):
            line = _with_end_set_off(line, colon.end(), tags)
        marked.append((line, label))
    return marked


def _with_end_set_off(line: str, place: int, tags: set[str]) -> str:
    """Return `line` with quotation marks around what stands behind its colon where that is a text: "Find the noun in: …"."""
    told, text = line[:place], line[place:]
    if not text or _tells(text, None) or not _tells(told, None) or not _is_text(text):
        return line
    tags.add("text set off")
    return f"{told} “{text.translate(_NO_QUOTES)}”"


def _is_no_instruction(label: Labelled | None) -> bool:
    return label is not None and (label.is_body or (label.words is not None and label.words.kind is LabelKind.ANSWER))


def _tells(line: str, label: Labelled | None) -> bool:
    """Whether `line` tells what to do, behind an unknown label as well."""
    if _is_no_instruction(label):
        return False
    ends = _CLAUSE if len(line) <= _LONGEST_TOLD else _PART
    return (
        line.endswith(_QUESTION_MARKS)
        or is_instruction(line)
        or any(map(_begins_with_act, filter(None, ends.split(line))))
    )


def _begins_with_act(part: str) -> bool:
    """Whether a clause begins with what it wants: with the verb itself, since what is told has its verb further on."""
    latest = 1 + (_MOST_POLITE if _POLITE.match(part) else 0)
    return not _VERBS.isdisjoint(kinds_of(part.lower()).lstrip(_LEAD)[:latest])


def _is_text(line: str) -> bool:
    """Whether `line` looks like a text: long enough, no question, and without words for the form of answers."""
    if line.endswith(_WAITING_ENDS) or _REQUEST.search(line):
        return False
    kinds = kinds_of(line.lower())
    if len(line) <= _LONGEST_TOLD and _ACT_ON_WANTED.search(kinds):
        return False
    return len(kinds) >= _SHORTEST_TEXT and _FORMING.isdisjoint(kinds) and ACTS.isdisjoint(kinds[:2])


def _lines_without(text: str, found: NumberedList | None) -> Iterable[str | None]:
    """Return the lines of `text`, None in place of its list; what stands before the list on its first line stays."""
    rows = found.rows if found else range(0)
    for row, line in enumerate(text.split("\n")):
        if row not in rows:
            yield line.strip()
        elif found and row == rows.start:
            yield line[: found.head].strip()
            yield None


def _joined_bodies(lines: Iterable[str | None]) -> Iterator[tuple[str, Labelled | None]]:
    """Yield the lines that are not empty and their labels; what goes on with the text behind a label is joined to its line.

    Where a list stood there is an empty line: it is what a label before it was waiting for.
    """
    joined, label, may_go_on = "", None, False
    for line in lines:
        if line is None:
            if joined:
                yield joined, label
            yield "", None
            joined, label, may_go_on = "", None, False
        elif not line:
            # An instruction may follow a text without any sign but this.
            may_go_on = label is not None and len(joined) <= label.end
        elif may_go_on and label and _goes_on(label, len(joined) > label.end, line):
            joined += f" {line}"
        else:
            if joined:
                yield joined, label
            joined, label, may_go_on = line, label_of(line), True
    if joined:
        yield joined, label


def _goes_on(label: Labelled, has_begun: bool, line: str) -> bool:
    """Whether `line` goes on with the text behind `label`, or is it where nothing of it `has_begun` on the label's line."""
    if label.words is None or not label.is_body or (label.words.is_one_line and has_begun):
        return False
    if begins_another_part(line) or (has_begun and _tells_in_a_sentence(line)):
        return False
    kinds = kinds_of(line.lower())
    is_long_enough = not has_begun or len(kinds) >= _SHORTEST_PROSE
    return is_long_enough and ACTS.isdisjoint(kinds[:3]) and not line.endswith(_WAITING_ENDS)


def _tells_in_a_sentence(line: str) -> bool:
    """Whether `line` is short and a sentence of it, or what stands behind its colon, tells what to do with the text before."""
    if len(line) > _LONGEST_TOLD:
        return False
    return _REQUEST.search(line) is not None or any(is_instruction(part) for part in _PART.split(line) if part)


def begins_another_part(line: str) -> bool:
    """Whether `line` begins with a label that is known, or is a label or a mark ("=>") and waits for the answer."""
    label = label_of(line)
    if label is None:
        return _MARK_ALONE.fullmatch(line) is not None
    return label.words is not None or label.end == len(line)


def end_of_text(body: str, *, is_one_line: bool) -> int | None:
    """Return where the text in one line ends that `body` begins with, None where it takes all of it.

    A quotation may end it or another label. What can only be one line is ended by an act as well: titles and queries tell of
    nothing.
    """
    stripped = body.lstrip()
    if stripped[:1] in QUOTE_MARKS and (quoted := quotations(stripped)) and quoted[0][0] == 1:
        end = quoted[0][1] + 1
        if stripped[end : end + 1] in _AFTER_QUOTATION:
            return len(body) - len(stripped) + end
    ends = [label.start] if (label := label_within(body, begins_part)) else []
    if is_one_line:
        acts = (match for match in _NEXT_SENTENCE.finditer(body) if kinds_of(match[1].lower())[:1] in ACTS)
        ends += [match.start() + 1 for match in islice(acts, 1)]
    return min(ends, default=None)


def _instruction_behind(body: str) -> int | None:
    """Return where the instruction begins that follows a text of many sentences on its line, None without one.

    Not for citing: of what is mistaken for an instruction the answer may be a part.
    """
    for match in _NEXT_SENTENCE.finditer(body, max(0, len(body) - _TAIL)):
        if is_instruction(body[match.end() :]):
            return match.start() + 1
    return None


def is_instruction(text: str) -> bool:
    """Whether `text`, which stands behind another or in the midst of it, tells what to do with that."""
    is_polite = _POLITE.match(text) is not None
    latest = _LATEST_ACT + (_MOST_POLITE if is_polite else 0)
    # Most sentences of a text are long and begin with no act: their first words tell it.
    beginning = _BEGINNING if is_polite else _PLAIN_BEGINNING
    if len(text) > beginning:
        first = first_kinds_of(text[:beginning].lower(), latest + _MOST_LEADS).lstrip(_LEAD)[:latest]
        if _BEGINNERS.isdisjoint(first):
            return False
    kinds = kinds_of(text.lower())
    if len(kinds) > _LONGEST_INSTRUCTION:
        return False
    start = kinds.lstrip(_LEAD)[:latest]
    does_act = not ACTS.isdisjoint(start) and not _WANTED.isdisjoint(kinds)
    does_number = not _LISTING.isdisjoint(start) and not _LISTED.isdisjoint(kinds)
    does_write = not _WRITES.isdisjoint(start) and not _WRITTEN.isdisjoint(kinds)
    does_form = len(kinds) < _SHORTEST_PROSE and _NUMBER in kinds and not _FORM.isdisjoint(kinds)
    return does_act or does_number or does_write or does_form


def _instruction_line(line: str, label: Labelled | None, tags: set[str], *, is_last: bool) -> str:
    """Return what is instruction in `line`, with runs of white space made one space, and add what else is found to `tags`."""
    if label is None or not label.is_body:
        within = label_within(line, is_body_label, label.end if label else 0)
        if within:
            # What stands before it is an instruction, with a label of its own or without.
            before = _instruction_line(line[: within.start], label, tags, is_last=False)
            behind = line[within.start :]
            return f"{before} {_instruction_line(behind, label_of(behind), tags, is_last=is_last)}"
    if label is None:
        return " ".join(line.split())
    body = line[label.end :].strip()
    if label.words and label.words.kind is LabelKind.ANSWER:
        # That an answer is wanted says nothing.
        return f": {' '.join(body.split())}"
    if is_last and not body:
        tags.update(_tags_of_waiting(kinds_of(label.label.lower()), label))
    if label.words is None:
        kinds = kinds_of(label.label.lower())
        if body and _KIND in kinds and len(kinds) <= 3:
            tags.add("several kind labels" if "kind label" in tags else "kind label")
    elif (label.words.is_body and (body or not is_last)) or label.words.kind is LabelKind.TYPE:
        tags.add(f"{label.words.kind} label")
    if body and label.is_body:
        rest = _rest_of_body(label, body, tags)
        behind = _instruction_line(rest, label_of(rest), tags, is_last=is_last) if rest else ""
        # The label's nouns say no more than the tag does.
        return f"{label.other_words} : {behind}"
    return " ".join(line.split())


def _rest_of_body(label: Labelled, body: str, tags: set[str]) -> str:
    """Add what a labelled body looks like to `tags`; return the instruction that stands behind it on its line."""
    is_one_line = label.words is not None and label.words.is_one_line
    place = end_of_text(body, is_one_line=is_one_line) or (None if is_one_line else _instruction_behind(body))
    text, rest = body[:place].rstrip(), body[place:] if place else ""
    if text.endswith(("?", "？")) and not (label.words and label.words.kind is LabelKind.QUESTION):
        tags.add("body asks")
    if len(text) > _LONG_UNSPACED_BODY and (text.count(" ") >= _LONG_BODY or UNSPACED_LETTER.search(text)):
        tags.add("long body")
    return rest.lstrip(" .,;")


def _tags_of_waiting(kinds: str, label: Labelled) -> set[str]:
    """Return what a label without a text, the last line of a question, waits for."""
    if not _IN_A_TEXT.isdisjoint(kinds):
        return {"waits for a thing in a text"}
    if label.is_body and _VALUES.isdisjoint(kinds):
        # "Review:" with nothing behind it: one is to be written.
        return {"waits for text"}
    if _KIND in kinds or _THING in kinds:
        return {"waits for a kind"}
    is_text = not _TEXTS.isdisjoint(kinds)
    if not _CITATION.isdisjoint(kinds) or (_CITE in kinds and not is_text):
        return {"waits for a citation"}
    if is_text:
        return {"waits for text"}
    return set() if label.words else {"waits for an unknown thing"}


def _tags_of_last(*parts: tuple[str, Labelled | None]) -> set[str]:
    """Return what a label that waits for the answer has to do with what stands before it."""
    *others, (line, label) = parts
    if label is None or label.end < len(line) or (label.words and label.words.kind is LabelKind.ANSWER):
        return set()
    tags = set()
    name = label.label.lower().replace("_", " ")
    told = [line.lower().replace("_", " ") for line, other in others if not (other and other.is_body)]
    if any(name in line for line in told):
        tags.add("waits for what is named")
    elif others and not told:
        tags.add("only waits")
    given = " ".join(line[other.end :] for line, other in others if other and other.is_body).lower()
    if any(_stem(word) in given for word in name.split() if len(word) >= _SHORTEST_NAME or not word.isascii()):
        tags.add("waits for a word of the text")
    return tags


def _stem(word: str) -> str:
    return word[: max(_SHORTEST_NAME, len(word) - 3)] if word.isascii() else word


def _tags_of_nothing(instruction: str, kinds: str, tags: set[str]) -> set[str]:
    """Return what tells that there is no text to cite from: one line, no label, and behind it at the most that of the answer."""
    lines = [line for line in instruction.split("\n") if line.strip(" :")]
    if len(lines) > 1 or any(tag.endswith("label") and tag != "type label" for tag in tags):
        return set()
    told = _LEADING.sub("", kinds).rstrip(".:")
    # "wool socks red, colour?": what is short may be both.
    is_terse = len(kinds) < _SHORTEST_PROSE and _COMMA.search(instruction) is not None
    if _GIVEN.isdisjoint(told) and not is_terse:
        return {"nothing given"}
    return {"nothing set off"} if _SET_OFF.isdisjoint(told) and not _DASH.search(instruction) else set()


def _tags_of_kinds(kinds: str) -> set[str]:
    tags = set()
    if len(kinds) < _SHORT_INSTRUCTION:
        tags.add("short instruction")
    elif len(kinds) > _LONG_INSTRUCTION:
        tags.add("long instruction")
    if _UNDERSTOOD.isdisjoint(kinds):
        tags.add("nothing understood")
    if _WRITING.isdisjoint(kinds):
        tags.add("nothing to write")
        if _KIND in kinds:
            tags.add("kind and nothing to write")
        if not _TAKING.isdisjoint(kinds):
            tags.add("citing and nothing to write")
    return tags


def _tags_of_list(instruction: str, found: NumberedList) -> set[str]:
    length = len(found.numbers)
    tags = {"list"}
    if found.is_loose:
        tags.add("loose list")
    if length < _SHORTEST_LIST:
        tags.add("short list" if length > 2 else "two items")
    asked = asked_count(instruction, length)
    if asked is not None:
        tags.add("asks some" if asked < length else "asks all")
    figures = {value for value, _, _ in figures_in(instruction)}
    if any(1 < figure < length for figure in figures):
        tags.add("figure below")
    if length in figures:
        tags.add("figure is length")
    if _LETTER_PATTERN.search(instruction):
        tags.add("pattern of letters")
    return tags


def _mark_of(match: re.Match[str]) -> str:
    """Return the mark for a quotation: of a text, of the name of something that is looked for, of something else."""
    quoted = match.group().strip("".join(QUOTE_MARKS) + "»”」』")
    is_unspaced = UNSPACED_LETTER.search(quoted) is not None
    if len(quoted) > (_LONGEST_UNSPACED_NAME if is_unspaced else _LONGEST_NAME) or quoted.count(" ") > 3:
        return LONG_QUOTE
    names_kind = (quoted.isupper() and quoted.isascii() and len(quoted) > 2) or any(
        letter in _KINDS_OF_NAMES for letter in kinds_of(quoted.lower())
    )
    return KIND_QUOTE if names_kind else SHORT_QUOTE


_KINDS_OF_NAMES = frozenset(LETTER_OF_NAME[name] for name in ("kind", "thing", "named entity"))
