"""The evaluator's protocol as a program of its own: imports `UserModel`, asks for batches, prints the answers as JSON.

Run in a fresh process with no network: every attempt to reach beyond this machine ends it. `--questions` is a JSON file
with a list of [prompt, is_multiple_choice], `--fault` makes the real engine's steps slow, fail or never return.
"""

import argparse
import itertools
import json
import socket
import sys
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


def block_network() -> None:
    """Let sockets connect on this machine only."""
    connect = socket.socket.connect

    def refuse(self: socket.socket, address: object) -> None:
        if (
            isinstance(address, tuple)
            and not str(address[0]).startswith("127.")
            and address[0] not in ("::1", "localhost")
        ):
            raise AssertionError(f"the submission tried to reach {address}")
        connect(self, address)

    socket.socket.connect = refuse
    socket.socket.connect_ex = refuse


def break_engine(engine: Any, fault: str) -> None:
    """Replace the real engine's step by one that is slow, that fails the second time, or that then never returns."""
    step, calls = engine.step, itertools.count(1)

    def broken() -> Any:
        number = next(calls)
        if fault == "slow":
            time.sleep(0.5)
        elif number == 2 and fault == "dies":
            raise RuntimeError("injected: the engine core died")
        elif number == 2 and fault == "stalls":
            threading.Event().wait()
        return step()

    engine.step = broken


def main() -> None:
    """Answer the questions and print what came back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--fault", choices=("slow", "dies", "stalls"), help="what is wrong with the engine's steps")
    options = parser.parse_args()
    block_network()
    sys.path.insert(0, str(ROOT))
    from models.user_config import UserModel

    model = UserModel()
    if options.fault:
        break_engine(model.engine._engine._engine, options.fault)
    answers: list[str] = []
    seconds: list[float] = []
    questions = json.loads(options.questions.read_text(encoding="utf-8"))
    for is_multiple_choice in (True, False):
        group = [prompt for prompt, flag in questions if flag is is_multiple_choice]
        size = model.get_batch_size()
        assert isinstance(size, int) and 1 <= size <= 16
        for start in range(0, len(group), size):
            batch = {"prompt": group[start : start + size]}
            started = time.monotonic()
            answers += model.batch_predict(batch, is_multiple_choice)
            seconds.append(time.monotonic() - started)
    print("ANSWERS " + json.dumps({"answers": answers, "seconds": seconds}))


if __name__ == "__main__":
    main()
