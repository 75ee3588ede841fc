"""The second half of a build: of each task's candidates, the wanted number without duplicates.

Near duplicates are found by MinHash over what varies between questions (titles, reviews, options), not over the wording,
which all questions of a task share. One task at a time, so memory follows the largest task, not the data set.
"""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise, zip_longest
from pathlib import Path
from typing import Any

from datasketch import MinHash, MinHashLSH

from submission.json_lines import to_line
from training.data.chunks import candidates_of
from training.data.recipe import DataRecipe
from training.data.rows import CandidateRow
from training.data.wanted import candidate_limit
from training.files import write_json, written_whole

_PERMUTATIONS = 64
_WORD = re.compile(r"[^\W_]+")
_NUMBERING = re.compile(r"^\d+\. ?", re.MULTILINE)


def select(recipe: DataRecipe, task: str, streams: list[str], quota: int) -> dict[str, Any]:
    """Write up to `quota` candidates of `task` without duplicates, and beside them what was removed; return the counts.

    Streams take turns, so that each source gives its share while it lasts.
    """
    folder = recipe.work / "selected"
    target = folder / f"{task}.jsonl"
    summary_file = target.with_suffix(".json")
    if summary_file.exists():
        return json.loads(summary_file.read_text())
    removed: Counter[str] = Counter()
    kept = 0
    filter_ = DuplicateFilter(recipe.near_duplicate)
    folder.mkdir(parents=True, exist_ok=True)
    with (
        written_whole(target) as chosen,
        written_whole(folder / f"{task}.removed.jsonl") as rejected,
        chosen.open("wb") as file,
        rejected.open("wb") as removed_file,
    ):
        for row in _in_turns(recipe, task, streams, quota):
            fault = filter_.add(row["id"], row["question"], row.pop("content"))
            if fault:
                reason, first = fault
                removed[reason] += 1
                entry = {"task_name": task, "reason": reason, "id": row["id"], "duplicate_of": first}
                removed_file.write(to_line({**entry, "question": row["question"]}))
                continue
            file.write(to_line(row))
            kept += 1
            if kept == quota:
                break
    summary = {"task_name": task, "wanted": quota, "kept": kept, "removed": removed}
    write_json(summary_file, summary)
    return summary


def _in_turns(recipe: DataRecipe, task: str, streams: list[str], quota: int) -> Iterator[CandidateRow]:
    limit = candidate_limit(quota)
    for rows in zip_longest(*(candidates_of(recipe, task, stream, limit) for stream in streams)):
        yield from (row for row in rows if row is not None)


class DuplicateFilter:
    """Tells whether a question, or one much like it, was added before."""

    def __init__(self, threshold: float) -> None:
        self.threshold = threshold
        self._texts: dict[bytes, str] = {}
        self._index = MinHashLSH(threshold=threshold, num_perm=_PERMUTATIONS)
        self._signatures: dict[str, MinHash] = {}
        # Drawing its permutations anew takes as long as all the rest.
        self._empty = MinHash(num_perm=_PERMUTATIONS)

    def add(self, name: str, text: str, content: str) -> tuple[str, str] | None:
        """Add a question unless it is a duplicate; then return the reason and the name of the first one."""
        if name in self._signatures:
            return "record that the source holds twice", name
        digest = exact_digest(text)
        if digest in self._texts:
            return "exact duplicate", self._texts[digest]
        signature = self._empty.copy()
        signature.update_batch([shingle.encode() for shingle in shingles(content)])
        alike = sorted(
            other
            for other in self._index.query(signature)
            if signature.jaccard(self._signatures[other]) >= self.threshold
        )
        if alike:
            return "near duplicate", alike[0]
        self._texts[digest] = name
        self._signatures[name] = signature
        self._index.insert(name, signature)
        return None


def exact_digest(text: str) -> bytes:
    """Return a hash of a text but for case and spaces."""
    return hashlib.blake2b(" ".join(text.lower().split()).encode(), digest_size=12).digest()


def shingles(content: str) -> list[str]:
    """Return the words and pairs of words of what varies in a question, list numbers left out, in order."""
    words = _WORD.findall(_NUMBERING.sub("", content).lower())
    return list(dict.fromkeys([*words, *(" ".join(pair) for pair in pairwise(words))]))


def selected_file(recipe: DataRecipe, task: str) -> Path:
    """Return the file that `select` writes for a task."""
    return recipe.work / "selected" / f"{task}.jsonl"
