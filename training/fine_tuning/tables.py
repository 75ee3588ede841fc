"""The tables of a comparison, in Markdown: what each variant scored, and how much more than another one.

The one thing to know: they go into a marked section of a file, so that the rest of that file stays as it is.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from evaluation.intervals import Interval
from evaluation.row_scores import difference, difference_over_tasks, interval, task_scores
from training.files import written_whole
from training.fine_tuning.variant_scores import DEVELOPMENT_SET
from training.recipe import Recipe

ZERO_SHOT = "zero-shot"
ENSEMBLE = "fine-tuned, ensemble"
SETS = (DEVELOPMENT_SET, "seen", "unseen")
ON, UNCALIBRATED, OFF = "on", "on, uncalibrated", "off"
Predictions = dict[tuple[str, str], dict[str, list[dict[str, Any]]]]
"""By (variant, constraints) and set: the scored rows."""


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
    return _signed(difference(sets[kind], reference[kind]))


def _signed(found: Interval) -> str:
    return f"{found.score:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def _calibration_table(predictions: Predictions) -> list[str]:
    if not any(mode == UNCALIBRATED for _, mode in predictions):
        return []
    lines = ["What the calibration of listed options adds, constraints on:", ""]
    lines += [line("variant", "development", "test, seen tasks", "test, unseen tasks"), "|---|---|---|---|"]
    for name in [name for name, mode in predictions if mode == UNCALIBRATED]:
        with_it, without = predictions[name, ON], predictions[name, UNCALIBRATED]
        lines.append(line(name, *(difference_cell(with_it, without, kind) for kind in SETS)))
    return [*lines, ""]


def _ensemble_table(predictions: Predictions) -> list[str]:
    """Return by how much the ensemble is better than each other variant that it could have been."""
    others = [name for name, mode in predictions if mode == ON and name != ENSEMBLE and not name.startswith("wise-ft")]
    if (ENSEMBLE, ON) not in predictions:
        return []
    ensemble = predictions[ENSEMBLE, ON]
    lines = [
        "The ensemble against what it is made of, constraints on. The first interval resamples questions within their tasks, "
        "the second the tasks too: it says what other tasks of the kind would give.",
        "",
        line("ensemble against", *(part for kind in SETS for part in (kind, "tasks resampled too"))),
        "|---|---|---|---|---|---|---|",
    ]
    for name in others:
        reference = predictions[name, ON]
        cells = [_cells_over_tasks(ensemble[kind], reference[kind]) for kind in SETS]
        lines.append(line(name, *(part for pair in cells for part in pair)))
    return [*lines, ""]


def _cells_over_tasks(rows: list[dict[str, Any]], reference: list[dict[str, Any]]) -> tuple[str, str]:
    wider = difference_over_tasks(rows, reference)
    return _signed(difference(rows, reference)), f"[{wider.low:+.3f}, {wider.high:+.3f}]"


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


def write_section(recipe: Recipe, predictions: Predictions, alpha: float) -> None:
    """Write the tables of a comparison to the file that the recipe names."""
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
        *_ensemble_table(predictions),
        *_calibration_table(predictions),
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
    pictures["scores"] = recipe.output / "compare" / "scores.png"
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
