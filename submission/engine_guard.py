"""An engine that always answers: whatever happens in vLLM, the caller gets one generation a request, in time.

The engine is asked on a thread of its own. A step that never returns is waited for until the deadline and no longer. If
the next batch waits for it in vain too, the engine is ended, where it is one that can be. After an exception what is
unanswered is asked again in halves of the batch: the usual cause on a card is a batch that was too large. The engine is
loaded again for it if that fits into the batch's time. If nothing helps, the engine is dead: it is loaded again if the
run has time for it, over several batches if it takes as long. What is not answered comes back unfinished, and its form
makes an answer of it.
"""

import copy
import logging
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import Any, Protocol, runtime_checkable

from submission.deadline import Deadline
from submission.engine import Generation, Request
from submission.errors import one_line
from submission.worker_thread import WorkerThread

logger = logging.getLogger(__name__)

# How long a step that has missed its batch's deadline is waited for. A step on a CPU takes seconds, a whole batch 30.
_PATIENCE_S = 30.0


class EngineLike(Protocol):
    """What the guard needs of an engine."""

    def generate(self, requests: list[Request], generations: list[Generation], deadline: Deadline) -> None:
        """Answer `requests` into `generations`, which hold what is there at any moment."""

    def close(self) -> None:
        """Give back what the engine holds."""


@runtime_checkable
class KillableEngine(EngineLike, Protocol):
    """An engine that can be ended in the middle of a step."""

    def kill(self) -> None:
        """End the engine at once: what waits for it fails."""


