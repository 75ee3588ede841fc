"""Drives a `UserModel` as the competition's evaluator does, and records what comes back.

Questions are grouped by task type, in alphabetical order; before the batches of each group the model is asked for its
batch size; a batch is `{"prompt": [...]}` and nothing else. Any model with those two methods will do. What a model
offers beyond them is recorded. For the report: `model_folder`, `profile` (with a `name`), `adapter` (with `as_json()`)
and `last_answers` (one object a question of the last batch, with attributes named in
`evaluation.predictions.DETAILS`). For a model whose answers depend on earlier batches: `state_dict()` (JSON data), which a
resumed run hands back through `load_state_dict()`.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from evaluation.dataset import Sample
from evaluation.journal import AnsweredBatch, Journal, LoadedModel
from evaluation.limits import Limits, Stopwatch
from evaluation.predictions import details_of
from evaluation.progress import Detail, bar, waiting
from submission.competition import MAX_BATCH_SIZE
from submission.errors import ShopBenchError
from submission.half_surrogates import replace_half_surrogates
from submission.settings import Settings
from submission.task_types import TaskType

logger = logging.getLogger(__name__)


def answer_samples(
    samples: Sequence[Sample],
    load_model: Callable[[], Any],
    journal: Journal,
    limits: Limits | None,
    detail: Detail = Detail.USUAL,
) -> LoadedModel:
    """Have the model answer all questions that the journal holds no answers for, batch by batch, into the journal.

    Returns what is known of the model; it is not loaded again only to find that nothing is left to ask.
    A model that breaks the evaluator's contract raises `ShopBenchError`, a late one `LimitExceeded`.
    """
    answered = {position for batch in journal.batches for position in batch.positions}
    if journal.loaded and len(answered) == len(samples):
        return journal.loaded
    stopwatch = Stopwatch(limits, used_s=sum(batch.seconds for batch in journal.batches))
    with waiting("Loading the model", detail), stopwatch.step("loading the model"):
        started = time.monotonic()
        model = load_model()
        if journal.batches and hasattr(model, "load_state_dict"):
            model.load_state_dict(journal.batches[-1].model_state)
        loaded = LoadedModel(time.monotonic() - started, *_names(model), _adapter(model))
        _check_same_adapter(journal, loaded)
    journal.add_loaded(loaded)
    with bar(len(samples), "Answering", "question", detail, initial=len(answered)) as progress:
        for task_type, positions in _groups(samples):
            progress.set_postfix_str(task_type, refresh=False)
            batches_before = sum(batch.task_type == task_type for batch in journal.batches)
            remaining = [position for position in positions if position not in answered]
            for number, batch in enumerate(_batches(model, remaining), start=batches_before + 1):
                description = f"batch {number} of {task_type} ({len(batch)} questions)"
                with stopwatch.step(description, len(batch)):
                    journal.add_batch(_answer_batch(model, samples, task_type, batch, description))
                progress.update(len(batch))
                logger.info("%s: %.2f s", description, journal.batches[-1].seconds)
    return loaded


def _check_same_adapter(journal: Journal, loaded: LoadedModel) -> None:
    """Refuse to put answers of two adapters into one report: one that is trained again has the old one's name."""
    if journal.batches and journal.loaded and journal.loaded.adapter != loaded.adapter:
        raise ShopBenchError(
            f"the adapter is not the one that the answers in {journal.path.parent} came from: leave --resume out to start "
            "again, or bring the old adapter back"
        )


def _groups(samples: Sequence[Sample]) -> Iterator[tuple[TaskType, list[int]]]:
    for task_type in sorted({sample.task_type for sample in samples}):
        yield task_type, [position for position, sample in enumerate(samples) if sample.task_type is task_type]


def _batches(model: Any, positions: Sequence[int]) -> Iterator[Sequence[int]]:
    if not positions:
        return
    size = model.get_batch_size()
    if not isinstance(size, int) or isinstance(size, bool) or not 1 <= size <= MAX_BATCH_SIZE:
        raise ShopBenchError(f"get_batch_size() must return a whole number from 1 to {MAX_BATCH_SIZE}, not {size!r}")
    for start in range(0, len(positions), size):
        yield positions[start : start + size]


def _answer_batch(
    model: Any, samples: Sequence[Sample], task_type: TaskType, positions: Sequence[int], description: str
) -> AnsweredBatch:
    prompts = [samples[position].question for position in positions]
    started = time.monotonic()
    responses = model.batch_predict({"prompt": prompts}, task_type is TaskType.MULTIPLE_CHOICE)
    seconds = time.monotonic() - started
    if not isinstance(responses, list) or not all(isinstance(response, str) for response in responses):
        raise ShopBenchError(f"batch_predict() must return a list of str, not {str(responses)[:80]!r} ({description})")
    if len(responses) != len(prompts):
        raise ShopBenchError(
            f"batch_predict() returned {len(responses)} answers to {len(prompts)} prompts ({description})"
        )
    responses = [replace_half_surrogates(response) for response in responses]
    state = model.state_dict() if hasattr(model, "state_dict") else None
    return AnsweredBatch(task_type.value, positions, responses, seconds, _details(model, len(prompts)), state)


def _names(model: Any) -> tuple[str, str]:
    """Return the names of the model and its preset, from the model itself or from what was asked for."""
    asked = Settings.from_environment()
    folder = getattr(model, "model_folder", None) or asked.model or "default"
    profile = getattr(getattr(model, "profile", None), "name", None) or asked.profile or "default"
    return str(folder), str(profile)


def _adapter(model: Any) -> dict[str, Any] | None:
    adapter: Any = getattr(model, "adapter", None)
    return None if adapter is None else adapter.as_json()


def _details(model: Any, count: int) -> list[dict[str, Any]] | None:
    answers = getattr(model, "last_answers", None)
    if not isinstance(answers, Sequence) or len(answers) != count:
        return None
    return [details_of(answer) for answer in answers]
