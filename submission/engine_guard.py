"""An engine that always answers: whatever happens in vLLM, the caller gets one generation a request, in time.

The engine runs on a thread of its own. A step that never returns is waited for until the deadline and no longer; an
exception is logged in a line, the engine restarted once, and what is unanswered asked again in halves of the batch (the
usual cause of a death on a card is a batch that was too large). What nothing helps comes back unfinished, and its form
makes an answer of it.
"""

import copy
import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from concurrent.futures import TimeoutError as NotInTime
from typing import Any, Protocol

from submission.deadline import Deadline
from submission.engine import Generation, Request
from submission.worker_thread import WorkerThread

logger = logging.getLogger(__name__)


class EngineLike(Protocol):
    """What the guard needs of an engine."""

    def generate(self, requests: list[Request], generations: list[Generation], deadline: Deadline) -> None:
        """Answer `requests` into `generations`, which hold what is there at any moment."""

    def close(self) -> None:
        """Give back what the engine holds."""


class GuardedEngine:
    """The engine that `load` makes, and makes once more if it dies.

    Loading happens in the constructor; what goes wrong there is raised, since a submission without a model has nothing
    to answer with. Thread-safe for one caller.
    """

    def __init__(self, load: Callable[[], EngineLike]) -> None:
        self._load = load
        self._thread = WorkerThread("engine")
        started = time.monotonic()
        self._engine: EngineLike | None = self._thread.submit(load).result()
        self._load_s = time.monotonic() - started
        self._restarts_left = 1
        self._stuck: Future[Any] | None = None

    def generate(self, requests: list[Request], deadline: Deadline) -> list[Generation]:
        """Return one generation for each of `requests`, in order, before the deadline has passed."""
        generations = [Generation() for _ in requests]
        self._answer(requests, generations, deadline)
        # Copies: a step that returns after all must not change what was handed out.
        return copy.deepcopy(generations)

    def _answer(self, requests: list[Request], generations: list[Generation], deadline: Deadline) -> None:
        if not requests or not self._is_free(deadline):
            return
        engine = self._engine
        if engine is None:
            return
        job = self._thread.submit(lambda: engine.generate(requests, generations, deadline.earlier()))
        try:
            job.result(timeout=max(0.0, deadline.left()))
        except NotInTime:
            self._stuck = job
            logger.error("the engine did not return in time: %d questions answered as far as it got", len(requests))
        except Exception as error:
            logger.error("the engine failed on %d questions: %s: %s", len(requests), type(error).__name__, _line(error))
            restarted = self._restart(deadline)
            # A single question that fails in an engine that others get along with is not asked for ever.
            if restarted or (self._engine is not None and len(requests) > 1):
                self._ask_again(requests, generations, deadline)

    def _is_free(self, deadline: Deadline) -> bool:
        """Wait for a step that did not return earlier; False if it still has not at the deadline."""
        if self._stuck is None:
            return True
        try:
            self._stuck.result(timeout=max(0.0, deadline.left()))
        except NotInTime:
            logger.error("the engine is still stuck: falling back to what the questions themselves suggest")
            return False
        except Exception as error:
            logger.error("the engine's late step failed: %s", _line(error))
        self._stuck = None
        logger.warning("the engine is back")
        return True

    def _restart(self, deadline: Deadline) -> bool:
        """Load the engine anew, once and only if that takes no longer than is left; return whether it is there anew."""
        if self._restarts_left == 0 or self._load_s > deadline.left():
            logger.error("the engine is not restarted: %s", "no try is left" if not self._restarts_left else "no time")
            return False
        self._restarts_left -= 1
        dead, self._engine = self._engine, None
        job = self._thread.submit(lambda: self._reload(dead))
        try:
            self._engine = job.result(timeout=max(0.0, deadline.left()))
            logger.warning("the engine was restarted")
        except NotInTime:
            # It is taken over by the next batch if it is ready then.
            self._stuck = job
            job.add_done_callback(self._take_over)
        except Exception as error:
            logger.error("the engine could not be restarted: %s", _line(error))
        return self._engine is not None

    def _reload(self, dead: EngineLike | None) -> EngineLike:
        if dead is not None:
            dead.close()
        return self._load()

    def _take_over(self, job: "Future[Any]") -> None:
        if job.exception() is None:
            self._engine = job.result()

    def _ask_again(self, requests: list[Request], generations: list[Generation], deadline: Deadline) -> None:
        unanswered = [i for i, generation in enumerate(generations) if not generation.finished]
        middle = (len(unanswered) + 1) // 2
        for half in (unanswered[:middle], unanswered[middle:]):
            again = [Generation() for _ in half]
            self._answer([requests[i] for i in half], again, deadline)
            for i, generation in zip(half, again, strict=True):
                generations[i] = generation if generation.text else generations[i]


def _line(error: BaseException) -> str:
    return " ".join(str(error).split())[:300]
