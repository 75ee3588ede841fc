"""Builds the training data: `python -m training.build_dataset --recipe training/recipes/data_fixtures.yaml`.

Sources are streamed into candidate questions of every task (`candidates`, `worker`). Duplicates are removed task by
task (`selection`), the rest is mixed into shards (`shards`) and described (`card`). Where the recipe says so,
evaluation questions are made first (`held_out`). Run it again after a kill: it continues where it was, and the bytes
are those of a build that was never stopped, with any number of workers.
"""

import json
import multiprocessing
import shutil
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Any

from evaluation.progress import bar, steps
from submission.errors import ShopBenchError
from submission.json_lines import to_line
from training.data.candidates import build_stream
from training.data.card import write_data_card
from training.data.chunks import Summary
from training.data.decontamination import protected_texts
from training.data.held_out import hold_out
from training.data.recipe import DataRecipe
from training.data.selection import select
from training.data.shards import distribute, write_shard
from training.data.sources import Source
from training.data.tasks import Task
from training.data.tasks.task import OF_ANOTHER_TASK
from training.data.wanted import candidate_limit, quotas, wanted_tasks
from training.data.worker import start_worker
from training.files import remove, write_json, written_whole


def build(recipe: DataRecipe) -> dict[str, Any]:
    """Build the data set of a recipe, unless it is there already, and return its report (`build.json`)."""
    if recipe.part == "training":
        hold_out(recipe, build)
    sources = recipe.open_sources()
    inputs = recipe.inputs_hash(sources)
    report_file = recipe.output / "build.json"
    if recipe.output.exists():
        report = json.loads(report_file.read_text()) if report_file.is_file() else {}
        if report.get("inputs") != inputs:
            raise ShopBenchError(f"{recipe.output} holds something else: remove it or choose another output")
        print(f"{recipe.output} is complete already")
        remove(recipe.building)
        return report
    for name, source in sources.items():
        for location in source.unpinned():
            print(
                f"{name}: {location} is read from the hub at {source.revision!r}, which may change: pin a commit with "
                f"--set sources.{name}.revision=…"
            )
    # A worker would find a fault in these too, but its pool would only say that a process ended.
    protected_texts(recipe.all_protected)
    tasks = wanted_tasks(recipe, sources)
    wanted = quotas(recipe, tasks)
    _continue_or_begin(recipe, inputs)
    with _executor(recipe) as executor:
        prepared = _prepare(sources)
        streams = _build_candidates(recipe, sources, tasks, wanted, executor)
        selected = _each(
            "Removing duplicates",
            "task",
            [
                executor.submit(select, recipe, name, _streams(task, sources), wanted[name])
                for name, task in tasks.items()
            ],
        )
        total = sum(summary["kept"] for summary in selected)
        if total == 0:
            raise ShopBenchError(f"recipe {recipe.name}: the sources gave no questions at all")
        parts = distribute(recipe, list(tasks), total)
        shards = _each(
            "Writing shards",
            "shard",
            [executor.submit(write_shard, recipe, part, number, len(parts)) for number, part in enumerate(parts)],
        )
    report = {
        "inputs": inputs,
        "recipe": recipe.model_dump(mode="json", exclude={"workers", "output"}),
        **_licences(recipe, sources),
        **_report(prepared, streams, selected, shards),
    }
    _list_removed(recipe, list(tasks), streams, shards)
    write_data_card(recipe, report, shards)
    write_json(recipe.result / "build.json", report)
    recipe.result.rename(recipe.output)
    remove(recipe.building)
    return report


def _continue_or_begin(recipe: DataRecipe, inputs: str) -> None:
    marker = recipe.work / "inputs"
    if recipe.building.exists():
        if not marker.is_file() or marker.read_text() != inputs:
            raise ShopBenchError(
                f"{recipe.building} was begun with another recipe, other files or other code: remove it to begin anew"
            )
        print(f"continuing the build in {recipe.building}")
        return
    # The folder appears with its marker in it, or a kill in between would leave one that nobody can tell.
    unfinished = recipe.building.with_name(recipe.building.name + ".new")
    remove(unfinished)
    (unfinished / "work").mkdir(parents=True)
    (unfinished / "work" / "inputs").write_text(inputs)
    unfinished.rename(recipe.building)


def _prepare(sources: dict[str, Source]) -> dict[str, dict[str, int]]:
    prepared = {}
    for name, source in steps(sources.items(), "Preparing sources", "source"):
        prepared[name] = dict(source.prepare_once())
    return prepared


