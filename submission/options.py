"""Finds the options of a multiple-choice question, whose numbers are all that its answer may be.

An allowed number too many costs little, one too few makes a right answer impossible. So where noise has taken numbers
away, or another list competes, the wider reading wins, but only where the lines say so: a list without noise is taken as
it stands.
"""

import re
from itertools import takewhile

from submission.item_numbers import Line, lines_of
from submission.numbered_lists import Run, list_numbers, runs_by_line, runs_in_line
from submission.question_text import QUOTES, is_body_line

# What is no option though it stands next to the options: it tells what to do or is to be completed.
_INSTRUCTION = re.compile(
    r"\W*(?:please|answer|respon|reply|output|only|just|return|give|select|choose|pick|which|what|who|how|your|do not|don'?t"
    r"|note|remember|write|print|state|tell|enter|provide|the (?:answer|correct|right|best|options?|number)|options?|choices?"
    r"|antwort|réponds|réponse|respuesta|respond|rispo)"
    r"|.*(?:___|\b(?:is|are))\W*$",
    re.I,
)
_RULES = re.compile(
    r"\W*(?:\w+ ){0,2}(?:rules?|notes?|instructions?|guidelines?|requirements?|constraints?|reminders?|hints?)\W*[:：]\W*$",
    re.I,
)
_LEADS_IN = ("?", ":", "？", "：")
_SENTENCE_ENDS = (".", "!", "。", "！")
# How many lines may have lost their numbers at the end of a list: more of them are text.
_MOST_LOST = 2
# Two options that only a sign sets off from what they mean: "1 = Yes, 2 = No".
_PAIR = re.compile(r"(?<![\w.,])(?P<low>[01]) ?[=:)–-] ?[^\W\d_][^\n\d.]{0,24}? ?(?P<high>[12]) ?[=:)–-] ?[^\W\d_]")
# ShopBench lists four options as a rule, from 0: a shorter list lacks some.
_USUAL = 4


def option_numbers(text: str) -> tuple[int, ...]:
    """Return the numbers of the options in `text` in order, empty where none are listed.

    The last list is that of the options, unless one from 0 before it is no shorter.
    """
    lines = lines_of(text)
    runs = [run for run in runs_by_line(lines, lenient=True) if not _follows_heading(lines, run)]
    starts = {run.first for run in runs}
    for run in runs:
        _widen(run, lines, starts)
    runs = [run for run in runs if run.low <= 1] or _runs_in_line(text)
    if not runs:
        return list_numbers(text)
    from_zero = max((run for run in runs if run.low == 0), key=len, default=runs[-1])
    return (from_zero if len(from_zero) >= len(runs[-1]) else runs[-1]).numbers


def _follows_heading(lines: list[Line], run: Run) -> bool:
    """Whether `run` lists rules for answering."""
    index = run.first - 1
    while index > 0 and not lines[index].text:
        index -= 1
    return index >= 0 and _RULES.match(lines[index].text) is not None


def _widen(run: Run, lines: list[Line], starts: set[int]) -> None:
    """Take in the lines before and behind `run` that look like items of it without their numbers."""
    items = [line.text for line in lines[run.first : run.last + 1] if line.number is not None]
    question = lines[run.first - run.low - 1].text if run.first > run.low else ""
    follows_question = question.endswith(_LEADS_IN)

    def is_lost_before(line: Line) -> bool:
        # A label or a quotation is what the question is about, unless the options are written so.
        is_body = is_body_line(line.text) or (_is_quoted(line.text) and not any(map(_is_quoted, items)))
        if is_body or not _may_be_item(line.text):
            return False
        return follows_question or (line.number is None and _looks_like(items, line.text))

    def is_lost_behind(index: int) -> bool:
        line = lines[index]
        is_repeated = line.number is not None and run.low <= line.number <= run.high and index not in starts
        may_be_item = (line.number is None or is_repeated) and _may_be_item(line.text)
        return may_be_item and (lacks_some or _looks_like(items, line.text))

    before = lines[max(0, run.first - run.low) : run.first]
    if sum(1 for _ in takewhile(is_lost_before, reversed(before))) >= max(1, run.low - 1):
        run.low = 0
    lacks_some = run.low == 0 and run.high < _USUAL - 1
    behind = range(run.last + 1, min(len(lines), run.last + 2 + _MOST_LOST))
    lost_behind = sum(1 for _ in takewhile(is_lost_behind, behind))
    if lost_behind <= _MOST_LOST and not run.has_continuations:
        run.high += lost_behind


def _is_quoted(text: str) -> bool:
    return text[:1] in QUOTES


def _may_be_item(text: str) -> bool:
    return bool(text) and not text.endswith(_LEADS_IN) and not _INSTRUCTION.match(text)


def _looks_like(items: list[str], text: str) -> bool:
    """Whether `text` is about as long as the items at the most, and a sentence only if one of them is."""
    if text.endswith(_SENTENCE_ENDS) and not any(item.endswith(_SENTENCE_ENDS) for item in items):
        return False
    return len(text) <= 2 * max(map(len, items))


def _runs_in_line(text: str) -> list[Run]:
    runs = runs_in_line(text, lenient=True)
    if runs and runs[-1].low == 1:
        # "Which? red 1. blue 2. green": something stands between the question and the first number.
        question = text.rfind("?", 0, runs[-1].first)
        between = text[question + 1 : runs[-1].first].strip()
        runs[-1].low -= question >= 0 and between != "" and not between.endswith((".", ":", "："))
    if not runs and (pair := _PAIR.search(text)) and int(pair["high"]) == int(pair["low"]) + 1:
        return [Run(int(pair["low"]), int(pair["high"]), pair.start("low"), pair.start("high"))]
    return runs
