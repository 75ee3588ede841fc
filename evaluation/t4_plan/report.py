"""Writes the plan down: tables as Markdown, and one picture of where each track's time goes and what gives most."""

from dataclasses import replace
from pathlib import Path

from evaluation.drawing import new_figure, save_png
from evaluation.t4_plan.fit import PUBLISHED_SECONDS, Fit
from evaluation.t4_plan.levers import Workloads, levers, presets
from evaluation.t4_plan.machine import GIB, assumption_table
from evaluation.t4_plan.plan import TARGET_SHARE, Planner
from evaluation.t4_plan.workload import questions_per_track
from submission.tracks import track_by_number

_SAFE_GIB = 0.5
"""What must be left over while loading: `context_bytes` and `workspace_bytes` are not known better than that."""


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "| " + " | ".join("---" for _ in header) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def fit_section(fits: list[Fit], chosen: Fit) -> str:
    """Show every fit (one assumption, one track) with its errors on the other tracks, and which one is used."""
    rows = []
    for fit in fits:
        own = "fitted" if fit.reached else "out of reach"
        cells = [own if track == fit.track else f"{fit.errors[track]:+.0%}" for track in PUBLISHED_SECONDS]
        rows.append([f"`{fit.parameter}`", f"track {fit.track}", f"{fit.value:.3g}", *cells, f"{fit.mean_error:.0%}"])
    header = ["fitted", "to", "value", *(f"track {track}" for track in PUBLISHED_SECONDS), "mean error"]
    used = ", ".join(
        f"track {track} {chosen.predicted[track]:.0f} s (published {published:.0f} s)"
        for track, published in PUBLISHED_SECONDS.items()
    )
    return (
        "## Check on published times (Llama-3-8B baseline)\n\n"
        "Each row fits one assumption to one track's published time; the other columns are the error on tracks that it "
        "has not seen.\n\n"
        f"{_table(header, rows)}\n\n"
        f"Used: `{chosen.parameter}` = {chosen.value:.3g}, which of those fitted to track {chosen.track} predicts the "
        f"other three best, with a mean error of {chosen.mean_error:.0%}: {used}.\n"
    )


def track_section(planner: Planner, workloads: Workloads, tracks: list[int], *, known_to_run: bool) -> str:
    """Show minutes and shares of the limit for the baseline's design and ours, and say what the plan's answer is.

    `known_to_run` says that the model is the one that the winning team ran within every limit.
    """
    rows = []
    for track in tracks:
        limit = track_by_number(track).time_limit_s
        low, high = planner.range(workloads.ours, track)
        seconds = planner.seconds(workloads.ours, track)
        baseline = planner.seconds(workloads.baseline, track).total
        parts = ", ".join(f"{name.replace('_', '-')} {part / 60:.1f}" for name, part in seconds.parts().items())
        rows.append(
            [
                str(track),
                f"{limit / 60:.0f}",
                f"{baseline / 60:.0f} ({baseline / limit:.0%})",
                f"**{seconds.total / 60:.0f} ({seconds.total / limit:.0%})**",
                f"{low / limit:.0%} to {high / limit:.0%}",
                f"{planner.uncorrected().share(workloads.ours, track):.0%}",
                parts,
            ]
        )
        if known_to_run:
            rows[-1].insert(5, f"**{yardstick(planner, workloads, track):.0%}**")
    header = [
        "track",
        "limit, min",
        "baseline's design, min",
        "ours, min",
        "range",
        "ours, uncorrected",
        "ours by part, min",
    ]
    if known_to_run:
        header.insert(5, "at most, by the winning run")
    over = [track for track in tracks if planner.share(workloads.ours, track) > TARGET_SHARE]
    answer = (
        f"By the assumptions below, every track is under {TARGET_SHARE:.0%} of its limit."
        if not over
        else f"**By the assumptions below, not under {TARGET_SHARE:.0%} of the limit: track {', '.join(map(str, over))}.**"
    )
    text = (
        f"## {planner.shape.name} on 4 × T4\n\n{_table(header, rows)}\n\n{answer} "
        "The range adds each assumption's own effect in quadrature, each end fitted to the published times anew. Shares "
        "are corrected by what the published times say about each track's hidden questions; `uncorrected` takes the "
        "stand-ins as they are.\n"
    )
    if known_to_run:
        text += "\n" + _yardstick_text(planner, workloads, tracks)
    return text


def yardstick(planner: Planner, workloads: Workloads, track: int, preset: Planner | None = None) -> float:
    """Return the share of a track's limit that `preset` (the planner itself if None) takes by the winning run.

    The planner without a prefix cache is taken for that run, and taken to need just the limit.
    """
    return (preset or planner).share(workloads.ours, track) / planner.share(workloads.without_cache, track)


