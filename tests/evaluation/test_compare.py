"""Comparing reports: what is shared, what changed, what is said of it, and what is written."""

import json

import pytest

from evaluation import compare
from evaluation.comparison import compare as compare_reports
from evaluation.comparison import in_words
from evaluation.comparison_report import summarise
from evaluation.reports import read_report
from submission.errors import ShopBenchError
from tests.evaluation.report_fixtures import read_lines, write_lines, write_report

TRACK = "amazon-kdd-cup-24-understanding-shopping-concepts"


def row(number, task, score, **changes):
    return {
        "id": number,
        "question": f"question {number}",
        "task_name": task,
        "track": TRACK,
        "task_type": "multiple-choice",
        "metric": "accuracy",
        "response": str(score),
        "truth": "1",
        "score": score,
        "cut": False,
        "fallback": False,
        **changes,
    }


@pytest.fixture
def make(tmp_path):
    def make(name, rows, **content):
        folder = tmp_path / name
        folder.mkdir()
        content = {
            "tasks": {},
            "model": f"/models/{name}",
            "timing": {"predict_s": 2.0, "questions_per_s": 3.0},
        } | content
        (folder / "report.json").write_text(json.dumps(content))
        write_lines(folder / "predictions.jsonl", rows)
        return read_report(folder)

    return make


def rows_of(*scores, tasks=4):
    """As many questions a task as there are scores, each with its own."""
    return [
        row(1 + task * len(scores) + place, f"task{task}", score)
        for task in range(tasks)
        for place, score in enumerate(scores)
    ]


def test_a_clear_difference_is_said_in_words(make):
    comparison = compare_reports([make("a", rows_of(*[0.0, 1.0, 0.0] * 8)), make("b", rows_of(*[1.0, 1.0, 0.0] * 8))])
    (pair,) = comparison.pairs
    assert pair.found.overall.interval.score == pytest.approx(1 / 3)
    assert pair.found.overall.p == pytest.approx(0.001, abs=1e-4)
    assert in_words(pair).startswith("B is better than A by 0.333 [0.") and in_words(pair).endswith(
        "], p < 0.001; better in 4 of 4 tasks, worse in 0."
    )
    assert len(pair.changes) == 32 and all(change.gain == 1 for change in pair.changes)
    low, high = (getattr(pair.found.overall.interval, bound) for bound in ("low", "high"))
    back = compare_reports([pair.other.report, pair.first.report]).pairs[0]
    assert in_words(back).startswith("B is worse than A by 0.333 [0.")
    assert back.found.overall.interval.low == pytest.approx(-high, abs=0.02)
    assert back.found.overall.interval.high == pytest.approx(-low, abs=0.02)


def test_what_chance_could_have_done_is_not_called_better(make):
    comparison = compare_reports([make("a", rows_of(0.0, 1.0, 0.0)), make("b", rows_of(1.0, 0.0, 0.0))])
    assert in_words(comparison.pairs[0]).startswith(
        "B and A cannot be told apart: B scores 0.000 more, which chance alone"
    )
    same = compare_reports([make("c", rows_of(0.0, 1.0)), make("d", rows_of(0.0, 1.0))])
    assert in_words(same.pairs[0]) == "B and A score the same on every question."


def test_questions_that_not_all_hold_are_left_out_and_that_is_said(make):
    few = rows_of(1.0, 0.0, tasks=1)
    others = [row(1, "task0", 1.0, question="another"), row(2, "task0", 1.0, truth="2")]
    comparison = compare_reports([make("a", rows_of(0.0, 0.0)), make("b", [*few, *others])])
    assert len(comparison.sides[0].rows) == 2
    assert comparison.remarks[0] == (
        "The reports hold different questions (8 in A, 4 in B): the 2 that all share are compared."
    )
    with pytest.raises(ShopBenchError, match="share no question that has a score in all of them"):
        compare_reports([make("c", few), make("d", others)])


def test_questions_are_found_whatever_their_order_and_also_if_asked_twice(make):
    rows = [row(1, "a", 0.0), row(2, "b", 1.0), row(1, "a", 1.0)]
    comparison = compare_reports([make("a", rows), make("b", [rows[1], rows[0], {**rows[2], "score": 0.0}])])
    assert [(change.before["score"], change.after["score"]) for change in comparison.pairs[0].changes] == [(1.0, 0.0)]
    assert comparison.remarks == []


