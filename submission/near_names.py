"""What an error says of a name that is not known: the nearest one that is, else all of them."""

import difflib
from collections.abc import Iterable

_MOST_LISTED = 40


def hint(name: object, known: Iterable[object], among: str = "there are") -> str:
    """Return "did you mean X?" where a known name is like `name`, whatever the case, else a list of the known ones.

    `among` begins the list, which is cut after 40 names.
    """
    names = list(dict.fromkeys(map(str, known)))
    by_lower = {other.lower(): other for other in reversed(names)}
    if close := difflib.get_close_matches(str(name).lower(), by_lower, n=1):
        return f"did you mean {by_lower[close[0]]}?"
    rest = len(names) - _MOST_LISTED
    return f"{among} {', '.join(names[:_MOST_LISTED])}" + (f" and {rest} more" if rest > 0 else "")
