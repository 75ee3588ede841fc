"""What every `python -m training.…` command does around its work: errors meant for a user end it with exit code 2.

The one thing to know: all commands can be interrupted, and go on where they were when they are given again.
"""

import sys
from collections.abc import Callable

from submission.errors import ShopBenchError


def run_command(main: Callable[[], None]) -> None:
    """Run `main`; print a `ShopBenchError` as one message and exit with code 2 (130 on Ctrl-C), without a traceback."""
    try:
        main()
    except ShopBenchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("interrupted: the same command goes on where this one was", file=sys.stderr)
        raise SystemExit(130) from None
