"""The one exception whose message is meant for a user, naming what is wrong and what to do, and errors as log lines."""


class ShopBenchError(Exception):
    """Something a user can fix. Entry scripts print its message and exit with code 2, without a traceback."""


def one_line(error: BaseException) -> str:
    """Return what went wrong as one line of a log: a library's message may have many, and thousands of characters."""
    return " ".join(f"{type(error).__name__}: {error}".split())[:300]