def preset_section(planner: Planner, workloads: Workloads, *, known_to_run: bool) -> str:
    """Show the share of every track's limit under each preset, with fp16 and with int8 activations."""
    rows = []
    for name, preset in presets(planner):
        cells = []
        for track in (1, 2, 3, 4, 5):
            limit = track_by_number(track).time_limit_s
            low, high = preset.range(workloads.ours, track)
            cell = f"**{preset.share(workloads.ours, track):.0%}** ({low / limit:.0%} to {high / limit:.0%})"
            if known_to_run:
                cell += f", at most {yardstick(planner, workloads, track, preset):.0%}"
            cells.append(cell)
        rows.append([name, *cells])
    header = ["preset", *(f"track {track}" for track in (1, 2, 3, 4, 5))]
    within = [
        name
        for name, preset in presets(planner)
        if all(preset.share(workloads.ours, track) <= TARGET_SHARE for track in (1, 2, 3, 4, 5))
    ]
    answer = (
        f"Every track takes at most {TARGET_SHARE:.0%} of its limit under: {', '.join(within)}."
        if within
        else f"Under none of them every track takes at most {TARGET_SHARE:.0%} of its limit."
    )
    meaning = "Share of the limit by the assumptions, in brackets the range" + (
        ", and at most that much by the winning run (explained below)" if known_to_run else ""
    )
    return f"## Presets\n\n{_table(header, rows)}\n\n{meaning}. {answer}\n"


def _yardstick_text(planner: Planner, workloads: Workloads, tracks: list[int]) -> str:
    over = [track for track in tracks if yardstick(planner, workloads, track) > TARGET_SHARE]
    answer = f"under {TARGET_SHARE:.0%} on every track" if not over else f"over {TARGET_SHARE:.0%} on track {over}"
    shares = ", ".join(f"{planner.share(workloads.without_cache, track):.0%} of track {track}" for track in tracks)
    return (
        "**The other yardstick.** The winning solution ran this model on these cards within every limit. Ours without a "
        f"prefix cache would by the assumptions take {shares}. If the winner's prompts and answers were as long as ours "
        "and its engine had no prefix cache (that of vLLM did not work on Turing then; both are assumed), the cards are "
        "that much faster than assumed, and ours takes at most the share in the column `at most, by the winning run`, "
        f"whatever the efficiencies are: {answer}.\n"
    )


def memory_section(planner: Planner, utilisation: float) -> str:
    """Show what one card holds, the peak of loading by layout, and the largest context by the size of a pass and batch."""
    memory = planner.memory(utilisation)
    rows = [
        ["CUDA context and NCCL, outside of vLLM's share", f"{memory.context / GIB:.2f}"],
        ["weights", f"{memory.weights / GIB:.2f}"],
        [f"activations at {planner.layout.max_batched_tokens:,} tokens a pass", f"{memory.activations / GIB:.2f}"],
        ["kernels, workspaces, fragmentation", f"{memory.workspace / GIB:.2f}"],
        [f"KV cache: {memory.kv_tokens:,} tokens", f"{memory.kv_cache / GIB:.2f}"],
        [f"kept free (utilisation {utilisation})", f"{memory.kept_free / GIB:.2f}"],
    ]
    sizes = []
    for tokens in (256, 512, 2048, 4096, 8192):
        changed = planner.laid_out(replace(planner.layout, max_batched_tokens=tokens)).memory(utilisation)
        contexts = [f"{changed.longest_context(batch):,}" for batch in (16, 8, 1)]
        sizes.append([f"{tokens:,}", f"{changed.activations / GIB:.2f}", f"{changed.kv_tokens:,}", *contexts])
    header = ["tokens a pass", "activations, GiB", "KV cache, tokens", *(f"context at batch {n}" for n in (16, 8, 1))]
    return (
        f"## Memory of one card ({memory.card / GIB:.2f} GiB)\n\n{_table(['what', 'GiB'], rows)}\n\n"
        f"While loading, vLLM repacks the weights for its kernels:\n\n{_loading_table(planner, utilisation)}\n\n"
        "The largest context that all sequences of a batch may have at once, by the size of a pass:\n\n"
        f"{_table(header, sizes)}\n"
    )


def _loading_table(planner: Planner, utilisation: float) -> str:
    rows = []
    for int8 in (False, True):
        for tensor, stages in ((4, 1), (2, 2), (1, 4)):
            layout = replace(planner.layout, tensor_parallel=tensor, pipeline_parallel=stages, int8_activations=int8)
            memory = planner.laid_out(layout).memory(utilisation)
            left = memory.left_while_loading / GIB
            rows.append(
                [
                    f"{tensor} × {stages}",
                    "symmetric 4 bits" if int8 else "AWQ",
                    f"{memory.weights / GIB:.2f}",
                    f"{memory.conversion / GIB:.2f}",
                    f"{left:.2f}" if left > _SAFE_GIB else f"**{left:.2f}: too little**",
                ]
            )
    return _table(["tensor × pipeline", "weights as", "weights, GiB", "repacking, GiB", "left over, GiB"], rows)


