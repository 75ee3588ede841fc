"""Draws the losses of a training run: on training batches, on held-out questions of seen and of unseen tasks."""

from pathlib import Path
from typing import Any

from evaluation.drawing import new_figure, save_png

_CURVES = {
    "loss": ("training batches", "0.7", "-"),
    "eval_seen_loss": ("validation, seen tasks", "tab:blue", "o-"),
    "eval_unseen_loss": ("validation, unseen tasks", "tab:orange", "s-"),
}


def draw_loss_curve(log: list[dict[str, Any]], best_step: int, target: Path) -> None:
    """Draw the log entries of a trainer (loss in nats a token, by optimiser step) into the picture `target`."""
    figure = new_figure(7, 4)
    axes = figure.subplots()
    for key, (label, colour, style) in _CURVES.items():
        points = [(entry["step"], entry[key]) for entry in log if key in entry]
        if points:
            axes.plot(*zip(*points, strict=True), style, color=colour, label=label, markersize=4)
    axes.axvline(best_step, color="0.4", linewidth=0.8, linestyle=":", label="kept training checkpoint")
    axes.set(xlabel="optimiser step", ylabel="loss on answer tokens (nats)", ylim=(0, None))
    axes.legend()
    save_png(figure, target)
