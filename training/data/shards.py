"""The end of a build: the selected questions of all tasks, mixed in an order that the seed decides, in shards.

A question's shard follows from its text, so that the same text from two tasks meets in one shard, where only one stays.
Memory holds one shard a worker. `truth` is written as JSON text, since tasks have truths of different types.
"""

import hashlib
import json
from collections import Counter
from pathlib import Path
from typing import Any, Literal, get_args

from submission.json_lines import from_line
from training.data.recipe import DataRecipe
from training.data.rows import CandidateRow
from training.data.selection import exact_digest, selected_file
from training.files import read_lines, remove, write_json, write_lines

_Describing = Literal["task_name", "task_type", "metric", "track", "source", "language"]
_DESCRIBING: tuple[_Describing, ...] = get_args(_Describing)
_FEWEST_PER_SHARD = 1


def distribute(recipe: DataRecipe, tasks: list[str], total: int) -> list[Path]:
    """Deal the selected questions out to unsorted parts, one a shard; return the parts."""
    count = max(_FEWEST_PER_SHARD, -(-total // recipe.shard_examples))
    folder = recipe.work / "parts"
    parts = [folder / f"{number:05d}.jsonl" for number in range(count)]
    done = folder / "done"
    if done.exists():
        return parts
    remove(folder)
    folder.mkdir(parents=True)
    files = [part.open("wb") for part in parts]
    try:
        for task in sorted(tasks):
            with selected_file(recipe, task).open("rb") as lines:
                for line in lines:
                    digest = exact_digest(from_line(line)["question"])
                    files[int.from_bytes(digest[:8], "big") % count].write(line)
    finally:
        for file in files:
            file.close()
    done.touch()
    return parts


def write_shard(recipe: DataRecipe, part: Path, number: int, count: int) -> dict[str, Any]:
    """Sort a part into its order, write the shard and return its counts and lengths."""
    target = recipe.result / "data" / f"train-{number:05d}-of-{count:05d}.jsonl"
    summary_file = part.with_suffix(".json")
    if summary_file.exists() and target.exists():
        return json.loads(summary_file.read_text())
    rows: dict[bytes, CandidateRow] = {}
    repeated = []
    for row in read_lines(part):
        digest = exact_digest(row["question"])
        if digest in rows:
            repeated.append({"task_name": row["task_name"], "id": row["id"], "duplicate_of": rows[digest]["id"]})
        else:
            rows[digest] = row
    ordered = sorted(rows.values(), key=lambda row: _order(recipe.seed, row["id"]))
    lengths = _lengths(recipe, ordered)
    write_lines(target, ({**row, "truth": json.dumps(row["truth"], ensure_ascii=False)} for row in ordered))
    counts = {column: Counter(row[column] for row in ordered) for column in _DESCRIBING}
    summary = {"examples": len(ordered), "repeated": repeated, "counts": counts, **lengths}
    write_json(summary_file, summary)
    return summary


def _order(seed: int, name: str) -> bytes:
    return hashlib.blake2b(f"{seed}/{name}".encode(), digest_size=8).digest()


def _lengths(recipe: DataRecipe, rows: list[CandidateRow]) -> dict[str, Any]:
    """Return histograms (length: how many) of prompts and answers, and the lengths of both together by task."""
    prompts = [" ".join(message["content"] for message in row["prompt"]) for row in rows]
    answers = [row["completion"][0]["content"] for row in rows]
    prompt_lengths, answer_lengths = _count(recipe, prompts), _count(recipe, answers)
    by_task: dict[str, int] = {}
    for row, prompt, answer in zip(rows, prompt_lengths, answer_lengths, strict=True):
        by_task[row["task_name"]] = by_task.get(row["task_name"], 0) + prompt + answer
    return {
        "prompt_lengths": Counter(prompt_lengths),
        "answer_lengths": Counter(answer_lengths),
        "length_by_task": by_task,
    }


def _count(recipe: DataRecipe, texts: list[str]) -> list[int]:
    if recipe.tokenizer is None:
        return [len(text.split()) for text in texts]
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(recipe.tokenizer / "tokenizer.json"))
    return [len(encoding.ids) for encoding in tokenizer.encode_batch(texts, add_special_tokens=False)]
