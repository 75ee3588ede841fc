import json
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.dataset import read_samples
from evaluation.journal import Journal, differences
from evaluation.limits import Limits
from evaluation.runner import answer_samples
from submission.errors import ShopBenchError
from submission.tracks import track_by_number
from tests.evaluation.rule_model import RuleModel

ROOT = Path(__file__).resolve().parents[2]
SAMPLES = read_samples(ROOT / "data" / "sample_questions.jsonl")
HEADER = {"questions": "some"}


def run(folder, model, samples=SAMPLES, resume=False):
    journal = Journal(folder, HEADER, resume)
    try:
        answer_samples(samples, lambda: model, journal, limits=None)
    finally:
        journal.close()
    return journal


def responses(journal):
    return {
        position: response
        for batch in journal.batches
        for position, response in zip(batch.positions, batch.responses, strict=True)
    }


def test_questions_come_as_the_evaluator_sends_them(tmp_path):
    model = RuleModel(batch_size=5)
    run(tmp_path, model)
    expected = []
    for task_type in (
        *("generation", "multiple-choice", "named_entity_recognition"),
        *("ranking", "retrieval"),
    ):
        group = [sample.question for sample in SAMPLES if sample.task_type == task_type]
        expected.append("get_batch_size")
        expected += [(group[i : i + 5], task_type == "multiple-choice") for i in range(0, len(group), 5)]
    assert model.calls == expected


def test_every_question_gets_its_own_answer(tmp_path):
    model = RuleModel()
    answers = responses(run(tmp_path, model))
    assert sorted(answers) == list(range(len(SAMPLES)))
    for position, sample in enumerate(SAMPLES):
        assert answers[position] == model.answer(sample.question, sample.task_type == "multiple-choice")


@pytest.mark.parametrize("size", [0, 17, -1, 4.0, "4", True, None])
def test_a_wrong_batch_size_is_refused(tmp_path, size):
    with pytest.raises(ShopBenchError, match=r"get_batch_size\(\) must return a whole number from 1 to 16"):
        run(tmp_path, RuleModel(batch_size=size))


@pytest.mark.parametrize("size", [1, 16])
def test_the_extreme_batch_sizes_are_fine(tmp_path, size):
    assert len(responses(run(tmp_path, RuleModel(batch_size=size)))) == len(SAMPLES)


@pytest.mark.parametrize(
    ("returned", "message"),
    [
        (None, "must return a list of str, not 'None'"),
        (("a", "b"), "must return a list of str"),
        ([1, 2, 3, 4], "must return a list of str"),
        (["a"], r"returned 1 answers to 4 prompts \(batch 1 of generation \(4 questions\)\)"),
        ([], "returned 0 answers to 4 prompts"),
    ],
)
def test_a_wrong_answer_is_refused(tmp_path, returned, message):
    model = RuleModel()
    model.batch_predict = lambda batch, is_multiple_choice: returned
    with pytest.raises(ShopBenchError, match=message):
        run(tmp_path, model)


def test_half_a_character_becomes_a_replacement_character(tmp_path):
    model = RuleModel(batch_size=1)
    model.batch_predict = lambda batch, is_multiple_choice: ["a\ud83db"]
    assert set(responses(run(tmp_path, model)).values()) == {"a\ufffdb"}


def test_details_are_kept_where_the_model_offers_them_for_the_whole_batch(tmp_path):
    with_details = run(tmp_path / "a", RuleModel())
    first = with_details.batches[0]
    assert first.details[0] == {
        "task_type": "generation",
        "form": "rule",
        "raw_text": first.responses[0] + "!",
        "answer": first.responses[0],
    }
    silent = RuleModel()
    silent.batch_predict = lambda batch, is_multiple_choice: ["1"] * len(batch["prompt"])
    assert {batch.details for batch in run(tmp_path / "b", silent).batches} == {None}
    silent.last_answers = ["of another batch"] * 5
    assert {batch.details for batch in run(tmp_path / "c", silent).batches} == {None}