def test_what_has_no_score_in_one_is_left_out_of_all(make):
    rows = rows_of(1.0, 0.0)
    comparison = compare_reports([make("a", rows), make("b", [{**rows[0], "score": None}, *rows[1:]])])
    assert comparison.remarks == ["1 shared questions have no score in one of the reports and are left out."]
    assert len(comparison.sides[1].rows) == 7


def test_what_differs_beside_the_model_is_said(make):
    content = {"seed": 1, "clean": True, "versions": {"a": "1", "b": "2"}, "limits": None, "warnings": ["ONLY 1 OF 9"]}
    other = {"seed": 2, "clean": False, "versions": {"a": "1", "b": "3"}, "limits": {"total_s": 5}}
    rows = rows_of(1.0, 0.0)
    remarks = compare_reports([make("a", rows, **content), make("b", rows, **other)]).remarks
    assert remarks[1] == "Not only the model differs, also the seed (A: 1; B: 2)."
    assert remarks[3] == "Not only the model differs, also the versions (A: b 2; B: b 3)."
    assert [line.split("(")[0] for line in remarks] == [
        "A: ONLY 1 OF 9",
        "Not only the model differs, also the seed ",
        "Not only the model differs, also the time limits ",
        "Not only the model differs, also the versions ",
        "B was made by code with changes that are not in its commit.",
    ]


def test_entities_are_counted_and_older_reports_still_read(make):
    def entities(tp):
        return {
            "metric": "micro f1",
            "task_type": "named_entity_recognition",
            "entity_counts": {"tp": tp, "fp": 1, "fn": 1},
        }

    new = [row(number, "ner", 0.5, **entities(1)) for number in range(20)]
    old = [{**one, "score": {"tp": 2, "fp": 0, "fn": 0}, "entity_counts": None, "truth": ["1"]} for one in new]
    comparison = compare_reports([make("a", [{**one, "truth": '["1"]'} for one in new]), make("b", old)])
    assert comparison.pairs[0].found.overall.interval.score == pytest.approx(0.5)
    assert "| ner " in summarise(comparison, 3)


def test_three_reports_are_compared_with_the_first(make):
    reports = [make(name, rows_of(*[score, 0.0] * 5)) for name, score in (("a", 0.0), ("b", 1.0), ("c", 0.5))]
    comparison = compare_reports(reports)
    assert [in_words(pair)[:27] for pair in comparison.pairs] == [
        "B is better than A by 0.500",
        "C is better than A by 0.250",
    ]
    assert "| B − A " in summarise(comparison, 3) and "| C − A " in summarise(comparison, 3)
    with pytest.raises(ShopBenchError, match="needs two reports or more"):
        compare_reports(reports[:1])


def test_the_command_writes_tables_data_and_a_picture(tmp_path, capsys):
    first = write_report(tmp_path / "first")
    second = write_report(tmp_path / "second")
    rows = read_lines(second / "predictions.jsonl")
    changed = [
        {**one, "score": 1.0, "response": "right"} if one["task_name"] == "same_product" else one for one in rows
    ]
    write_lines(second / "predictions.jsonl", changed)
    compare.main([str(first), str(second / "report.json"), "--output", str(tmp_path / "out"), "--changes", "2"])
    out = capsys.readouterr().out
    text = (tmp_path / "out" / "comparison.md").read_text(encoding="utf-8")
    assert text.startswith("# Comparison\n\n")
    assert text.splitlines()[2:-2] == out[out.index("|   | report") :].partition("\n\nComparison: ")[0].splitlines()
    assert "better in 1 of 21 tasks, worse in 0." in text and "2 questions gained, 0 lost" in text
    found = json.loads((tmp_path / "out" / "comparison.json").read_text())
    (difference,) = found["differences"]
    assert difference["in_words"] in out
    assert difference["tasks"]["same_product"]["difference"] == pytest.approx(2 / 3)
    assert set(difference["task_types"]) >= {"ranking", "multiple-choice"} and len(difference["tracks"]) == 4
    assert [one["response_in_other"] for one in difference["changed"]] == ["right"] * 2
    assert (tmp_path / "out" / "comparison.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        *("comparison.html", "comparison.json", "comparison.md", "comparison.png")
    ]
