"""The evaluator's protocol as a program of its own: imports `UserModel`, asks for batches, prints the answers as JSON.

Run in a fresh process with no network: an attempt to reach beyond this machine, from here or from a worker process, is
refused, and ends the run with an error even if it was swallowed. `--questions` is a JSON file with a list of
[prompt, is_multiple_choice]; `--fault` breaks something in or around the real engine from the start, `--then-fault`
when all questions are answered: the last one is asked again under each of these faults.
"""

import argparse
import itertools
import json
import multiprocessing
import os
import runpy
import signal
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent.parent


def block_network(record: Path) -> None:
    """Refuse what leaves this machine, here and in processes to come, and write it to `record`."""
    record.unlink(missing_ok=True)
    folder = Path(__file__).resolve().parent / "without_network"
    os.environ["NETWORK_ATTEMPTS"] = str(record)
    os.environ["PYTHONPATH"] = os.pathsep.join([str(folder), *filter(None, [os.environ.get("PYTHONPATH")])])
    runpy.run_path(str(folder / "sitecustomize.py"))


def report_attempts(record: Path) -> None:
    """End with an error if anything was written to `record`: libraries swallow what is refused."""
    if record.exists():
        sys.exit("the submission tried to reach:\n" + record.read_text(encoding="utf-8"))


def change_step(change: Callable[[Any, int, Callable[[], Any]], Any]) -> None:
    """Replace vLLM's step, of engines that come later too: `change` gets the engine, the step's number, and the step."""
    from vllm.v1.engine.llm_engine import LLMEngine

    step, calls = getattr(LLMEngine.step, "unchanged", LLMEngine.step), itertools.count(1)
    LLMEngine.step = lambda engine: change(engine, next(calls), lambda: step(engine))
    LLMEngine.step.unchanged = step


def slow(engine: Any, number: int, step: Callable[[], Any]) -> Any:
    """Take half a second more for each step."""
    time.sleep(0.5)
    return step()


def dies(engine: Any, number: int, step: Callable[[], Any]) -> Any:
    """Fail at the second step."""
    if number == 2:
        raise RuntimeError("injected: the engine core died")
    return step()


def late(engine: Any, number: int, step: Callable[[], Any]) -> Any:
    """Let the second step take longer than the evaluator gives a full batch."""
    if number == 2:
        time.sleep(200)
    return step()


def stalls(engine: Any, number: int, step: Callable[[], Any]) -> Any:
    """Never return from the second step."""
    if number == 2:
        threading.Event().wait()
    return step()


def out_of_memory(engine: Any, number: int, step: Callable[[], Any]) -> Any:
    """Fail as long as more than four questions are in the engine, as a card does whose memory is too small for them."""
    import torch

    if engine.get_num_unfinished_requests() > 4:
        raise torch.OutOfMemoryError("injected: CUDA out of memory. Tried to allocate 2.00 GiB")
    return step()


def garbled(engine: Any, number: int, step: Callable[[], Any]) -> Any:
    """Hand back texts that no tokenizer should produce: half characters, controls, nothing of what was asked for."""
    outputs = step()
    for output in outputs:
        output.outputs[0].text = "\ud800\x00\ufffd" * 3
    return outputs


def worker_dies(engine: Any, number: int, step: Callable[[], Any]) -> Any:
    """Kill one of the engine's worker processes at the second step."""
    if number == 2:
        multiprocessing.active_children()[-1].kill()
    return step()


def worker_stops(engine: Any, number: int, step: Callable[[], Any]) -> Any:
    """Stop one of the engine's worker processes at the second step, as a card does that hangs: it neither answers nor ends."""
    if number == 2:
        os.kill(multiprocessing.active_children()[-1].pid, signal.SIGSTOP)
    return step()


def break_computing() -> None:
    """Fail at reading prompts, inside a step, so that what was scheduled is never computed: before a restart and after it."""
    from vllm.v1.executor.uniproc_executor import UniProcExecutor

    execute, prompts_read = UniProcExecutor.execute_model, itertools.count(1)

    def broken(executor: Any, scheduled: Any, *arguments: Any, **options: Any) -> Any:
        if scheduled.scheduled_new_reqs and next(prompts_read) in (1, 2, 4):
            raise RuntimeError("injected: CUDA error: an illegal memory access was encountered")
        return execute(executor, scheduled, *arguments, **options)

    UniProcExecutor.execute_model = broken


