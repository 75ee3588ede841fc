"""Looking at the questions of a report, and at an answer to one's own."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation import ask, show
from evaluation.question_view import visible
from submission.errors import ShopBenchError
from tests.evaluation.report_fixtures import read_lines, write_lines, write_report
from tests.evaluation.rule_model import RuleModel

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    return write_report(tmp_path_factory.mktemp("report"))


@pytest.fixture
def shown(report, capsys):
    def run(*arguments):
        show.main([str(report), *arguments])
        return capsys.readouterr().out

    return run


def test_everything_known_of_a_question_is_shown(report, shown):
    rows = read_lines(report / "predictions.jsonl")
    row = next(row for row in rows if row["metric"] == "micro f1" and not row["cut"] and not row["fallback"])
    text = shown("--id", str(row["id"]))
    assert text.startswith(f"── question {row['id']} · line {row['line']} · {row['task_name']} · ")
    for line in row["question"].splitlines():
        assert f"    {line}" in text
    assert "READ AS\n    type: named_entity_recognition\n      evidence: named_entity_recognition " in text
    assert "    form: spans, phrases of at most 4 words, cited from " in text
    assert f"PROMPT SENT (7 tokens)\n    {row['prompt']}\n" in text
    assert f"RAW TEXT\n    {row['raw_text']}\nANSWER\n    {row['response']}\nTRUTH\n    {row['truth']}\n" in text
    assert f"{row['entity_counts']['fn']} missed)" in text
    assert "the model's" in text and "0.50 s after its batch began" in text
    assert ("! weak evidence: the reading is right with a probability of 60%" in text) is (row["confidence"] < 1)
    # The model of these tests says of all questions that they are prose.
    assert "! the data say that it is named_entity_recognition; it was read as generation" in text


@pytest.mark.parametrize(
    ("place", "said"), [(0, "CUT by the clock; the form's fallback; completed"), (3, "FALLBACK: the form answered")]
)
def test_what_was_done_to_an_answer_is_said(report, shown, place, said):
    rows = read_lines(report / "predictions.jsonl")
    row = next(row for row in rows if row["tokens"] == place and row["task_type"] == "multiple-choice")
    text = shown("--id", str(row["id"]))
    assert said in text and "chosen by calibration" in text
    assert "  0    -0.500   60.7 %" in text
    assert "the evaluator says of its batch that it is multiple choice" in text


def test_questions_are_chosen_by_task_type_and_score(report, shown):
    rows = read_lines(report / "predictions.jsonl")
    wrong = [row for row in rows if row["score"] is not None and row["score"] < 1]
    lines = shown("--wrong", "--brief").splitlines()[1:]
    assert len(lines) == len(wrong)
    scores = [float(line.split()[1]) for line in lines]
    assert scores == sorted(scores)
    rankings = [row for row in rows if row["task_type"] == "ranking"]
    text = shown("--type", "ranking")
    assert [line for line in text.splitlines() if line.startswith("── ")] == [
        line for row in rankings for line in shown("--id", str(row["id"])).splitlines() if line.startswith("── ")
    ]
    assert len(shown("--task", "query_relation", "--brief").splitlines()) == 4
    assert shown("--task", "query_relation", "--id", str(rankings[0]["id"])) == "No question is of that kind.\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--task", "query_relatoin"], "did you mean query_relation?"),
        (["--id", "73"], "holds no question 73: its ids are 1 to 72"),
    ],
)
def test_what_is_not_there_is_named(report, arguments, message):
    with pytest.raises(ShopBenchError) as caught:
        show.main([str(report), *arguments])
    assert message in str(caught.value)


def test_a_folder_without_a_report_is_named(tmp_path):
    with pytest.raises(ShopBenchError, match=r"holds no report\.json: name the folder that an evaluation wrote"):
        show.main([str(tmp_path)])
    (tmp_path / "baseline").mkdir()
    (tmp_path / "baseline" / "report.json").touch()
    with pytest.raises(ShopBenchError, match=r"there is no folder .*/base-line: did you mean baseline\?"):
        show.main([str(tmp_path / "base-line")])
    (tmp_path / "journal.jsonl").touch()
    with pytest.raises(ShopBenchError, match="holds an evaluation that is not finished: continue it with --resume"):
        show.main([str(tmp_path)])
    for content in ("{", "[]", "{}"):
        (tmp_path / "report.json").write_text(content)
        with pytest.raises(ShopBenchError, match=r"report\.json"):
            show.main([str(tmp_path)])


def test_a_damaged_row_is_named(report, tmp_path):
    (tmp_path / "report.json").write_bytes((report / "report.json").read_bytes())
    rows = read_lines(report / "predictions.jsonl")
    write_lines(tmp_path / "predictions.jsonl", [*rows[:2], {"other": 1}])
    with pytest.raises(ShopBenchError, match=r"predictions\.jsonl, line 3: not an answered question"):
        show.main([str(tmp_path)])


def test_questions_cannot_steer_the_terminal():
    assert visible("a\x1b[2Jb\r\x07\n\tc\x9b") == "a␛[2Jb␍␇\n\tc\ufffd"


def test_a_pipe_that_closes_is_no_fault(report):
    command = f"{sys.executable} -m evaluation.show {report} | head -1"
    finished = subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert finished.returncode == 0 and finished.stderr == ""
    assert finished.stdout.startswith("── question 1 ")


@pytest.mark.parametrize(
    ("question", "flag", "asked"),
    [
        ("Which?\n0. a\n1. b", None, True),
        ("Which?\n0. a\n1. b", False, False),
        ("Rank them.\n1. a\n2. b\n3. c\nOutput a permutation:", None, False),
        ("Explain this.", None, False),
        ("Which?", True, True),
    ],
)
def test_a_question_of_ones_own_is_asked_as_the_evaluator_would(question, flag, asked):
    model = RuleModel()
    row = ask.ask(model, question, flag)
    assert model.calls == [([question], asked)]
    assert row["response"] == model.answer(question, asked) and row["raw_text"] == row["response"] + "!"


def test_questions_are_read_from_the_command_line_or_a_pipe(monkeypatch, capsys):
    class UserModel(RuleModel):
        pass

    monkeypatch.setitem(sys.modules, "models.user_config", type("Module", (), {"UserModel": UserModel}))
    monkeypatch.setenv("SHOPBENCH_TIME_LIMIT", "off")
    ask.main(["Which?\\n0. a\\n1. b", "Explain this."])
    out = capsys.readouterr().out
    assert out.count("QUESTION\n") == 2 and "    0. a\n    1. b\n" in out
    monkeypatch.setattr(sys, "stdin", io.StringIO("Rank them.\n1. a\n2. b"))
    ask.main([])
    assert capsys.readouterr().out.count("QUESTION\n") == 1
    monkeypatch.setattr(sys, "stdin", io.StringIO(" \n"))
    # That nothing is asked is said before a model is loaded.
    monkeypatch.setattr(UserModel, "__init__", lambda self: pytest.fail("the model was loaded"))
    with pytest.raises(ShopBenchError, match="nothing is asked"):
        ask.main([])


def test_the_page_is_named_beside_the_output(report, capsys):
    show.main([str(report), "--id", "1"])
    assert capsys.readouterr().err == f"All questions, in a browser: {report / 'report.html'}\n"
