"""Compares what fine-tuning made: base, each adapter, the ensemble and the wise-ft choice, on questions nobody trained on.

The one thing to know: every variant answers the same questions in vLLM, with the logits processors on and off (base and
choice also without the calibration of listed options), and each score comes with a 95 % bootstrap interval; differences
are paired. The tables go into a marked section of a Markdown file, so that the rest of that file stays as it is.
"""

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tqdm import tqdm

from evaluation.row_scores import difference, interval, task_scores
from submission.errors import ShopBenchError
from training.files import write_json, written_whole
from training.fine_tuning.examples import read_questions
from training.fine_tuning.variant_scores import Variant, answer_questions, read_sets, write_sets
from training.recipe import Recipe, check_files

ZERO_SHOT = "zero-shot"
SETS = ("development", "seen", "unseen")
ON, _UNCALIBRATED, _OFF = "on", "on, uncalibrated", "off"
Predictions = dict[tuple[str, str], dict[str, list[dict[str, Any]]]]


def variants(recipe: Recipe, alpha: float) -> dict[str, Variant]:
    """Return what is compared, by name."""
    base, ensemble = recipe.base_model, recipe.output / "ensemble"
    found = {ZERO_SHOT: Variant(base)}
    for name in recipe.adapters:
        found[f"adapter {name}"] = Variant(base, recipe.adapter_folder(name))
    if len(recipe.adapters) > 1:
        found["fine-tuned, ensemble"] = Variant(base, ensemble)
    found[f"wise-ft, α = {alpha:g}"] = Variant(base, ensemble, alpha)
    return found


def compare(recipe: Recipe, alpha: float) -> None:
    """Have every variant answer the development and the test questions, and write the tables."""
    found = variants(recipe, alpha)
    calibration_shown = (ZERO_SHOT, list(found)[-1])
    modes: dict[str, tuple[str, ...]] = {
        name: (ON, _UNCALIBRATED, _OFF) if name in calibration_shown else (ON, _OFF) for name in found
    }
    predictions = ask(recipe, found, modes)
    _write_json(predictions, recipe.output / "compare" / "comparison.json")
    _write_section(recipe, predictions, alpha)


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
    for name, mode in tqdm(runs, desc="comparing", unit="run"):
        folder = output / f"{name}-{mode}".replace(" ", "_").replace(",", "").replace("_=_", "_")
        switches = {"constrained": mode != _OFF, "calibrated": mode != _UNCALIBRATED}
        rows = answer_questions(found[name], questions, folder, recipe.track, recipe.seed, **switches)
        predictions[name, mode] = read_sets(rows)
    return predictions


def _write_json(predictions: Predictions, target: Path) -> None:
    write_json(
        target,
        [
            {
                "variant": name,
                "constraints": mode,
                **{kind: asdict(interval(sets[kind])) for kind in SETS},
                "tasks": {kind: task_scores(sets[kind]) for kind in SETS},
            }
            for (name, mode), sets in predictions.items()
        ],
    )


def _main_table(predictions: Predictions) -> list[str]:
    header = [f"the {len(next(iter(predictions.values()))['development'])} development questions", "against zero-shot"]
    header += ["test, seen tasks", "against zero-shot", "test, unseen tasks", "against zero-shot"]
    lines = [line("variant", "constraints", *header), "|---|---|---|---|---|---|---|---|"]
    for (name, mode), sets in predictions.items():
        reference = predictions[ZERO_SHOT, mode]
        cells = [(str(interval(sets[kind])), difference_cell(sets, reference, kind)) for kind in SETS]
        lines.append(line(name, mode, *(part for pair in cells for part in pair)))
    return lines


def difference_cell(sets: dict[str, Any], reference: dict[str, Any], kind: str) -> str:
    """Return how much better one variant did than another, with the paired interval; nothing beside itself."""
    if sets is reference:
        return ""
    found = difference(sets[kind], reference[kind])
    return f"{found.score:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def _calibration_table(predictions: Predictions) -> list[str]:
    lines = [line("variant", "development", "test, seen tasks", "test, unseen tasks"), "|---|---|---|---|"]
    for name in [name for name, mode in predictions if mode == _UNCALIBRATED]:
        with_it, without = predictions[name, ON], predictions[name, _UNCALIBRATED]
        lines.append(line(name, *(difference_cell(with_it, without, kind) for kind in SETS)))
    return lines


