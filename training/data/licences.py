"""Which licences of public sets let anybody use, change and pass on what is made of them, in trade too.

The one thing to know: a licence that a recipe does not know is "check", and counts as none until somebody has read the terms.
"""

import re

CHECK = "check"
"""What a recipe says of a set with terms of its own."""

# As SPDX writes them, without versions: attribution and notices may be asked for, a field of use or a licence for what is
# made may not.
_PERMISSIVE = re.compile(
    r"mit(?:-0)?|apache(?:-license)?|bsd|0bsd|isc|zlib|unlicense|cc0|cc-zero|cc-by|pddl|odc-by|public-domain|cdla-permissive"
)
_VERSION = re.compile(r"(?:-(?:v|version)?-?\d+(?:\.\d+)*(?:-clause|-universal|-international)?)+$")


def is_permissive(licence: str) -> bool:
    """Whether a licence, in SPDX's spelling or in words ("CC BY 4.0"), asks for no more than its mention."""
    name = re.sub(r"[\s_-]+", "-", licence.strip().lower())
    return _PERMISSIVE.fullmatch(_VERSION.sub("", name)) is not None
