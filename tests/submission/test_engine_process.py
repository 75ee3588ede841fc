"""The engine in its process: what it hands over, and what happens when one of the two processes ends or hangs.

Most of it is about processes and pipes, and a pretended engine is loaded for it; the real one is at the end, and in
tests/slow/test_engine_process.py.
"""

import gc
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from submission import engine_guard, engine_process
from submission.answer_formats import Choice, FreeText, Permutation
from submission.chat_encoder import ChatEncoder
from submission.deadline import Deadline
from submission.engine import Engine, Generation, Request
from submission.engine_guard import GuardedEngine
from submission.engine_process import EngineFailedError, EngineProcess
from submission.errors import ShopBenchError
from submission.profiles import CPU
from tests.submission.decoding_fixtures import tokenizer_folder
from tests.submission.pretend_engine import DIES, FAILS, HANGS, START
from tools.tiny_qwen2 import build_tiny_qwen2

ROOT = Path(__file__).resolve().parents[2]
HOUR = 3600.0


def asking(*first: int) -> list[Request]:
    return [Request([number], Choice((0, 1)), 1) for number in first]


def texts(generations: list[Generation]) -> list[str]:
    return [generation.text for generation in generations]


def is_there(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False


def ends(pid: int) -> bool:
    patience = time.monotonic() + 20
    while is_there(pid) and time.monotonic() < patience:
        time.sleep(0.02)
    return not is_there(pid)


@pytest.fixture
def pretended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_process, "_START", START)


@pytest.fixture
def engine(pretended: None, tmp_path: Path) -> EngineProcess:
    return EngineProcess(tmp_path, CPU, 0)


def generate(engine: EngineProcess, *first: int, seconds: float = HOUR) -> list[Generation]:
    generations = [Generation() for _ in first]
    engine.generate(asking(*first), generations, Deadline(seconds))
    return generations


def test_what_was_generated_is_handed_over(engine: EngineProcess) -> None:
    found = generate(engine, 5, 6)
    assert found == [Generation(str(n), 1, True, True, {str(n): -0.5}) for n in (5, 6)]
    assert generate(engine) == [] and engine.count_not_finite([[1], [2]]) == 2
    assert texts(generate(engine, 7, seconds=float("inf"))) == ["7"]


def test_what_it_logs_is_logged_here_and_no_more_than_is_wanted(
    engine: EngineProcess, caplog: pytest.LogCaptureFixture
) -> None:
    (late,) = generate(engine, 5, seconds=0)
    assert late == Generation(cut=True)
    assert [(record.name, record.getMessage()) for record in caplog.records] == [
        ("submission.engine", "out of time: 5")
    ]


def test_a_failure_is_raised_on_one_line_and_what_was_there_before_is_kept(engine: EngineProcess) -> None:
    generations = [Generation() for _ in range(3)]
    with pytest.raises(EngineFailedError, match=r"^RuntimeError: no kernel image is available$"):
        engine.generate(asking(1, FAILS, 2), generations, Deadline(HOUR))
    assert texts(generations) == ["1", "", ""]
    assert texts(generate(engine, 3)) == ["3"]


def test_what_cannot_be_loaded_is_named_and_leaves_no_process(pretended: None, tmp_path: Path) -> None:
    with pytest.raises(ShopBenchError, match=rf"^there is no {tmp_path / 'nothing'}$"):
        EngineProcess(tmp_path / "nothing", CPU, 0)
    (tmp_path / "crashes").touch()
    with pytest.raises(
        ShopBenchError, match=rf"^{tmp_path} could not be loaded: the engine's process ended by SIGABRT$"
    ):
        EngineProcess(tmp_path, CPU, 0)


@pytest.mark.parametrize("first", [DIES, HANGS])
def test_a_process_that_is_lost_or_hangs_costs_one_batch_at_most(
    pretended: None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    first: int,
) -> None:
    monkeypatch.setattr(engine_guard, "_PATIENCE_S", 0.3)
    made: list[EngineProcess] = []

    def load() -> EngineProcess:
        made.append(EngineProcess(tmp_path, CPU, 0))
        return made[-1]

    guard = GuardedEngine(load, lambda: HOUR)
    assert texts(guard.generate(asking(1, 2), Deadline(60)))[0] == "1"
    if first == HANGS:
        assert texts(guard.generate(asking(1, HANGS, 2), Deadline(1))) == ["1", "", ""]
        assert "did not return in time" in caplog.text
    else:
        # It is the new engine that is asked the rest, and lost at it: there is one restart a run.
        assert texts(guard.generate(asking(1, DIES), Deadline(60))) == ["1", ""]
        return
    assert texts(guard.generate(asking(3, 4), Deadline(60))) == ["3", "4"]
    assert texts(guard.generate(asking(5), Deadline(60))) == ["5"]
    assert "a step of the engine does not return: the engine is ended" in caplog.text
    assert "the engine was restarted" in caplog.text and len(made) == 2
    assert ends(made[0]._process.pid)
    # The next one that hangs is left behind: it may not be loaded again.
    assert texts(guard.generate(asking(HANGS), Deadline(1))) == [""]
    assert texts(guard.generate(asking(6), Deadline(1))) == [""] and is_there(made[1]._process.pid)
    made[1].close()


