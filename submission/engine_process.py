"""An engine in a process of its own: a step that never returns can be ended, and another engine loaded in its memory.

Two sides of one pipe. `EngineProcess` asks: it looks like an `Engine`, and this process imports no vLLM for it. `serve`
answers, in the other process. After each step it sends what has changed, so that a step that hangs costs no answer that
was there before.

The process is Python started anew, not `multiprocessing`'s: that would import the main program again, and an evaluator's
may begin its run when it is imported.
"""

import contextlib
import copy
import ctypes
import json
import logging
import logging.handlers
import os
import signal
import subprocess
import sys
import threading
import weakref
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from submission.deadline import Deadline
from submission.engine import Engine, Generation, Request
from submission.errors import ShopBenchError, one_line
from submission.lora_adapter import LoraAdapter
from submission.profiles import Profile

_START = """
import json, sys
sys.path[:] = json.loads(sys.argv[2])
from submission.engine_process import serve
serve(int(sys.argv[1]))
"""
_PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of prctl(2)
_REAPING_S = 5.0
_CLOSING_S = 20.0


class EngineFailedError(Exception):
    """What the engine failed with in its process, on one line, or how that process ended."""


class EngineProcess:
    """An `Engine` in a process of its own, which ends with this one. Arguments as for `Engine`.

    `kill` may be called from any thread, everything else from one at a time.
    """

    def __init__(
        self, model: Path, profile: Profile, seed: int, constrained: bool = True, adapter: LoraAdapter | None = None
    ) -> None:
        here, there = Pipe()
        with there:
            self._process = subprocess.Popen(
                [sys.executable, "-c", _START, str(there.fileno()), json.dumps(sys.path)],
                pass_fds=[there.fileno()],
                stdin=subprocess.DEVNULL,
                # Ctrl-C is for the command, which ends the engine in its own way; vLLM's workers end with this group.
                start_new_session=True,
            )
        self._connection = here
        self._asked = threading.Lock()
        workers = profile.tensor_parallel_size * profile.pipeline_parallel_size
        self._end = weakref.finalize(self, _end, self._process, here, self._asked if workers > 1 else None)
        level = logging.getLogger("submission").getEffectiveLevel()
        try:
            self._ask("load", os.getpid(), level, (model, profile, seed, constrained, adapter))
        except EngineFailedError as error:
            hint = ": it may need more memory than is free" if "SIGKILL" in str(error) else ""
            raise ShopBenchError(f"{model} could not be loaded: {error}{hint}") from error

    def generate(self, requests: list[Request], generations: list[Generation], deadline: Deadline) -> None:
        """Answer `requests` together into `generations`, one for each, which hold what is there at any moment."""
        self._ask("generate", requests, deadline.left(), changed=generations)

    def count_not_finite(self, prompts: list[list[int]]) -> int:
        """Return for how many of `prompts` a logit of the first tokens is not finite."""
        return int(self._ask("count_not_finite", prompts))

    def kill(self) -> None:
        """End the process at once, whatever it does; a call that waits for it fails."""
        self._process.kill()

    def close(self) -> None:
        """End the process, which gives its memory back."""
        self._end()

    def _ask(self, name: str, *arguments: Any, changed: list[Generation] | None = None) -> Any:
        """Return what the other side answers; what it failed with is raised."""
        with self._asked:
            try:
                self._connection.send((name, arguments))
                while True:
                    kind, content = self._connection.recv()
                    match kind:
                        case "changed":
                            for index, generation in content:
                                vars((changed or [])[index]).update(vars(generation))
                        case "record":
                            logging.getLogger(content.name).handle(content)
                        case "refused":
                            raise ShopBenchError(content)
                        case "failed":
                            raise EngineFailedError(content)
                        case _:
                            return content
            except (EOFError, OSError) as error:
                raise EngineFailedError(f"the engine's process ended{self._cause()}") from error

    def _cause(self) -> str:
        try:
            code = self._process.wait(_REAPING_S)
        except subprocess.TimeoutExpired:
            return ""
        return f" by {signal.Signals(-code).name}" if code < 0 else f" with code {code}"


def _end(process: "subprocess.Popen[bytes]", connection: Connection, idle: "threading.Lock | None") -> None:
    """End the process and what it has started. One with workers, if it is `idle`, may put away what it shares with them."""
    if idle is not None and idle.acquire(blocking=False):
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            connection.send(("close", ()))
            process.wait(_CLOSING_S)
    process.kill()
    connection.close()
    with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
        process.wait(_REAPING_S)
        os.killpg(process.pid, signal.SIGKILL)


def serve(descriptor: int) -> None:
    """Answer what comes in through the pipe until the other side is gone."""
    connection = Connection(descriptor)
    server = _Server(connection)
    with contextlib.suppress(EOFError, SystemExit):
        while True:
            name, arguments = connection.recv()
            try:
                answer = ("done", getattr(server, name)(*arguments))
            except ShopBenchError as error:
                answer = ("refused", str(error))
            except Exception as error:
                answer = ("failed", one_line(error))
            connection.send(answer)


class _Server:
    """What may be asked of the process, by name."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def load(self, parent: int, level: int, arguments: tuple[Any, ...]) -> None:
        _end_with(parent)
        log = logging.getLogger("submission")
        log.setLevel(level)
        log.propagate = False
        log.addHandler(_Forwarding(self._connection))  # type: ignore[arg-type]
        self._engine = Engine(*arguments)

    def generate(self, requests: list[Request], left_s: float) -> None:
        generations = [Generation() for _ in requests]
        sent = copy.deepcopy(generations)

        def send() -> None:
            changed = [(i, generation) for i, generation in enumerate(generations) if generation != sent[i]]
            for i, generation in changed:
                sent[i] = copy.copy(generation)
            if changed:
                self._connection.send(("changed", changed))

        self._engine.after_step = send
        try:
            self._engine.generate(requests, generations, Deadline(left_s))
        finally:
            send()

    def count_not_finite(self, prompts: list[list[int]]) -> int:
        return self._engine.count_not_finite(prompts)

    def close(self) -> None:
        self._engine.close()
        sys.exit()


class _Forwarding(logging.handlers.QueueHandler):
    """Sends records through the pipe: the other process knows where logs go."""

    queue: Connection  # type: ignore[assignment]

    def enqueue(self, record: logging.LogRecord) -> None:
        self.queue.send(("record", record))


def _end_with(parent: int) -> None:
    """Have the kernel end this process when the other one is gone, however that ends, also in the middle of a step."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PARENT_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)
