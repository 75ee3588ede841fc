"""What every `python -m training.…` command does around its work: errors meant for a user end it with exit code 2.

The one thing to know: all commands can be interrupted, and go on where they were when they are given again.
"""

import errno
import sys
from collections.abc import Callable

from submission.errors import ShopBenchError
from submission.settings import Settings


def run_command(main: Callable[[], None]) -> None:
    """Run `main`; print a `ShopBenchError` as one message and exit with code 2 (130 on Ctrl-C), without a traceback.

    A variable of the environment that is wrong or unknown is such an error, before anything is done.
    """
    try:
        Settings.from_environment(strict=True)
        main()
    except ShopBenchError as error:
        print(f"error: {error}", file=sys.stderr)
        raise SystemExit(2) from None
    except Exception as error:
        if not _is_full_disk(error):
            raise
        print(f"error: no room on the disk ({error}): make some, and the same command goes on", file=sys.stderr)
        raise SystemExit(2) from None
    except KeyboardInterrupt:
        print("interrupted: the same command goes on where this one was", file=sys.stderr)
        raise SystemExit(130) from None


def _is_full_disk(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    # Libraries in other languages (safetensors, Arrow, SQLite) hand on only what they were told.
    said = ("No space left on device", "Disk quota exceeded", "File too large", "database or disk is full")
    return any(words in str(error) for words in said)
