"""A command that was started ends with the one that started it, also where that one was killed."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from training.processes import ending_with_this

_STARTS_ONE = """
import subprocess, sys
from training.processes import ending_with_this
subprocess.run(ending_with_this([sys.executable, "-c", sys.argv[1]]))
"""
_WRITES_ON = "import os, sys, time; open({file!r}, 'w').write(str(os.getpid())); time.sleep(300)"


def _is_running(process: int) -> bool:
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems tie no process to another")
def test_killing_the_command_alone_ends_what_it_started(tmp_path: Path) -> None:
    file = tmp_path / "process"
    command = [sys.executable, "-c", _STARTS_ONE, _WRITES_ON.format(file=str(file))]
    started = subprocess.Popen(command, start_new_session=True)
    try:
        _until(lambda: file.is_file() and file.read_text() != "")
        other = int(file.read_text())
        assert _is_running(other) and other != started.pid
        # Only the command, and with a signal that it cannot see coming; its group is left alone.
        os.kill(started.pid, signal.SIGKILL)
        started.wait()
        _until(lambda: not _is_running(other))
    finally:
        # Nothing of it stays, however the test went.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(started.pid, signal.SIGKILL)


def test_what_is_started_gets_its_arguments_and_its_exit_code_comes_back() -> None:
    script = "import sys; print(sys.argv[1:]); sys.exit(7)"
    done = subprocess.run(ending_with_this([sys.executable, "-c", script, "a b", 3]), capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (7, "['a b', '3']\n")


def _until(reached, seconds: float = 60) -> None:
    ends = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < ends, "it did not come to that"
        time.sleep(0.05)
