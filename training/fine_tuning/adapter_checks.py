"""Finds what an adapter would fail at without training it, so that all of a recipe's are known to work before the first.

The one thing to know: data are read here exactly as training reads them, since a question that cannot be asked is left out.
"""

import re
from collections.abc import Iterable

from submission.chat_encoder import ChatEncoder
from submission.context import context_length
from submission.errors import ShopBenchError
from submission.near_names import hint
from submission.tracks import track_by_number
from training.checkpoints.rewriting import CheckpointReader
from training.fine_tuning.emphasis import draw_of
from training.fine_tuning.examples import Reader, some_question_fits, with_draw, with_tasks
from training.recipe import LoraSettings, Recipe

_EVERY_LINEAR_MODULE = "all-linear"


def check_adapters(recipe: Recipe, encoder: ChatEncoder, read: Reader) -> None:
    """Raise a `ShopBenchError` that names the first adapter of `recipe` that cannot be trained, and why.

    What its tasks, its sizes and the base model's modules allow is looked at; weights are not read.
    """
    base = CheckpointReader(recipe.base_model)
    for name in recipe.adapters:
        try:
            _check_length(recipe, name)
            _check_modules(base, recipe.sft_of(name).lora)
            _check_files(recipe, name, encoder, read)
        except ShopBenchError as error:
            raise ShopBenchError(f"adapter {name}: {error}") from error


def _check_length(recipe: Recipe, name: str) -> None:
    wanted, length = recipe.sft_of(name).max_tokens, context_length(recipe.base_model)
    if wanted > length:
        raise ShopBenchError(f"sft.max_tokens is {wanted:,}, but {recipe.base_model} reads {length:,.0f}")


def _check_modules(base: CheckpointReader, lora: LoraSettings) -> None:
    """Refuse names that no module has. PEFT takes a text for a pattern of the whole name, and a list for the names' ends."""
    targets = lora.target_modules
    if targets == _EVERY_LINEAR_MODULE:
        return
    modules = {name.removesuffix(".weight") for name in base.names if name.endswith(".weight")}
    ends = sorted({module.rpartition(".")[2] for module in modules})
    if isinstance(targets, str):
        if not _matches(targets, modules):
            raise ShopBenchError(
                f"sft.lora.target_modules: no module of {base.folder} is called {targets!r}, all of its name: names end "
                f"in {', '.join(ends)}, a list of which will do"
            )
        return
    for target in targets:
        if not any(module == target or module.endswith(f".{target}") for module in modules):
            raise ShopBenchError(
                f"sft.lora.target_modules: {base.folder} has no module {target!r}: {hint(target, ends, 'its modules are')}"
            )


def _matches(pattern: str, modules: Iterable[str]) -> bool:
    try:
        return any(re.fullmatch(pattern, module) for module in modules)
    except re.error as error:
        raise ShopBenchError(f"sft.lora.target_modules: {pattern!r} is no regular expression: {error}") from error


def _check_files(recipe: Recipe, name: str, encoder: ChatEncoder, read: Reader) -> None:
    """Refuse files that lack a task, or in which no question is short enough."""
    track, limit, tasks = track_by_number(recipe.track), recipe.sft_of(name).max_tokens, recipe.adapters[name].tasks
    data = recipe.data
    wanted = [(data.train, tasks, True), (data.validation_seen, tasks, False), (data.validation_unseen, [], False)]
    draw = draw_of(recipe, name)
    for path, of_tasks, is_train in wanted:
        chosen = with_tasks(read(path, track)[0], of_tasks, path, all_tasks_needed=is_train)
        if is_train and draw is not None:
            chosen = with_draw(chosen, draw, path)
        if not some_question_fits(chosen, track, encoder, limit):
            raise ShopBenchError(
                f"{path} holds no question that can be trained on: of {len(chosen)} none fits into "
                f"sft.max_tokens={limit}"
            )
