"""What the commands of this package do around their work: errors meant for a user, pipes that close, Ctrl-C."""

import os
import sys
from collections.abc import Callable

from submission.errors import ShopBenchError


def run_command(main: Callable[[], None]) -> None:
    """Run `main`; a `ShopBenchError` is one message and exit code 2, Ctrl-C exit code 130."""
    try:
        main()
        sys.stdout.flush()
    except ShopBenchError as error:
        print(f"Error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except BrokenPipeError:
        # The reader has read enough (`| head`). Python would complain once more when it flushes at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise SystemExit(0) from None
    except KeyboardInterrupt:
        print("\nInterrupted", file=sys.stderr)
        raise SystemExit(130) from None