def lever_section(planner: Planner, workloads: Workloads, track: int) -> str:
    """Show the track's time with each decision changed."""
    rows = levers(planner, workloads, track)
    ours = rows[0][1]
    limit = track_by_number(track).time_limit_s
    cells = [
        [name, f"{seconds / 60:.1f}", f"{seconds / limit:.0%}", f"{seconds / ours - 1:+.1%}"] for name, seconds in rows
    ]
    header = ["decision", "minutes", "of the limit", "against ours"]
    return f"## What gives most (track {track})\n\n{_table(header, cells)}\n"


def assumption_section(planner: Planner, workloads: Workloads, track: int) -> str:
    """List every assumption with its range, source, and what its range does to the track."""
    effects = {name: ends for name, *ends in planner.varied(workloads.ours, track)}
    limit = track_by_number(track).time_limit_s
    rows = []
    for name, _, low, high, source in assumption_table():
        value = getattr(planner.assumptions, name)
        ends = effects.get(name)
        without = "memory only" if name.endswith("_bytes") else "no effect"
        effect = f"{ends[0] / limit:.0%} / {ends[1] / limit:.0%}" if ends else without
        fitted = " (fitted)" if name == planner.fitted else ""
        rows.append([f"`{name}`", f"{value:.3g}{fitted}", f"{low:.3g} / {high:.3g}", effect, source])
    header = ["assumption", "value", "low / high end", f"share of track {track}'s limit then", "source"]
    return f"## Assumptions\n\n{_table(header, rows)}\n\n{_question_text(planner)}"


def _question_text(planner: Planner) -> str:
    defaults = ", ".join(f"{questions_per_track(track):,.0f} on track {track}" for track in (1, 2, 3, 4, 5))
    corrections = ", ".join(f"track {track} × {factor:.2f}" for track, factor in planner.correction.factors.items())
    return (
        f"Questions a track (`--questions`): {defaults}. The competition tells the sum only; the rest is its division in "
        "the shares of the benchmark's later release, which were not looked up again. All tasks of a track are taken to have as "
        f"many questions as each other. Corrections by the published times: {corrections}.\n"
    )


def draw(
    planner: Planner, workloads: Workloads, tracks: list[int], lever_track: int, path: Path, *, known_to_run: bool
) -> None:
    """Draw shares of the limit by part, ours beside the baseline's design, and the levers of one track."""
    figure = new_figure(14, 5.5)
    left, right = figure.subplots(1, 2, width_ratios=[1.2, 1])
    colours = ["#6b7280", "#2563eb", "#f59e0b", "#10b981", "#ef4444"]
    for index, track in enumerate(tracks):
        limit = track_by_number(track).time_limit_s
        for offset, loads, alpha in ((-0.2, workloads.baseline, 0.45), (0.2, workloads.ours, 1.0)):
            bottom = 0.0
            for (name, part), colour in zip(planner.seconds(loads, track).parts().items(), colours, strict=True):
                label = name.replace("_", "-") if index == 0 and alpha == 1.0 else None
                left.bar(index + offset, part / limit, 0.36, bottom=bottom, color=colour, alpha=alpha, label=label)
                bottom += part / limit
            left.text(index + offset, bottom + 0.01, f"{bottom:.0%}", ha="center", fontsize=8)
        low, high = planner.range(workloads.ours, track)
        nominal = planner.seconds(workloads.ours, track).total / limit
        left.errorbar(
            index + 0.33, nominal, yerr=[[nominal - low / limit], [high / limit - nominal]], color="black", capsize=3
        )
        if known_to_run:
            label = "at most, by the winning run" if index == 0 else None
            left.plot(index + 0.2, yardstick(planner, workloads, track), "D", color="black", markersize=5, label=label)
    left.axhline(1.0, color="black", linewidth=1)
    left.axhline(TARGET_SHARE, color="black", linewidth=1, linestyle=":")
    left.set_xticks(range(len(tracks)), [f"track {track}" for track in tracks])
    left.set_ylabel("share of the time limit")
    left.set_title(f"{planner.shape.name} on 4 × T4: the baseline's design (pale) and ours")
    left.set_ylim(top=1.15 * max(left.get_ylim()[1], 1.0))
    left.legend(fontsize=8, loc="upper center", ncols=3)
    rows = levers(planner, workloads, lever_track)[::-1]
    limit = track_by_number(lever_track).time_limit_s
    right.barh([name for name, _ in rows], [seconds / limit for _, seconds in rows], color="#2563eb")
    for position, (_, seconds) in enumerate(rows):
        right.text(
            seconds / limit + 0.015,
            position,
            f"{seconds / limit:.0%}",
            va="center",
            fontsize=8,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.5},
        )
    right.axvline(1.0, color="black", linewidth=1)
    right.axvline(TARGET_SHARE, color="black", linewidth=1, linestyle=":")
    right.set_xlim(right=1.12 * max(seconds for _, seconds in rows) / limit)
    right.set_title(f"What each decision does to track {lever_track}")
    save_png(figure, path)
