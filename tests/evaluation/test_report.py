import json
from pathlib import Path

import pytest

from evaluation.dataset import Sample, read_samples
from evaluation.evaluator import Settings, evaluate
from evaluation.scoring import score_responses, unscorable_tasks
from submission.errors import ShopBenchError
from submission.task_types import TaskType
from submission.tracks import track_by_number
from tests.evaluation.rule_model import RuleModel

SAMPLE_DATA = Path(__file__).resolve().parents[2] / "data" / "sample_questions.jsonl"


def choice(task, track, truth=1):
    return Sample("?", truth, task, TaskType.MULTIPLE_CHOICE, "accuracy", track and track_by_number(track), 1)


def test_a_tracks_score_is_the_mean_over_its_tasks_and_the_overall_score_the_mean_over_tracks():
    samples = [choice("a", 1), choice("a", 1), choice("b", 1), choice("c", 3)]
    scores = score_responses(samples, ["1", "0", "1", "0"])
    assert {task.name: task.score for task in scores.tasks} == {"a": 0.5, "b": 1.0, "c": 0.0}
    assert scores.by_track == {track_by_number(1): 0.75, track_by_number(3): 0.0}
    assert scores.overall == 0.375
    assert scores.mean_over_tasks == 0.5


def test_without_tracks_the_overall_score_is_the_mean_over_tasks():
    scores = score_responses([choice("a", None), choice("a", None), choice("b", None)], ["1", "0", "1"])
    assert scores.overall == scores.mean_over_tasks == 0.75


def test_micro_f1_sums_over_the_task():
    samples = [
        Sample("?", truth, "ner", TaskType.NAMED_ENTITY_RECOGNITION, "micro f1", None, 1)
        for truth in (["a"], ["b", "c"])
    ]
    assert score_responses(samples, ["a, x", "b"]).tasks[0].score == pytest.approx(2 / 3)


def test_a_task_may_mix_metrics_that_are_means():
    samples = [
        Sample("?", "rotes kleid mit hut", "titles", TaskType.GENERATION, "bleu", None, 1),
        Sample("?", "シリコン製 スマホケース", "titles", TaskType.GENERATION, "jp-bleu", None, 2),
    ]
    (task,) = score_responses(samples, ["rotes kleid mit hut", "x"]).tasks
    assert task.metrics == ("bleu", "jp-bleu")
    assert task.score == pytest.approx(0.5)


def test_what_the_parsers_cannot_read_is_counted():
    samples = [choice("a", 1), choice("a", 1), Sample("?", "x", "t", TaskType.GENERATION, "rougel", None, 1)]
    assert score_responses(samples, ["none", "2", " "]).unparsable == 2


