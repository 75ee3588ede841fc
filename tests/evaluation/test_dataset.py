import gzip
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evaluation.dataset import find_duplicates, fingerprint, read_question_texts, read_samples, sample_of
from submission.errors import ShopBenchError
from submission.task_types import TaskType
from submission.tracks import track_by_number

SHARED = Path(__file__).resolve().parents[3] / "shared" / "data"
SAMPLE = Path(__file__).resolve().parents[2] / "data" / "sample_questions.jsonl"

ROW = {
    "input_field": "Which one?\n0. a\n1. b",
    "output_field": 1,
    "task_name": "choose",
    "task_type": "multiple-choice",
    "metric": "accuracy",
    "is_multiple_choice": True,
    "track": track_by_number(2).challenge_id,
}


def write(path, *rows):
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_a_row_becomes_a_sample(tmp_path):
    (sample,) = read_samples(write(tmp_path / "d.json", ROW))
    assert sample.question == ROW["input_field"]
    assert (sample.truth, sample.task_name, sample.metric, sample.line) == (1, "choose", "accuracy", 1)
    assert sample.task_type is TaskType.MULTIPLE_CHOICE
    assert sample.track is track_by_number(2)


def test_missing_names_are_made_up_from_the_file_and_the_track_is_unknown(tmp_path):
    bare = {key: ROW[key] for key in ("input_field", "output_field", "task_type", "metric")}
    (sample,) = read_samples(write(tmp_path / "my_task.jsonl", bare))
    assert (sample.task_name, sample.track) == ("my_task", None)
    other = {"input_field": "Name?", "output_field": "x", "task_type": "generation", "metric": "bleu"}
    names = [sample.task_name for sample in read_samples(write(tmp_path / "two.jsonl", bare, other))]
    assert names == ["two (accuracy)", "two (bleu)"]


def test_bom_crlf_blank_lines_and_gzip_are_read(tmp_path):
    plain = write(tmp_path / "d.jsonl", ROW, {**ROW, "input_field": "Wé？\u2028"})
    expected = read_samples(plain)
    content = plain.read_bytes()
    (tmp_path / "windows.jsonl").write_bytes(b"\xef\xbb\xbf" + content.replace(b"\n", b"\r\n") + b"\r\n")
    (tmp_path / "d.jsonl.gz").write_bytes(gzip.compress(content))
    assert read_samples(tmp_path / "windows.jsonl") == expected
    assert read_samples(tmp_path / "d.jsonl.gz") == expected


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"metric": "f2"}, "field 'metric': unknown metric 'f2': known are accuracy, .*multilingual"),
        ({"metric": "ndcg"}, "field 'metric' is 'ndcg', but multiple-choice is scored with accuracy"),
        ({"task_type": "quiz"}, "field 'task_type' is 'quiz': known are multiple-choice, ranking"),
        ({"track": "amazon"}, "field 'track' is 'amazon': known are amazon-kdd-cup-24-understanding"),
        ({"input_field": 3}, "field 'input_field' must be a text, not 3"),
        ({"input_field": None}, "field 'input_field' must be a text, not null"),
        ({"input_field": "\ud83d"}, "field 'input_field' holds half of a surrogate pair"),
        ({"output_field": "1"}, "field 'output_field' must be an option number for metric 'accuracy', not \"1\""),
        ({"output_field": True}, "field 'output_field' must be an option number"),
        ({"task_name": 3}, "field 'task_name' must be a text, not 3"),
        ({"is_multiple_choice": False}, "field 'is_multiple_choice' is false, which contradicts"),
        ({"is_multiple_choice": "True"}, "field 'is_multiple_choice' is \"True\", which contradicts"),
    ],
)
def test_a_bad_field_is_named_with_file_and_line(tmp_path, change, message):
    path = write(tmp_path / "d.jsonl", ROW, ROW, {**ROW, **change})
    with pytest.raises(ShopBenchError, match=rf"d\.jsonl, line 3: {message}"):
        read_samples(path)


@pytest.mark.parametrize(
    ("twice", "key"),
    [
        ('"output_field": 0, ', "output_field"),
        ('"output_field": 1, ', "output_field"),
        ('"note": {"a": 1, "b": 2, "a": 1}, ', "a"),
    ],
)
def test_a_key_that_is_given_twice_is_named(tmp_path, twice, key):
    path = tmp_path / "d.jsonl"
    path.write_text(f"{json.dumps(ROW)}\n{{{twice}{json.dumps(ROW)[1:]}\n", encoding="utf-8")
    with pytest.raises(ShopBenchError, match=rf"d\.jsonl, line 2: field '{key}' is given more than once"):
        read_samples(path)


