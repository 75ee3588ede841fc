"""The steps of `training.pipeline`, in their order, each done once.

The one thing to know: a step is done again only if its settings or its inputs have changed, by content, or if what it
made is gone.
"""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from submission.model_folder import check_model, read_json
from training.awq.options import Quantisation
from training.awq.quantising import check_possible, quantise_and_check, questions_used
from training.checkpoints.ensembling import combine_adapters
from training.checkpoints.merging import write_interpolated
from training.files import fingerprint, hash_of, run_once
from training.fine_tuning.alpha_sweep import ValidationSets, parse_sweep, sweep_with_engine
from training.fine_tuning.comparison import chosen_alpha, compare
from training.fine_tuning.page import write_page
from training.fine_tuning.reporting import check_reporting
from training.fine_tuning.soup import choose_members, ensemble_weights, equal_weights, soup_file
from training.fine_tuning.splitting import write_split
from training.fine_tuning.variant_scores import Asking, Variant
from training.kept_recipe import keep_recipe
from training.processes import ending_with_this
from training.recipe import Recipe, check_files


def run_pipeline(recipe: Recipe) -> None:
    """Run all steps of `recipe`."""
    _check_inputs(recipe)
    kept, content = keep_recipe(recipe)
    _split(recipe)
    for adapter in recipe.adapters:
        # Training knows itself what it has done, and goes by the content of its data.
        print(f"== sft {adapter}", flush=True)
        _train(recipe, kept, content, adapter)
    _choose_members(recipe)
    _combine(recipe)
    _sweep(recipe)
    alpha = chosen_alpha(recipe)
    _merge(recipe, alpha)
    _compare(recipe, alpha)
    _quantise(recipe, alpha)
    print(f"The model (α = {alpha:g}) lies in {recipe.output / 'model'}")
    if recipe.compare is not None:
        print(f"A page about all of it: {write_page(recipe, alpha)}")


def _step(recipe: Recipe, name: str, inputs: list[Any], product: Path, work: Callable[[], object]) -> None:
    """Do `work`, unless `product` is there and was made from the same `inputs`."""
    print(f"== {name}", flush=True)
    marker = recipe.output / "done" / name.replace(" ", "_")
    if not product.exists():
        marker.unlink(missing_ok=True)
    if not run_once(marker, hash_of(inputs), work):
        print("done before with the same inputs", flush=True)


def _split(recipe: Recipe) -> None:
    data, split = recipe.data, recipe.data.split
    if split is None:
        return
    inputs = [data.model_dump(), recipe.seed, fingerprint(*split.sources, split.protected)]
    _step(recipe, "split", inputs, data.train, lambda: write_split(data, recipe.seed))


def _train(recipe: Recipe, kept: Path, content: str, adapter: str) -> None:
    """Train one adapter in a process of its own (under `accelerate launch` where the recipe names a configuration).

    It reads the recipe that this run began with, the file `kept`, whose fingerprint was `content`.
    """
    launcher = [sys.executable]
    if recipe.accelerate_config is not None:
        launcher += ["-m", "accelerate.commands.launch", "--config_file", str(recipe.accelerate_config)]
    command = [*launcher, "-m", f"{__package__}.sft", "--recipe", str(kept), "--expect", content, "--adapter", adapter]
    finished = subprocess.run(ending_with_this(command))
    if finished.returncode != 0:
        raise SystemExit(finished.returncode)


def _choose_members(recipe: Recipe) -> None:
    """Choose the ensemble's members on the validation sets, unless the recipe gives their weights."""
    if recipe.ensemble.weights == "written":
        return
    data, chosen = recipe.data, recipe.ensemble
    made_of = [fingerprint(recipe.base_model), fingerprint(*_adapter_folders(recipe)), recipe.combination]
    inputs = [*made_of, fingerprint(data.validation_seen, data.validation_unseen), recipe.track, recipe.seed]
    inputs += [chosen.own_track, list(recipe.adapters)]
    _step(recipe, "soup", inputs, soup_file(recipe), lambda: choose_members(recipe))


