"""The tasks that questions are built for, one module a family."""

from training.data.sources.shopbench import ShopBench
from training.data.sources.source import Source
from training.data.tasks import (
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
from training.data.tasks.ready import with_ready_tasks
from training.data.tasks.task import Task

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
    shopbench = sources.get("shopbench")
    known = with_ready_tasks(TASKS, shopbench.tasks() if isinstance(shopbench, ShopBench) else {})
    return {
        name: task
        for name, task in known.items()
        if any(stream.split("/", 1)[0] in sources for stream in task.builders)
    }
