"""Lines of JSON: what is written is read again, whatever it holds."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.json_lines import from_line, to_line

values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(values)
def test_a_value_is_one_line_that_reads_as_it_was(value: object) -> None:
    line = to_line(value)
    assert line.endswith(b"\n") and line.count(b"\n") == 1
    assert from_line(line) == json.loads(line) == value


@pytest.mark.parametrize("value", [2**70, "\ud83d", {"half": ["a\udc00"]}, "a\u2028b\x85c", {"a": [1, 2.5, None, "é"]}])
def test_what_the_fast_library_refuses_is_written_all_the_same(value: object) -> None:
    assert json.loads(to_line(value)) == value
    if value != 2**70:
        assert from_line(to_line(value)) == value


@pytest.mark.parametrize(
    ("line", "value"), [('{"a": "\\ud83d"}', {"a": "\ud83d"}), (b"-Infinity", float("-inf")), (" 1\r\n", 1)]
)
def test_what_the_fast_library_refuses_is_read_all_the_same(line: bytes | str, value: object) -> None:
    assert from_line(line) == value


@pytest.mark.parametrize("line", [b"", b"{broken", b"[1,]", b'"\xff"', b"[" * 100_000 + b"]" * 100_000])
def test_what_is_no_json_is_a_value_error(line: bytes) -> None:
    with pytest.raises(ValueError):
        from_line(line)


def test_what_is_no_plain_data_is_a_type_error() -> None:
    with pytest.raises(TypeError):
        to_line({"a": object()})