def _combine(recipe: Recipe) -> None:
    """Make one adapter, the ensemble, of all that were trained; beside a soup the mean of all, to compare it with."""
    _combine_into(recipe, "ensemble", ensemble_weights(recipe))
    if recipe.ensemble.weights == "soup" and recipe.compare is not None:
        names = list(recipe.adapters)
        _combine_into(recipe, "uniform", equal_weights(names, names))


def _combine_into(recipe: Recipe, name: str, weights: list[float]) -> None:
    folders, output = _adapter_folders(recipe), recipe.output / name
    _step(
        recipe,
        name,
        [fingerprint(*folders), weights, recipe.combination],
        output,
        lambda: combine_adapters(recipe.base_model, folders, weights, output, recipe.combination),
    )


def _sweep(recipe: Recipe) -> None:
    """Choose α on the validation sets, unless the recipe gives it."""
    if recipe.wise_ft.alpha is not None:
        return
    fine_tuned = Variant(recipe.base_model, recipe.output / "ensemble")
    validation = ValidationSets(recipe.data.validation_seen, recipe.data.validation_unseen)
    alphas, asking = parse_sweep(recipe.wise_ft.sweep), Asking(recipe.track, recipe.seed)
    questions = fingerprint(validation.seen, validation.unseen)
    _step(
        recipe,
        "wise-ft sweep",
        [_weights(recipe), questions, alphas, recipe.track, recipe.seed],
        recipe.output / "wise_ft" / "sweep.json",
        lambda: sweep_with_engine(fine_tuned, validation, alphas, recipe.output / "wise_ft", asking),
    )


def _merge(recipe: Recipe, alpha: float) -> None:
    model = recipe.output / "model"
    _step(
        recipe,
        "merge",
        [_weights(recipe), alpha],
        model,
        lambda: write_interpolated(recipe.base_model, recipe.output / "ensemble", model, alpha),
    )


def _compare(recipe: Recipe, alpha: float) -> None:
    if recipe.compare is None:
        return
    results, data = recipe.compare.results, recipe.data
    questions = fingerprint(recipe.compare.development, data.test_seen, data.test_unseen)
    made_of = [_weights(recipe), questions, fingerprint(*_adapter_folders(recipe)), alpha]
    inputs = [*made_of, recipe.track, recipe.seed, str(results)]
    inputs += ["brief"] if recipe.compare.brief else []
    inputs += ["constraints only"] if recipe.compare.constraints_only else []
    inputs += ["soup"] if recipe.ensemble.weights == "soup" else []
    _step(recipe, "compare", inputs, results, lambda: compare(recipe, alpha))


def _quantise(recipe: Recipe, alpha: float) -> None:
    """Make of the merged model what serves it on the cards."""
    if recipe.awq is None:
        return
    asked = Quantisation(recipe.output / "model", recipe.output / "awq", recipe.awq)
    questions = fingerprint(*questions_used(asked.settings))
    settings = asked.settings.model_dump(mode="json", exclude={"held_out", "python"})
    _step(
        recipe, "awq", [_weights(recipe), alpha, questions, settings], asked.output, lambda: quantise_and_check(asked)
    )
    print(f"What serves it on the cards lies in {asked.output}")


def _weights(recipe: Recipe) -> str:
    """Return a fingerprint of what the merged model is made of, but for α."""
    return fingerprint(recipe.base_model, recipe.output / "ensemble")


def _adapter_folders(recipe: Recipe) -> list[Path]:
    return [recipe.adapter_folder(name) for name in recipe.adapters]


def _check_inputs(recipe: Recipe) -> None:
    """Refuse at once what would otherwise be found missing or unreadable after hours of training."""
    data = recipe.data
    check_model(recipe.base_model)
    if data.split is not None:
        given = data.split.files
    else:
        tested = ["test_seen", "test_unseen"] if recipe.compare is not None else []
        names = ["train", "validation_seen", "validation_unseen", *tested]
        given = {f"data.{name}": getattr(data, name) for name in names}
    if recipe.compare is not None:
        given["compare.development"] = recipe.compare.development
    if recipe.accelerate_config is not None:
        given["accelerate_config"] = recipe.accelerate_config
    check_files(given)
    check_reporting(recipe)
    if recipe.wise_ft.alpha is None:
        parse_sweep(recipe.wise_ft.sweep)
    if recipe.awq is not None:
        check_possible(recipe.awq, read_json(recipe.base_model / "config.json"))
