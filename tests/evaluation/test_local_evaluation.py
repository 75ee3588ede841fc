"""The command line as a process of its own, with a small `UserModel` in the place of the submission's."""

import json
import os
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from submission.tracks import track_by_number

ROOT = Path(__file__).resolve().parents[2]
SAMPLE_DATA = ROOT / "data" / "sample_questions.jsonl"

USER_CONFIG = """
import json, os, signal
from pathlib import Path
from submission.errors import ShopBenchError
from tests.evaluation.rule_model import RuleModel

if fault := os.environ.get("BREAK_SCORING"):
    # A fault in a metric that no check of the data can foresee.
    import evaluation.evaluator
    def fail(*arguments):
        raise RuntimeError(fault)
    evaluation.evaluator.score_responses = fail

class UserModel(RuleModel):
    def __init__(self):
        super().__init__()
        Path("loaded").touch()
        if counter := os.environ.get("OOM_COUNTER"):
            Path(counter).write_text("low 0\\noom 1\\noom_kill 4\\n")
        if message := os.environ.get("REFUSE"):
            raise ShopBenchError(message)
        self.kill_at = int(os.environ.get("KILL_AT_BATCH", 0))
        if note := os.environ.get("NOTE_ENVIRONMENT"):
            Path(note).write_text(json.dumps(dict(os.environ)))

    def batch_predict(self, batch, is_multiple_choice):
        self.kill_at -= 1
        if self.kill_at == 0:
            os.kill(os.getpid(), signal.SIGKILL)
        return super().batch_predict(batch, is_multiple_choice)
"""


@pytest.fixture
def run(tmp_path):
    package = tmp_path / "replaced" / "models"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    (package / "user_config.py").write_text(USER_CONFIG)
    code = """
import os, sys
sys.path[:0] = sys.argv[1:3]
import local_evaluation
local_evaluation.REPORTS = local_evaluation.Path(os.environ.get("REPORTS_FOLDER", local_evaluation.REPORTS))
if counter := os.environ.get("OOM_COUNTER"):
    local_evaluation.memory_limit._COUNTERS = (local_evaluation.Path(counter),)
sys.exit(local_evaluation.main(sys.argv[3:]))
"""

    def run_command(*arguments, limits=None, **environment):
        clean = {name: value for name, value in os.environ.items() if not name.startswith(("SHOPBENCH_", "AICROWD_"))}
        # No prose is scored here: loading an encoder each time would take most of the time.
        clean |= {"SHOPBENCH_MINILM": str(tmp_path), "SHOPBENCH_MULTILINGUAL_MINILM": str(tmp_path)}
        # A disk that is full for the report would otherwise leave half a compiled module beside the sources.
        clean["PYTHONDONTWRITEBYTECODE"] = "1"
        command = [sys.executable, "-c", code, str(package.parent), str(ROOT), *map(str, arguments)]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            env=clean | environment,
            cwd=tmp_path,
            timeout=60,
            preexec_fn=limits,
        )

    return run_command


def read_report(folder):
    """Everything in a report but the times, which no two runs share."""
    content = json.loads((folder / "report.json").read_text())
    content["timing"] = content["timing"]["batches"]
    del content["date"]
    return content, (folder / "predictions.jsonl").read_text(encoding="utf-8")


def test_the_sample_questions_are_evaluated_and_the_tables_printed(run, tmp_path):
    result = run("--data", SAMPLE_DATA, "--output", tmp_path / "out")
    assert result.returncode == 0, result.stderr
    assert "72 questions from" in result.stdout
    assert "| overall (mean over the tracks)" in result.stdout
    assert "Warning: task 'category_description' will be answered but not scored" in result.stdout
    assert len(read_report(tmp_path / "out")[1].splitlines()) == 72


def test_options_reach_the_model_through_the_environment(run, tmp_path):
    note = tmp_path / "environment.json"
    arguments = ["--data", SAMPLE_DATA, "--output", tmp_path / "out", "--first", "2", "--track", "3"]
    arguments += ["--adapter", "/a"]
    result = run(*arguments, "--model", "/m", "--profile", "t4x4", "--seed", "7", NOTE_ENVIRONMENT=str(note))
    assert result.returncode == 0, result.stderr
    seen = json.loads(note.read_text())
    assert (seen["SHOPBENCH_MODEL"], seen["SHOPBENCH_ADAPTER"]) == ("/m", "/a")
    assert seen["SHOPBENCH_PROFILE"] == "t4x4"
    assert seen["SHOPBENCH_TRACK"] == "3"
    assert seen["AICROWD_RUN_SEED"] == "7"
    assert seen["HF_HUB_OFFLINE"] == "1"
    assert (seen["SHOPBENCH_QUESTIONS"], seen["SHOPBENCH_TIME_LIMIT"]) == ("2", "off")
    content, _ = read_report(tmp_path / "out")
    assert (content["model"], content["profile"]) == ("/m", "t4x4")
    assert list(content["tracks"]) == [track_by_number(3).challenge_id]
    assert list(content["tasks"]) == ["query_relation"]


