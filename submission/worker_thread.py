"""One thread that does jobs in order and can be left behind when one of them never returns.

The engine lives on such a thread from its loading on: the caller waits no longer than it wants, and OpenMP's threads,
which belong to the thread that started them, stay with the engine. It is a daemon, so a stuck job does not keep the
process from ending (a `ThreadPoolExecutor` would).
"""

import queue
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any


class WorkerThread:
    """Runs submitted jobs one after the other."""

    def __init__(self, name: str) -> None:
        self._jobs: queue.SimpleQueue[tuple[Future[Any], Callable[[], Any]]] = queue.SimpleQueue()
        threading.Thread(target=self._work, name=name, daemon=True).start()

    def submit(self, job: Callable[[], Any]) -> "Future[Any]":
        """Queue `job` and return the future of its result."""
        future: Future[Any] = Future()
        self._jobs.put((future, job))
        return future

    def _work(self) -> None:
        while True:
            future, job = self._jobs.get()
            try:
                future.set_result(job())
            except BaseException as error:
                future.set_exception(error)
            # While it waits for the next job, the thread holds nothing of this one.
            del future, job