@pytest.mark.parametrize("field", ["input_field", "output_field", "task_type", "metric"])
def test_a_missing_field_is_named(tmp_path, field):
    row = {key: value for key, value in ROW.items() if key != field}
    with pytest.raises(ShopBenchError, match=f"line 2: field '{field}' is missing"):
        read_samples(write(tmp_path / "d.jsonl", ROW, row))


@pytest.mark.parametrize(
    ("task_type", "metric", "bad", "good"),
    [
        ("retrieval", "hit rate@3", [[], 3, ["3"], [1.5]], [[4], [1, 2, 3]]),
        ("ranking", "ndcg", [[], [1, "a"], [float("nan")], [-1], [float("inf")]], [[1, 0.1, 0.01, 0]]),
        ("named_entity_recognition", "micro f1", ["red", [1]], [["red"], []]),
        ("generation", "rougel", [3, None, ["a"]], ["a"]),
        ("generation", "sent-transformer", [3, [], [1]], ["a", ["a", "b"]]),
    ],
)
def test_truths_must_fit_the_metric(tmp_path, task_type, metric, bad, good):
    row = {"input_field": "?", "task_type": task_type, "metric": metric}
    for truth in good:
        assert read_samples(write(tmp_path / "d.jsonl", {**row, "output_field": truth}))[0].truth == truth
    for truth in bad:
        with pytest.raises(ShopBenchError, match="line 1: field 'output_field' must be"):
            read_samples(write(tmp_path / "d.jsonl", {**row, "output_field": truth}))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b'{"input_field": "a', r"line 1: not a JSON object \("),
        (b"[1, 2]\n", "line 1: not a JSON object but a list"),
        (b'"text"\n', "line 1: not a JSON object but a text"),
        (b"[" * 100_000, r"line 1: not a JSON object \("),
        (b'{"input_field": "\xff"}\n', r"line 1: not UTF-8 \(byte 18 of the line\)"),
        (b"", "holds no questions"),
        (b"\n \n", "holds no questions"),
        (gzip.compress(b"x" * 1000, mtime=0)[:-12], r"cannot read .*d\.jsonl"),
        (gzip.compress(b"x", mtime=0)[:10] + b"garbage!", r"cannot read .*d\.jsonl"),
    ],
)
def test_a_broken_file_is_one_clear_error(tmp_path, content, message):
    path = tmp_path / "d.jsonl"
    path.write_bytes(content)
    with pytest.raises(ShopBenchError, match=message):
        read_samples(path)


def test_an_absent_file_and_a_folder_are_one_clear_error(tmp_path):
    with pytest.raises(ShopBenchError, match=r"cannot read .*absent\.json: No such file"):
        read_samples(tmp_path / "absent.json")
    with pytest.raises(ShopBenchError, match=r"cannot read .*: Is a directory"):
        read_samples(tmp_path)


def test_a_task_has_one_type_and_one_track(tmp_path):
    moved = {**ROW, "track": track_by_number(3).challenge_id}
    with pytest.raises(ShopBenchError, match="line 2: field 'track' of task 'choose' differs from the one in line 1"):
        read_samples(write(tmp_path / "d.jsonl", ROW, moved))


def test_a_sample_is_written_as_it_is_read(tmp_path):
    rows = [ROW, {key: ROW[key] for key in ("input_field", "output_field", "task_type", "metric")}]
    for row in rows:
        (sample,) = read_samples(write(tmp_path / "named.jsonl", row))
        assert read_samples(write(tmp_path / "again.jsonl", sample.row())) == [sample]
    assert sample_of(ROW).row() == ROW
    for sample in read_samples(SAMPLE):
        assert sample_of(sample.row(), line=sample.line) == sample


@pytest.mark.parametrize(
    "change", [{"metric": None}, {"metric": "my own"}, {"metric": "bleu"}, {"output_field": ["one", "two"]}]
)
def test_what_scoring_alone_needs_is_not_asked_of_what_is_trained_on(tmp_path, change):
    path = write(
        tmp_path / "d.jsonl", {**ROW, **change}, {**ROW, "task_type": "generation", "is_multiple_choice": None}
    )
    with pytest.raises(ShopBenchError, match="line 1"):
        read_samples(path)
    first, second = read_samples(path, scored=False)
    assert first.metric == (change.get("metric", "accuracy") or "") and first.truth == change.get("output_field", 1)
    assert (first.task_name, second.task_name) == ("choose", "choose")


