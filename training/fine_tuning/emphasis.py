"""Draws which questions one adapter sees in a pass: part of each task, and more of some tasks than of others.

The one thing to know: adapters that are averaged pay when each of them has seen the whole mixture. What sets them apart is
then their seed, their share of it, or the tasks that they see more of (docs/results.md).
"""

import random
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import partial

from submission.errors import ShopBenchError
from submission.near_names import hint
from training.fine_tuning.examples import Draw
from training.recipe import Recipe


def draw_of(recipe: Recipe, adapter: str) -> Draw | None:
    """Return how one adapter's questions are drawn, None where it sees each of them once in a pass."""
    chosen = recipe.adapters[adapter]
    if chosen.share == 1 and not chosen.emphasis:
        return None
    return partial(drawn, share=chosen.share, emphasis=chosen.emphasis, seed=recipe.seed_of(adapter))


def drawn(tasks: Sequence[str], share: float, emphasis: Mapping[str, float], seed: int) -> list[int]:
    """Return the indices of the questions that are seen in a pass; `tasks` names the task of each.

    A question of a task comes `share` times the task's emphasis (1 where it has none): the whole part of that always, the
    rest for as many of the task's questions, drawn by the seed. Indices come in order.
    """
    there: dict[str, list[int]] = defaultdict(list)
    for index, task in enumerate(tasks):
        there[task].append(index)
    for task in emphasis:
        if task not in there:
            raise ShopBenchError(f"emphasis: there are no questions of task {task!r}: {hint(task, sorted(there))}")
    chosen: list[int] = []
    for task, indices in sorted(there.items()):
        times = share * emphasis.get(task, 1.0)
        whole = int(times)
        shuffled = random.Random(f"{seed} {task}").sample(indices, len(indices))
        chosen += indices * whole + shuffled[: round((times - whole) * len(indices))]
    if not chosen:
        raise ShopBenchError("share and emphasis leave no question to train on")
    return sorted(chosen)
