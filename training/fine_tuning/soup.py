"""Chooses an ensemble's members on validation questions: a greedy soup, whose members all have the same weight.

The one thing to know is the rule. Members are tried from the best alone to the worst. One is added if the mean of all that
are in then scores more than without it; the score is the mean of those on seen and on unseen tasks. So the ensemble is never
worse than its best member on the questions that chose it. Source: Wortsman et al., "Model soups", arXiv 2203.05482.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from evaluation.dataset import Sample
from evaluation.intervals import Interval
from evaluation.progress import bar
from evaluation.row_scores import interval
from submission.errors import ShopBenchError
from training.checkpoints.ensembling import combine_adapters
from training.files import remove, write_json
from training.fine_tuning.examples import read_questions
from training.fine_tuning.variant_scores import Asking, Variant, answer_questions, read_sets, write_sets
from training.recipe import Recipe


@dataclass(frozen=True)
class Mixture:
    """Validation scores of the mean of some adapters."""

    members: tuple[str, ...]
    seen: Interval
    unseen: Interval

    @property
    def mean(self) -> float:
        """Mean of the scores on seen and on unseen tasks."""
        return (self.seen.score + self.unseen.score) / 2


def greedy_soup(names: Sequence[str], evaluate: Callable[[tuple[str, ...]], Mixture]) -> tuple[Mixture, list[Mixture]]:
    """Return the mixture that the rule chooses, and all that were tried, in order; of equals the first named comes first."""
    tried = []
    with bar(2 * len(names) - 1, "greedy soup", "mixture") as shown:

        def score(members: tuple[str, ...]) -> Mixture:
            tried.append(evaluate(members))
            shown.update()
            return tried[-1]

        best, *others = sorted([score((name,)) for name in names], key=lambda single: -single.mean)
        for single in others:
            candidate = score((*best.members, *single.members))
            best = candidate if candidate.mean > best.mean else best
    return best, tried


def equal_weights(names: Sequence[str], members: Sequence[str]) -> list[float]:
    """Return a weight for each of `names`: the members share 1, the others have 0."""
    return [1 / len(members) if name in members else 0.0 for name in names]


def choose_members(recipe: Recipe) -> None:
    """Choose the members of a recipe's ensemble with the real engine; write `soup.json` with everything that was tried."""
    output, names = _folder(recipe), list(recipe.adapters)
    asking, questions = Asking(recipe.track, recipe.seed), output / "questions.jsonl"
    write_sets({"seen": _validation(recipe, "seen"), "unseen": _validation(recipe, "unseen")}, questions)

    def evaluate(members: tuple[str, ...]) -> Mixture:
        folder = output / "+".join(members)
        mean = folder.with_name(f"{folder.name}.adapter")
        folders = [recipe.adapter_folder(name) for name in names]
        combine_adapters(recipe.base_model, folders, equal_weights(names, members), mean, recipe.combination)
        sets = read_sets(answer_questions(Variant(recipe.base_model, mean), questions, folder, asking))
        remove(mean)
        return Mixture(members, interval(sets["seen"]), interval(sets["unseen"]))

    best, tried = greedy_soup(names, evaluate)
    weights = dict(zip(names, equal_weights(names, best.members), strict=True))
    write_json(soup_file(recipe), {"weights": weights, "tried": [asdict(mixture) for mixture in tried]})


def _validation(recipe: Recipe, kind: str) -> list[Sample]:
    path: Path = getattr(recipe.data, f"validation_{kind}")
    questions = read_questions(path, scored=True)
    if recipe.ensemble.own_track:
        questions = [one for one in questions if one.track is None or one.track.number == recipe.track]
    if not questions:
        raise ShopBenchError(f"{path} has no questions of track {recipe.track}: set ensemble.own_track to false")
    return questions


def _folder(recipe: Recipe) -> Path:
    return recipe.output / "soup"


def soup_file(recipe: Recipe) -> Path:
    """Return the file that the choice is written to."""
    return _folder(recipe) / "soup.json"


def ensemble_weights(recipe: Recipe) -> list[float]:
    """Return the weight of each adapter in the ensemble: as written, or as the soup has chosen."""
    if recipe.ensemble.weights == "written":
        return [adapter.weight for adapter in recipe.adapters.values()]
    file = soup_file(recipe)
    if not file.is_file():
        raise ShopBenchError(
            f"the ensemble's members are not chosen yet: there is no {file}; run training.pipeline first"
        )
    chosen = json.loads(file.read_text(encoding="utf-8"))["weights"]
    return [chosen[name] for name in recipe.adapters]
