"""The report's picture: score by task, grouped by track, and where the time went."""

from collections.abc import Mapping
from pathlib import Path

from evaluation.drawing import as_svg, new_figure, plain_text, save_png
from evaluation.scoring import Scores, TaskScore

_TRACK_COLOURS = {0: "#7f7f7f", 1: "#0072b2", 2: "#e69f00", 3: "#009e73", 4: "#cc79a7"}
# Loading, five task types, scoring: apart from the tracks' colours, which mean something else.
_TIME_COLOURS = ("#bbbbbb", "#332288", "#88ccee", "#117733", "#ddcc77", "#882255", "#555555")


def draw(path: Path, scores: Scores, seconds: Mapping[str, float]) -> str:
    """Write a PNG to `path` and return the same picture as an SVG element for a page.

    `seconds` names the parts of the run and what each took, in order.
    """
    scored = sorted((task for task in scores.tasks if task.score is not None), key=_track_number)
    height = 0.3 * len(scored) + 1.5
    figure = new_figure(10, height + 2.2)
    by_task, by_time = figure.subplots(2, 1, height_ratios=[height, 1.6])

    by_task.set(title="Score by task, with 95 % intervals", xlim=(0, 1.2), ylim=(len(scored) - 0.4, -0.6))
    for row, task in enumerate(scored):
        value = task.score or 0.0
        by_task.barh(row, value, color=_TRACK_COLOURS[_track_number(task)])
        interval = scores.intervals.tasks[task.name]
        reach = [[max(0.0, value - interval.low)], [max(0.0, interval.high - value)]]
        by_task.errorbar(value, row, xerr=reach, color="black", elinewidth=0.9, capsize=2)
        shown = f"{value:.3f}  (n = {task.num_samples})"
        by_task.text(interval.high + 0.01, row, shown, va="center", fontsize=8)
    by_task.set_yticks(range(len(scored)), [plain_text(f"{task.name} ({', '.join(task.metrics)})") for task in scored])
    by_task.tick_params(axis="y", labelsize=8)
    for track, mean in scores.by_track.items():
        label = f"track {track.number}: {mean:.3f}" if track else f"no track named: {mean:.3f}"
        by_task.barh(0, 0, color=_TRACK_COLOURS[track.number if track else 0], label=label)
    if scored:
        figure.legend(loc="outside upper right", ncols=len(scores.by_track), fontsize=8, title="mean over tasks")

    total = sum(seconds.values())
    by_time.set(title=f"Where the time went: {total:.1f} s", xlim=(0, total or 1), yticks=[], xlabel="seconds")
    start = 0.0
    for (part, length), colour in zip(seconds.items(), _TIME_COLOURS, strict=False):
        by_time.barh(0, length, left=start, color=colour, label=f"{part}: {length:.1f} s")
        start += length
    by_time.legend(loc="upper center", bbox_to_anchor=(0.5, -0.45), ncols=4, fontsize=8)
    save_png(figure, path)
    return as_svg(figure)


def _track_number(task: TaskScore) -> int:
    return task.track.number if task.track else 0
