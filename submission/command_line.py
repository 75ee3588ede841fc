"""What the commands of this package do around their work: errors meant for a user, pipes that close, Ctrl-C.

The one thing to know: a command whose reader has read enough (`| head`) does its work to the end, and has its own exit
code. What is still printed goes nowhere. A command that does nothing but print ends there.
"""

import io
import os
import sys
from collections.abc import Callable
from typing import Any

from submission.errors import ShopBenchError


def run_command(main: Callable[[], int | None], interrupted: str = "Interrupted", *, only_prints: bool = False) -> None:
    """Run `main` and exit with the code that it returns (None: 0).

    A `ShopBenchError` is one message and exit code 2. Ctrl-C says `interrupted` and is exit code 130. A command that
    `only_prints` ends with exit code 0 when nobody reads any more.
    """
    if not only_prints:
        _let_readers_leave()
    try:
        code = main()
        sys.stdout.flush()
    except ShopBenchError as error:
        code = complain(str(error))
    except BrokenPipeError:
        # Python would complain when it flushes at its end.
        _drop(sys.stdout.fileno())
        code = 0
    except KeyboardInterrupt:
        print(f"\n{interrupted}", file=sys.stderr)
        code = 130
    if code:
        raise SystemExit(code)


def complain(message: str) -> int:
    """Say what is wrong as all commands do, below what was printed before; return their exit code for it."""
    try:
        sys.stdout.flush()
    except BrokenPipeError:
        _drop(sys.stdout.fileno())
    print(f"Error: {message}", file=sys.stderr)
    return 2


class _UntilTheReaderLeaves(io.FileIO):
    """A pipe to write into; when its reader is gone it becomes one that nobody reads."""

    def write(self, data: Any, /) -> int:
        try:
            return super().write(data)
        except BrokenPipeError:
            _drop(self.fileno())
            return len(data)


def _let_readers_leave() -> None:
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        # What a test or a notebook has put in its place is no pipe.
        if isinstance(stream, io.TextIOWrapper) and stream is getattr(sys, f"__{name}__"):
            stream.flush()
            into = io.BufferedWriter(_UntilTheReaderLeaves(stream.fileno(), "w", closefd=False))
            encoded = io.TextIOWrapper(into, stream.encoding, stream.errors, line_buffering=stream.line_buffering)
            setattr(sys, name, encoded)


def _drop(stream: int) -> None:
    """Let what is written into `stream` go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream)
    os.close(nowhere)
