"""Splits questions in ShopBench's shape by task into training, validation and test sets that share no content.

The one thing to know: validation sets choose (training checkpoint, α), test sets only report. Seen tasks are
trained on, unseen ones never. No training question shares a 13-gram of content with a validation, test or protected
question. All sets of a task come in the same wordings, so wording is taken out first
(see `training.data.decontamination`).
"""

import random
from collections import Counter, defaultdict

from evaluation.dataset import Sample
from submission.errors import ShopBenchError
from submission.near_names import hint
from training.data.decontamination import WORDING_FROM, ProtectedQuestions
from training.files import write_json, write_lines
from training.fine_tuning.derived_choices import derive_choices
from training.fine_tuning.examples import read_questions
from training.held_out_sets import HELD_OUT_SETS, TRAIN, Sets, deal_out
from training.recipe import DataSettings, SplitSettings, check_files


def split_questions(
    samples: list[Sample], protected: list[str], settings: SplitSettings, seed: int
) -> tuple[Sets, list[dict[str, str]]]:
    """Return the five sets by their names in `DataSettings`, and what was removed: reason, task, question, n-gram."""
    by_task: dict[str, list[Sample]] = defaultdict(list)
    for sample in samples:
        by_task[sample.task_name].append(sample)
    if unknown := set(settings.unseen_tasks) - set(by_task):
        name = sorted(unknown)[0]
        raise ShopBenchError(f"unseen task {name!r} does not exist: {hint(name, sorted(by_task))}")
    removed: list[dict[str, str]] = []

    def sieve(samples: list[Sample], against: ProtectedQuestions, whose: str) -> list[Sample]:
        clean = []
        for sample in samples:
            shared = against.shared_ngram(sample.question)
            if shared is None:
                clean.append(sample)
            else:
                removed.append(_removed(f"shares a 13-gram with a {whose} question", sample, shared))
        return clean

    against_protected = ProtectedQuestions(protected, WORDING_FROM)
    kept: list[Sample] = []
    for task, questions in sorted(by_task.items()):
        first: dict[str, Sample] = {}
        for sample in questions:
            if first.setdefault(sample.question, sample) is not sample:
                removed.append(_removed("asked twice", sample))
        clean = sieve(list(first.values()), against_protected, "protected")
        random.Random(f"{seed} {task}").shuffle(clean)
        if len(clean) <= settings.per_task:
            raise ShopBenchError(f"task {task} has {len(clean)} questions, fewer than validation and test take")
        kept += clean
    sets = deal_out(kept, settings)
    held_out = (sample.question for name in HELD_OUT_SETS for sample in sets[name])
    sets[TRAIN] = sieve(sets[TRAIN], ProtectedQuestions(held_out, WORDING_FROM), "held-out")
    if settings.derive_choices:
        sets[TRAIN] += derive_choices(sets[TRAIN], seed)
    return sets, removed


def _of_tasks(samples: list[Sample], tasks: list[str]) -> list[Sample]:
    """Return the questions of some tasks, of all where none is named."""
    there = sorted({sample.task_name for sample in samples})
    for task in tasks:
        if task not in there:
            raise ShopBenchError(f"data.split.tasks: there is no task {task!r}: {hint(task, there)}")
    return [sample for sample in samples if sample.task_name in (tasks or there)]


def _removed(reason: str, sample: Sample, shared: str = "") -> dict[str, str]:
    return {"reason": reason, "task_name": sample.task_name, "shared": shared, "question": sample.question}


def write_split(data: DataSettings, seed: int) -> None:
    """Read the questions that `data.split` names and write the five sets.

    Beside them, `split.json` counts questions and removals, and `removed.jsonl` lists what was removed.
    """
    settings = data.split
    if settings is None:
        raise ShopBenchError("the recipe has no data.split: its sets are made elsewhere")
    check_files(settings.files)
    protected = [sample.question for sample in read_questions(settings.protected)]
    questions = [sample for path in settings.sources for sample in read_questions(path)]
    sets, removed = split_questions(_of_tasks(questions, settings.tasks), protected, settings, seed)
    for name, samples in sets.items():
        write_lines(getattr(data, name), (sample.row() for sample in samples))
        print(f"{name}: {len(samples)} questions")
    write_lines(data.train.with_name("removed.jsonl"), removed)
    counts = {name: dict(Counter(sample.task_name for sample in samples)) for name, samples in sets.items()}
    gone: dict[str, Counter[str]] = {}
    for entry in removed:
        gone.setdefault(entry["reason"], Counter())[entry["task_name"]] += 1
    for reason, by_task in gone.items():
        print(f"removed, {reason}: {by_task.total()}")
    write_json(data.train.with_name("split.json"), {"questions": counts, "removed": gone})
