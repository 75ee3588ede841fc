"""What a build wants: which tasks, in which wordings, how many questions of each, and how many candidates for them."""

from dataclasses import replace
from pathlib import Path

from submission.errors import ShopBenchError
from submission.json_lines import from_line
from submission.near_names import hint
from training.data.recipe import DataRecipe
from training.data.sources import Source
from training.data.tasks import TASKS, Task, tasks_of

# Candidates beyond what is wanted: deduplication takes some away.
_SPARE_SHARE, _SPARE = 1.25, 10


def wanted_tasks(recipe: DataRecipe, sources: dict[str, Source]) -> dict[str, Task]:
    """Return the tasks that the recipe gives a weight to, with its extra wordings."""
    tasks = tasks_of(sources)
    unseen = recipe.held_out.unseen_tasks if recipe.held_out else []
    # Of a source that is left out for its licence a recipe may name the tasks.
    nameable = tasks if recipe.licences == "all" else tasks_of(recipe.open_all_sources())
    unknown = [name for name in (*recipe.weights, *unseen) if name not in nameable]
    # What is held out is made without ready-made questions, whose tasks may have weights.
    if unknown and recipe.part == "training":
        raise ShopBenchError(
            f"recipe {recipe.name} names the task {unknown[0]!r}, which its sources do not give: "
            + hint(unknown[0], nameable)
        )
    if recipe.part == "training":
        tasks = {name: task for name, task in tasks.items() if name not in unseen}
    extra = read_wordings(recipe.extra_wordings) if recipe.extra_wordings else {}
    for name, wordings in extra.items():
        _check_wordings(name, wordings)
    kept = {
        name: replace(task, wordings=tuple(dict.fromkeys((*recipe.wordings(task.wordings), *extra.get(name, ())))))
        for name, task in tasks.items()
        if recipe.weights.get(name, recipe.default_weight) > 0
    }
    if not kept:
        raise ShopBenchError(f"recipe {recipe.name} gives no task a weight above 0")
    return kept


def _check_wordings(name: str, wordings: list[str]) -> None:
    """Refuse wordings that no question can be asked in: of a task that is not known, or with slots that it does not fill."""
    task = TASKS.get(name)
    if task is None:
        raise ShopBenchError(f"extra_wordings: there is no task {name!r}: {hint(name, TASKS)}")
    filled = {slot for wording in task.wordings for slot in task.slots(wording)}
    for wording in wordings:
        try:
            slots = set(task.slots(wording))
        except ValueError as error:
            raise ShopBenchError(f"extra_wordings: {wording!r} of task {name} has a brace too many: {error}") from error
        # A wording that says "five" itself would be asked about lists of other lengths too.
        if "count" in filled - slots:
            raise ShopBenchError(f"extra_wordings: {wording!r} of task {name} lacks {{count}}: make the wordings anew")
        if unknown := slots - filled:
            raise ShopBenchError(
                f"extra_wordings: {wording!r} asks for {sorted(unknown)[0]!r}, which task {name} does not fill: it has "
                + ", ".join(sorted(filled))
            )


def read_wordings(path: Path) -> dict[str, list[str]]:
    """Read wordings by task from a JSONL file of `{task_name, wording}`."""
    if not path.is_file():
        raise ShopBenchError(f"extra_wordings: there is no file {path}")
    wordings: dict[str, list[str]] = {}
    with path.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            try:
                row = from_line(line)
                wordings.setdefault(row["task_name"], []).append(row["wording"])
            except (ValueError, KeyError, TypeError) as error:
                raise ShopBenchError(f"{path}, line {number}: not a wording with task_name and wording") from error
    return wordings


def quotas(recipe: DataRecipe, tasks: dict[str, Task]) -> dict[str, int]:
    """Return how many examples of each task are wanted: `examples` shared out by weight, rounded up; held out, so many each."""
    if recipe.held_out is not None and recipe.part == "held-out":
        return dict.fromkeys(tasks, recipe.held_out.per_task)
    weights = {name: recipe.weights.get(name, recipe.default_weight) for name in tasks}
    total = sum(weights.values())
    return {name: -int(-recipe.examples * weight // total) for name, weight in weights.items()}


def candidate_limit(quota: int) -> int:
    """Return how many candidates a stream builds for a task at most."""
    return int(quota * _SPARE_SHARE) + _SPARE
