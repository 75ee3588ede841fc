"""The append-only record of an evaluation under way, from which a killed one continues.

One JSON object a line: first what is evaluated, then that the model is loaded, then one answered batch a line. A line
is written whole or, where the process was killed in the middle, cut off when the journal is next opened. Only complete
batches count, so that a continued run makes the batches that an undisturbed one would have made.
"""

import fcntl
import os
import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from submission.errors import ShopBenchError
from submission.json_lines import from_line, to_line

FILE_NAME = "journal.jsonl"
LOCK_PATIENCE_S = 10.0
_HASH = re.compile(r"'[0-9a-f]{64}'")


@dataclass(frozen=True)
class AnsweredBatch:
    """One batch: the positions of its questions in the data, what came back for them, and the seconds it took.

    `details` says how the model came to its answers, one dict a question, or is None where the model does not tell.
    `model_state` is what the model remembers after the batch, as JSON data, None where it does not say.
    """

    task_type: str
    positions: Sequence[int]
    responses: Sequence[str]
    seconds: float
    details: Sequence[dict[str, Any]] | None
    model_state: Any = None


@dataclass(frozen=True)
class LoadedModel:
    """What loading the model took in seconds, and the names that the report gives for the model and its preset.

    `adapter` is what the report says of the LoRA adapter that is served on the model, None without one.
    """

    load_s: float
    model: str
    profile: str
    adapter: dict[str, Any] | None = None


class Journal:
    """The journal file of one output folder, open for this process alone.

    `header` identifies what is evaluated. With `resume` the batches of an earlier process are kept, otherwise the file
    starts anew. `batches` and `loaded` (None until a model was loaded, then the latest) are what the journal holds.
    `discarded` says whether an earlier process had left something in it that is not kept.
    """

    def __init__(self, folder: Path, header: dict[str, Any], resume: bool) -> None:
        self.path = folder / FILE_NAME
        self.batches: list[AnsweredBatch] = []
        self.loaded: LoadedModel | None = None
        try:
            folder.mkdir(parents=True, exist_ok=True)
            self._file = self.path.open("a+b", buffering=0)
        except FileExistsError as error:
            raise ShopBenchError(f"{folder} is a file: --output names a folder") from error
        except OSError as error:
            raise ShopBenchError(f"cannot write {self.path}: {error.strerror}") from error
        self._lock(folder)
        self.discarded = not resume and self.path.stat().st_size > 0
        if not (resume and self._read(header)):
            os.ftruncate(self._file.fileno(), 0)
            self._append({"evaluation": header})

    def _lock(self, folder: Path) -> None:
        """Keep other evaluations out. A process that was killed a moment ago may take seconds to be gone."""
        give_up = time.monotonic() + LOCK_PATIENCE_S
        while True:
            try:
                # A record lock: unlike flock's it is not inherited, so an engine's orphaned workers do not hold it.
                return fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if time.monotonic() >= give_up:
                    message = f"another evaluation is writing to {folder}: choose another --output"
                    raise ShopBenchError(message) from error
                time.sleep(0.1)

    def add_loaded(self, loaded: LoadedModel) -> None:
        """Record that the model is loaded."""
        self.loaded = loaded
        self._append({"loaded": asdict(loaded)})

    def add_batch(self, batch: AnsweredBatch) -> None:
        """Record an answered batch."""
        self.batches.append(batch)
        self._append({"batch": asdict(batch)})

    def remove(self) -> None:
        """Delete the file: the evaluation is over and its report written."""
        self.path.unlink(missing_ok=True)
        self.close()

    def close(self) -> None:
        """Let go of the file, which stays for a later process."""
        self._file.close()

    def _append(self, entry: dict[str, Any]) -> None:
        rest = memoryview(to_line(entry))
        try:
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise ShopBenchError(
                f"cannot write {self.path}: {error.strerror}; make room and continue with --resume"
            ) from error

    def _read(self, header: dict[str, Any]) -> bool:
        """Take over the entries of an earlier process; False where there are none."""
        self._file.seek(0)
        content = self._file.read()
        whole = content[: content.rfind(b"\n") + 1]
        os.ftruncate(self._file.fileno(), len(whole))
        lines = whole.splitlines()
        if not lines:
            return False
        for number, line in enumerate(lines, start=1):
            try:
                entry = from_line(line)
                if number == 1:
                    self._check_header(entry["evaluation"], header)
                elif "loaded" in entry:
                    self.loaded = LoadedModel(**entry["loaded"])
                else:
                    self.batches.append(AnsweredBatch(**entry["batch"]))
            except (ValueError, KeyError, TypeError) as error:
                raise ShopBenchError(
                    f"{self.path}, line {number} is damaged: start again without --resume, which discards the journal"
                ) from error
        return True

    def _check_header(self, found: dict[str, Any], expected: dict[str, Any]) -> None:
        if changes := differences(found, expected):
            raise ShopBenchError(
                f"{self.path} belongs to another evaluation: {changes}. Give the same arguments, or start again "
                "without --resume, which discards the journal"
            )


def differences(found: dict[str, Any], expected: dict[str, Any]) -> str:
    """Return in words what differs between two evaluations, empty where nothing does."""
    keys = sorted(key for key in found.keys() | expected.keys() if found.get(key) != expected.get(key))
    return ", ".join(f"{key} (was {_short(found.get(key))}, is {_short(expected.get(key))})" for key in keys)


def _short(value: Any) -> str:
    """Write a value as Python does; of a hash, of which only equality counts, the start."""
    text = repr(value)
    return f"{text[:13]}…'" if _HASH.fullmatch(text) else text