@pytest.mark.parametrize("field", ["input_field", "output_field", "task_type"])
def test_what_is_trained_on_needs_its_fields_all_the_same(tmp_path, field):
    row = {key: value for key, value in ROW.items() if key != field}
    with pytest.raises(ShopBenchError, match=rf"d\.jsonl, line 2: field '{field}' is missing"):
        read_samples(write(tmp_path / "d.jsonl", ROW, row), scored=False)


def test_questions_that_are_trained_on_are_one_task_a_file_where_they_name_none(tmp_path):
    bare = [
        {"input_field": "?", "output_field": "x", "task_type": "generation", "metric": m} for m in ("bleu", "rougel")
    ]
    path = write(tmp_path / "titles.v2.jsonl", *bare)
    assert [sample.task_name for sample in read_samples(path, scored=False)] == ["titles.v2", "titles.v2"]


def test_texts_are_read_of_questions_without_truths(tmp_path):
    path = write(tmp_path / "d.jsonl", {"input_field": "a\u2028b"}, ROW)
    assert read_question_texts(path) == ["a\u2028b", ROW["input_field"]]
    with pytest.raises(ShopBenchError, match="line 2: not a question with an input_field: field 'input_field' must be"):
        read_question_texts(write(tmp_path / "d.jsonl", ROW, {"input_field": 3}))


def test_duplicates_are_found_and_kept(tmp_path):
    samples = read_samples(write(tmp_path / "d.jsonl", ROW, {**ROW, "input_field": "other"}, ROW))
    assert len(samples) == 3
    assert find_duplicates(samples) == [(3, 1)]


def test_the_fingerprint_depends_on_every_field(tmp_path):
    changes = [{}, {"input_field": "x"}, {"output_field": 0}, {"task_name": "x"}, {"track": None}]
    rows = [{**ROW, **change} for change in changes]
    assert len({fingerprint(read_samples(write(tmp_path / "d.jsonl", row))) for row in rows}) == len(rows)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.one_of(st.binary(), st.dictionaries(st.sampled_from(list(ROW)), st.none() | st.integers() | st.text())))
def test_any_bytes_are_read_or_refused_with_the_file_named(tmp_path, content):
    path = tmp_path / "d.jsonl"
    path.write_bytes(content if isinstance(content, bytes) else json.dumps({**ROW, **content}).encode())
    try:
        assert read_samples(path)
    except ShopBenchError as error:
        assert str(path) in str(error)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the competition's development data are not on this machine")
def test_real_data_are_read_without_complaint():
    development = read_samples(SHARED / "shopbench_development.jsonl")
    assert len(development) == 96
    assert len({sample.task_name for sample in development}) == 18
    for path in sorted((SHARED / "ec_guide").glob("*.jsonl")):
        samples = read_samples(path)
        assert {sample.task_name for sample in samples} == {path.stem}


def test_the_sample_questions_cover_everything():
    samples = read_samples(SAMPLE)
    assert 60 <= len(samples) <= 72
    assert find_duplicates(samples) == []
    assert {sample.task_type for sample in samples} == set(TaskType)
    assert len({sample.metric for sample in samples}) == 9
    assert {sample.track.number for sample in samples} == {1, 2, 3, 4}
    assert len({sample.task_name for sample in samples}) >= 18


def test_the_truths_of_the_sample_questions_are_among_what_the_questions_offer():
    for sample in read_samples(SAMPLE):
        lines = [line.split(".")[0] for line in sample.question.splitlines()]
        listed = {int(word) for word in lines if word.isdecimal()}
        if sample.metric == "hit rate@3":
            assert set(sample.truth) <= listed and len(listed) in (10, 15)
        elif sample.metric == "ndcg":
            assert listed == set(range(1, len(sample.truth) + 1))
        elif sample.metric == "accuracy":
            assert sample.truth in (listed or range(1, 6))
        elif sample.metric == "micro f1":
            query = sample.question.split("Query: ")[1]
            assert all(entity in query for entity in sample.truth)
        elif sample.metric == "rougel":
            assert sample.truth in sample.question
