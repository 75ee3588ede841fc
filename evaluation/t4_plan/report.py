"""Writes the plan down: tables as Markdown, and one picture of where each track's time goes and what gives most."""

from pathlib import Path

from evaluation.t4_plan.fit import FITTABLE, PUBLISHED_SECONDS, Fit
from evaluation.t4_plan.levers import Workloads, levers
from evaluation.t4_plan.machine import GIB, Machine, assumption_table
from evaluation.t4_plan.plan import TARGET_SHARE, Planner
from submission.tracks import track_by_number


def _table(header: list[str], rows: list[list[str]]) -> str:
    lines = ["| " + " | ".join(header) + " |", "| " + " | ".join("---" for _ in header) + " |"]
    return "\n".join(lines + ["| " + " | ".join(row) + " |" for row in rows])


def fit_section(fits: list[Fit], chosen: Fit) -> str:
    """Show every fit (one assumption, one track) with its errors on the other tracks, and which one is used."""
    rows = []
    for parameter in FITTABLE:
        for fit in (fit for fit in fits if fit.parameter == parameter):
            cells = ["fitted" if track == fit.track else f"{fit.errors[track]:+.0%}" for track in PUBLISHED_SECONDS]
            rows.append([parameter, f"track {fit.track}", f"{fit.value:.3g}", *cells, f"{fit.mean_error:.0%}"])
    header = ["fitted", "to", "value", *(f"track {track}" for track in PUBLISHED_SECONDS), "mean error"]
    used = ", ".join(
        f"track {track}: {chosen.predicted[track]:.0f} s, published {published:.0f} s"
        for track, published in PUBLISHED_SECONDS.items()
    )
    return (
        "## Check on published times (Llama-3-8B baseline)\n\n"
        "Each row fits one assumption to one track's published time; the other columns are the error on tracks that it "
        "has not seen.\n\n"
        f"{_table(header, rows)}\n\n"
        f"Used: `{chosen.parameter}` = {chosen.value:.3g}, fitted to track {chosen.track}. {used}.\n"
    )


def track_section(planner: Planner, uncorrected: Planner, workloads: Workloads, tracks: list[int]) -> str:
    """Show minutes and shares of the limit for the baseline's design and ours, and say what the plan's answer is."""
    rows, within = [], []
    for track in tracks:
        limit = track_by_number(track).time_limit_s
        low, high = planner.range(workloads.ours, track)
        seconds = planner.seconds(workloads.ours, track)
        baseline = planner.seconds(workloads.baseline, track).total
        parts = ", ".join(f"{name.replace('_', '-')} {part / 60:.1f}" for name, part in seconds.parts().items())
        share = seconds.total / limit
        within.append(share <= TARGET_SHARE)
        rows.append(
            [
                str(track),
                f"{limit / 60:.0f}",
                f"{baseline / 60:.0f} ({baseline / limit:.0%})",
                f"**{seconds.total / 60:.0f} ({share:.0%})**",
                f"{low / limit:.0%} to {high / limit:.0%}",
                f"{uncorrected.share(workloads.ours, track):.0%}",
                f"{planner.share(workloads.ours, track) / planner.share(workloads.without_cache, track):.0%}",
                parts,
            ]
        )
    header = [
        "track",
        "limit, min",
        "baseline's design, min",
        "ours, min",
        "range",
        "ours, uncorrected",
        "ours over ours without prefix cache",
        "ours by part, min",
    ]
    failing = [str(track) for track, good in zip(tracks, within, strict=True) if not good]
    answer = (
        f"Every track is under {TARGET_SHARE:.0%} of its limit."
        if not failing
        else f"**Not under {TARGET_SHARE:.0%} of the limit: track {', '.join(failing)}.**"
    )
    return (
        f"## {planner.shape.name} on 4 × T4\n\n{_table(header, rows)}\n\n{answer} "
        "The range adds each assumption's own effect in quadrature. Shares are corrected by what the published times "
        "say about each track's hidden questions; `uncorrected` takes the stand-ins as they are.\n\n"
        "The winning solution is known to have run this model on these cards within every limit. If its prompts and "
        "answers were as long as ours and its engine had no prefix cache (vLLM's did not work on Turing then; both "
        "assumed), ours takes at most the share of the limit in the column `ours over ours without prefix cache`, "
        "whatever the efficiencies are.\n"
    )


