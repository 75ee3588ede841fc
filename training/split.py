"""Splits questions in ShopBench's shape by task into training, validation and test sets that share no content.

The one thing to know: validation sets choose (checkpoint, α), test sets only report. Seen tasks are trained on, unseen
ones never; and no training question shares a 13-gram of words with a validation, test or protected question.
"""

import argparse
import json
import random
from collections import Counter, defaultdict
from typing import Any

from submission.errors import ShopBenchError
from training.command_line import run_command
from training.decontamination import ProtectedQuestions
from training.derived_choices import derive_choices
from training.examples import read_questions
from training.files import write_json, written_whole
from training.recipe import DataSettings, Recipe, SplitSettings, add_recipe_arguments, load_recipe


def split_questions(
    rows: list[dict[str, Any]], protected: list[str], settings: SplitSettings, seed: int
) -> tuple[dict[str, list[dict[str, Any]]], dict[str, Counter[str]]]:
    """Return the five sets by their names in `DataSettings`, and what was removed, by reason and task."""
    by_task: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in rows:
        by_task[row["task_name"]].append(row)
    if unknown := set(settings.unseen_tasks) - set(by_task):
        raise ShopBenchError(
            f"unseen task {sorted(unknown)[0]!r} does not exist: there are {', '.join(sorted(by_task))}"
        )
    sets: dict[str, list[dict[str, Any]]] = {name: [] for name in ("train", *_HELD_OUT)}
    removed: dict[str, Counter[str]] = defaultdict(Counter)
    against_protected = ProtectedQuestions(protected)
    kept: dict[str, list[dict[str, Any]]] = {}
    for task, questions in sorted(by_task.items()):
        first: dict[str, dict[str, Any]] = {}
        for row in questions:
            first.setdefault(row["input_field"], row)
        removed["asked twice"][task] += len(questions) - len(first)
        clean = [row for text, row in first.items() if not against_protected.shared_ngram(text)]
        removed["shares a 13-gram with a protected question"][task] += len(first) - len(clean)
        random.Random(f"{seed} {task}").shuffle(clean)
        kind = "unseen" if task in settings.unseen_tasks else "seen"
        validation, test = settings.validation_per_task, settings.test_per_task
        if len(clean) <= validation + test:
            raise ShopBenchError(f"task {task} has {len(clean)} questions, fewer than validation and test take")
        sets[f"test_{kind}"] += clean[:test]
        sets[f"validation_{kind}"] += clean[test : test + validation]
        kept[task] = clean[test + validation :] if kind == "seen" else []
    against_held_out = ProtectedQuestions(row["input_field"] for name in _HELD_OUT for row in sets[name])
    for task, questions in kept.items():
        clean = [row for row in questions if not against_held_out.shared_ngram(row["input_field"])]
        removed["shares a 13-gram with a held-out question"][task] += len(questions) - len(clean)
        sets["train"] += clean
    if settings.derive_choices:
        sets["train"] += derive_choices(sets["train"], seed)
    return sets, removed


_HELD_OUT = ("validation_seen", "validation_unseen", "test_seen", "test_unseen")


def write_split(data: DataSettings, seed: int) -> None:
    """Read the questions that `data.split` names and write the five sets, and `split.json` with what was removed."""
    settings = data.split
    if settings is None:
        raise ShopBenchError("the recipe has no data.split: its sets are made elsewhere")
    protected = [row["input_field"] for row in read_questions(settings.protected)]
    sets, removed = split_questions(read_questions(settings.questions), protected, settings, seed)
    for name, rows in sets.items():
        with written_whole(getattr(data, name)) as temporary:
            temporary.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
        print(f"{name}: {len(rows)} questions")
    counts = {name: dict(Counter(row["task_name"] for row in rows)) for name, rows in sets.items()}
    gone = {reason: {task: count for task, count in by_task.items() if count} for reason, by_task in removed.items()}
    for reason, by_task in gone.items():
        print(f"removed, {reason}: {sum(by_task.values())}")
    write_json(data.train.with_name("split.json"), {"questions": counts, "removed": gone})


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m training.split", description=__doc__)
    add_recipe_arguments(parser)
    options = parser.parse_args(arguments)
    recipe = load_recipe(options.recipe, options.overrides, Recipe)
    write_split(recipe.data, recipe.seed)


if __name__ == "__main__":
    run_command(main)
