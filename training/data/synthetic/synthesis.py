"""Has a language model write training data: `python -m training.synthesize --recipe training/recipes/synthesize_local.yaml`.

Four generators ask a writer for wordings and labels, check every one, and keep what passes as questions in ShopBench's
shape: `questions.jsonl`, which `training.build_dataset` reads as a `shopbench` file, and `wordings.jsonl`, which it takes
as `extra_wordings`. What does not pass is in `rejected.jsonl` with its reason. Replies are cached by request: run again
after a kill, and nothing is asked twice.
"""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field

from submission.errors import ShopBenchError
from submission.near_names import hint
from training.data.decontamination import ProtectedQuestions, instruction_of, protected_texts
from training.data.recipe import DataRecipe
from training.data.selection import exact_digest
from training.data.sources import open_source
from training.data.synthetic import GENERATORS
from training.data.synthetic.dictation import Budget, Dictation, ReplyCache
from training.data.synthetic.items import Context, Generator, Item, Rejected, WrittenQuestion, WrittenWording
from training.data.synthetic.requests import WriterSettings
from training.data.synthetic.writers import open_writer
from training.data.tasks import Task, tasks_of
from training.files import folder_written_whole, write_json, write_lines
from training.recipe import FileName, RecipeSection, load_recipe


class SynthesisRecipe(RecipeSection):
    """What is written from what, by whom, and how much it may cost.

    `generators` says how many seeds each generator writes about, 0 for none. `sources` and `protected` are as in a data
    recipe. `data_recipe` is the file of the one that the result joins, with the same sources: records, wordings and tasks
    that it holds out are not written about. `cache` holds the replies of the writer and stays where it is; `output` is
    replaced by each run.
    """

    name: FileName
    output: Path
    cache: Path
    seed: int
    writer: WriterSettings
    budget: Budget
    protected: list[Path]
    sources: dict[FileName, dict[str, Any] | None]
    data_recipe: Path | None = None
    generators: dict[str, Annotated[int, Field(ge=0)]]


def synthesize(recipe: SynthesisRecipe) -> dict[str, Any]:
    """Run the generators of a recipe, write what came of them, and return the report (`report.json`)."""
    if unknown := [name for name in recipe.generators if name not in GENERATORS]:
        raise ShopBenchError(f"there is no generator {unknown[0]!r}: {hint(unknown[0], GENERATORS)}")
    _check_output(recipe)
    context = open_context(recipe)
    cache = ReplyCache(recipe.cache)
    dictation = Dictation(open_writer(recipe.writer), recipe.writer, recipe.budget, cache)
    protected = ProtectedQuestions(protected_texts(recipe.protected))
    seen: set[bytes] = set()
    made: dict[str, list[Item]] = {}
    report: dict[str, Any] = {"generators": {}}
    try:
        for name, count in recipe.generators.items():
            if count == 0:
                continue
            items, figures = _run(GENERATORS[name], count, context, dictation)
            made[name] = _final(items, context.tasks, protected, seen)
            report["generators"][name] = {**figures, **_acceptance(made[name])}
        dictation.check_that_something_was_read()
        requests, tokens = cache.spent()
    finally:
        cache.close()
    report["spent"] = {"requests": requests, "tokens": tokens}
    report["budget"] = recipe.budget.model_dump()
    report["writer"] = recipe.writer.model_dump()
    _write(recipe, made, report)
    return report


def _check_output(recipe: SynthesisRecipe) -> None:
    """Refuse an output whose replacement would delete what this command has not made, the paid replies above all."""
    output = recipe.output.resolve()
    if output in (recipe.cache.resolve(), *recipe.cache.resolve().parents):
        raise ShopBenchError(
            f"cache {recipe.cache} lies in output {recipe.output}, which is replaced as a whole: move it"
        )
    if output.exists() and not (output.is_dir() and ((output / "report.json").is_file() or not any(output.iterdir()))):
        raise ShopBenchError(f"output {recipe.output} holds something else: remove it or choose another")


def open_context(recipe: SynthesisRecipe) -> Context:
    """Return what the generators of a recipe are made from, without what is held out."""
    scratch = recipe.cache.with_name(recipe.cache.name + ".sources")
    sources = {name: open_source(name, settings, scratch) for name, settings in recipe.sources.items()}
    data = load_recipe(recipe.data_recipe, [], DataRecipe) if recipe.data_recipe else None
    unseen = data.held_out.unseen_tasks if data and data.held_out else []
    tasks = {name: task for name, task in tasks_of(sources).items() if name not in unseen}
    return Context(sources, tasks, recipe.seed, data)


