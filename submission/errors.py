"""The one exception whose message is meant for a user: it names the thing that is wrong and says what to do."""


class ShopBenchError(Exception):
    """Something a user can mend. Entry scripts print its message and exit with code 2, without a traceback."""
