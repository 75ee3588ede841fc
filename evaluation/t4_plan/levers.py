"""What each design decision is worth: the plan with one decision taken back, or one taken that is not ours yet."""

from dataclasses import dataclass, replace
from typing import Any

from evaluation.dataset import Sample
from evaluation.t4_plan.plan import Loads, Planner, layout_of
from evaluation.t4_plan.timing import TaskLoad, TimeModel
from evaluation.t4_plan.workload import baseline_prompt, our_prompt, our_prompt_without_budgets, task_loads
from submission.chat_encoder import ChatEncoder
from submission.profiles import T4X4, T4X4_PP

COMPILE_START_UP_S = 90.0
"""What compiling 80 layers and capturing CUDA graphs adds to loading, on a machine that keeps no cache; assumed."""
COMPILED_STEP_OVERHEAD_S = 0.003
"""Step overhead that is left where the sampler is compiled too; assumed. CUDA graphs need no launches by the host."""
OLD_AWQ_KERNEL = 0.22
"""AutoAWQ's old kernel as a share of fp16: 410 tokens/s × 14 GFLOP on one T4, over 65 TFLOP/s × 0.40."""


@dataclass(frozen=True)
class Workloads:
    """The same questions under three designs: ours, ours with parts taken away, and the baseline's."""

    ours: Loads
    without_cache: Loads
    without_budgets: Loads
    baseline: Loads


def measure(samples: list[Sample], encoder: ChatEncoder) -> Workloads:
    """Count tokens under every design."""
    return Workloads(
        ours=task_loads(samples, encoder, our_prompt, prefix_cache=True),
        without_cache=task_loads(samples, encoder, our_prompt, prefix_cache=False),
        without_budgets=task_loads(samples, encoder, our_prompt_without_budgets, prefix_cache=True),
        baseline=task_loads(samples, encoder, baseline_prompt, prefix_cache=False),
    )


def shuffled(loads: Loads, batch_size: int) -> Loads:
    """Return the loads if questions came in random order: a batch lasts as long as the longest of a mixed batch."""
    return {track: _shuffled_track(tasks, batch_size) for track, tasks in loads.items()}


def _shuffled_track(tasks: list[TaskLoad], batch_size: int) -> list[TaskLoad]:
    steps = sorted(task.decode_steps for task in tasks if not task.multiple_choice)
    count = len(steps)
    expected = sum(
        value * (((rank + 1) / count) ** batch_size - (rank / count) ** batch_size) for rank, value in enumerate(steps)
    )
    return [task if task.multiple_choice else replace(task, decode_steps=expected) for task in tasks]


def presets(planner: Planner) -> list[tuple[str, Planner]]:
    """Return (preset, planner for it): each preset for the cards, with fp16 and with int8 activations."""
    return [
        (
            f"`{profile.name}`{', int8 activations' if int8 else ''}",
            planner.laid_out(layout_of(profile, int8_activations=int8)),
        )
        for int8 in (False, True)
        for profile in (T4X4, T4X4_PP)
    ]


def levers(planner: Planner, workloads: Workloads, track: int) -> list[tuple[str, float]]:
    """Return (decision, seconds of the track with it), ours first."""

    def seconds(changed: Planner = planner, loads: Loads = workloads.ours) -> float:
        return changed.seconds(loads, track).total

    def laid_out(**values: Any) -> Planner:
        return planner.laid_out(replace(planner.layout, **values))

    def unpacked_first(tokens: int) -> Planner:
        changed = laid_out(max_batched_tokens=tokens)
        model = TimeModel(changed.shape, changed.assumptions, changed.layout)
        return changed.assuming(awq_efficiency=model.unpacking_efficiency(tokens))

    compiled = planner.assuming(
        start_up_s=planner.assumptions.start_up_s + COMPILE_START_UP_S,
        step_overhead_s=COMPILED_STEP_OVERHEAD_S,
        launch_s=0.0,
    )
    return [
        ("ours: the t4x4 preset", seconds()),
        ("without prefix caching", seconds(loads=workloads.without_cache)),
        ("without token budgets (100 tokens)", seconds(loads=workloads.without_budgets)),
        ("questions in random order", seconds(loads=shuffled(workloads.ours, planner.layout.batch_size))),
        ("batches of 8", seconds(laid_out(batch_size=8))),
        ("compiled, with CUDA graphs", seconds(compiled)),
        ("prefill in chunks of 512", seconds(laid_out(max_batched_tokens=512))),
        ("prefill in chunks of 8,192", seconds(laid_out(max_batched_tokens=8192))),
        ("weights unpacked first, chunks of 2,048", seconds(unpacked_first(2048))),
        ("weights unpacked first, chunks of 512", seconds(unpacked_first(512))),
        ("AutoAWQ's own kernel of 2023", seconds(planner.assuming(awq_efficiency=OLD_AWQ_KERNEL))),
        ("int8 activations", seconds(planner.laid_out(layout_of(T4X4, int8_activations=True)))),
        ("tensor 2 × pipeline 2 (t4x4-pp)", seconds(planner.laid_out(layout_of(T4X4_PP)))),
        ("both", seconds(planner.laid_out(layout_of(T4X4_PP, int8_activations=True)))),
        (
            "pipeline 4, chunks of 128",
            seconds(laid_out(tensor_parallel=1, pipeline_parallel=4, max_batched_tokens=128)),
        ),
        ("the baseline's design", seconds(loads=workloads.baseline)),
    ]
