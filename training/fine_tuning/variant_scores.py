"""Answers sets of questions with one variant of a model, through `local_evaluation.py`.

The one thing to know: what the answers are worth, with intervals, is the business of `evaluation.row_scores`.
"""

import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from evaluation.dataset import Sample
from submission.errors import ShopBenchError
from submission.places import CODE
from training.checkpoints.merging import write_interpolated
from training.files import fingerprint, hash_of, read_lines, remove, write_lines, written_whole
from training.processes import ending_with_this

DEVELOPMENT_SET = "development"
"""The name of the set whose score is the benchmark's: the mean over tracks of the mean over tasks."""


@dataclass(frozen=True)
class Variant:
    """A model to be asked: the base, or the one at `alpha` between it and `fine_tuned` (an adapter or a checkpoint)."""

    base: Path
    fine_tuned: Path | None = None
    alpha: float = 1.0

    @property
    def identity(self) -> str:
        """A hash of what the model is made of."""
        sources = [self.base] if self.fine_tuned is None else [self.base, self.fine_tuned]
        return hash_of([fingerprint(*sources), self.alpha])

    @contextmanager
    def written(self, folder: Path) -> Iterator[Path]:
        """Yield the model's folder: the base's own, or `folder`, which is removed afterwards."""
        if self.fine_tuned is None or self.alpha == 0:
            yield self.base
            return
        write_interpolated(self.base, self.fine_tuned, folder, self.alpha)
        try:
            yield folder
        finally:
            remove(folder)


@dataclass(frozen=True)
class Asking:
    """How a model is asked: the track whose system prompt asks, the engine's seed, and what of the submission is on.

    `constrained` is the submission's SHOPBENCH_CONSTRAINTS, `calibrated` its SHOPBENCH_CALIBRATION.
    """

    track: int
    seed: int
    constrained: bool = True
    calibrated: bool = True


def answer_questions(variant: Variant, data: Path, output: Path, asking: Asking) -> list[dict[str, Any]]:
    """Answer and score the questions of `data`; return the rows of `predictions.jsonl`, in order.

    The engine runs in a process of its own. What an earlier, finished call has left in `output` is used again, an
    interrupted one is continued.
    """
    decided_here = ("SHOPBENCH_CALIBRATION", "SHOPBENCH_ADAPTER")
    environment = {key: value for key, value in os.environ.items() if key not in decided_here}
    environment["SHOPBENCH_CONSTRAINTS"] = "on" if asking.constrained else "off"
    inputs = [variant.identity, fingerprint(data), asking.track, asking.seed, asking.constrained]
    if not asking.calibrated:
        environment["SHOPBENCH_CALIBRATION"] = "off"
        inputs.append("uncalibrated")
    identity = hash_of(inputs)
    marker = output / "inputs.sha256"
    if not (marker.is_file() and marker.read_text() == identity):
        remove(output)
        with written_whole(marker) as temporary:
            temporary.write_text(identity)
    if not (output / "report.json").is_file():
        with variant.written(output / "model") as model:
            _run_evaluation(model, data, output, asking, environment)
    return list(read_lines(output / "predictions.jsonl"))


def _run_evaluation(model: Path, data: Path, output: Path, asking: Asking, environment: dict[str, str]) -> None:
    arguments = ["--data", data, "--model", model, "--track", asking.track, "--seed", asking.seed, "--output", output]
    command = [sys.executable, str(CODE / "local_evaluation.py"), *map(str, arguments), "--resume"]
    finished = subprocess.run(ending_with_this(command), env=environment, stdout=subprocess.PIPE, text=True)
    if finished.returncode != 0:
        raise ShopBenchError(f"the evaluation of {model} on {data} ended with exit code {finished.returncode}")


def write_sets(sets: dict[str, list[Sample]], target: Path) -> None:
    """Write several sets of questions into one file, each task named `set/task`, so that a model is loaded once.

    Only the development questions keep their tracks. The other sets are scored as means over tasks, whatever tracks these
    are of.
    """
    named = (
        replace(sample, task_name=f"{name}/{sample.task_name}", track=sample.track if name == DEVELOPMENT_SET else None)
        for name, found in sets.items()
        for sample in found
    )
    write_lines(target, (sample.row() for sample in named))


def read_sets(predictions: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    """Take predictions on a file that `write_sets` wrote apart again."""
    sets: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in predictions:
        name, _, task = row["task_name"].partition("/")
        sets[name].append({**row, "task_name": task})
    return dict(sets)
