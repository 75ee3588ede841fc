"""What every `python -m training.…` command does around its work: errors meant for a user end it with exit code 2."""

import sys
from collections.abc import Callable

from submission.errors import ShopBenchError


def run_command(main: Callable[[], None]) -> None:
    """Run `main`; print a `ShopBenchError` as one message and exit with code 2, without a traceback."""
    try:
        main()
    except ShopBenchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
