import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.data.synthetic.replies import RejectedError, read_reply
from training.data.synthetic.requests import Reply


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ('<think>A mug. {"sentence": "draft"}</think>{"sentence": "x"}', {"sentence": "x"}),
        ('A mug, then.\n</think>\n\n{"sentence": "x"}', {"sentence": "x"}),
        ('<think></think>```json\n{"sentence": "x"}\n```', {"sentence": "x"}),
        ('<thinking>\nhm\n</thinking>\n{"sentence": "x"}', {"sentence": "x"}),
        ('[THINK]hm[/THINK]{"sentence": "x"}', {"sentence": "x"}),
        ('```json\n{"sentence": "x"}\n```', {"sentence": "x"}),
        ('```\n{"sentence": "x"}\n```\nI hope that this helps.', {"sentence": "x"}),
        ('Here you are:\n~~~JSON\n{"sentence": "x"}\n~~~', {"sentence": "x"}),
        ('Here you are: {"sentence": "x"} Is that right?', {"sentence": "x"}),
        ('As {asked}:\n```json\n{"sentence": "x"}\n```\nIs {that} right?', {"sentence": "x"}),
        ('So:\n  ```json {"sentence": "x"}```', {"sentence": "x"}),
        ('```python\nprint(1)\n```\n```json\n{"sentence": "x"}\n```', {"sentence": "x"}),
        ('\ufeff{"sentence": "x"}', {"sentence": "x"}),
        ('{"sentence": "a </think> and ```"}', {"sentence": "a </think> and ```"}),
        ('{"sentence": "x"}\n{"sentence": "x"}', {"sentence": "x"}),
    ],
)
def test_the_object_is_read_behind_a_thought_in_a_fence_and_among_words(text: str, read: dict[str, str]) -> None:
    assert read_reply(Reply(text, 1)) == read


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (Reply('{"sentence": "x"}', 1, is_cut=True), "the reply was cut at its length"),
        (Reply('<think>Perhaps {"sentence": "draft"}', 1), "the reply ends inside a thought"),
        (Reply('{"attributes": [{"name": "color", "value": "red"}, {"na', 1), "the reply is not whole JSON"),
        (Reply('```json\n{"attributes": [{"name": "color"}', 1), "the reply is not whole JSON"),
        (Reply('[{"sentence": "x"}', 1), "the reply is not whole JSON"),
        (Reply('```json\n[{"sentence": "x"}]\n```', 1), "the reply is not a JSON object"),
        (Reply('{"sentence": "x"} or {"sentence": "y"}', 1), "the reply holds several JSON objects"),
        (Reply("", 1), "the reply is not whole JSON"),
        (Reply('```json\n{"sentence": "x"}\n```\n```json\n{"sentence": "y"}\n```', 1), "several JSON objects"),
        (Reply('```json\n{"sentence": "x"}\n```\n```json\n{"sentence": "', 1), "the reply is not whole JSON"),
        (Reply("<think>done</think>", 1), "the reply is not whole JSON"),
    ],
)
def test_what_holds_no_whole_object_is_rejected_with_its_reason(reply: Reply, reason: str) -> None:
    with pytest.raises(RejectedError, match=reason):
        read_reply(reply)


@given(st.dictionaries(st.text(), st.text() | st.lists(st.integers())), st.integers(0, 400))
def test_an_object_is_read_whole_or_not_at_all(value: dict[str, Any], end: int) -> None:
    written = json.dumps(value)
    assert read_reply(Reply(f"<think>So.</think>Well:\n```json\n{written}\n```\n", 1)) == value
    if end < len(written):
        with pytest.raises(RejectedError):
            read_reply(Reply(f"```json\n{written[:end]}", 1))
