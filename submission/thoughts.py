"""Takes the thought of a model that thinks off its answer, however its family marks where the thought begins and ends."""

import re

_TAG = r"(?:<{0}(?:seed:)?think(?:ing)?>|<{0}(?:thought|reasoning)>|\[{0}THINK\]|◁{0}think▷)"
_BEGINS = re.compile(r"\s*" + _TAG.format(""), re.IGNORECASE)
_ENDS = re.compile(_TAG.format("/"), re.IGNORECASE)


def without_thought(text: str) -> str | None:
    """Return what stands behind a thought, all of the text where there is none, None where the thought does not end.

    Where the chat template has begun the thought, only its end is in the text.
    """
    answer = _ENDS.split(text)[-1]
    return None if _BEGINS.match(answer) else answer
