"""Writes what a comparison found: the tables in Markdown, everything as JSON, a picture of the differences, and a page."""

import json
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from evaluation.comparison import Change, Comparison, Pair, Side, groups_of, in_words, shown_p
from evaluation.comparison_page import page
from evaluation.drawing import as_svg, new_figure, plain_text, save_png
from evaluation.reports import model_name
from evaluation.row_scores import Difference, Differences, interval
from evaluation.tables import table
from submission.commands import as_typed
from submission.errors import ShopBenchError

_FILES = ("comparison.json", "comparison.md", "comparison.png", "comparison.html")


def summarise(comparison: Comparison, changes: int) -> str:
    """Return the comparison as Markdown: sentences, tables, and up to `changes` questions each that gained and lost most."""
    return "\n".join(_lines(comparison, changes))


def _lines(comparison: Comparison, changes: int) -> Iterator[str]:
    yield from table(
        ("", "report", "model", "date", "score", "answering", "questions/s", "model / cut / fallback"),
        [_side_cells(side) for side in comparison.sides],
    )
    yield ""
    for pair in comparison.pairs:
        yield f"**{in_words(pair)}**"
        yield ""
    for remark in comparison.remarks:
        yield f"- {remark}"
    yield from ("", *_difference_table(comparison, groups_of), "", *_difference_table(comparison, _tasks))
    yield ""
    yield f"Of {len(comparison.pairs[0].found.tasks)} tasks, one in twenty shows p < 0.05 by chance alone."
    for pair in comparison.pairs:
        yield from _changed(pair, changes)


def _side_cells(side: Side) -> tuple[object, ...]:
    content = side.report.content
    counts = " / ".join(map(str, side.origins.values())) if side.origins else "-"
    return (
        side.letter,
        side.report.name,
        model_name(content, short=True),
        str(content.get("date", "-"))[:16].replace("T", " "),
        interval(side.rows),
        f"{side.time.get('predict_s', 0):.1f} s",
        f"{side.time.get('questions_per_s', 0):.1f}",
        counts,
    )


def _tasks(found: Differences) -> dict[str, Difference]:
    return found.tasks


def _difference_table(comparison: Comparison, select: Any) -> list[str]:
    first = comparison.sides[0].letter
    header = ["", "questions", first]
    for pair in comparison.pairs:
        header += [f"{pair.other.letter} − {first}", "95 % interval", "p"]
    rows = []
    for name, one in select(comparison.pairs[0].found).items():
        row: list[object] = [name, one.questions, f"{one.reference:.3f}"]
        for pair in comparison.pairs:
            row += _cells(select(pair.found)[name])
        rows.append(row)
    return table(header, rows)


def _cells(one: Difference) -> list[str]:
    bounds = f"{one.interval.low:+.3f} to {one.interval.high:+.3f}"
    return [f"{one.interval.score:+.3f}", bounds, shown_p(one).removeprefix("p = ").removeprefix("p ")]


def _changed(pair: Pair, count: int) -> Iterator[str]:
    gained = [change for change in pair.changes if change.gain > 0]
    lost = [change for change in reversed(pair.changes) if change.gain < 0]
    first, other = pair.first.letter, pair.other.letter
    yield ""
    yield (
        f"From {first} to {other}: {_counted(len(gained))} gained, {len(lost)} lost. In {pair.reworded}, the answer is "
        "another and the score the same."
    )
    for name, changes in (("gained", gained), ("lost", lost)):
        if shown := changes[:count]:
            yield ""
            which = "The one" if len(shown) == 1 else f"The {len(shown)}"
            yield f"{which} that {name} most (`{as_typed('evaluation.show')} {pair.first.report.folder} --id N`):"
            yield ""
            yield from table(
                ("id", "task", f"score {first}", f"score {other}", f"answer {first}", f"answer {other}", "truth"),
                [_change_cells(change) for change in shown],
            )


def _counted(count: int) -> str:
    return "1 question" if count == 1 else f"{count} questions"


def _change_cells(change: Change) -> tuple[object, ...]:
    before, after = change.before, change.after
    scores = (f"{row['score']:.3f}" for row in (before, after))
    texts = (_short(str(text)) for text in (before["response"], after["response"], before["truth"]))
    return (before.get("id", "-"), before["task_name"], *scores, *texts)


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= 40 else line[:39] + "…"


