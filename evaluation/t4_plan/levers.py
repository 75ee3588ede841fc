"""What each design decision is worth: the plan with one decision taken back, or one taken that is not ours yet."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from evaluation.dataset import Sample
from evaluation.t4_plan.plan import Loads, Planner
from evaluation.t4_plan.timing import TaskLoad
from evaluation.t4_plan.workload import baseline_prompt, our_prompt, our_prompt_without_budgets, task_loads
from submission.chat_encoder import ChatEncoder

COMPILE_START_UP_S = 90.0
"""What compiling 80 layers and capturing CUDA graphs adds to loading; assumed."""
COMPILED_STEP_OVERHEAD_S = 0.003
"""Step overhead that is left with CUDA graphs; assumed."""
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


def levers(planner: Planner, workloads: Workloads, track: int) -> list[tuple[str, float]]:
    """Return (decision, seconds of the track with it), ours first."""

    def ours(change: Callable[[Planner], Planner] = lambda same: same, loads: Loads | None = None) -> float:
        return change(planner).seconds(loads or workloads.ours, track).total

    def assume(**values: float) -> Callable[[Planner], Planner]:
        return lambda base: replace(base, assumptions=replace(base.assumptions, **values))

    def lay_out(**values: int) -> Callable[[Planner], Planner]:
        return lambda base: replace(base, layout=replace(base.layout, **values))

    compiled = assume(
        start_up_s=planner.assumptions.start_up_s + COMPILE_START_UP_S, step_overhead_s=COMPILED_STEP_OVERHEAD_S
    )
    return [
        ("ours: the t4x4 preset", ours()),
        ("without prefix caching", ours(loads=workloads.without_cache)),
        ("without token budgets (100 tokens)", ours(loads=workloads.without_budgets)),
        ("questions in random order", ours(loads=shuffled(workloads.ours, planner.layout.batch_size))),
        ("batches of 8", ours(lay_out(batch_size=8))),
        ("compiled, with CUDA graphs", ours(compiled)),
        ("prefill in chunks of 512", ours(lay_out(max_batched_tokens=512))),
        ("prefill in one piece (8,192)", ours(lay_out(max_batched_tokens=8192))),
        ("AutoAWQ's old kernel", ours(assume(awq_efficiency=OLD_AWQ_KERNEL))),
        (
            "tensor 2 × pipeline 2, chunks of 256",
            ours(lay_out(tensor_parallel=2, pipeline_parallel=2, max_batched_tokens=256)),
        ),
        ("the baseline's design", ours(loads=workloads.baseline)),
    ]
