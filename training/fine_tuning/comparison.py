"""Compares what fine-tuning made: base, each adapter, the ensemble and the wise-ft choice, on questions nobody trained on.

The one thing to know: every variant answers the same questions in vLLM, with the logits processors on and off. Base and
choice also answer without the calibration of listed options. Each score comes with a 95 % bootstrap interval;
differences are paired.
"""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluation.progress import steps
from evaluation.row_scores import interval, task_scores
from submission.errors import ShopBenchError
from training.files import write_json
from training.fine_tuning.examples import read_questions
from training.fine_tuning.score_picture import draw_scores
from training.fine_tuning.tables import ENSEMBLE, OFF, ON, SETS, UNCALIBRATED, ZERO_SHOT, Predictions, write_section
from training.fine_tuning.variant_scores import Asking, Variant, answer_questions, read_sets, write_sets
from training.recipe import Recipe, check_files


def variants(recipe: Recipe, alpha: float) -> dict[str, Variant]:
    """Return what is compared, by name."""
    base, ensemble = recipe.base_model, recipe.output / "ensemble"
    found = {ZERO_SHOT: Variant(base)}
    if not _is_brief(recipe):
        for name in recipe.adapters:
            found[f"adapter {name}"] = Variant(base, recipe.adapter_folder(name))
        if recipe.ensemble.weights == "soup":
            found["uniform mean"] = Variant(base, recipe.output / "uniform")
        if len(recipe.adapters) > 1:
            found[ENSEMBLE] = Variant(base, ensemble)
    found[f"wise-ft, α = {alpha:g}"] = Variant(base, ensemble, alpha)
    return found


def _is_brief(recipe: Recipe) -> bool:
    return recipe.compare is not None and recipe.compare.brief


def run_folder(recipe: Recipe, variant: str, mode: str = ON) -> Path:
    """Return the folder of the report on one variant in one mode."""
    return recipe.output / "compare" / f"{variant}-{mode}".replace(" ", "_").replace(",", "").replace("_=_", "_")


def compare(recipe: Recipe, alpha: float) -> None:
    """Have every variant answer the development and the test questions, and write the tables."""
    found = variants(recipe, alpha)
    calibration_shown = (ZERO_SHOT, list(found)[-1])
    modes: dict[str, tuple[str, ...]] = {
        name: (ON, UNCALIBRATED, OFF) if name in calibration_shown else (ON, OFF) for name in found
    }
    if _is_brief(recipe) or (recipe.compare is not None and recipe.compare.constraints_only):
        modes = dict.fromkeys(found, (ON,))
    predictions = ask(recipe, found, modes)
    comparison = [_entry(name, mode, sets) for (name, mode), sets in predictions.items()]
    write_json(recipe.output / "compare" / "comparison.json", comparison)
    draw_scores(comparison, recipe.output / "compare" / "scores.png")
    write_section(recipe, predictions, alpha)


def ask(recipe: Recipe, found: dict[str, Variant], modes: dict[str, tuple[str, ...]]) -> Predictions:
    """Have each variant answer the sets of questions in `SETS` in each of its modes.

    Returns the scored rows of every set by (variant, mode). Runs that are there already are not repeated.
    """
    settings = recipe.compare
    if settings is None:
        raise ShopBenchError("the recipe has no section compare")
    output = recipe.output / "compare"
    questions = output / "questions.jsonl"
    sets = (settings.development, recipe.data.test_seen, recipe.data.test_unseen)
    check_files(dict(zip(("compare.development", "data.test_seen", "data.test_unseen"), sets, strict=True)))
    write_sets({name: read_questions(path, scored=True) for name, path in zip(SETS, sets, strict=True)}, questions)
    predictions: Predictions = {}
    runs = [(name, mode) for name in found for mode in modes[name]]
    for name, mode in steps(runs, "Comparing", "run"):
        folder = run_folder(recipe, name, mode)
        asking = Asking(recipe.track, recipe.seed, constrained=mode != OFF, calibrated=mode != UNCALIBRATED)
        rows = answer_questions(found[name], questions, folder, asking)
        predictions[name, mode] = read_sets(rows)
    return predictions


def _entry(name: str, mode: str, sets: dict[str, Any]) -> dict[str, Any]:
    return {
        "variant": name,
        "constraints": mode,
        **{kind: asdict(interval(sets[kind])) for kind in SETS},
        "tasks": {kind: task_scores(sets[kind]) for kind in SETS},
    }


def chosen_alpha(recipe: Recipe) -> float:
    """Return the recipe's α, or the one that its sweep has chosen."""
    if recipe.wise_ft.alpha is not None:
        return recipe.wise_ft.alpha
    sweep = recipe.output / "wise_ft" / "sweep.json"
    if not sweep.is_file():
        raise ShopBenchError(f"alpha is not chosen yet: there is no {sweep}; run training.pipeline first")
    return json.loads(sweep.read_text())["alpha"]