def break_encoder(model: Any, how: str) -> None:
    """Let the tokenizer fail, or return token ids that the model has not, for every third question."""
    encode, calls = model.encoder.encode_within, itertools.count(1)

    def broken(messages: list[dict[str, str]], limit: int) -> list[int]:
        if next(calls) % 3 == 0:
            if how == "tokenizer-fails":
                raise RuntimeError("injected: the tokenizer failed")
            return [10**9, -5]
        return encode(messages, limit)

    model.encoder.encode_within = broken


STEP_FAULTS = {
    "slow": slow,
    "dies": dies,
    "late": late,
    "stalls": stalls,
    "out-of-memory": out_of_memory,
    "garbled": garbled,
    "worker-dies": worker_dies,
    "worker-stops": worker_stops,
}
COMPUTING_FAULT = "computing-fails"
STOPPED = "engine-stopped"
ENCODER_FAULTS = ("tokenizer-fails", "wrong-token-ids")


def ask(model: Any, questions: list[list], fault: str | None, record: Path) -> None:
    """Answer the questions in batches, multiple choice first, and print what came back on a line of its own.

    An attempt to reach the network that `record` tells of ends the run before that.
    """
    answers: list[str] = []
    seconds: list[float] = []
    print(f"FAULT {fault}", file=sys.stderr, flush=True)
    for is_multiple_choice in (True, False):
        group = [prompt for prompt, flag in questions if flag is is_multiple_choice]
        size = model.get_batch_size()
        assert isinstance(size, int) and 1 <= size <= 16
        for start in range(0, len(group), size):
            batch = {"prompt": group[start : start + size]}
            started = time.monotonic()
            answers += model.batch_predict(batch, is_multiple_choice)
            seconds.append(time.monotonic() - started)
    report_attempts(record)
    print("ANSWERS " + json.dumps({"fault": fault, "answers": answers, "seconds": seconds}), flush=True)


def main() -> None:
    """Answer the questions and print what came back."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--questions", type=Path, required=True)
    parser.add_argument("--fault", choices=(*STEP_FAULTS, *ENCODER_FAULTS, COMPUTING_FAULT), help="what is wrong")
    parser.add_argument("--then-fault", choices=STEP_FAULTS, nargs="+", default=[], help="what goes wrong afterwards")
    parser.add_argument(
        "--then-stop", type=int, help="stop the engine's process afterwards, and ask so many times more"
    )
    parser.add_argument("--cards", type=int, help="take the t4x4 preset with this many groups of CPU threads for cards")
    parser.add_argument("--own-process", action="store_true", help="with --cards: the engine in a process of its own")
    parser.add_argument("--half-precision-sums", action="store_true", help="add up AWQ's products as SM 7.5 does")
    options = parser.parse_args()
    record = options.questions.resolve().with_suffix(".network")
    block_network(record)
    sys.path.insert(0, str(ROOT))
    from submission import profiles

    if options.fault or options.then_fault:
        # vLLM is broken from here, so it has to run here.
        profiles.PROFILES["cpu"] = replace(profiles.CPU, own_process=False)
    if options.cards:
        from tests.slow.answer_over_processes import on_cpu

        profiles.PROFILES["t4x4"] = replace(on_cpu(options.cards), own_process=options.own_process)
        os.environ["SHOPBENCH_PROFILE"] = "t4x4"
    if options.half_precision_sums:
        import tests.submission.half_precision_sums  # noqa: F401
    from models.user_config import UserModel

    model = UserModel()
    if options.fault in ENCODER_FAULTS:
        break_encoder(model, options.fault)
    elif options.fault == COMPUTING_FAULT:
        break_computing()
    elif options.fault:
        change_step(STEP_FAULTS[options.fault])
    assert model.batch_predict({"prompt": []}, True) == []
    questions = json.loads(options.questions.read_text(encoding="utf-8"))
    ask(model, questions, options.fault, record)
    for fault in options.then_fault:
        change_step(STEP_FAULTS[fault])
        ask(model, questions[-1:], fault, record)
    if options.then_stop:
        os.kill(model.engine._engine._process.pid, signal.SIGSTOP)
        for _ in range(options.then_stop):
            ask(model, questions[-1:], STOPPED, record)


if __name__ == "__main__":
    main()
