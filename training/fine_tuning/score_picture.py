"""Draws what the variants of a comparison scored: a point with its interval for each, a panel for each set of questions."""

from pathlib import Path
from typing import Any

from evaluation.drawing import new_figure, save_png
from training.fine_tuning.tables import SETS

_TITLES = {"development": "development questions", "seen": "tasks trained on", "unseen": "tasks not trained on"}
_COLOURS = {"on": "tab:blue", "on, uncalibrated": "tab:green", "off": "tab:orange"}


def draw_scores(comparison: list[dict[str, Any]], target: Path) -> None:
    """Draw the entries of `comparison.json` into the picture `target`, the first variant at the top."""
    names = list(dict.fromkeys(entry["variant"] for entry in comparison))
    modes = list(dict.fromkeys(entry["constraints"] for entry in comparison))
    figure = new_figure(10, 0.5 * len(names) + 1.6)
    panels = figure.subplots(1, len(SETS), sharey=True)
    for axes, kind in zip(panels, SETS, strict=True):
        for entry in comparison:
            found, mode = entry[kind], entry["constraints"]
            row = names.index(entry["variant"]) + 0.2 * (modes.index(mode) - (len(modes) - 1) / 2)
            reach = [[found["score"] - found["low"]], [found["high"] - found["score"]]]
            axes.errorbar(found["score"], row, xerr=reach, fmt="o", markersize=4, color=_COLOURS[mode])
        axes.set(title=_TITLES[kind], xlim=(0, 1), ylim=(len(names) - 0.5, -0.5), xlabel="score, 95 % interval")
        axes.grid(axis="x", color="0.9")
        axes.set_yticks(range(len(names)), names)
    if len(modes) > 1:
        handles = [panels[0].plot([], [], "o", color=_COLOURS[mode])[0] for mode in modes]
        figure.legend(handles, [f"constraints {mode}" for mode in modes], loc="outside lower center", ncols=len(modes))
    save_png(figure, target)
