"""Deals questions out to the sets that are held out: the same way for a data set that is built and for one that is
split.

The one thing to know: validation sets choose (training checkpoint, α), test sets only report. Both come in two kinds:
tasks that are trained on (seen), and tasks that are not.
"""

from collections import defaultdict
from collections.abc import Sequence

from evaluation.dataset import Sample
from training.recipe import HeldOutCounts

TRAIN = "train"
HELD_OUT_SETS = ("validation_seen", "validation_unseen", "test_seen", "test_unseen")
Sets = dict[str, list[Sample]]


def deal_out(samples: Sequence[Sample], settings: HeldOutCounts) -> Sets:
    """Return the four held-out sets by name, and what is left of the seen tasks as `train`.

    Of each task test questions come first, or their share where there are too few for both sets, then those of validation.
    Tasks come in the order of their names, the questions of a task in the order that they are given in.
    """
    by_task: Sets = defaultdict(list)
    for sample in samples:
        by_task[sample.task_name].append(sample)
    sets: Sets = {name: [] for name in (TRAIN, *HELD_OUT_SETS)}
    for task, found in sorted(by_task.items()):
        kind = "unseen" if task in settings.unseen_tasks else "seen"
        test = min(settings.test_per_task, len(found) * settings.test_per_task // settings.per_task)
        validation = test + settings.validation_per_task
        sets[f"test_{kind}"] += found[:test]
        sets[f"validation_{kind}"] += found[test:validation]
        sets[TRAIN] += found[validation:] if kind == "seen" else []
    return sets
