"""What every `python -m training.…` command does around its work, beside what all commands do.

The one thing to know: all commands can be interrupted, and go on where they were when they are given again.
"""

import errno
from collections.abc import Callable

from submission import command_line
from submission.errors import ShopBenchError
from submission.settings import Settings


def run_command(main: Callable[[], None]) -> None:
    """Run `main` as `submission.command_line` does; a variable of the environment that is wrong is an error before it.

    A disk that is full is an error meant for a user too.
    """

    def checked() -> None:
        Settings.from_environment(strict=True)
        try:
            main()
        except Exception as error:
            if not _is_full_disk(error):
                raise
            raise ShopBenchError(f"no room on the disk ({error}): make some, and the same command goes on") from error

    command_line.run_command(checked, "Interrupted: the same command goes on where this one was")


def _is_full_disk(error: Exception) -> bool:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return True
    # Libraries in other languages (safetensors, Arrow, SQLite) hand on only what they were told.
    said = ("No space left on device", "Disk quota exceeded", "File too large", "database or disk is full")
    return any(words in str(error) for words in said)