def test_a_step_that_is_merely_late_is_waited_for(
    engine: EngineProcess, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(engine_guard, "_PATIENCE_S", 30.0)
    guard = GuardedEngine(lambda: engine, lambda: HOUR)
    os.kill(engine._process.pid, signal.SIGSTOP)
    assert texts(guard.generate(asking(1), Deadline(0.5))) == [""]
    os.kill(engine._process.pid, signal.SIGCONT)
    assert texts(guard.generate(asking(2), Deadline(60))) == ["2"]
    assert "the engine is back" in caplog.text and "is ended" not in caplog.text


def test_a_guard_that_is_let_go_ends_its_engine(pretended: None, tmp_path: Path) -> None:
    guard = GuardedEngine(lambda: EngineProcess(tmp_path, CPU, 0), lambda: HOUR)
    guard.generate(asking(1), Deadline(60))
    pid = guard._engine._process.pid  # type: ignore[union-attr]
    assert is_there(pid)
    del guard
    gc.collect()
    assert ends(pid)


PROGRAM = f"""
import signal, sys, time
from pathlib import Path
from submission import engine_process
from submission.engine_guard import GuardedEngine
from submission.profiles import CPU
from tests.submission.pretend_engine import SLOW_TO_LOAD, START

# A shell's background job, and what it starts, ignores SIGINT unless told otherwise.
signal.signal(signal.SIGINT, signal.default_int_handler)
engine_process._START = START
folder = Path(sys.argv[1])
guard = GuardedEngine(lambda: engine_process.EngineProcess(folder, CPU, 0), lambda: {HOUR})
print(guard._engine._process.pid, flush=True)
if sys.argv[2] == "loading":
    (folder / SLOW_TO_LOAD).touch()
    guard._restart({HOUR})
    time.sleep(float(sys.argv[3]))
    sys.exit(5)
time.sleep(600)
"""
# Not behind "if __name__ ...": an evaluator's program need not be, either.


@pytest.mark.parametrize("after_s", ["0", "1"])
def test_a_program_that_ends_while_an_engine_is_loading_ends_as_it_wants(tmp_path: Path, after_s: str) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), "loading", after_s]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (5, "")


@pytest.mark.parametrize("sent", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_the_engine_ends_with_a_program_that_is_ended(tmp_path: Path, sent: signal.Signals) -> None:
    command = [sys.executable, "-c", PROGRAM, str(tmp_path), "waiting"]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as program:
        assert program.stdout is not None
        pid = int(program.stdout.readline())
        assert is_there(pid)
        program.send_signal(sent)
    assert ends(pid)


def test_the_real_engine_answers_there_as_here(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    folder = build_tiny_qwen2(tmp_path / "qwen2", tokenizer_folder("Qwen2"))
    encode = ChatEncoder(folder).encode
    forms = [Choice((0, 1, 2)), Permutation((1, 2, 3, 4, 5)), FreeText(12)]
    requests = [
        Request(encode([{"role": "user", "content": f"Question {i}?"}]), form, form.max_tokens, 3 * (i == 0))
        for i, form in enumerate(forms)
    ]
    # One that vLLM refuses costs the others nothing.
    requests.insert(1, replace(requests[0], prompt_token_ids=[0] * 5000))
    found = []
    for kind in (EngineProcess, Engine):
        loaded = kind(folder, CPU, 0)
        generations = [Generation() for _ in requests]
        loaded.generate(requests, generations, Deadline(HOUR))
        loaded.close()
        found.append([replace(generation, seconds=0.0) for generation in generations])
        assert caplog.text.count("vLLM refuses a question, its form's fallback answers it") == len(found)
    there, here = found
    assert texts(here) == texts(there) and [one.done for one in there] == [True, False, True, True]
    assert here[0].logprobs == pytest.approx(there[0].logprobs, abs=1e-4) and here[0].logprobs
