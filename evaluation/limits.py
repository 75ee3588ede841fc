"""Phase 2's time limits: a batch within 10 s a question, a track within its own limit, loading included.

The evaluator kills a run that is late, also one that hangs. A timer thread does the same here: it says which step was
late and ends the process with exit code 3, since a step that never returns cannot be interrupted otherwise.
"""

import multiprocessing
import os
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from submission.competition import SECONDS_PER_QUESTION
from submission.tracks import Track

EXIT_CODE = 3


class LimitExceeded(Exception):
    """A step took longer than it may; the message says which, how long, and what the limit is."""


@dataclass(frozen=True)
class Limits:
    """Seconds a question of a batch may take, and seconds of the whole run; `name` says whose limit the latter is."""

    per_question_s: float
    total_s: float
    name: str

    @classmethod
    def phase_2(cls, track: Track) -> "Limits":
        """Return the competition's limits for a track."""
        return cls(SECONDS_PER_QUESTION, track.time_limit_s, f"track {track.number} ({track.name})")


class Stopwatch:
    """Counts the time that a run has used, and holds it to its limits, if it has any.

    `used_s` starts above 0 where an earlier process has spent part of the run's time.
    """

    def __init__(self, limits: Limits | None, used_s: float = 0.0) -> None:
        self._limits = limits
        self._started = time.monotonic() - used_s

    @contextmanager
    def step(self, description: str, questions: int | None = None) -> Iterator[None]:
        """Time a step; a late one raises `LimitExceeded`, one that hangs ends the process with exit code 3.

        `questions` is the size of a batch; without it only the limit of the whole run counts.
        """
        if self._limits is None:
            yield
            return
        allowed_s, reason = self._allowance(self._limits, questions)
        started = time.monotonic()
        timer = threading.Timer(
            allowed_s, _end_process, [f"{description} was not over after {allowed_s:.1f} s: {reason}"]
        )
        timer.daemon = True
        timer.start()
        try:
            yield
        finally:
            timer.cancel()
        # Code that keeps Python's lock holds up the timer too, so the clock is read again.
        taken_s = time.monotonic() - started
        if taken_s > allowed_s:
            raise LimitExceeded(f"{description} took {taken_s:.1f} s: {reason}")

    def _allowance(self, limits: Limits, questions: int | None) -> tuple[float, str]:
        left_s = max(0.0, limits.total_s - (time.monotonic() - self._started))
        total = f"that is past the limit of {limits.total_s:g} s for {limits.name}, loading included"
        if questions is None:
            return left_s, total
        batch_s = limits.per_question_s * questions
        if left_s < batch_s:
            return left_s, total
        return batch_s, f"the limit is {limits.per_question_s:g} s a question, {batch_s:g} s for this batch"


def _end_process(message: str) -> None:
    print(f"\nTime limit exceeded: {message}", file=sys.stderr, flush=True)
    sys.stdout.flush()
    for child in multiprocessing.active_children():  # an engine's workers would live on without their parent
        child.kill()
    os._exit(EXIT_CODE)
