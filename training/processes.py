"""Starts commands that end when the process that started them does, even where that one was killed.

The one thing to know: a process that is killed by SIGKILL cannot stop what it has started. A program that goes on alone
writes into the folder of the run that was started again. Linux ends it with a signal (`prctl(2)`, PR_SET_PDEATHSIG); on
other systems it stays. This file is also that program's first step, so it imports nothing of this project.
"""

import ctypes
import os
import signal
import sys
from collections.abc import Sequence
from typing import Any

_PR_SET_PDEATHSIG = 1


def ending_with_this(command: Sequence[Any]) -> list[str]:
    """Return `command` such that it is ended with SIGTERM when this process ends. Start it from the main thread."""
    # A step of its own and no `preexec_fn`: Python's own code between fork and exec can deadlock beside threads.
    return [sys.executable, "-I", "-S", __file__, str(os.getpid()), *map(str, command)]


def main() -> None:
    """Tie this process to the one named by its first argument, and become the command that follows."""
    parent, *command = sys.argv[1:]
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != int(parent):
        raise SystemExit("the command that started this one has ended")
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