def test_names_come_from_the_model_or_from_what_was_asked_for(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOPBENCH_MODEL", "/models/asked")
    monkeypatch.delenv("SHOPBENCH_PROFILE", raising=False)
    asked = run(tmp_path / "a", RuleModel()).loaded
    assert (asked.model, asked.profile) == ("/models/asked", "default")
    model = RuleModel()
    model.model_folder = Path("/models/used")
    model.profile = type("Profile", (), {"name": "cpu"})
    used = run(tmp_path / "b", model).loaded
    assert (used.model, used.profile) == ("/models/used", "cpu")


class Interrupted(Exception):
    pass


class InterruptedModel(RuleModel):
    """Fails at one batch, as a run that is killed there."""

    def __init__(self, at_batch):
        super().__init__()
        self.left = at_batch

    def batch_predict(self, batch, is_multiple_choice):
        self.left -= 1
        if self.left < 0:
            raise Interrupted
        return super().batch_predict(batch, is_multiple_choice)


@pytest.mark.parametrize("at_batch", [0, 1, 6, 18])
def test_an_interrupted_run_continues_with_the_batches_that_are_missing(tmp_path, at_batch):
    whole = run(tmp_path / "whole", RuleModel())
    with pytest.raises(Interrupted):
        run(tmp_path / "cut", InterruptedModel(at_batch))
    model = RuleModel()
    resumed = run(tmp_path / "cut", model, resume=True)
    assert responses(resumed) == responses(whole)
    assert [batch.positions for batch in resumed.batches] == [batch.positions for batch in whole.batches]
    asked = [call for call in model.calls if call != "get_batch_size"]
    assert len(asked) == len(whole.batches) - at_batch


class CountingModel(InterruptedModel):
    """Answers with how many questions it has seen: what it says depends on all earlier batches."""

    seen = 0

    def answer(self, prompt, is_multiple_choice):
        self.seen += 1
        return str(self.seen)

    def state_dict(self):
        return {"seen": self.seen}

    def load_state_dict(self, state):
        self.seen = state["seen"]


def test_a_model_that_remembers_continues_where_it_was(tmp_path):
    whole = run(tmp_path / "whole", CountingModel(at_batch=1000))
    with pytest.raises(Interrupted):
        run(tmp_path / "cut", CountingModel(at_batch=7))
    resumed = run(tmp_path / "cut", CountingModel(at_batch=1000), resume=True)
    assert responses(resumed) == responses(whole)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=50)
@given(st.floats(0, 1))
def test_a_journal_cut_anywhere_is_continued(tmp_path, kept):
    whole = run(tmp_path, RuleModel())
    content = (tmp_path / "journal.jsonl").read_bytes()
    (tmp_path / "journal.jsonl").write_bytes(content[: round(kept * len(content))])
    assert responses(run(tmp_path, RuleModel(), resume=True)) == responses(whole)
    lines = (tmp_path / "journal.jsonl").read_bytes().splitlines()
    assert [json.loads(line).get("batch", {}).get("responses") for line in lines if b'"batch"' in line] == [
        batch.responses for batch in whole.batches
    ]


class AdaptedModel(InterruptedModel):
    """Answers by an adapter, as far as the report is told."""

    def __init__(self, content, at_batch):
        super().__init__(at_batch)
        self.content = content

    @property
    def adapter(self):
        return self

    def as_json(self):
        return {"folder": "adapter", "trained_on": "base", "rank": 8, "sha256": self.content}


def test_answers_of_an_adapter_that_was_trained_again_are_not_continued(tmp_path):
    whole = run(tmp_path / "whole", AdaptedModel("old", at_batch=1000))
    assert whole.loaded.adapter["sha256"] == "old"
    with pytest.raises(Interrupted):
        run(tmp_path / "cut", AdaptedModel("old", at_batch=7))
    with pytest.raises(ShopBenchError, match=r"the adapter is not the one that the answers in .*cut came from"):
        run(tmp_path / "cut", AdaptedModel("new", at_batch=1000), resume=True)
    resumed = run(tmp_path / "cut", AdaptedModel("old", at_batch=1000), resume=True)
    assert responses(resumed) == responses(whole) and resumed.loaded.adapter == whole.loaded.adapter


def test_a_complete_journal_needs_no_model(tmp_path):
    whole = run(tmp_path, RuleModel())
    resumed = run(tmp_path, None, resume=True)
    assert responses(resumed) == responses(whole)
    assert resumed.loaded == whole.loaded


def test_without_resume_everything_is_asked_again(tmp_path):
    run(tmp_path, RuleModel())
    model = RuleModel()
    run(tmp_path, model)
    assert sum(call != "get_batch_size" for call in model.calls) == 19


def test_a_journal_of_other_questions_is_refused(tmp_path):
    Journal(tmp_path, {"questions": "abc", "SHOPBENCH_MODEL": "m"}, resume=False).close()
    message = r"belongs to another evaluation: SHOPBENCH_MODEL \(was 'm', is None\), questions \(was 'abc', is 'd'\)"
    with pytest.raises(ShopBenchError, match=message):
        Journal(tmp_path, {"questions": "d"}, resume=True)


def test_of_hashes_that_differ_a_message_shows_the_start():
    said = differences({"questions": "ab" * 32, "seed": 1}, {"questions": "cd" * 32, "seed": 2})
    assert said == "questions (was 'abababababab…', is 'cdcdcdcdcdcd…'), seed (was 1, is 2)"