def test_what_is_not_given_is_not_set(run, tmp_path):
    note = tmp_path / "environment.json"
    run("--data", SAMPLE_DATA, "--output", tmp_path / "out", "--limit", "1", NOTE_ENVIRONMENT=str(note))
    seen = json.loads(note.read_text())
    assert not {"SHOPBENCH_MODEL", "SHOPBENCH_PROFILE", "SHOPBENCH_TRACK", "AICROWD_RUN_SEED"} & set(seen)


def test_a_track_leaves_out_the_questions_of_others(run, tmp_path):
    note = tmp_path / "environment.json"
    arguments = ["--data", SAMPLE_DATA, "--output", tmp_path / "out", "--track", "2", "--limits", "phase2"]
    result = run(*arguments, NOTE_ENVIRONMENT=str(note))
    assert result.returncode == 0, result.stderr
    assert "15 questions from" in result.stdout
    seen = json.loads(note.read_text())
    assert (seen["SHOPBENCH_QUESTIONS"], seen["SHOPBENCH_TIME_LIMIT"]) == ("15", "1200")
    assert "Time limits: 10 s a question in each batch, 1200 s for track 2 (" in result.stdout


def test_questions_of_several_tracks_share_the_all_around_limit(run, tmp_path):
    lines = SAMPLE_DATA.read_text(encoding="utf-8").splitlines()
    (tmp_path / "two.jsonl").write_text(f"{lines[3]}\n{lines[-8]}\n", encoding="utf-8")
    result = run("--data", tmp_path / "two.jsonl", "--output", tmp_path / "out", "--limits", "phase2")
    assert result.returncode == 0, result.stderr
    assert "Time limits: 10 s a question in each batch, 8400 s for track 5 (All-Around)" in result.stdout


@pytest.mark.parametrize("number", ["x", "0", "-1", "1.5", "²"])
def test_counts_of_questions_are_whole_numbers(run, number):
    result = run(f"--first={number}")
    assert result.returncode == 2
    assert result.stderr.endswith(f"error: argument --first: {number!r} is no whole number from 1 on\n")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ('{"input_field": ', "line 1: not a JSON object"),
        ('{"input_field": "a", "task_type": "ranking", "metric": "f2"}', "unknown metric 'f2'"),
    ],
)
def test_bad_data_are_one_line_and_exit_code_2(run, tmp_path, line, message):
    (tmp_path / "bad.jsonl").write_text(line + "\n")
    result = run("--data", tmp_path / "bad.jsonl", "--output", tmp_path / "out")
    assert result.returncode == 2
    assert result.stderr.startswith("Error: ") and message in result.stderr
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "out").exists()


def test_duplicates_are_named_and_counted(run, tmp_path):
    first = SAMPLE_DATA.read_text(encoding="utf-8").splitlines()[3]
    (tmp_path / "twice.jsonl").write_text(f"{first}\n{first}\n", encoding="utf-8")
    result = run("--data", tmp_path / "twice.jsonl", "--output", tmp_path / "out")
    assert result.returncode == 0
    assert "twice.jsonl, line 2: asks the same as line 1" in result.stdout
    assert len(read_report(tmp_path / "out")[1].splitlines()) == 2