def test_a_task_without_its_encoder_is_left_out_of_the_means(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOPBENCH_MINILM", str(tmp_path))
    prose = Sample("?", "x", "prose", TaskType.GENERATION, "sent-transformer", track_by_number(2), 1)
    # The rest of a mixed task is left out too: a mean over some of its questions would be another task's.
    rest = Sample("?", "x", "prose", TaskType.GENERATION, "rougel", track_by_number(2), 2)
    samples = [prose, rest, choice("a", 1)]
    assert list(unscorable_tasks(samples)) == ["prose"]
    scores = score_responses(samples, ["x", "x", "1"])
    assert [task.score for task in scores.tasks] == [None, 1.0]
    assert "all-MiniLM-L6-v2" in scores.tasks[0].skipped_because
    assert scores.overall == scores.mean_over_tasks == 1.0
    assert scores.samples[1].score is None


def test_with_nothing_to_score_the_means_are_none(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOPBENCH_MINILM", str(tmp_path))
    scores = score_responses([Sample("?", "x", "t", TaskType.GENERATION, "sent-transformer", None, 1)], ["x"])
    assert scores.overall is None and scores.mean_over_tasks is None


@pytest.fixture(scope="module")
def report(tmp_path_factory):
    folder = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SHOPBENCH_MULTILINGUAL_MINILM", str(folder))
        patch.setenv("SHOPBENCH_MINILM", str(folder))
        evaluate(Settings(SAMPLE_DATA, folder), RuleModel)
    return folder


def test_the_folder_holds_the_report_and_nothing_else(report):
    assert sorted(path.name for path in report.iterdir()) == [
        *("predictions.jsonl", "report.json", "report.md", "report.png")
    ]


def test_report_json(report):
    content = json.loads((report / "report.json").read_text())
    assert set(content) == {
        *("overall_score", "mean_over_tasks", "tracks", "tasks", "skipped_tasks", "timing", "unparsable"),
        *("data", "model", "profile", "versions"),
    }
    assert set(content["timing"]) == {"load_s", "predict_s", "questions_per_s", "batches", "slowest_batch_s"}
    assert content["timing"]["batches"] == 19
    assert content["timing"]["predict_s"] >= content["timing"]["slowest_batch_s"] > 0
    assert set(content["skipped_tasks"]) == {"category_description", "category_description_multilingual"}
    assert len(content["tasks"]) == 21
    assert content["tasks"]["title_translation"]["metric"] == "bleu"
    for task in content["tasks"].values():
        assert {"task_type", "metric", "num_samples", "score"} <= set(task)
        assert 0 <= task["score"] <= 1
    of_track = [task["score"] for task in content["tasks"].values() if task["track"] == track_by_number(2).challenge_id]
    track = content["tracks"][track_by_number(2).challenge_id]
    assert track["score"] == pytest.approx(sum(of_track) / len(of_track))
    tracks = [track["score"] for track in content["tracks"].values()]
    assert len(tracks) == 4
    assert content["overall_score"] == pytest.approx(sum(tracks) / 4)
    assert content["unparsable"] == 0
    assert {"python", "sacrebleu", "rouge-score"} <= set(content["versions"])


def test_predictions_are_in_the_order_of_the_data(report):
    rows = [json.loads(line) for line in (report / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    samples = read_samples(SAMPLE_DATA)
    assert [row["question"] for row in rows] == [sample.question for sample in samples]
    assert [row["truth"] for row in rows] == [sample.truth for sample in samples]
    model = RuleModel()
    for row, sample in zip(rows, samples, strict=True):
        assert row["response"] == model.answer(sample.question, sample.task_type == "multiple-choice")
        assert row["raw_text"] == row["response"] + "!"
        assert (row["form"], row["task_type_found"]) == ("rule", "generation")
        assert (row["score"] is None) == (sample.task_name.startswith("category_description"))
    entities = next(row for row in rows if row["metric"] == "micro f1")
    assert set(entities["score"]) == {"tp", "fp", "fn"}


def test_report_md_shows_tables_picture_and_what_was_left_out(report):
    text = (report / "report.md").read_text(encoding="utf-8")
    assert "| 3     | product_ranking" in text
    assert "| overall (mean over the tracks)" in text
    assert "(report.png)" in text
    assert "Left out: category_description_multilingual: " in text
    assert (report / "report.png").read_bytes().startswith(b"\x89PNG\r\n")


def test_names_with_signs_that_mean_something_to_tables_and_formulas(tmp_path):
    row = {"input_field": "Q\n0. a", "output_field": 0, "task_type": "multiple-choice", "metric": "accuracy"}
    (tmp_path / "d.jsonl").write_text(json.dumps({**row, "task_name": "a$b|c\n$_{"}) + "\n")
    evaluate(Settings(tmp_path / "d.jsonl", tmp_path / "out"), RuleModel)
    assert "a$b\\|c $_{" in (tmp_path / "out" / "report.md").read_text()


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    row = {"input_field": "Q\n0. a", "output_field": 0, "task_type": "multiple-choice", "metric": "accuracy"}
    data = tmp_path / "d.jsonl"
    data.write_text(json.dumps(row) + "\n")
    settings = Settings(data, tmp_path / "out")
    evaluate(settings, RuleModel)
    before = {path.name: path.read_bytes() for path in settings.output.iterdir()}
    (settings.output / ".report.new").write_text("a file where the new report would be made")
    with pytest.raises(ShopBenchError, match=r"cannot write the report to .*File exists"):
        evaluate(settings, RuleModel)
    after = {path.name: path.read_bytes() for path in settings.output.iterdir()}
    assert before.items() <= after.items()
    assert "journal.jsonl" in after
