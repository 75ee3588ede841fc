"""What becomes of half a surrogate pair, which JSON can smuggle into a text and no file and no tokenizer takes."""

import re

_HALF = re.compile("[\ud800-\udfff]")
REPLACEMENT = "\ufffd"


def holds_half_surrogates(text: str) -> bool:
    """Whether `text` holds half a surrogate pair, for callers that refuse such a text."""
    return _HALF.search(text) is not None


def replace_half_surrogates(text: str, replacement: str = REPLACEMENT) -> str:
    """Return `text` with halves that follow each other joined, and with `replacement` for each that stands alone."""
    if not holds_half_surrogates(text):
        return text
    joined = text.encode("utf-16", "surrogatepass").decode("utf-16", "surrogatepass")
    return _HALF.sub(replacement, joined)
