"""All reports of a folder in one table, and reports in the layout of lm-evaluation-harness."""

import json
from pathlib import Path

import pytest

from evaluation import history
from evaluation.lm_eval_layout import check_target, write_lm_eval
from evaluation.reports import read_report
from submission.errors import ShopBenchError
from tests.evaluation.report_fixtures import TellingModel, read_lines, write_report


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    write_report(folder / "one")
    write_report(folder / "two", lambda: TellingModel(cut=(), fallbacks=()), with_limits=True)
    content = json.loads((folder / "one" / "report.json").read_text())
    content |= {"date": "2099-01-01T10:00:00+0000", "overall_score": 0.9, "partial": True, "questions_in_data": 99}
    (folder / "one" / "report.json").write_text(json.dumps(content))
    (folder / "latest").symlink_to("two")
    return folder


def lines(folder, capsys, *arguments):
    history.main([str(folder), *arguments])
    return [line for line in capsys.readouterr().out.splitlines() if line.startswith("| 20")]


def test_an_adapter_is_named_beside_its_model(reports, capsys):
    content = json.loads((reports / "one" / "report.json").read_text())
    before = (reports / "one" / "report.json").read_text()
    content |= {"model": "/weights/base", "adapter": {"folder": "runs/adapters/mixture"}}
    (reports / "one" / "report.json").write_text(json.dumps(content))
    assert "| base + mixture " in lines(reports, capsys)[1]
    (reports / "one" / "report.json").write_text(before)


def test_every_report_is_a_line_the_oldest_first(reports, capsys):
    first, second = lines(reports, capsys)
    assert "| two " in first and "| 72 sample_questions.jsonl " in first and "| 72 / 0 / 0 " in first
    assert "| 2099-01-01 10:00 | one " in second and "| 72 of 99 sample_questions.jsonl " in second
    assert [line for line in lines(reports, capsys, "--by-score")] == [second, first]


def test_what_cannot_be_read_is_said(reports, tmp_path, capsys):
    with pytest.raises(ShopBenchError, match="there are no reports in"):
        history.main([str(tmp_path)])
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "report.json").write_text("{")
    with pytest.raises(ShopBenchError, match=r"there are no reports in .*broken"):
        history.main([str(tmp_path)])
    (tmp_path / "good").symlink_to(reports / "one")
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "report.json").write_bytes((reports / "one" / "report.json").read_bytes())
    history.main([str(tmp_path)])
    assert "Warning: left out: " in capsys.readouterr().out


def test_results_and_samples_are_laid_out_as_lm_evaluation_harness_does(reports, tmp_path):
    report = read_report(reports / "two")
    file = write_lm_eval(report, tmp_path / "out")
    assert file.parent.parent == tmp_path / "out" and file.name.startswith("results_20")
    found = json.loads(file.read_text())
    assert found["results"]["shopbench"]["score,none"] == report.content["overall_score"]
    ranking = found["results"]["product_ranking"]
    low, high = report.content["tasks"]["product_ranking"]["interval"]
    assert ranking["ndcg,none"] == report.content["tasks"]["product_ranking"]["score"]
    assert ranking["ndcg_stderr,none"] == pytest.approx((high - low) / 3.92)
    assert found["results"]["query_relation"]["acc,none"] == report.content["tasks"]["query_relation"]["score"]
    # Each key of a result is a metric and a filter; the groups hold all tasks, each once.
    for result in found["results"].values():
        assert all(key.count(",") == 1 for key in result if key not in ("alias", "sample_len"))
    members = [task for track in found["group_subtasks"]["shopbench"] for task in found["group_subtasks"][track]]
    assert sorted(members) == sorted(found["configs"]) == sorted(report.content["tasks"])
    for part in ("versions", "n-shot", "higher_is_better", "n-samples"):
        assert found[part].keys() == report.content["tasks"].keys()
    assert found["config"]["random_seed"] == 773815 and found["config"]["model_args"]["pretrained"]
    (samples,) = file.parent.glob("samples_product_ranking_*.jsonl")
    rows = [row for row in report.rows if row["task_name"] == "product_ranking"]
    for sample, row in zip(read_lines(samples), rows, strict=True):
        assert (sample["doc_id"], sample["ndcg"]) == (row["id"], row["score"])
        assert sample["arguments"]["gen_args_0"]["arg_0"] == row["prompt"]
        assert sample["resps"] == [[row["raw_text"]]] and sample["filtered_resps"] == [row["response"]]
    assert len(list(file.parent.glob("samples_*.jsonl"))) == 23


def test_a_file_is_written_where_one_is_named_and_none_is_replaced(reports, tmp_path):
    target = tmp_path / "new" / "results.json"
    check_target(target)
    assert write_lm_eval(read_report(reports / "two"), target) == target
    with pytest.raises(ShopBenchError, match=r"results\.json is there already"):
        check_target(target)
    with pytest.raises(ShopBenchError, match="cannot write"):
        check_target(target / "below")
    # A folder that is there, and in which nobody can make a file.
    with pytest.raises(ShopBenchError, match="cannot write /proc"):
        check_target(Path("/proc/results.json"))


def test_where_there_is_no_report_one_is_told_how_to_get_it(tmp_path):
    with pytest.raises(
        ShopBenchError, match=r"there are no reports in .*: `python local_evaluation\.py` answers questions"
    ):
        history.main([str(tmp_path)])
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ShopBenchError, match=r"notes\.txt is a file and no report"):
        read_report(tmp_path / "notes.txt")
