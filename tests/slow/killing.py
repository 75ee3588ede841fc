"""Running a command to its end or to a SIGKILL, and what it left: shared by the tests that kill commands."""

import hashlib
import os
import signal
import subprocess
import time
from pathlib import Path

from submission.model_folder import ROOT

KILLS = 10
# One thread each: the commands are small, and numbers come out the same.
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


def contents(folder: Path) -> dict[str, str]:
    """Return hashes of all files below `folder` by relative name."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def run(command: list[str], kill_after: float | None = None, *, with_children: bool = False) -> float:
    """Run a command to its end, or kill it (and all that it started) after some seconds; return the seconds it ran."""
    start = time.monotonic()
    process = subprocess.Popen(
        command,
        cwd=ROOT,
        env=ENVIRONMENT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=with_children,
    )
    try:
        _, said = process.communicate(timeout=kill_after)
        assert process.returncode == 0, said
    except subprocess.TimeoutExpired:
        if with_children:
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.send_signal(signal.SIGKILL)
        process.communicate()
    return time.monotonic() - start