def _run(generator: Generator, count: int, context: Context, dictation: Dictation) -> tuple[list[Item], dict[str, int]]:
    seeds = generator.seeds(context, count)
    if not seeds:
        raise ShopBenchError(f"generator {generator.name}: the recipe's sources give nothing to write about")
    requests = [generator.request(seed, context) for seed in seeds]
    replies = dictation.replies(requests, generator.name)
    written = [(seed, reply) for seed, reply in zip(seeds, replies, strict=True) if reply is not None]
    figures = {
        "wanted": count,
        "seeds": len(seeds),
        "answered": len(written),
        "beyond the budget": len(seeds) - len(written),
    }
    return generator.items(written, context), figures


def _final(items: list[Item], tasks: Mapping[str, Task], protected: ProtectedQuestions, seen: set[bytes]) -> list[Item]:
    """Reject what comes twice or shares a 13-gram with a protected question, the instruction of its task apart."""
    wordings = {name: [*task.wordings] for name, task in tasks.items()}
    for item in items:
        if isinstance(item, WrittenWording):
            wordings[item.task_name].append(item.text)
    instructions = {name: instruction_of(texts) for name, texts in wordings.items()}
    final: list[Item] = []
    for item in items:
        if isinstance(item, WrittenQuestion):
            text = item.sample.question
            digest = exact_digest(text)
            reason = "the question was made before" if digest in seen else ""
            seen.add(digest)
            if not reason and protected.shared_ngram(text, instructions.get(item.sample.task_name, frozenset())):
                reason = "the question shares a 13-gram with a protected one"
            final.append(Rejected(reason, text, item.made_from) if reason else item)
        elif isinstance(item, WrittenWording) and item in final:
            final.append(Rejected("the wording was made before", item.text, item.task_name))
        else:
            final.append(item)
    return final


def _acceptance(items: list[Item]) -> dict[str, Any]:
    rejected = Counter(item.reason for item in items if isinstance(item, Rejected))
    kept = len(items) - rejected.total()
    return {
        "questions": sum(isinstance(item, WrittenQuestion) for item in items),
        "wordings": sum(isinstance(item, WrittenWording) for item in items),
        "rejected": rejected.total(),
        "acceptance": round(kept / len(items), 4) if items else 0.0,
        "reasons": dict(sorted(rejected.items(), key=lambda pair: (-pair[1], pair[0]))),
    }


def _write(recipe: SynthesisRecipe, made: dict[str, list[Item]], report: dict[str, Any]) -> None:
    items = [(name, item) for name, found in made.items() for item in found]
    files = {
        "questions.jsonl": [item.row for _, item in items if isinstance(item, WrittenQuestion)],
        "wordings.jsonl": [
            {"task_name": item.task_name, "wording": item.text} for _, item in items if isinstance(item, WrittenWording)
        ],
        "rejected.jsonl": [
            {"generator": name, "reason": item.reason, "made_from": item.made_from, "written": item.written}
            for name, item in items
            if isinstance(item, Rejected)
        ],
    }
    with folder_written_whole(recipe.output) as folder:
        for name, rows in files.items():
            write_lines(folder / name, rows)
        write_json(folder / "report.json", report)
        (folder / "report.md").write_text(report_text(recipe.name, report), encoding="utf-8")


def report_text(name: str, report: dict[str, Any]) -> str:
    """Return the acceptance report as Markdown."""
    spent, budget = report["spent"], report["budget"]
    lines = [
        f"# {name}",
        "",
        f"Writer: `{report['writer']['model']}` ({report['writer']['kind']}). Asked {spent['requests']} of "
        f"{budget['requests']} requests, {spent['tokens']} of {budget['tokens']} tokens.",
        "",
        "| generator | seeds | answered | questions | wordings | rejected | acceptance |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for generator, figures in report["generators"].items():
        columns = (figures[key] for key in ("seeds", "answered", "questions", "wordings", "rejected"))
        lines.append(f"| {generator} | {' | '.join(map(str, columns))} | {figures['acceptance']:.0%} |")
    for generator, figures in report["generators"].items():
        lines += ["", f"## Rejected by {generator}", "", "| reason | items |", "| --- | --- |"]
        lines += [f"| {reason} | {count} |" for reason, count in figures["reasons"].items()] or ["| none | 0 |"]
    return "\n".join(lines) + "\n"