def memory_section(planner: Planner, utilisation: float) -> str:
    """Show what one card holds."""
    memory = planner.memory(utilisation)
    rows = [
        ["weights", f"{memory.weights / GIB:.2f}"],
        [f"activations at {planner.layout.max_batched_tokens} tokens a pass", f"{memory.activations / GIB:.2f}"],
        ["runtime (CUDA, NCCL, workspaces)", f"{memory.runtime / GIB:.2f}"],
        [f"KV cache: {memory.kv_tokens:,} tokens", f"{memory.kv_cache / GIB:.2f}"],
        [f"kept free (utilisation {utilisation})", f"{Machine().card_bytes * (1 - utilisation) / GIB:.2f}"],
    ]
    batch = planner.layout.batch_size
    return (
        f"## Memory of one card ({Machine().card_bytes / GIB:.2f} GiB)\n\n{_table(['what', 'GiB'], rows)}\n\n"
        f"A batch of {batch} may have {memory.longest_context(batch):,} tokens a question at once; one question alone "
        f"{memory.kv_tokens:,}.\n"
    )


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
    effects = {name: (bad, good) for name, bad, good in planner.varied(workloads.ours, track)}
    limit = track_by_number(track).time_limit_s
    rows = []
    for name, _, bad, good, source in assumption_table():
        value = getattr(planner.assumptions, name)
        ends = effects.get(name)
        effect = f"{ends[0] / limit:.0%} / {ends[1] / limit:.0%}" if ends else "memory only"
        rows.append([f"`{name}`", f"{value:.3g}", f"{bad:.3g} / {good:.3g}", effect, source])
    header = ["assumption", "value", "bad / good end", f"share of track {track}'s limit then", "source"]
    return f"## Assumptions\n\n{_table(header, rows)}\n"


def draw(planner: Planner, workloads: Workloads, tracks: list[int], lever_track: int, path: Path) -> None:
    """Draw shares of the limit by part, ours beside the baseline's design, and the levers of one track."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, (left, right) = plt.subplots(1, 2, figsize=(14, 5.5), width_ratios=[1.2, 1])
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
    left.axhline(1.0, color="black", linewidth=1)
    left.axhline(TARGET_SHARE, color="black", linewidth=1, linestyle=":")
    left.set_xticks(range(len(tracks)), [f"track {track}" for track in tracks])
    left.set_ylabel("share of the time limit")
    left.set_title(f"{planner.shape.name} on 4 × T4: the baseline's design (pale) and ours")
    left.set_ylim(top=1.12 * max(left.get_ylim()[1], 1.0))
    left.legend(fontsize=8, loc="upper center", ncols=5)
    rows = levers(planner, workloads, lever_track)[::-1]
    limit = track_by_number(lever_track).time_limit_s
    right.barh([name for name, _ in rows], [seconds / limit for _, seconds in rows], color="#2563eb")
    for position, (_, seconds) in enumerate(rows):
        right.text(seconds / limit + 0.01, position, f"{seconds / limit:.0%}", va="center", fontsize=8)
    right.axvline(1.0, color="black", linewidth=1)
    right.axvline(TARGET_SHARE, color="black", linewidth=1, linestyle=":")
    right.set_xlim(right=1.12 * max(seconds for _, seconds in rows) / limit)
    right.set_title(f"What each decision does to track {lever_track}")
    figure.tight_layout()
    temporary = path.with_suffix(".tmp.png")
    figure.savefig(temporary, dpi=130)
    plt.close(figure)
    temporary.rename(path)
