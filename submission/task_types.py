"""Tells a question's task type from its wording: the evaluator says only whether it is multiple choice.

What is found in the text (the kinds of words in its instruction, its list, labels and quotations) is weighed by rules.
These are data (`task_rules`, `task_weights`). Unsure means free text, since a wrong constraint costs more than none.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from submission.instructions import Instruction, read_instruction
from submission.task_rules import LETTERS, RULES, Reading, Rule, TaskType
from submission.task_weights import WEIGHTS


@dataclass(frozen=True)
class Verdict:
    """How a question is read, and how likely that is by the weights of the rules (0 to 1)."""

    reading: Reading
    confidence: float


# What a mistake costs, as a share of a question's score: what it is (rows) and what it is read as (columns). Free text that
# is forced into citing or into numbers loses nearly all of it. Entities and numbers that are written freely are often right,
# and as often have words around them that the metric cannot read. A ranking that holds three numbers keeps most of its gain,
# and the first three numbers of a ranking are a selection.
COSTS: dict[Reading, dict[Reading, float]] = {
    Reading.RANKING: {Reading.RETRIEVAL: 0.2, Reading.FREE: 0.5, Reading.ENTITIES: 1.0, Reading.PHRASE: 1.0},
    Reading.RETRIEVAL: {Reading.RANKING: 0.2, Reading.FREE: 0.5, Reading.ENTITIES: 1.0, Reading.PHRASE: 1.0},
    Reading.ENTITIES: {Reading.PHRASE: 0.3, Reading.FREE: 0.5, Reading.RANKING: 1.0, Reading.RETRIEVAL: 1.0},
    Reading.PHRASE: {Reading.ENTITIES: 0.3, Reading.FREE: 0.5, Reading.RANKING: 1.0, Reading.RETRIEVAL: 1.0},
    Reading.FREE: {Reading.ENTITIES: 0.9, Reading.PHRASE: 0.9, Reading.RANKING: 0.9, Reading.RETRIEVAL: 0.9},
}
WITH_LIST = (Reading.RANKING, Reading.RETRIEVAL, Reading.FREE)
WITHOUT_LIST = (Reading.ENTITIES, Reading.PHRASE, Reading.FREE)


def readings_of(instruction: Instruction) -> tuple[Reading, ...]:
    """Return what `instruction` can be read as: numbers need a list, and what has a list is not cited from."""
    return WITH_LIST if instruction.list else WITHOUT_LIST


def evidence_of(instruction: Instruction) -> list[str]:
    """Return the names of the rules that speak on `instruction`."""
    return _evidence(instruction.kinds, instruction.tags)


def _evidence(kinds: str, tags: frozenset[str]) -> list[str]:
    return [*_rules_in(kinds), *(tag for tag in tags if tag in _RULES_OF_TAGS)]


_RULE_OF_NAME = {rule.tag or rule.name: rule for rule in RULES}
_RULES_OF_TAGS = frozenset(rule.tag for rule in RULES if rule.tag)
# Sets of letters as numbers with a bit for each: that one holds another is told by one operation.
_BITS = {letter: 1 << place for place, letter in enumerate(sorted(LETTERS))}
_PATTERNS = [
    (rule.name, tuple(sum(map(_BITS.__getitem__, need)) for need in rule.needs), rule.pattern)
    for rule in RULES
    if rule.sees
]


@lru_cache(maxsize=4096)
def _rules_in(kinds: str) -> tuple[str, ...]:
    present = sum(_BITS.get(letter, 0) for letter in set(kinds))
    found = []
    for name, needs, pattern in _PATTERNS:
        for need in needs:
            if present & need == need:
                if pattern is None or pattern.search(kinds):
                    found.append(name)
                break
    return tuple(found)


# By whether there is a list: the weights of each rule, one a reading in the order of `readings_of`.
Weights = Mapping[str, Mapping[str, tuple[float, ...]]]
# What it costs to read one as the other, in that order: plain numbers, since looking up enumerations takes time.
_COST_ROWS = {
    has_list: [[COSTS[true].get(read, 0.0) for true in readings] for read in readings]
    for has_list, readings in ((True, WITH_LIST), (False, WITHOUT_LIST))
}


def likelihoods(instruction: Instruction, weights: Weights = WEIGHTS) -> list[float]:
    """Return how likely each of `readings_of` is by the weights of the rules that speak; they sum to 1."""
    return _shares(evidence_of(instruction), instruction.list is not None, weights)


def _shares(evidence: list[str], has_list: bool, weights: Weights) -> list[float]:
    table = weights["with a list" if has_list else "without a list"]
    first, second, third = table[""]
    for name in evidence:
        if name in table:
            ours = table[name]
            first += ours[0]
            second += ours[1]
            third += ours[2]
    highest = max(first, second, third)
    shares = [math.exp(first - highest), math.exp(second - highest), math.exp(third - highest)]
    whole = sum(shares)
    return [share / whole for share in shares]


def reasons_for(instruction: Instruction) -> list[tuple[float, Rule]]:
    """Return the rules that speak on the likeliest reading, each with how much it makes that likelier than the others do.

    The rules that say the most come first, those that say nothing are left out.
    """
    table = WEIGHTS["with a list" if instruction.list else "without a list"]
    likely = likelihoods(instruction)
    best = likely.index(max(likely))
    found = []
    for name in evidence_of(instruction):
        weights = table.get(name, (0.0, 0.0, 0.0))
        others = (sum(weights) - weights[best]) / 2
        found.append((round(weights[best] - others, 1), _RULE_OF_NAME[name]))
    return sorted((pair for pair in found if pair[0]), key=lambda pair: -abs(pair[0]))


def judge(instruction: Instruction, weights: Weights = WEIGHTS) -> Verdict:
    """Return the reading with the least expected cost."""
    if weights is WEIGHTS:
        return _judged(instruction.kinds, instruction.tags, instruction.list is not None)
    return _least_costly(likelihoods(instruction, weights), instruction.list is not None)


@lru_cache(maxsize=4096)
def _judged(kinds: str, tags: frozenset[str], has_list: bool) -> Verdict:
    """Judge with the weights of the package, remembered: nothing but these tells how likely a reading is."""
    return _least_costly(_shares(_evidence(kinds, tags), has_list, WEIGHTS), has_list)


def _least_costly(likely: list[float], has_list: bool) -> Verdict:
    one, two, three = likely
    costs = [one * row[0] + two * row[1] + three * row[2] for row in _COST_ROWS[has_list]]
    best = costs.index(min(costs))
    return Verdict((WITH_LIST if has_list else WITHOUT_LIST)[best], likely[best])


def classify_task(question: str, is_multiple_choice: bool) -> TaskType:
    """Return the task type of a question's text; `is_multiple_choice` is what the evaluator says of its batch."""
    if is_multiple_choice:
        return TaskType.MULTIPLE_CHOICE
    return judge(read_instruction(question)).reading.task_type
