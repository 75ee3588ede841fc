"""Fits the weights of the rules that tell task types apart (`submission.task_weights`) to wordings whose type is known.

A linear model over the rules that speak: the sum of their weights makes each reading more or less likely. The weights start
from what the rules lean to and depart from it as little as the wordings allow (a Gaussian prior around the leanings).
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

from benchmarks.reading_sources import Example
from submission.task_rules import RULES, Reading
from submission.task_types import WITH_LIST, WITHOUT_LIST, Weights, readings_of

# Of the prior: how far a weight departs from its leaning for what is seen once.
_SPREAD = 1.5
# A source counts for no more than so many wordings where most of them are read alike: some hold hundreds that differ in a word.
_MOST_OF_ALIKE = 150.0
_LEANINGS: dict[str, Mapping[Reading, float]] = {rule.tag or rule.name: rule.leans for rule in RULES}


def fit(sources: Iterable[list[Example]], near: Weights | None = None) -> Weights:
    """Return the weights for the examples of all `sources`; weights that are `near` make it faster and no different."""
    weighted: list[tuple[Example, float]] = []
    for examples in sources:
        shares = [math.sqrt(example.count) for example in examples]
        are_alike = sum(example.count for example in examples) > 2 * len(examples)
        factor = min(1.0, _MOST_OF_ALIKE / sum(shares)) if are_alike else 1.0
        weighted += [(example, share * factor) for example, share in zip(examples, shares, strict=True)]
    return {
        name: _fit(
            readings,
            [(e, weight) for e, weight in weighted if readings_of(e.instruction) == readings],
            near[name] if near else {},
        )
        for name, readings in (("with a list", WITH_LIST), ("without a list", WITHOUT_LIST))
    }


def _fit(
    readings: tuple[Reading, ...], weighted: list[tuple[Example, float]], near: Mapping[str, tuple[float, ...]]
) -> dict[str, tuple[float, ...]]:
    # What cannot be read as what it is (an entity question with a list in it) teaches nothing here.
    weighted = _balanced([(example, weight) for example, weight in weighted if example.reading in readings])
    # A rule that no wording here speaks of keeps what it leans to.
    names = ["", *sorted(_LEANINGS)]
    place = {name: index for index, name in enumerate(names)}
    seen = np.zeros((len(weighted), len(names)))
    for row, (example, _) in enumerate(weighted):
        seen[row, [0, *(place[name] for name in example.evidence)]] = 1.0
    truth = np.array([readings.index(example.reading) for example, _ in weighted], dtype=int)
    share = np.array([weight for _, weight in weighted], dtype=float)
    prior = np.array([[_LEANINGS.get(name, {}).get(reading, 0.0) for reading in readings] for name in names])

    def loss(flat: np.ndarray) -> tuple[float, np.ndarray]:
        weights = flat.reshape(prior.shape)
        sums = seen @ weights
        sums -= sums.max(axis=1, keepdims=True)
        likely = np.exp(sums)
        likely /= likely.sum(axis=1, keepdims=True)
        wrong = likely.copy()
        wrong[np.arange(len(truth)), truth] -= 1.0
        away = (weights - prior) / _SPREAD**2
        total = -(share * np.log(likely[np.arange(len(truth)), truth])).sum() + 0.5 * (away * (weights - prior)).sum()
        return total, (seen.T @ (wrong * share[:, None]) + away).ravel()

    start = np.array([near.get(name, row) for name, row in zip(names, prior, strict=True)])
    found = minimize(loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": 500})
    fitted = found.x.reshape(prior.shape)
    return {name: tuple(round(float(value), 2) for value in row) for name, row in zip(names, fitted, strict=True)}


def _balanced(weighted: list[tuple[Example, float]]) -> list[tuple[Example, float]]:
    """Let readings that few wordings have count more, by the square root: how often each is written here says nothing."""
    totals: defaultdict[Reading, float] = defaultdict(float)
    for example, weight in weighted:
        totals[example.reading] += weight
    mean = sum(totals.values()) / max(1, len(totals))
    return [(example, weight * math.sqrt(mean / totals[example.reading])) for example, weight in weighted]


def write(weights: Weights, file: Path) -> None:
    """Write the weights as the module that the package reads."""
    lines = [
        '"""How much each rule counts for each way to read a question, written by `python -m benchmarks.reading --fit`.',
        "",
        "By whether the question has a list, the weights of a rule stand in the order that `task_types.readings_of` returns: for",
        'ranking, retrieval and free text with a list, for entities, a cited phrase and free text without one. "" is what counts',
        "where no rule speaks.",
        '"""',
        "",
        "WEIGHTS: dict[str, dict[str, tuple[float, ...]]] = {",
    ]
    for name, rules in weights.items():
        lines.append(f'    "{name}": {{')
        lines += [
            f'        "{rule}": ({", ".join(f"{value:.2f}" for value in values)}),' for rule, values in rules.items()
        ]
        lines.append("    },")
    file.write_text("\n".join([*lines, "}", ""]), encoding="utf-8")
