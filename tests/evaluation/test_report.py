import json
import subprocess
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from evaluation import provenance
from evaluation.dataset import Sample, read_samples
from evaluation.evaluator import EvaluationSettings, evaluate
from evaluation.predictions import as_text
from evaluation.readings import shown_readings
from evaluation.scoring import score_responses, unscorable_tasks
from submission.errors import ShopBenchError
from submission.task_types import TaskType
from submission.tracks import track_by_number
from tests.evaluation.report_fixtures import TellingModel
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
        evaluate(EvaluationSettings(SAMPLE_DATA, folder), RuleModel)
    return folder


def test_the_folder_holds_the_report_and_nothing_else(report):
    assert sorted(path.name for path in report.iterdir()) == [
        *("predictions.jsonl", "report.html", "report.json", "report.md", "report.png")
    ]


def test_report_json(report):
    content = json.loads((report / "report.json").read_text())
    assert set(content) == {
        *("overall_score", "mean_over_tasks", "tracks", "tasks", "skipped_tasks", "timing", "unparsable"),
        *("data", "model", "profile", "versions", "overall_interval", "mean_over_tasks_interval", "warnings"),
        *("num_samples", "partial", "questions_in_data", "answers", "seed", "date", "commit", "clean", "limits"),
        *("settings", "identity", "machine", "readings"),
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


def test_types_found_stand_against_types_given_and_weak_readings_are_named(few):
    content, rows, text = few()
    given = {row["task_type"] for row in rows}
    assert {kind: sum(found.values()) for kind, found in content["readings"]["found"].items()} == {
        kind: sum(row["task_type"] == kind for row in rows) for kind in given
    }
    weak = [row["id"] for row in rows if row["confidence"] < 0.9]
    assert weak and content["readings"]["weak"] == weak
    assert f"Read from weak evidence: {len(weak)} questions (numbers {weak[0]}" in text
    assert "| given \\ found" in text


def test_a_model_that_does_not_tell_its_readings_has_none_in_the_report():
    assert shown_readings([{"id": 1, "task_type": "ranking", "task_type_found": None, "confidence": None}]) == []
    found = {"id": 1, "task_type": "ranking", "task_type_found": "ranking", "confidence": 0.99}
    assert shown_readings([found]) == ["Every question was read as the type that it is given."]


def test_predictions_are_in_the_order_of_the_data(report):
    rows = [json.loads(line) for line in (report / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    samples = read_samples(SAMPLE_DATA)
    assert [row["question"] for row in rows] == [sample.question for sample in samples]
    assert [row["truth"] for row in rows] == [as_text(sample.truth) for sample in samples]
    assert [row["line"] for row in rows] == [sample.line for sample in samples]
    assert [row["id"] for row in rows] == list(range(1, len(samples) + 1))
    model = RuleModel()
    for row, sample in zip(rows, samples, strict=True):
        assert row["response"] == model.answer(sample.question, sample.task_type == "multiple-choice")
        assert row["raw_text"] == row["response"] + "!"
        assert (row["form"], row["task_type_found"]) == ("rule", "generation")
        assert (row["score"] is None) == (sample.task_name.startswith("category_description"))
    entities = next(row for row in rows if row["metric"] == "micro f1")
    assert set(entities["entity_counts"]) == {"tp", "fp", "fn"}


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
    evaluate(EvaluationSettings(tmp_path / "d.jsonl", tmp_path / "out"), RuleModel)
    assert "a$b\\|c $_{" in (tmp_path / "out" / "report.md").read_text()


def test_a_report_that_cannot_be_written_leaves_the_old_one(tmp_path, monkeypatch):
    row = {"input_field": "Q\n0. a", "output_field": 0, "task_type": "multiple-choice", "metric": "accuracy"}
    data = tmp_path / "d.jsonl"
    data.write_text(json.dumps(row) + "\n")
    settings = EvaluationSettings(data, tmp_path / "out")
    evaluate(settings, RuleModel)
    before = {path.name: path.read_bytes() for path in settings.output.iterdir()}
    (settings.output / ".report.new").write_text("a file where the new report would be made")
    with pytest.raises(ShopBenchError, match=r"cannot write the report to .*File exists"):
        evaluate(replace(settings, overwrite=True), RuleModel)
    after = {path.name: path.read_bytes() for path in settings.output.iterdir()}
    assert before.items() <= after.items()
    assert "journal.jsonl" in after


@pytest.fixture
def few(tmp_path, monkeypatch):
    """Evaluate a model on the ranking and the entity questions of the sample, and return what was written."""
    for variable in ("SHOPBENCH_MINILM", "SHOPBENCH_MULTILINGUAL_MINILM"):
        monkeypatch.setenv(variable, str(tmp_path))
    # An evaluation leaves these in the environment of its process.
    for variable in ("SHOPBENCH_QUESTIONS", "SHOPBENCH_TIME_LIMIT"):
        monkeypatch.delenv(variable, raising=False)

    def run(load=TellingModel, **changes):
        settings = EvaluationSettings(SAMPLE_DATA, tmp_path / "out", overwrite=True, **changes)
        evaluate(settings, load)
        rows = [json.loads(line) for line in (settings.output / "predictions.jsonl").open(encoding="utf-8")]
        return (
            json.loads((settings.output / "report.json").read_text()),
            rows,
            (settings.output / "report.md").read_text(),
        )

    return run


def test_answers_are_counted_by_whose_they_are(few):
    content, rows, text = few()
    expected = Counter("cut" if row["cut"] else "fallback" if row["fallback"] else "model" for row in rows)
    assert content["answers"] == {name: expected[name] for name in ("model", "cut", "fallback")}
    tasks = [*content["tasks"].values(), *content["skipped_tasks"].values()]
    assert all(sum(task["answers"].values()) == task["num_samples"] for task in tasks)
    assert sum(task["answers"]["cut"] for task in tasks) == content["answers"]["cut"] == 19
    said = content["answers"]
    assert f"Answers: {said['model']} by the model, 19 cut by the clock, {said['fallback']} fallbacks." in text
    assert content["warnings"] == [] and "ONLY" not in text


def test_a_score_that_says_little_about_the_model_is_said_to(few, capsys):
    content, _, text = few(lambda: TellingModel((0, 1), (2,)))
    line = f"ONLY {content['answers']['model']} OF 72 ANSWERS ARE THE MODEL'S"
    assert content["answers"]["model"] < 36
    assert content["warnings"][0].startswith(line) and line in text and line in capsys.readouterr().out


def test_a_model_that_does_not_tell_is_not_counted(few):
    content, rows, text = few(RuleModel)
    assert content["answers"] is None and all(task["answers"] is None for task in content["tasks"].values())
    assert {row["cut"] for row in rows} == {None} and "by the model" not in text


def test_every_field_of_the_predictions_has_one_type(few):
    _, rows, _ = few()
    types = {name: {type(row[name]) for row in rows} - {type(None)} for name in rows[0]}
    assert {name: found for name, found in types.items() if len(found) != 1} == {}
    assert all(row.keys() == rows[0].keys() for row in rows)
    first = rows[0]
    assert (first["prompt"], first["prompt_tokens"], first["seconds"]) == ("<s>0", 7, 0.5)
    assert {type(row["score"]) for row in rows} <= {float, type(None)}
    entities = next(row for row in rows if row["entity_counts"])
    tp, fp, fn = entities["entity_counts"].values()
    assert entities["score"] == pytest.approx(2 * tp / (2 * tp + fp + fn) if tp else 0)
    assert next(row for row in rows if row["task_type"] == "ranking")["truth"].startswith("[")
    tables = pytest.importorskip("pyarrow")
    assert tables.Table.from_pylist(rows).num_rows == 72


def test_a_model_that_tells_nonsense_is_refused(few):
    class Nonsense(TellingModel):
        def batch_predict(self, batch, is_multiple_choice):
            answers = super().batch_predict(batch, is_multiple_choice)
            self.last_answers[0].tokens = "many"
            return answers

    with pytest.raises(ShopBenchError, match="last_answers of the model: 'tokens' must be int, not 'many'"):
        few(Nonsense)


def test_scores_come_with_intervals(few):
    content, _, text = few()
    for entry in (*content["tasks"].values(), *content["tracks"].values()):
        low, high = entry["interval"]
        assert 0 <= low <= entry["score"] <= high <= 1 and high - low > 0.05
    low, high = content["overall_interval"]
    assert low < content["overall_score"] < high
    assert f"{content['overall_score']:.4f} | {low:.3f} to {high:.3f}" in text


def test_the_report_says_what_made_it(few, monkeypatch):
    monkeypatch.setenv("AICROWD_RUN_SEED", "11")
    content, _, text = few(with_limits=True)
    assert content["seed"] == 11 and "seed 11" in text
    assert content["limits"] == {"per_question_s": 10.0, "total_s": 8400.0, "name": "track 5 (All-Around)"}
    assert content["settings"]["submission"]["time_limit_s"] == 8400.0
    assert content["settings"]["submission"]["questions"] == 72
    assert content["settings"]["evaluation"]["limits"] == "phase2"
    assert content["partial"] is False and content["num_samples"] == content["questions_in_data"] == 72
    assert content["machine"]["cores"] >= 1 and content["machine"]["processor"]
    assert content["date"][:2] == "20" and content["date"][10] == "T"


def test_the_report_names_the_adapter_that_was_served(few, tmp_path, monkeypatch):
    class AdaptedModel(TellingModel):
        model_folder = "/weights/base"

        @property
        def adapter(self):
            return self

        def as_json(self):
            return {"folder": "runs/mixture", "trained_on": "/weights/base", "rank": 32, "sha256": "ab"}

    monkeypatch.setenv("SHOPBENCH_ADAPTER", "runs/mixture")
    content, _, text = few(AdaptedModel)
    assert content["adapter"] == {"folder": "runs/mixture", "trained_on": "/weights/base", "rank": 32, "sha256": "ab"}
    assert content["settings"]["submission"]["adapter"] == "runs/mixture"
    assert content["identity"]["SHOPBENCH_ADAPTER"] == "runs/mixture"
    assert "/weights/base with the LoRA adapter runs/mixture" in (tmp_path / "out" / "report.html").read_text()
    assert "Model: `/weights/base` with the LoRA adapter `runs/mixture` of rank 32, profile" in text
    monkeypatch.delenv("SHOPBENCH_ADAPTER")
    content, _, text = few()
    assert "adapter" not in content and "LoRA" not in text


def test_without_limits_there_is_no_clock_and_the_report_says_so(few):
    content, _, _ = few()
    assert content["limits"] is None and content["settings"]["submission"]["time_limit_s"] == "off"


def git(folder, *arguments):
    command = ["git", "-C", str(folder), "-c", "user.name=a", "-c", "user.email=a@b", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


def test_the_commit_and_what_was_changed_since_are_found(tmp_path, monkeypatch):
    monkeypatch.setattr(provenance, "ROOT", tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert provenance.code_state() == {"commit": None, "clean": None}
    git(tmp_path, "init", "-q")
    (tmp_path / "code.py").write_text("1")
    git(tmp_path, "add", "."), git(tmp_path, "commit", "-qm", "one")
    assert provenance.code_state() == {"commit": git(tmp_path, "rev-parse", "HEAD"), "clean": True}
    (tmp_path / "new.py").write_text("2")
    assert provenance.code_state()["clean"] is False
