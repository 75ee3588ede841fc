"""Turns questions with known answers into the token ids that are trained on, asked exactly as at inference.

The one thing to know: prompts go through `submission.prompts` and `submission.chat_encoder`, answers through their
answer form's `written`. The answer's tokens are encoded apart from the prompt's, since that is where generation starts.
What cannot be asked or answered that way is left out and counted by reason.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy
from datasets import Dataset, load_dataset
from datasets.exceptions import DatasetGenerationError

from evaluation.dataset import Sample, first_row, read_samples
from submission.chat_encoder import ChatEncoder
from submission.errors import ShopBenchError
from submission.near_names import hint
from submission.prompts import chat_messages
from submission.questions import read_question
from submission.task_types import TaskType
from submission.tracks import Track

_SUFFIXES = {".jsonl": "json", ".parquet": "parquet"}
# The competition's own files hold JSON lines too. In a folder, a .json file is rather a note on the others.
_FILE_SUFFIXES = {**_SUFFIXES, ".json": "json"}

Reader = Callable[[Path, Track], tuple[Dataset, Counter[str]]]
Draw = Callable[[Sequence[str]], list[int]]


def question_files(path: Path) -> list[Path]:
    """Return the data files that `path` is or holds, in the order of their names."""
    files = [path] if path.is_file() else sorted(p for p in path.rglob("*") if p.suffix in _SUFFIXES and p.is_file())
    if not files or any(file.suffix not in _FILE_SUFFIXES for file in files):
        raise ShopBenchError(f"{path} holds no questions: a .jsonl or .parquet file, or a folder of them, is needed")
    if len({file.suffix for file in files}) > 1:
        raise ShopBenchError(f"{path} mixes .jsonl and .parquet files: keep one kind in a folder")
    return files


def read_questions(path: Path, *, scored: bool = False) -> list[Sample]:
    """Read the questions of a file or a folder; for `scored` see `evaluation.dataset.read_samples`."""
    samples = []
    for file in question_files(path):
        if file.suffix == ".parquet":
            raise ShopBenchError(f"{file}: questions in ShopBench's shape are read from JSON lines, not from Parquet")
        if file.stat().st_size:
            samples += read_samples(file, scored=scored)
    if not samples:
        raise ShopBenchError(f"{path} holds no questions")
    return samples


def prompt_completion(sample: Sample, track: Track) -> tuple[dict[str, Any] | None, str]:
    """Return a question as a prompt-completion row, or None with the reason why not."""
    question = read_question(sample.question, sample.is_multiple_choice)
    if question.task_type != sample.task_type:
        return None, f"{sample.task_type} is read as {question.task_type}"
    form = question.answer_format
    answer = form.written(sample.truth)
    if answer is None:
        return None, f"the answer is outside the form {form.name}"
    completion = [{"role": "assistant", "content": answer}]
    return {"prompt": chat_messages(question, track), "completion": completion, "task_name": sample.task_name}, ""


def read_conversations(path: Path, track: Track) -> tuple[Dataset, Counter[str]]:
    """Return the questions of `path` as prompt-completion rows, and how many were left out for which reason."""
    left_out: Counter[str] = Counter()
    return _conversations(path, track, left_out), left_out


def _conversations(path: Path, track: Track, left_out: Counter[str]) -> Dataset:
    files = question_files(path)
    if files[0].suffix != ".parquet" and "input_field" in first_row(files[0]):
        rows = []
        for question in read_questions(path):
            row, reason = prompt_completion(question, track)
            if row is None:
                left_out[reason] += 1
            else:
                rows.append(row)
        return Dataset.from_list(rows)
    kind = _FILE_SUFFIXES[files[0].suffix]
    try:
        dataset = load_dataset(kind, data_files=[str(file) for file in files], split="train")
    except DatasetGenerationError as error:
        raise ShopBenchError(f"{path} cannot be read: {error.__cause__ or error}") from error
    if missing := {"prompt", "completion"} - set(dataset.column_names):
        raise ShopBenchError(f"{path} has no column {sorted(missing)[0]!r}: it has {', '.join(dataset.column_names)}")
    for column in ("prompt", "completion"):
        if not isinstance(dataset[0][column], list):
            raise ShopBenchError(f"{path}: {column} must be a list of messages with role and content")
    return dataset


def encode_example(encoder: ChatEncoder, prompt: list[dict[str, str]], answer: str) -> dict[str, list[int]]:
    """Return `input_ids` (prompt, answer, end of turn) and `completion_mask` (1 from the answer's first token on)."""
    tokenizer = encoder.tokenizer
    prompt_ids = encoder.encode(prompt)
    answer_ids = tokenizer(answer, add_special_tokens=False, split_special_tokens=True)["input_ids"]
    answer_ids = [*answer_ids, tokenizer.eos_token_id]
    return {
        "input_ids": prompt_ids + answer_ids,
        "completion_mask": [0] * len(prompt_ids) + [1] * len(answer_ids),
    }


def load_examples(
    path: Path,
    track: Track,
    encoder: ChatEncoder,
    tasks: Iterable[str],
    max_tokens: int,
    workers: int,
    all_tasks_needed: bool = True,
    read: Reader = read_conversations,
    draw: Draw | None = None,
) -> Dataset:
    """Return the encoded questions of `path` in `tasks` (all where empty) of at most `max_tokens` tokens.

    `draw` makes of the names of their tasks the indices of those that are taken, in which one may come twice.

    Columns: `input_ids`, `completion_mask`. What was left out, and why, is printed. Without `all_tasks_needed`, tasks
    that `path` does not have are passed over, and if it has none of them all its questions are taken. `read` may keep
    what `read_conversations` returned before.
    """
    conversations, reasons = read(path, track)
    left_out, dataset = Counter(reasons), with_tasks(conversations, tasks, path, all_tasks_needed)
    if draw is not None:
        dataset = with_draw(dataset, draw, path)
    encode = _encoding(dataset, track, encoder)
    workers = max(1, min(workers, len(dataset) // 1000))
    encoded = dataset.map(
        encode, remove_columns=dataset.column_names, num_proc=workers if workers > 1 else None, desc="Encoding"
    )
    all_ids = encoded["input_ids"] if len(encoded) else []
    short = [index for index, ids in enumerate(all_ids) if len(ids) <= max_tokens]
    if too_long := len(encoded) - len(short):
        left_out[f"longer than {max_tokens} tokens"] = too_long
    for reason, count in sorted(left_out.items()):
        print(f"{path}: {count} questions left out: {reason}")
    if not short:
        raise ShopBenchError(f"{path} holds no question that can be trained on")
    return encoded.select(short)


def with_tasks(dataset: Dataset, tasks: Iterable[str], path: Path, all_tasks_needed: bool) -> Dataset:
    """Return the rows of the named tasks: all where none is named, or where none is there and not all are needed."""
    names = dataset["task_name"] if "task_name" in dataset.column_names else []
    tasks = set(tasks)
    if len(dataset) and all_tasks_needed and (unknown := tasks - set(names)):
        first = sorted(unknown)[0]
        there = hint(first, sorted(set(names)), "it has") if names else "it has no column task_name"
        raise ShopBenchError(f"{path} has no questions of task {first!r}: {there}")
    if tasks := tasks & set(names):
        dataset = dataset.select([index for index, name in enumerate(names) if name in tasks])
    return dataset


def with_draw(dataset: Dataset, draw: Draw, path: Path) -> Dataset:
    """Return the rows that `draw` takes."""
    if "task_name" not in dataset.column_names:
        raise ShopBenchError(f"{path} has no column task_name, which share and emphasis of an adapter need")
    return dataset.select(draw(dataset["task_name"]))


def some_question_fits(dataset: Dataset, track: Track, encoder: ChatEncoder, max_tokens: int) -> bool:
    """Whether a question of `dataset` has at most `max_tokens` tokens; the first that has ends the search."""
    encode = _encoding(dataset, track, encoder)
    return any(len(encode(row)["input_ids"]) <= max_tokens for row in dataset)


def _encoding(dataset: Dataset, track: Track, encoder: ChatEncoder) -> Callable[[dict[str, Any]], dict[str, list[int]]]:
    """Return what makes a row of `dataset` token ids."""
    # A built data set names each task's own track in its prompts; the all-around track will have to guess it.
    asked_anew = track.number == 5 and {"question", "task_type"} <= set(dataset.column_names)

    def encode(row: dict[str, Any]) -> dict[str, list[int]]:
        prompt = row["prompt"]
        if asked_anew:
            question = read_question(row["question"], row["task_type"] == TaskType.MULTIPLE_CHOICE)
            prompt = chat_messages(question, track)
        return encode_example(encoder, prompt, row["completion"][-1]["content"])

    return encode


def length_grouped_order(lengths: list[int], batch_size: int, epochs: float, seed: int) -> list[int]:
    """Return the indices of `epochs` passes over examples of these lengths, so that a batch holds similar lengths.

    Each pass is shuffled, windows of 32 batches are sorted by length, and the batches are shuffled. The order is a
    function of its arguments alone, which is what makes a resumed run see the same batches.
    """
    generator = numpy.random.default_rng(seed)
    passes: Iterator[numpy.ndarray] = (generator.permutation(len(lengths)) for _ in range(int(numpy.ceil(epochs))))
    order = numpy.concatenate(list(passes))[: max(1, round(epochs * len(lengths)))]
    by_length = numpy.asarray(lengths)
    batches = []
    for start in range(0, len(order), 32 * batch_size):
        window = order[start : start + 32 * batch_size]
        window = window[numpy.argsort(by_length[window], kind="stable")]
        batches += [window[begin : begin + batch_size] for begin in range(0, len(window), batch_size)]
    whole = [batch for batch in batches if len(batch) == batch_size]
    partial = [batch for batch in batches if len(batch) < batch_size]
    shuffled = [whole[index] for index in generator.permutation(len(whole))]
    return [int(index) for batch in shuffled + partial for index in batch]