def task_table(predictions: Predictions) -> list[str]:
    """Return the table of every task's score, constraints on, a column a variant."""
    names = [name for name, mode in predictions if mode == ON]
    lines = [line("questions", "task", *names), "|---|---|" + "---|" * len(names)]
    for kind in SETS:
        scores = {name: task_scores(predictions[name, ON][kind]) for name in names}
        for task in scores[names[0]]:
            lines.append(line(kind, task, *(f"{scores[name][task]:.3f}" for name in names)))
    return lines


def line(*cells: str) -> str:
    """Return a row of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def _write_section(recipe: Recipe, predictions: Predictions, alpha: float) -> None:
    settings = recipe.compare
    assert settings is not None
    split = recipe.data.train.with_name("split.json")
    counts = json.loads(split.read_text())["questions"] if split.is_file() else {}
    sizes = ", ".join(f"{name.replace('_', ' ')} {sum(by_task.values())}" for name, by_task in counts.items())
    text = [
        f"## Fine-tuning: {recipe.name}",
        "",
        f"`python -m training.pipeline --recipe training/recipes/{recipe.name}.yaml`",
        "",
        "Scores with 95 % bootstrap intervals (questions resampled within their tasks, "
        "differences paired). Development: mean over tracks of the mean over tasks; test sets: mean over tasks. "
        + (f"Questions: {sizes}. " if sizes else "")
        + f"α = {alpha:g} was chosen on the validation sets, none of whose questions are in these tables.",
        "",
        *_main_table(predictions),
        "",
        "What the calibration of listed options adds, constraints on:",
        "",
        *_calibration_table(predictions),
        "",
        "By task, constraints on:",
        "",
        *task_table(predictions),
        "",
        *copy_pictures(recipe, settings.results),
    ]
    write_marked_section(settings.results, f"fine-tuning {recipe.name}", "\n".join(text))


def copy_pictures(recipe: Recipe, results: Path) -> list[str]:
    """Copy the pictures that a run has drawn into `images` beside `results`; return the lines of Markdown that show them."""
    pictures = {f"loss_{name}": recipe.adapter_folder(name) / "loss.png" for name in recipe.adapters}
    pictures["sweep"] = recipe.output / "wise_ft" / "sweep.png"
    images = results.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    shown = []
    for kind, source in pictures.items():
        name = f"{recipe.name}_{kind}"
        if source.is_file():
            shutil.copyfile(source, images / f"{name}.png")
            shown.append(f"![{name.replace('_', ' ')}](images/{name}.png)")
    return shown


def write_marked_section(file: Path, name: str, text: str) -> None:
    """Put `text` into the section `name` of a Markdown file: in place of an older one, otherwise at the end."""
    begin, end = f"<!-- begin: {name} -->", f"<!-- end: {name} -->"
    section = f"{begin}\n{text}\n{end}\n"
    old = file.read_text(encoding="utf-8") if file.is_file() else "# Results\n"
    before, found, rest = old.partition(begin)
    if found:
        after = rest.partition(end)[2].removeprefix("\n")
    else:
        before, after = old.rstrip("\n") + "\n\n", ""
    with written_whole(file) as temporary:
        temporary.write_text(before + section + after, encoding="utf-8")


def chosen_alpha(recipe: Recipe) -> float:
    """Return the recipe's α, or the one that its sweep has chosen."""
    if recipe.wise_ft.alpha is not None:
        return recipe.wise_ft.alpha
    sweep = recipe.output / "wise_ft" / "sweep.json"
    if not sweep.is_file():
        raise ShopBenchError(f"alpha is not chosen yet: there is no {sweep}; run training.pipeline first")
    return json.loads(sweep.read_text())["alpha"]
