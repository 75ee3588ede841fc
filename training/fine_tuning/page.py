"""Writes a page about a finished run: scores before and after, answers that changed, losses, the α sweep, four bits.

The one thing to know: it is made of the files that the steps have left, and links their pictures. It computes nothing.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from evaluation.comparison import Change, compare
from evaluation.reports import read_report
from training.files import written_whole
from training.fine_tuning.comparison import run_folder, variants
from training.fine_tuning.soup import ensemble_weights, soup_file
from training.fine_tuning.tables import SETS
from training.recipe import Recipe

_EXAMPLES = 4
"""Questions that are shown of those answered better, and of those answered worse."""
_SET_NAMES = {"development": "development questions", "seen": "tasks trained on", "unseen": "tasks not trained on"}
_STYLE = """\
body { font: 16px/1.5 sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
table { border-collapse: collapse; margin: 1rem 0 } td, th { border: 1px solid #ccc; padding: .3rem .6rem; text-align: left }
img { max-width: 100%; margin: .5rem 0 } pre { white-space: pre-wrap; background: #f4f4f4; padding: .6rem }"""


def write_page(recipe: Recipe, alpha: float) -> Path:
    """Write `index.html` into the output folder of a run whose steps are all done; return it."""
    page = recipe.output / "index.html"
    body = "\n".join(
        [*_scores(recipe), *_answers(recipe, alpha), *_adapters(recipe), *_sweep(recipe, alpha), *_awq(recipe)]
    )
    with written_whole(page) as temporary:
        temporary.write_text(
            f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f"<title>{escape(recipe.name)}</title>\n<style>\n{_STYLE}\n</style>\n</head>\n<body>\n"
            f"<h1>Fine-tuning: {escape(recipe.name)}</h1>\n{body}\n</body>\n</html>\n",
            encoding="utf-8",
        )
    return page


def _scores(recipe: Recipe) -> Iterator[str]:
    comparison = _read(recipe.output / "compare" / "comparison.json") or []
    assert recipe.compare is not None, "a page is about a comparison"
    yield "<h2>Before and after</h2>"
    yield _paragraph(
        "Scores with their 95 % intervals. Zero-shot is the base model as it came; the last line is the merged model. "
        "No question here was trained on, and none chose a checkpoint or α. "
        f"The development questions are those of {recipe.compare.development}."
    )
    rows = [
        [entry["variant"], entry["constraints"], *(_interval(entry[kind]) for kind in SETS)] for entry in comparison
    ]
    yield _table(["model", "constraints", *(_SET_NAMES[kind] for kind in SETS)], rows)
    yield from _picture(recipe, recipe.output / "compare" / "scores.png", "Scores of the variants")


def _answers(recipe: Recipe, alpha: float) -> Iterator[str]:
    """Show questions that were answered better after fine-tuning, and such that were answered worse."""
    first, *_, last = variants(recipe, alpha)
    pair = compare([read_report(run_folder(recipe, name)) for name in (first, last)]).pairs[0]
    better = [change for change in pair.changes if change.gain > 0]
    worse = [change for change in reversed(pair.changes) if change.gain < 0]
    yield "<h2>Answers that changed</h2>"
    yield _paragraph(
        f"{len(better)} questions were answered better after fine-tuning, {len(worse)} worse. Those that changed most:"
    )
    for change in [*better[:_EXAMPLES], *worse[:_EXAMPLES]]:
        yield _example(change)


def _example(change: Change) -> str:
    before, after = change.before, change.after
    cells = [
        ["before", str(before["response"]), f"{before['score']:.2f}"],
        ["after", str(after["response"]), f"{after['score']:.2f}"],
        ["right", str(before["truth"]), ""],
    ]
    return f"<pre>{escape(str(before.get('question', '')))}</pre>\n{_table(['', 'answer', 'score'], cells)}"


def _adapters(recipe: Recipe) -> Iterator[str]:
    yield "<h2>The adapters</h2>"
    rows: list[list[str]] = []
    pictures: list[str] = []
    for (name, settings), weight in zip(recipe.adapters.items(), ensemble_weights(recipe), strict=True):
        folder = recipe.adapter_folder(name)
        training = _read(folder / "training.json") or {"best_step": "", "log": []}
        seen = [entry["eval_seen_loss"] for entry in training["log"] if "eval_seen_loss" in entry]
        best = f"{min(seen):.3f}" if seen else ""
        rows.append([name, settings.trained_on, f"{weight:g}", str(training["best_step"]), best])
        pictures += _picture(recipe, folder / "loss.png", f"Losses of the adapter {name}")
    yield _table(["adapter", "trained on", "weight", "kept at step", "validation loss, seen tasks"], rows)
    yield from pictures
    yield from _soup(recipe)


def _soup(recipe: Recipe) -> Iterator[str]:
    """Show every mean of adapters that was tried on the validation questions, where they chose the members."""
    if recipe.ensemble.weights == "written":
        return
    yield _paragraph(
        "The members were chosen on the validation questions (greedy soup): from the best alone to the worst, one is added "
        "if the mean of all that are in then scores more. What was tried, in order:"
    )
    tried = _read(soup_file(recipe))["tried"]
    rows = [
        [" + ".join(mixture["members"]), _interval(mixture["seen"]), _interval(mixture["unseen"])] for mixture in tried
    ]
    yield _table(["mean of", "validation, tasks trained on", "validation, tasks not trained on"], rows)


def _sweep(recipe: Recipe, alpha: float) -> Iterator[str]:
    yield "<h2>Between base and fine-tuned (wise-ft)</h2>"
    chosen = "was given" if recipe.wise_ft.alpha is not None else "was chosen on the validation questions"
    yield _paragraph(f"α = {alpha:g} {chosen}: 0 is the base model, 1 the ensemble of the adapters.")
    sweep = None if recipe.wise_ft.alpha is not None else _read(recipe.output / "wise_ft" / "sweep.json")
    if sweep is None:
        return
    yield _paragraph(
        "Allowed is each α whose score on tasks not trained on is not below the interval of α = 0; of these the best mean of "
        "both scores is taken. The scores with their 95 % intervals:"
    )
    yield from _picture(recipe, recipe.output / "wise_ft" / "sweep.png", "Validation scores by α")
    rows = [[f"{point['alpha']:g}", _interval(point["seen"]), _interval(point["unseen"])] for point in sweep["points"]]
    yield _table(["α", "tasks trained on", "tasks not trained on"], rows)


def _awq(recipe: Recipe) -> Iterator[str]:
    yield "<h2>Four bits</h2>"
    report = _read(recipe.output / "awq" / "quantisation.json") if recipe.awq is not None else None
    if report is None:
        yield _paragraph("The model was not quantised in this run.")
        return
    shown = {key: value for key, value in report.items() if key != "inputs"}
    yield _table(["setting or measurement", "value"], [[key, str(value)] for key, value in shown.items()])


def _read(file: Path) -> Any:
    return json.loads(file.read_text(encoding="utf-8")) if file.is_file() else None


def _interval(found: dict[str, float]) -> str:
    return f"{found['score']:.3f} [{found['low']:.3f}, {found['high']:.3f}]"


def _paragraph(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = ["<tr>" + "".join(f"<th>{escape(cell)}</th>" for cell in header) + "</tr>"]
    lines += ["<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows]
    return "<table>\n" + "\n".join(lines) + "\n</table>"


def _picture(recipe: Recipe, file: Path, what: str) -> Iterator[str]:
    if file.is_file():
        yield f'<img src="{escape(file.relative_to(recipe.output).as_posix())}" alt="{escape(what)}">'
