"""An engine for tests of what surrounds it: loads in no time, answers by rule, and breaks when it is told to."""

import logging
import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

from submission.deadline import Deadline
from submission.engine import Generation, Request
from submission.errors import ShopBenchError
from submission.profiles import Profile

HANGS, DIES, FAILS, SLOW_TO_LOAD = 666, 667, 668, "slow to load"

START = """
import json, sys
sys.path[:] = json.loads(sys.argv[2])
from submission import engine_process
from tests.submission.pretend_engine import PretendEngine
engine_process.Engine = PretendEngine
engine_process.serve(int(sys.argv[1]))
"""
"""What a process runs that holds such an engine, in the place of `submission.engine_process._START`."""


class PretendEngine:
    """Writes each request's first token id, one request a step; three ids break it at their turn."""

    def __init__(self, model: Path, profile: Profile, seed: int, *others: object) -> None:
        if not model.is_dir():
            raise ShopBenchError(f"there is no {model}")
        if (model / "crashes").exists():
            os.abort()
        if (model / SLOW_TO_LOAD).exists():
            time.sleep(600)
        self.after_step: Callable[[], None] | None = None

    def generate(self, requests: list[Request], generations: list[Generation], deadline: Deadline) -> None:
        for request, generation in zip(requests, generations, strict=True):
            first = request.prompt_token_ids[0]
            if first == HANGS:
                threading.Event().wait()
            if first == DIES:
                os.kill(os.getpid(), 9)
            if first == FAILS:
                raise RuntimeError("no kernel image\nis available")
            if deadline.passed():
                generation.cut = True
                logging.getLogger("submission.engine").warning("out of time: %d", first)
                continue
            generation.text, generation.num_tokens, generation.done, generation.finished = str(first), 1, True, True
            generation.logprobs = {str(first): -0.5}
            if self.after_step:
                self.after_step()

    def count_not_finite(self, prompts: list[list[int]]) -> int:
        return len(prompts)

    def close(self) -> None:
        pass