def test_a_file_is_no_folder_for_a_report(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    with pytest.raises(ShopBenchError, match=r"notes\.txt is a file: --output names a folder"):
        Journal(tmp_path / "notes.txt", {}, resume=False)


@pytest.mark.parametrize("damage", [b"not json\n", b'{"other": 1}\n', b'{"batch": {"no": 1}}\n', b"[]\n"])
def test_a_damaged_journal_is_refused(tmp_path, damage):
    run(tmp_path, RuleModel())
    path = tmp_path / "journal.jsonl"
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], damage, *lines[2:]]))
    with pytest.raises(ShopBenchError, match="line 3 is damaged: start again without --resume"):
        Journal(tmp_path, HEADER, resume=True)


def python(code, *arguments):
    return subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code), *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=ROOT,
        timeout=60,
    )


def test_two_processes_cannot_share_an_output_folder(tmp_path):
    journal = Journal(tmp_path, HEADER, resume=False)
    code = """
        import sys
        from pathlib import Path
        from evaluation import journal
        journal.LOCK_PATIENCE_S = float(sys.argv[2])
        journal.Journal(Path(sys.argv[1]), {}, resume=False)
    """
    assert "another evaluation is writing to" in python(code, tmp_path, 0.3).stderr
    # One that is about to end, as a killed process does, is waited for.
    threading.Timer(1.0, journal.close).start()
    assert python(code, tmp_path, 60).returncode == 0


LIMITED_RUN = """
    import sys, time
    from pathlib import Path
    from evaluation.dataset import read_samples
    from evaluation.journal import Journal
    from evaluation.limits import EXIT_CODE, LimitExceeded, Limits
    from evaluation.runner import answer_samples
    from tests.evaluation.rule_model import RuleModel

    class Model(RuleModel):
        def __init__(self):
            super().__init__()
            LOADING

        def batch_predict(self, batch, is_multiple_choice):
            if is_multiple_choice:
                ANSWERING
            return super().batch_predict(batch, is_multiple_choice)

    samples = read_samples(Path("data/sample_questions.jsonl"))
    journal = Journal(Path(sys.argv[1]), {}, resume=False)
    try:
        answer_samples(samples, Model, journal, Limits(PER_QUESTION, TOTAL, "track 5 (All-Around)"))
    except LimitExceeded as error:
        print(f"Time limit exceeded: {error}", file=sys.stderr)
        sys.exit(EXIT_CODE)
"""


@pytest.mark.parametrize(
    ("loading", "answering", "per_question", "total", "message"),
    [
        (
            "pass",
            "time.sleep(1000)",
            0.1,
            1000,
            "batch 1 of multiple-choice (4 questions) was not over after 0.4 s: the limit is 0.1 s a question, 0.4 s",
        ),
        (
            "time.sleep(1000)",
            "pass",
            10,
            0.5,
            "loading the model was not over after 0.5 s: that is past the limit of 0.5 s for track 5 (All-Around)",
        ),
        (
            "time.sleep(0.3)",
            "time.sleep(0.3)",
            10,
            1.0,
            "s: that is past the limit of 1 s for track 5 (All-Around), loading included",
        ),
        # A call into C that keeps Python's lock: the timer comes late, or the clock shows it afterwards.
        ("pass", "sum(range(10**8))", 0.05, 1000, "batch 1 of multiple-choice (4 questions)"),
    ],
    ids=["hanging batch", "hanging load", "whole run", "locked batch"],
)
def test_a_late_run_ends_with_exit_code_3(tmp_path, loading, answering, per_question, total, message):
    code = LIMITED_RUN.replace("LOADING", loading).replace("ANSWERING", answering)
    code = code.replace("PER_QUESTION", str(per_question)).replace("TOTAL", str(total))
    result = python(code, tmp_path)
    assert result.returncode == 3, result.stderr
    assert "Time limit exceeded: " in result.stderr
    assert message in result.stderr
    assert "Traceback" not in result.stderr


def test_a_run_within_its_limits_is_left_alone(tmp_path):
    code = LIMITED_RUN.replace("LOADING", "pass").replace("ANSWERING", "time.sleep(0.02)")
    code = code.replace("PER_QUESTION", "1").replace("TOTAL", "100")
    result = python(code, tmp_path)
    assert result.returncode == 0, result.stderr


def test_phase_2_limits_are_the_tracks():
    limits = Limits.phase_2(track_by_number(2))
    assert (limits.per_question_s, limits.total_s) == (10, 1200)
    assert limits.name == "track 2 (Shopping Knowledge Reasoning)"
