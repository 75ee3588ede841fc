"""What an error says of a name that is not known."""

import pytest

from submission.near_names import hint


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("query_relations", "did you mean query_relation?"),
        ("QUERY_RELATION", "did you mean query_relation?"),
        ("ranking", "there are query_relation, T4x4"),
        ("t4x4", "did you mean T4x4?"),
        (7, "there are query_relation, T4x4"),
    ],
)
def test_the_nearest_is_named_else_all(name, said):
    assert hint(name, ["query_relation", "T4x4", "query_relation"]) == said


def test_a_long_list_is_cut():
    assert hint("x", map(str, range(100, 157)), "it has").endswith("138, 139 and 17 more")
