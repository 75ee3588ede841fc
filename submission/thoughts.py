"""Takes the thought of a model that thinks off its answer, however its family marks where the thought begins and ends."""

import re

_BEGINS = re.compile(
    r"<(?:seed:)?think(?:ing)?(?:\s[^<>]*)?>|<(?:thought|reasoning|reflection)(?:\s[^<>]*)?>"
    r"|<\|begin_of_thought\|>|\[THINK\]|◁think▷",
    re.IGNORECASE,
)
_ENDS = re.compile(
    r"</(?:seed:)?think(?:ing)?\s*>|</(?:thought|reasoning|reflection)\s*>"
    r"|<\|end_of_thought\|>|\[/THINK\]|◁/think▷",
    re.IGNORECASE,
)
_EMPTY = re.compile(r"<think(?:ing)?\s*/>", re.IGNORECASE)
_WHOLE = re.compile(f"(?:{_BEGINS.pattern})(?s:.*?)(?:{_ENDS.pattern})", re.IGNORECASE)


def without_thought(text: str) -> str | None:
    """Return what stands behind a thought, else before it, all of the text where there is none.

    None where there is only a thought that does not end. Where the chat template has begun the thought, only its end is in
    the text.
    """
    text = _EMPTY.sub("", text)
    answer = _ENDS.split(text)[-1]
    if not answer.strip():
        # Nothing is behind the last one. Before a thought that is there from its beginning there may be an answer.
        answer = _ENDS.split(_WHOLE.sub("", text))[-1]
    if begins := _BEGINS.search(answer):
        answer = answer[: begins.start()]
        return answer if answer.strip() else None
    return answer