def as_json(comparison: Comparison) -> dict[str, Any]:
    """Return all that was found as JSON data."""
    return {
        "reports": {
            side.letter: {
                "folder": str(side.report.folder),
                "model": side.report.content.get("model"),
                "adapter": side.report.content.get("adapter"),
                "score": asdict(interval(side.rows)),
                "timing": side.time,
                "answers": side.origins,
            }
            for side in comparison.sides
        },
        "num_samples": len(comparison.sides[0].rows),
        "remarks": comparison.remarks,
        "differences": [
            {
                "first": pair.first.letter,
                "other": pair.other.letter,
                "in_words": in_words(pair),
                "overall": _as_data(pair.found.overall),
                "tracks": {track or "none": _as_data(one) for track, one in pair.found.tracks.items()},
                "task_types": {kind: _as_data(one) for kind, one in pair.found.types.items()},
                "tasks": {name: _as_data(one) for name, one in pair.found.tasks.items()},
                "changed": [
                    {
                        "id": change.before.get("id"),
                        "id_in_other": change.after.get("id"),
                        "task_name": change.before["task_name"],
                        "score": change.before["score"],
                        "score_in_other": change.after["score"],
                        "response": change.before["response"],
                        "response_in_other": change.after["response"],
                    }
                    for change in pair.changes
                ],
            }
            for pair in comparison.pairs
        ],
    }


def _as_data(one: Difference) -> Mapping[str, Any]:
    return {
        "difference": one.interval.score,
        "interval": [one.interval.low, one.interval.high],
        "p": one.p,
        "reference": one.reference,
        "tasks": one.tasks,
        "questions": one.questions,
    }


def write_comparison(folder: Path, comparison: Comparison, changes: int) -> None:
    """Write the files into `folder`; what an earlier comparison left there is replaced when all are complete."""
    new = folder / ".comparison.new"
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(parents=True)
        text = json.dumps(as_json(comparison), indent=2, ensure_ascii=False)
        (new / "comparison.json").write_text(text + "\n", encoding="utf-8")
        text = f"# Comparison\n\n{summarise(comparison, changes)}\n\n![Differences by task](comparison.png)\n"
        (new / "comparison.md").write_text(text, encoding="utf-8")
        picture = draw(new / "comparison.png", comparison)
        (new / "comparison.html").write_text(page(comparison, picture, folder), encoding="utf-8")
        for name in _FILES:
            (new / name).replace(folder / name)
        new.rmdir()
    except OSError as error:
        shutil.rmtree(new, ignore_errors=True)
        raise ShopBenchError(f"cannot write the comparison to {folder}: {error.strerror}") from error


_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9")


def draw(path: Path, comparison: Comparison) -> str:
    """Write a PNG and return the same picture as an SVG element.

    Every difference is a point with its interval: overall, by track, by type and by task.
    """
    names = [*groups_of(comparison.pairs[0].found), *comparison.pairs[0].found.tasks]
    groups = len(groups_of(comparison.pairs[0].found))
    figure = new_figure(10, 0.28 * len(names) + 1.8)
    axes = figure.subplots()
    for number, pair in enumerate(comparison.pairs):
        found = [*groups_of(pair.found).values(), *pair.found.tasks.values()]
        shift = (number - (len(comparison.pairs) - 1) / 2) * 0.6 / len(comparison.pairs)
        values = [one.interval.score for one in found]
        reach = [
            [one.interval.score - one.interval.low for one in found],
            [one.interval.high - one.interval.score for one in found],
        ]
        colour = _COLOURS[number % len(_COLOURS)]
        rows = [row + shift for row in range(len(found))]
        label = f"{pair.other.letter}: {pair.other.report.name}"
        axes.errorbar(
            values, rows, xerr=reach, fmt="o", markersize=4, elinewidth=1, color=colour, label=plain_text(label)
        )
    axes.axvline(0, color="0.4", linewidth=0.8)
    axes.axhline(groups - 0.5, color="0.8", linewidth=0.8)
    axes.set_yticks(range(len(names)), [plain_text(name) for name in names], fontsize=8)
    axes.set_ylim(len(names) - 0.4, -0.6)
    first = comparison.sides[0]
    axes.set_xlabel(plain_text(f"score more than {first.letter}: {first.report.name} (95 % intervals)"))
    axes.legend(loc="best", fontsize=8)
    save_png(figure, path)
    return as_svg(figure)
