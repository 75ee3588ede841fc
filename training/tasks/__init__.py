"""The tasks that questions are built for, one module a family."""

from submission.errors import ShopBenchError
from training.sources.shopbench import ShopBench
from training.sources.source import Source
from training.tasks import (
    attributes,
    concepts,
    entities,
    general,
    instructions,
    multilingual,
    quantities,
    reviews,
    search,
    sessions,
)
from training.tasks.ready import ready_tasks
from training.tasks.task import Task

_FAMILIES = (
    concepts,
    attributes,
    entities,
    reviews,
    quantities,
    search,
    sessions,
    multilingual,
    instructions,
    general,
)
TASKS: dict[str, Task] = {
    task.name: task for family in _FAMILIES for task in vars(family).values() if isinstance(task, Task)
}


def tasks_of(sources: dict[str, Source]) -> dict[str, Task]:
    """Return the tasks that can be built from at least one of these sources, by name."""
    known = dict(TASKS)
    shopbench = sources.get("shopbench")
    if isinstance(shopbench, ShopBench):
        for task in ready_tasks(shopbench.files):
            if task.name in TASKS:
                raise ShopBenchError(f"shopbench: {task.name} is the name of a task that is built: choose another")
            known[task.name] = task
    return {
        name: task
        for name, task in known.items()
        if any(stream.split("/", 1)[0] in sources for stream in task.builders)
    }
