"""How much time is left: a point on the monotonic clock that an answer must not pass."""

import math
import time
from collections.abc import Callable

from submission.competition import SECONDS_PER_QUESTION

# Of a batch's time, the share after which answers are returned whatever the engine does, and the earlier one at which
# generation between two steps ends by itself.
_RETURN_AT = 0.92
_STOP_AT = 0.85


class Deadline:
    """A moment `seconds` from now, on a monotonic `clock` in seconds."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._seconds = seconds
        self._end = clock() + seconds

    def left(self) -> float:
        """Return the seconds that are left, negative once it has passed."""
        return self._end - self._clock()

    def passed(self) -> bool:
        """Whether no time is left."""
        return self.left() <= 0

    def timeout(self) -> float | None:
        """Return the seconds that may be waited, in the way of `concurrent.futures`: None where there is no end."""
        return None if math.isinf(self._end) else max(0.0, self.left())

    def earlier(self) -> "Deadline":
        """Return the deadline for those who should be done a little before this one."""
        if math.isinf(self._end):
            return self
        return Deadline(self.left() - self._seconds * (1 - _STOP_AT / _RETURN_AT), self._clock)


def batch_deadline(batch_size: int, run_left_s: float) -> Deadline:
    """Return the deadline for a batch: the evaluator's limit less a margin, or the end of the run if that is sooner.

    A run without an end (an infinite `run_left_s`) is off the evaluator's clock, and so are its batches: nobody ends
    them, and what is answered must not depend on how busy the machine is.
    """
    if math.isinf(run_left_s):
        return Deadline(run_left_s)
    return Deadline(max(0.0, min(SECONDS_PER_QUESTION * batch_size * _RETURN_AT, run_left_s)))