def test_a_killed_evaluation_is_resumed_to_the_same_report(run, tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert run("--data", SAMPLE_DATA, "--output", whole).returncode == 0
    for kill_at in (1, 9, 5):
        killed = run("--data", SAMPLE_DATA, "--output", cut, "--resume", KILL_AT_BATCH=str(kill_at))
        assert killed.returncode == -9
        assert not (cut / "report.json").exists()
    resumed = run("--data", SAMPLE_DATA, "--output", cut, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "Resuming: 48 of 72 questions were answered before" in resumed.stdout
    assert read_report(cut) == read_report(whole)
    assert not (cut / "journal.jsonl").exists()


def test_a_resumed_evaluation_must_be_the_same(run, tmp_path):
    run("--data", SAMPLE_DATA, "--output", tmp_path / "out", KILL_AT_BATCH="3")
    result = run("--data", SAMPLE_DATA, "--output", tmp_path / "out", "--resume", "--seed", "5")
    assert result.returncode == 2
    assert "AICROWD_RUN_SEED (was None, is '5')" in result.stderr


ONE_TRACK = ["--data", SAMPLE_DATA, "--track", "2"]
ONE_TASK = ["--data", SAMPLE_DATA, "--task", "query_relation"]


def test_a_finished_report_is_never_replaced_in_silence(run, tmp_path):
    out = tmp_path / "out"
    assert run(*ONE_TASK, "--output", out).returncode == 0
    before = (out / "report.json").read_bytes()
    refused = run(*ONE_TASK, "--output", out)
    assert refused.returncode == 2
    assert "out holds a finished report: choose another --output, or replace it with --overwrite" in refused.stderr
    resumed = run(*ONE_TASK, "--output", out, "--resume")
    assert resumed.returncode == 0 and "out is finished, nothing is left to do" in resumed.stdout
    for other in (["--seed", "5"], ["--model", "/another"]):
        result = run(*ONE_TASK, "--output", out, "--resume", *other)
        assert result.returncode == 2 and "holds a finished report of another evaluation: " in result.stderr
        assert repr(other[1]) in result.stderr
    assert (out / "report.json").read_bytes() == before
    assert not (out / "journal.jsonl").exists()
    assert run(*ONE_TASK, "--output", out, "--overwrite", "--seed", "5").returncode == 0
    assert json.loads((out / "report.json").read_text())["seed"] == 5


def test_an_interrupted_replacement_leaves_the_old_report_and_is_resumed(run, tmp_path):
    out = tmp_path / "out"
    run(*ONE_TRACK, "--output", out)
    before = (out / "report.json").read_bytes()
    assert run(*ONE_TRACK, "--output", out, "--overwrite", KILL_AT_BATCH="2").returncode == -9
    assert (out / "report.json").read_bytes() == before
    resumed = run(*ONE_TRACK, "--output", out, "--resume")
    assert resumed.returncode == 0 and "Resuming: " in resumed.stdout
    assert (out / "report.json").read_bytes() != before and not (out / "journal.jsonl").exists()


def test_what_an_interrupted_evaluation_left_is_not_discarded_in_silence(run, tmp_path):
    run(*ONE_TRACK, "--output", tmp_path / "out", KILL_AT_BATCH="2")
    result = run(*ONE_TASK, "--output", tmp_path / "out")
    assert "Starting again: what an interrupted evaluation left in" in result.stdout


def test_a_process_killed_for_its_memory_is_told_from_something_to_fix(run, tmp_path):
    # The engine runs in a process of its own: the kernel kills that one, and this one lives.
    counter = tmp_path / "memory.events"
    counter.write_text("low 0\noom 0\noom_kill 3\n")
    refused = run(
        *ONE_TASK, "--output", tmp_path / "a", REFUSE="its process ended by SIGKILL", OOM_COUNTER=str(counter)
    )
    assert refused.returncode == 137
    assert "Error: its process ended by SIGKILL\nWarning: the memory limit was reached" in refused.stderr
    counter.write_text("low 0\noom 0\noom_kill 3\n")
    answered = run(*ONE_TASK, "--output", tmp_path / "b", OOM_COUNTER=str(counter))
    assert answered.returncode == 0 and "the kernel killed 1 of the processes" in answered.stderr


def test_a_model_that_cannot_be_loaded_leaves_no_folder(run, tmp_path):
    result = run(*ONE_TASK, "--output", tmp_path / "out", REFUSE="no such model")
    assert result.returncode == 2 and result.stderr.endswith("Error: no such model\n")
    assert not (tmp_path / "out").exists()


@pytest.fixture
def reports(run, tmp_path):
    """Run evaluations whose default folder of reports is an empty one."""

    def run_there(*arguments, **environment):
        return run(*arguments, **environment, REPORTS_FOLDER=str(tmp_path / "reports"))

    run_there.folder = tmp_path / "reports"
    return run_there


def test_each_evaluation_has_its_own_folder_and_latest_points_at_the_newest(reports):
    made = []
    for model in ("models/small one", "models/large"):
        assert reports(*ONE_TASK, "--model", model).returncode == 0
        made.append((reports.folder / "latest").resolve())
        assert json.loads((reports.folder / "latest" / "report.json").read_text())["model"] == model
    assert sorted(path for path in reports.folder.iterdir() if path.name != "latest") == sorted(made)
    assert made[0].name.endswith("-small-one") and made[1].name.endswith("-large")
    assert not (reports.folder / "latest").readlink().is_absolute()


def test_resuming_without_a_folder_takes_the_newest_interrupted_evaluation(reports):
    nothing = reports(*ONE_TASK, "--resume")
    assert nothing.returncode == 2 and "there is nothing to resume" in nothing.stderr
    assert reports(*ONE_TASK).returncode == 0
    finished = reports(*ONE_TASK, "--resume")
    assert finished.returncode == 0 and "nothing is left to do" in finished.stdout
    assert reports(*ONE_TRACK, KILL_AT_BATCH="2").returncode == -9
    assert json.loads((reports.folder / "latest" / "report.json").read_text())["partial"] is True
    resumed = reports(*ONE_TRACK, "--resume")
    assert resumed.returncode == 0, resumed.stderr
    assert "of 15 questions were answered before" in resumed.stdout
    assert json.loads((reports.folder / "latest" / "report.json").read_text())["num_samples"] == 15


def test_results_in_another_layout_are_written_beside_the_report(run, tmp_path):
    result = run(*ONE_TASK, "--output", tmp_path / "out", "--lm-eval", tmp_path / "lm.json")
    assert result.returncode == 0 and f"In lm-evaluation-harness's layout: {tmp_path / 'lm.json'}" in result.stdout
    assert set(json.loads((tmp_path / "lm.json").read_text())["configs"]) == {"query_relation"}
    again = run(*ONE_TASK, "--output", tmp_path / "new", "--lm-eval", tmp_path / "lm.json")
    assert again.returncode == 2 and "lm.json is there already" in again.stderr
    assert not (tmp_path / "new").exists()


def test_a_folder_called_latest_stays_as_it_is(reports):
    (reports.folder / "latest").mkdir(parents=True)
    result = reports(*ONE_TASK)
    assert result.returncode == 0 and "latest is a folder and stays as it is" in result.stdout
    assert list((reports.folder / "latest").iterdir()) == []


def test_a_part_of_the_questions_is_asked_and_said_to_be_one(run, tmp_path):
    arguments = ["--type", "ranking", "multiple-choice", "--limit", "2"]
    result = run("--data", SAMPLE_DATA, "--output", tmp_path / "out", *arguments)
    assert result.returncode == 0, result.stderr
    content = json.loads((tmp_path / "out" / "report.json").read_text())
    count = content["num_samples"]
    assert {task["num_samples"] for task in content["tasks"].values()} == {2}
    assert content["partial"] is True and content["questions_in_data"] == 72
    assert f"PARTIAL: {count} of 72 questions were asked" in (tmp_path / "out" / "report.md").read_text()
    assert f"{count} questions from {SAMPLE_DATA} (of 72: the report is marked as partial)" in result.stdout


def test_a_name_that_no_question_has_is_one_line(run, tmp_path):
    result = run("--data", SAMPLE_DATA, "--output", tmp_path / "out", "--task", "query_relations")
    assert result.returncode == 2
    assert result.stderr.splitlines() == [
        "Error: there are no questions of the task 'query_relations': did you mean query_relation?"
    ]
    assert not (tmp_path / "out").exists()


def test_quiet_leaves_one_line(run, tmp_path):
    result = run("--data", SAMPLE_DATA, "--output", tmp_path / "out", "--type", "ranking", "--quiet")
    assert (result.returncode, result.stderr) == (0, "")
    score = json.loads((tmp_path / "out" / "report.json").read_text())["overall_score"]
    assert result.stdout == f"3 questions, score {score:.4f}: {tmp_path / 'out' / 'report.md'}\n"


def test_where_no_terminal_is_lines_say_how_far_it_is(run, tmp_path):
    arguments = ("--data", SAMPLE_DATA, "--output", tmp_path / "out", "--type", "ranking")
    lines = run(*arguments).stderr.splitlines()
    assert lines[0] == "Loading the model" and lines[1].startswith("Loading the model: done in ")
    assert lines[2].startswith("Answering: 3 of 3 questions, ") and lines[2].endswith(" left, ranking")
    assert lines[3] == "Scoring the answers" and lines[4].startswith("Scoring the answers: done in ")
    assert len(lines) == 5
    verbose = run(*arguments, "--overwrite", "--verbose").stderr
    assert "evaluation.runner: batch 1 of ranking (3 questions): " in verbose


def limit_file_size(size):
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


def test_no_room_for_the_journal_is_one_line_and_can_be_resumed(run, tmp_path):
    # A limit on the size of files fails a write as a full disk does, and needs no disk to be filled.
    arguments = ["--data", SAMPLE_DATA, "--track", "2"]
    result = run(*arguments, "--output", tmp_path / "out", limits=limit_file_size(1500))
    assert result.returncode == 2
    assert result.stderr.splitlines()[-1].startswith("Error: cannot write")
    assert result.stderr.splitlines()[-1].endswith("make room and continue with --resume")
    assert "Traceback" not in result.stderr
    assert run(*arguments, "--output", tmp_path / "out", "--resume").returncode == 0
    assert run(*arguments, "--output", tmp_path / "whole").returncode == 0
    assert read_report(tmp_path / "out") == read_report(tmp_path / "whole")


def test_no_room_for_the_report_leaves_the_old_report(run, tmp_path):
    arguments = ["--data", SAMPLE_DATA, "--track", "2", "--output", tmp_path / "out"]
    assert run(*arguments).returncode == 0
    before = {path.name: path.read_bytes() for path in (tmp_path / "out").iterdir()}
    # The journal takes some 3,000 bytes, the predictions three times as many.
    result = run(*arguments, "--overwrite", limits=limit_file_size(5000))
    assert result.returncode == 2
    assert "Error: cannot write the report to" in result.stderr and "Traceback" not in result.stderr
    assert {name: (tmp_path / "out" / name).read_bytes() for name in before} == before


@pytest.mark.parametrize(
    "arguments",
    [["--limit", "0"], ["--track", "6"], ["--profile", "tpu"], ["--limits", "soon"], ["--resume", "--overwrite"]],
)
def test_wrong_arguments_are_exit_code_2(run, arguments):
    assert run(*arguments).returncode == 2


def test_help_explains_every_option(run):
    text = run("--help").stdout
    for option in (
        "--data",
        "--model",
        "--profile",
        "--track",
        "--limits",
        "--limit",
        "--first",
        "--task",
        "--type",
        "--overwrite",
        "--output",
        "--seed",
        "--resume",
    ):
        assert option in text


def test_a_broken_sentence_encoder_ends_the_run_before_the_model_is_loaded(run, tmp_path):
    encoder = tmp_path / "encoder"
    (encoder / "1_Pooling").mkdir(parents=True)
    for name in ("modules.json", "config.json", "tokenizer.json", "1_Pooling/config.json"):
        (encoder / name).write_text("{}")
    (encoder / "model.safetensors").write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n")
    result = run("--data", SAMPLE_DATA, "--output", tmp_path / "out", SHOPBENCH_MINILM=str(encoder))
    assert result.returncode == 2 and "Traceback" not in result.stderr
    assert "model.safetensors is a Git LFS pointer, not the file itself: run `git lfs pull`" in result.stderr
    assert not (tmp_path / "loaded").exists() and not (tmp_path / "out").exists()


def test_a_fault_in_scoring_costs_no_answer(run, tmp_path):
    whole = run("--data", SAMPLE_DATA, "--output", tmp_path / "whole")
    assert whole.returncode == 0
    expected, predictions = read_report(tmp_path / "whole")
    out = tmp_path / "out"
    failed = run("--data", SAMPLE_DATA, "--output", out, BREAK_SCORING="the encoder's weights are damaged")
    assert failed.returncode == 2 and "Traceback" not in failed.stderr
    assert "could not be scored (RuntimeError: the encoder's weights are damaged)" in failed.stderr
    kept = [json.loads(line) for line in (out / "answers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["response"] for row in kept] == [json.loads(line)["response"] for line in predictions.splitlines()]
    assert not any("score" in row for row in kept)
    (tmp_path / "loaded").unlink()
    again = run("--data", SAMPLE_DATA, "--output", out, "--resume")
    assert again.returncode == 0, again.stderr
    assert read_report(out) == (expected, predictions)
    assert not (tmp_path / "loaded").exists(), "the model was loaded only to score"
    assert not (out / "answers.jsonl").exists(), "what the report holds"