def _streams(task: Task, sources: dict[str, Source]) -> list[str]:
    return [stream for stream in task.builders if stream.split("/", 1)[0] in sources]


def _build_candidates(
    recipe: DataRecipe, sources: dict[str, Source], tasks: dict[str, Task], wanted: dict[str, int], executor: Executor
) -> dict[str, Summary]:
    summaries = {}
    with bar(None, "Building questions", "question") as shown:
        for name, source in sources.items():
            for stream in source.streams:
                path = f"{name}/{stream}"
                limits = {
                    task.name: candidate_limit(wanted[task.name]) for task in tasks.values() if path in task.builders
                }
                if limits:
                    shown.set_postfix_str(path, refresh=True)
                    summaries[path] = build_stream(recipe, source, stream, limits, executor, shown)
    return summaries


@contextmanager
def _executor(recipe: DataRecipe) -> Iterator[Executor]:
    """Run workers as fresh processes, so that they hold what they need and nothing of this one."""
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(recipe.workers, context, start_worker, (recipe,))
    try:
        yield executor
    except BrokenProcessPool as error:
        raise ShopBenchError(
            "a worker process ended, perhaps because memory ran out: run this again with fewer workers (--set workers=1), and it "
            "continues where it was"
        ) from error
    finally:
        executor.shutdown(cancel_futures=True)


def _licences(recipe: DataRecipe, sources: dict[str, Source]) -> dict[str, dict[str, str]]:
    """Return the licences of the sources that are read, and of those that are left out for theirs."""
    licences = {name: source.licence for name, source in recipe.open_all_sources().items()}
    return {
        "licences": {name: licence for name, licence in licences.items() if name in sources},
        "left out": {name: licence for name, licence in licences.items() if name not in sources},
    }


def _each(title: str, unit: str, futures: list[Future[dict[str, Any]]]) -> list[dict[str, Any]]:
    for future in steps(as_completed(futures), title, unit, len(futures)):
        future.result()
    return [future.result() for future in futures]


def _report(
    prepared: dict[str, dict[str, int]],
    streams: dict[str, Summary],
    selected: list[dict[str, Any]],
    shards: list[dict[str, Any]],
) -> dict[str, Any]:
    contaminated: dict[str, int] = {}
    skipped: dict[str, dict[str, int]] = {}
    for summary in streams.values():
        for task, found in summary.contaminated.items():
            contaminated[task] = contaminated.get(task, 0) + len(found)
        for task, reasons in summary.skipped.items():
            for reason, count in reasons.items():
                if not reason.startswith(OF_ANOTHER_TASK):
                    skipped.setdefault(task, {})[reason] = skipped.get(task, {}).get(reason, 0) + count
    return {
        "examples": sum(shard["examples"] for shard in shards),
        "tasks": {summary["task_name"]: {"wanted": summary["wanted"], "kept": summary["kept"]} for summary in selected},
        "removed": {
            "contaminated": {task: count for task, count in contaminated.items() if count},
            **{
                reason: {s["task_name"]: s["removed"][reason] for s in selected if reason in s["removed"]}
                for reason in sorted({reason for summary in selected for reason in summary["removed"]})
            },
            "asked by another task": len([row for shard in shards for row in shard["repeated"]]),
        },
        "unusable": {
            **{source: reasons for source, reasons in prepared.items() if reasons},
            **{path: dict(summary.unusable) for path, summary in streams.items() if summary.unusable},
        },
        "not asked": {task: reasons for task, reasons in sorted(skipped.items()) if reasons},
        "read": {path: summary.units for path, summary in streams.items()},
    }


def _list_removed(
    recipe: DataRecipe, tasks: list[str], streams: dict[str, Summary], shards: list[dict[str, Any]]
) -> None:
    """Write every question that was removed, with the reason, to `removed.jsonl`."""
    with written_whole(recipe.result / "removed.jsonl") as temporary, temporary.open("wb") as file:

        def write(entry: dict[str, Any]) -> None:
            file.write(to_line(entry))

        for summary in streams.values():
            for task, found in summary.contaminated.items():
                for entry in found:
                    write({"task_name": task, "reason": "contaminated", **entry})
        for task in tasks:
            with (recipe.work / "selected" / f"{task}.removed.jsonl").open("rb") as removed:
                shutil.copyfileobj(removed, file)
        for shard in shards:
            for entry in shard["repeated"]:
                write({"reason": "asked by another task", **entry})