class GuardedEngine:
    """The engine that `load` makes, and makes once more if it dies while `run_left` seconds, the run's, allow it.

    Loading happens in the constructor; what goes wrong there is raised, since a submission without a model has nothing
    to answer with. Thread-safe for one caller.
    """

    def __init__(self, load: Callable[[], EngineLike], run_left: Callable[[], float]) -> None:
        self._load = load
        self._run_left = run_left
        self._thread = WorkerThread("engine")
        started = time.monotonic()
        self._engine: EngineLike | None = self._thread.submit(load).result()
        self._load_s = time.monotonic() - started
        self._restarts_left = 1
        self._running: Future[Any] | None = None
        """What the thread is busy with: a batch or, if `_loading`, the new engine."""
        self._loading = False
        self._given_up_at = 0.0
        """When a batch was last left behind in the middle of a step."""
        self._answered = 0
        """How often the engine came through a batch."""
        self._said = ""

    def generate(self, requests: list[Request], deadline: Deadline) -> list[Generation]:
        """Return one generation for each of `requests`, in order, before the deadline has passed."""
        generations = [Generation() for _ in requests]
        self._said = ""
        before = self._answered
        alive = self._answer(requests, generations, deadline)
        if not alive and self._answered == before and self._restart(self._run_left()):
            self._answer(requests, generations, deadline)
        # Copies: a step that returns after all must not change what was handed out.
        return copy.deepcopy(generations)

    def _answer(
        self, requests: list[Request], generations: list[Generation], deadline: Deadline, part: slice = slice(None)
    ) -> bool:
        """Answer those of a `part` of the batch that are not answered yet; return False if the engine failed at it."""
        indices = [i for i in range(len(requests))[part] if not generations[i].done]
        if not indices:
            return True
        if not self._is_there(deadline):
            if self._running is not None:
                _mark_cut([generations[i] for i in indices])
            return True
        fresh = [Generation() for _ in indices]
        error = self._try([requests[i] for i in indices], fresh, deadline)
        for i, generation in zip(indices, fresh, strict=True):
            if generation.done or generation.num_tokens > generations[i].num_tokens:
                generations[i] = generation
            else:
                generations[i].cut |= generation.cut
        if error is None:
            return True
        self._say(f"the engine failed on {len(indices)} questions: {one_line(error)}")
        _forget_frames(error)
        left = [i for i in indices if not generations[i].done]
        # A single question that fails in an engine that others get along with is not asked for ever.
        if left and (self._restart(deadline.left()) or len(indices) > 1):
            middle = left[(len(left) + 1) // 2 - 1] + 1
            for half in (slice(left[0], middle), slice(middle, left[-1] + 1)):
                self._answer(requests, generations, deadline, half)
        return False

    def _try(self, requests: list[Request], generations: list[Generation], deadline: Deadline) -> BaseException | None:
        """Ask the engine; return what it failed with, None where it did not or is still at it at the deadline."""
        engine = self._engine
        assert engine is not None
        job = self._thread.submit(lambda: engine.generate(requests, generations, deadline.earlier()))
        wait([job], timeout=deadline.timeout())
        if not job.done():
            _mark_cut(generations)
            self._running = job
            self._given_up_at = time.monotonic()
            logger.error("the engine did not return in time: %d questions answered as far as it got", len(requests))
            return None
        error = job.exception()
        self._answered += error is None
        return error

    def _is_there(self, deadline: Deadline) -> bool:
        """Wait for a late step or for loading, until the deadline; return whether there is an engine that can be asked."""
        while self._running is not None:
            self._wait(self._running, deadline)
            if not self._running.done():
                what = "still being loaded" if self._loading else "still stuck"
                self._say(f"the engine is {what}: falling back to what the questions themselves suggest")
                return False
            done, self._running = self._running, None
            loading, self._loading = self._loading, False
            if error := done.exception():
                self._say(f"the engine {'could not be restarted' if loading else 'failed late'}: {one_line(error)}")
                _forget_frames(error)
                if not loading:
                    self._restart(self._run_left())
            elif loading:
                self._engine = done.result()
                logger.warning("the engine was restarted")
            else:
                logger.warning("the engine is back")
        return self._engine is not None

    def _wait(self, running: "Future[Any]", deadline: Deadline) -> None:
        """Wait for a late step or for loading, until the deadline; a step that will hardly return is ended in between."""
        engine, left_s = self._engine, deadline.timeout()
        patience_s = max(0.0, self._given_up_at + _PATIENCE_S - time.monotonic())
        if isinstance(engine, KillableEngine) and not self._loading and (left_s is None or patience_s < left_s):
            wait([running], timeout=patience_s)
            if not running.done() and self._may_restart(self._run_left()):
                logger.error("a step of the engine does not return: the engine is ended")
                engine.kill()
        wait([running], timeout=deadline.timeout())

    def _may_restart(self, time_s: float) -> bool:
        """Whether the engine may be loaded again: once, and only if `time_s` seconds are enough."""
        return self._restarts_left > 0 and self._load_s <= time_s

    def _restart(self, time_s: float) -> bool:
        """Begin to load the engine anew if it may be; return whether it is begun."""
        if not self._may_restart(time_s):
            return False
        self._restarts_left -= 1
        dead, self._engine = self._engine, None
        self._running, self._loading = self._thread.submit(lambda: self._reload(dead)), True
        return True

    def _reload(self, dead: EngineLike | None) -> EngineLike:
        if dead is not None:
            try:
                dead.close()
            except Exception as error:
                logger.error("the dead engine could not be closed: %s", one_line(error))
                _forget_frames(error)
        return self._load()

    def _say(self, line: str) -> None:
        """Log an error, unless it is what was said last: each half of a batch may fail alike."""
        kind = line.partition(": ")[2] or line
        if kind != self._said:
            logger.error("%s", line)
        self._said = kind


def _mark_cut(generations: list[Generation]) -> None:
    """Note of what is not done that the clock ended it."""
    for generation in generations:
        generation.cut = not generation.done


def _forget_frames(error: BaseException | None) -> None:
    """Let go of what the frames of a traceback hold: a dead engine's memory is needed for the next one."""
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error.__traceback__ = None
        error = error.__cause__ or error.__context__
