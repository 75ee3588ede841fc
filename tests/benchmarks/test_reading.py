"""The measurement of reading: what is left out is not fitted to, what is kept back is only read, mistakes have a cost."""

import json
from pathlib import Path

import pytest

from benchmarks.reading import leave_one_out, tally
from benchmarks.reading_sources import OWN_FILES, Wording, built_sources, sources_of
from submission.errors import ShopBenchError
from submission.task_rules import Reading
from submission.task_weights import WEIGHTS


def wording(text: str, reading: Reading | None) -> Wording:
    return Wording(text, reading is None, reading)


# Nobody would write this of free text: a source that says so misleads whatever is fitted to it.
ODD = [wording(f"Extract the brand from the title.\nTitle: lamp {n}", Reading.FREE) for n in range(50)]
EVEN = [wording(f"Extract the brand from the query.\nQuery: lamp {n}", Reading.ENTITIES) for n in range(5)]
LISTED = [wording("Rank them.\n1. a\n2. b\n3. c", Reading.RANKING), wording("Tell me a joke.", Reading.FREE)]


def test_a_source_is_read_with_weights_that_have_not_seen_it() -> None:
    lines = list(leave_one_out({"odd": ODD, "even": EVEN, "listed": LISTED}, {}))
    rows = {line.split(" | ")[0]: line for line in lines if line.startswith("| ")}
    assert "| 0/50 |" in rows["| odd"] and "free text as entities 50" in rows["| odd"]
    assert "written by hand" in "\n".join(lines).lower()
    assert any("The worst source is 'odd'" in line for line in lines)


def test_what_is_kept_back_is_a_line_of_its_own_and_is_not_fitted_to() -> None:
    with_it = list(leave_one_out({"even": EVEN, "listed": LISTED}, {"kept": ODD}))
    without = list(leave_one_out({"even": EVEN, "listed": LISTED}, {}))
    assert [line for line in with_it if line.startswith(("| even", "| **all**"))] == [
        line for line in without if line.startswith(("| even", "| **all**"))
    ]
    assert with_it[-1].startswith("| kept | 0/50 ")
    assert "no file" in without[-1]


def test_mistakes_cost_what_the_table_says() -> None:
    counted = tally(ODD + EVEN, WEIGHTS)
    assert counted.loss == pytest.approx(0.9 * 50)
    assert (counted.free_forced, counted.entities_found) == (50, 5)


def test_every_wording_of_the_project_has_a_reading() -> None:
    sources = sources_of([file for file in OWN_FILES if file.is_dir()]) | built_sources()
    assert sum(map(len, sources.values())) > 800
    assert {found.reading for wordings in sources.values() for found in wordings} == {None, *Reading}


@pytest.mark.parametrize(
    "line", ["{", '"text"', '{"text": "a"}', '{"task_type": "ranking"}', '{"text": 3, "task_type": "ranking"}']
)
def test_a_file_of_something_else_is_named_with_its_line(line: str, tmp_path: Path) -> None:
    file = tmp_path / "rows.jsonl"
    file.write_text(json.dumps({"text": "Rank.", "task_type": "ranking"}) + f"\n{line}\n", encoding="utf-8")
    with pytest.raises(ShopBenchError, match=r"rows\.jsonl, line 2"):
        sources_of([file])
    with pytest.raises(ShopBenchError, match="there is no"):
        sources_of([tmp_path / "nothing"])
