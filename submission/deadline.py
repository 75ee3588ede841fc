"""How much time is left: a point on the monotonic clock that generation must not pass."""

import time
from collections.abc import Callable

# The evaluator kills a run whose batch takes longer than this, a question (competition rules, phase 2).
SECONDS_PER_QUESTION = 10.0
# Kept back for what comes after generation, and for a step that takes longer than the last one did.
MARGIN = 0.15


class Deadline:
    """A moment `seconds` from now, on a monotonic `clock` in seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._end = clock() + seconds

    def left(self) -> float:
        """Return the seconds that are left, negative once it has passed."""
        return self._end - self._clock()

    def passed(self) -> bool:
        """Whether no time is left."""
        return self.left() <= 0


def batch_deadline(batch_size: int) -> Deadline:
    """Return the deadline for a batch: the evaluator's limit less a margin."""
    return Deadline(SECONDS_PER_QUESTION * batch_size * (1 - MARGIN))
