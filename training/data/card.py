"""The card of a built data set: `README.md` with its counts and what was removed, and a picture of lengths and tasks.

Its front matter tells `datasets.load_dataset` where the shards are.
"""

from collections import Counter
from typing import Any

from evaluation.drawing import new_figure, save_png
from submission.tracks import TRACKS
from training.data.licences import CHECK
from training.data.recipe import DataRecipe
from training.files import written_whole

_PICTURE = "data_card.png"
_PERCENTILES = (50, 90, 99, 100)
_TRACK_NAMES = {track.challenge_id: f"{track.number}: {track.name}" for track in TRACKS}


def write_data_card(recipe: DataRecipe, report: dict[str, Any], shards: list[dict[str, Any]]) -> None:
    """Write card and picture into the folder that is being built."""
    columns = {
        name: sum((Counter(shard["counts"][name]) for shard in shards), Counter())
        for name in ("task_name", "task_type", "track", "source", "language")
    }
    lengths = {name: _added(shards, f"{name}_lengths") for name in ("prompt", "answer")}
    _draw(recipe, columns["task_name"], lengths)
    card = _card(recipe, report, columns, lengths, _mean_lengths(shards, columns["task_name"]))
    with written_whole(recipe.result / "README.md") as temporary:
        temporary.write_text(card, encoding="utf-8")


def _added(shards: list[dict[str, Any]], name: str) -> Counter[int]:
    total: Counter[int] = Counter()
    for shard in shards:
        # Keys are text where a resumed build read them back from JSON.
        total.update({int(length): count for length, count in shard[name].items()})
    return total


def _mean_lengths(shards: list[dict[str, Any]], tasks: Counter[str]) -> dict[str, float]:
    sums: Counter[str] = sum((Counter(shard["length_by_task"]) for shard in shards), Counter())
    return {task: sums[task] / count for task, count in tasks.items()}


def percentile(lengths: Counter[int], percent: int) -> int:
    """Return the length that `percent` of the examples do not exceed."""
    reached = 0
    for length in sorted(lengths):
        reached += lengths[length]
        if reached * 100 >= percent * lengths.total():
            return length
    return 0


def _card(
    recipe: DataRecipe,
    report: dict[str, Any],
    columns: dict[str, Counter[str]],
    lengths: dict[str, Counter[int]],
    means: dict[str, float],
) -> str:
    unit = "words" if recipe.tokenizer is None else f"tokens of {recipe.tokenizer.name}"
    removed = report["removed"]
    parts = [
        "---\nconfigs:\n- config_name: default\n  data_files:\n  - split: train\n    path: data/train-*.jsonl\n---",
        f"# {recipe.name}",
        f"{report['examples']} questions of {len(columns['task_name'])} tasks with their answers, in TRL's conversational "
        "prompt-completion shape. `question` is the text that was asked, `truth` (JSON text) what the metric compares with.",
        f"Made by `python -m training.build_dataset` with seed {recipe.seed}; the whole recipe is in `build.json`, what was "
        "removed and why in `removed.jsonl`.",
        f"![lengths and tasks]({_PICTURE})",
        f"## Lengths in {unit}",
        _table(
            ["", "mean", *(f"{percent} %" for percent in _PERCENTILES)],
            [[name, _mean(count), *(percentile(count, p) for p in _PERCENTILES)] for name, count in lengths.items()],
        ),
        "## Tasks",
        _table(
            ["task", "examples", "wanted", f"mean length ({unit})"],
            [
                [name, columns["task_name"][name], report["tasks"][name]["wanted"], f"{means.get(name, 0):.0f}"]
                for name in sorted(report["tasks"])
            ],
        ),
        *_count_tables(columns),
        *_source_tables(columns["source"], report),
        "## Removed",
        _table(
            ["reason", "questions"],
            [
                [reason, sum(counts.values()) if isinstance(counts, dict) else counts]
                for reason, counts in removed.items()
            ],
        ),
        "## Rows of the sources that could not be used",
        _table(
            ["source", "reason", "rows"],
            [
                [source, reason, count]
                for source, reasons in report["unusable"].items()
                for reason, count in sorted(reasons.items())
            ],
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _count_tables(columns: dict[str, Counter[str]]) -> list[str]:
    tracks = Counter({_TRACK_NAMES[track]: count for track, count in columns["track"].items()})
    shown = {
        "Task types": columns["task_type"],
        "Tracks": tracks,
        "Languages": columns["language"],
    }
    return [
        part
        for title, counts in shown.items()
        for part in (f"## {title}", _table(["", "examples"], [[name, count] for name, count in sorted(counts.items())]))
    ]


def _source_tables(examples: Counter[str], report: dict[str, Any]) -> list[str]:
    parts = [
        "## Sources",
        _table(
            ["source", "examples", "licence"],
            [[name, examples[name], licence] for name, licence in sorted(report["licences"].items())],
        ),
        f'"{CHECK}" means terms of its own: read them before these questions, or a model trained on them, are passed on.',
    ]
    if report["left out"]:
        named = ", ".join(f"{name} ({licence})" for name, licence in report["left out"].items())
        parts.append(f"Left out for their licence: {named}.")
    return parts


def _mean(lengths: Counter[int]) -> str:
    return f"{sum(length * count for length, count in lengths.items()) / max(1, lengths.total()):.1f}"


def _table(head: list[str], rows: list[list[Any]]) -> str:
    if not rows:
        return "None."
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell).replace("|", "\\|") for cell in line) + " |" for line in lines)


def _draw(recipe: DataRecipe, tasks: Counter[str], lengths: dict[str, Counter[int]]) -> None:
    figure = new_figure(11, 3 + 0.17 * len(tasks))
    left, right = figure.subplots(1, 2, width_ratios=[1.3, 1])
    names = [name for name, _ in sorted(tasks.items(), key=lambda item: (item[1], item[0]))]
    left.barh(names, [tasks[name] for name in names], color="#4477aa")
    left.tick_params(axis="y", labelsize=7)
    left.margins(y=0.01)
    left.set_xlabel("examples")
    longest = max(max(counts, default=1) for counts in lengths.values())
    for name, color in (("prompt", "#4477aa"), ("answer", "#ee6677")):
        counts = lengths[name]
        shown = {"bins": 40, "range": (0, longest), "alpha": 0.7, "label": name, "color": color}
        right.hist(list(counts), weights=list(counts.values()), **shown)
    right.set_xlabel("length in " + ("words" if recipe.tokenizer is None else "tokens"))
    right.set_ylabel("examples")
    right.set_yscale("log")
    right.legend()
    save_png(figure, recipe.result / _PICTURE)
