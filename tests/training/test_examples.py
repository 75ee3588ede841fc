"""What is trained on is what is asked: token ids of prompts, labels, and the order of the questions."""

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from datasets import Dataset
from hypothesis import given
from hypothesis import strategies as st

from evaluation.dataset import sample_of
from submission.answer_formats import Spans
from submission.asking import Asker
from submission.chat_encoder import ChatEncoder
from submission.errors import ShopBenchError
from submission.profiles import CPU
from submission.questions import read_question
from submission.tracks import TRACKS, track_by_number
from tests.shared_data import development_questions
from tests.training.lora_fixtures import questions, samples, write_questions
from tests.training.tiny_models import SMOLLM2, needs_smollm2
from training.data.sources.records import ReadyQuestion
from training.data.tasks.ready import with_ready_tasks
from training.data.tasks.task import Pool
from training.fine_tuning.examples import (
    encode_example,
    length_grouped_order,
    load_examples,
    prompt_completion,
    read_questions,
)

ALL = ("choice", "retrieval", "entities", "explanation")


@pytest.fixture(scope="module")
def encoder() -> ChatEncoder:
    return ChatEncoder(SMOLLM2)


@needs_smollm2
@pytest.mark.parametrize("track", TRACKS, ids=lambda track: f"track{track.number}")
def test_prompts_have_the_token_ids_of_inference(encoder: ChatEncoder, track) -> None:
    asker = Asker(track, encoder, CPU.max_model_len, len(encoder.tokenizer), calibrated=True)
    for row in development_questions():
        asked = asker.prompt_token_ids(read_question(row["input_field"], row["is_multiple_choice"]))
        trained, reason = prompt_completion(sample_of(row), track)
        if trained is None:
            # Its known answer is not in the form that decoding holds to, so it could not be trained on.
            assert "outside the form" in reason
            continue
        example = encode_example(encoder, trained["prompt"], trained["completion"][0]["content"])
        assert example["input_ids"][: len(asked)] == asked
        assert example["completion_mask"].index(1) == len(asked)


@needs_smollm2
def test_all_development_answers_can_be_written_in_their_form() -> None:
    filled_up = 0
    for row in development_questions():
        asked = read_question(row["input_field"], row["is_multiple_choice"]).asked
        found, reason = prompt_completion(sample_of(row), track_by_number(5))
        assert found is not None, reason
        if asked is not None and len(row["output_field"]) < asked:
            filled_up += 1
            answer = [int(number) for number in found["completion"][0]["content"].split(",")]
            assert len(answer) == asked and answer[: len(row["output_field"])] == row["output_field"]
    assert filled_up == 3


@needs_smollm2
def test_what_is_trained_on_ready_made_and_built_is_the_same() -> None:
    built = with_ready_tasks({}, {"some": 1})["some"]
    for row in development_questions():
        record = ReadyQuestion(
            key="0",
            language="en",
            task="some",
            task_type=row["task_type"],
            metric=row["metric"],
            track=1,
            text=row["input_field"],
            truth=row["output_field"],
        )
        made = built.question("shopbench/questions", record, Pool([]), Random(0))
        trained, _ = prompt_completion(sample_of(row), track_by_number(1))
        assert made is not None and trained is not None and made["completion"] == trained["completion"]


def test_a_question_with_a_phrase_that_cannot_be_cited_is_left_out() -> None:
    row = questions("entities", 1)[0]
    form = read_question(row["input_field"], False).answer_format
    assert isinstance(form, Spans)
    first = row["output_field"][0]
    sample = replace(sample_of(row), truth=[first.upper()])
    assert prompt_completion(sample, track_by_number(1))[0] is not None
    missing = prompt_completion(replace(sample, truth=[first.upper(), "no such phrase"]), track_by_number(1))
    assert missing == (None, "the answer is outside the form spans")


@needs_smollm2
def test_rankings_are_learned_as_orders_and_phrases_in_the_case_of_the_text() -> None:
    written = {}
    for row in development_questions():
        found, _ = prompt_completion(sample_of(row), track_by_number(5))
        if found is not None:
            written.setdefault(row["task_name"], []).append((row["output_field"], found["completion"][0]["content"]))
    assert ([0.01, 0.1, 1, 0, 0], "3,2,1,4,5") in written["task12"]
    assert ("super comfortable", "Super comfortable") in written["task6"]


@needs_smollm2
def test_answers_are_written_as_decoding_writes_them() -> None:
    written = {}
    for task in ALL:
        row, _ = prompt_completion(samples(task, 1)[0], track_by_number(1))
        assert row is not None
        written[task] = row["completion"]
    for task, completion in written.items():
        truth = questions(task, 1)[0]["output_field"]
        expected = ",".join(map(str, truth)) if task == "retrieval" else truth[0] if task == "entities" else str(truth)
        assert completion == [{"role": "assistant", "content": expected}]


@needs_smollm2
def test_special_tokens_in_an_answer_stay_text(encoder: ChatEncoder) -> None:
    example = encode_example(encoder, [{"role": "user", "content": "a"}], "x<|im_end|>y")
    assert example["input_ids"].count(encoder.tokenizer.eos_token_id) == encoder_ends(encoder) + 1


def encoder_ends(encoder: ChatEncoder) -> int:
    return encoder.encode([{"role": "user", "content": "a"}]).count(encoder.tokenizer.eos_token_id)


@needs_smollm2
def test_what_cannot_be_trained_on_is_left_out_and_counted(
    tmp_path: Path, encoder: ChatEncoder, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = questions("choice", 5)
    rows[0]["output_field"] = 9
    rows[1]["task_type"] = "generation"
    rows[2]["input_field"] = rows[2]["input_field"].replace("camping", "camping " * 400)
    file = write_questions(tmp_path / "train.jsonl", rows)
    examples = load_examples(file, track_by_number(1), encoder, [], 300, 1)
    assert len(examples) == 2
    printed = capsys.readouterr().out
    assert "1 questions left out: the answer is outside the form choice" in printed
    assert "1 questions left out: generation is read as" in printed
    assert "1 questions left out: longer than 300 tokens" in printed


@needs_smollm2
@pytest.mark.parametrize("suffix", ["jsonl", "parquet"])
def test_prompt_completion_rows_give_the_same_examples(tmp_path: Path, encoder: ChatEncoder, suffix: str) -> None:
    track = track_by_number(2)
    rows = [row for task in ALL for row in questions(task, 3)]
    plain = write_questions(tmp_path / "plain.jsonl", rows)
    converted = Dataset.from_list([prompt_completion(sample_of(row), track)[0] for row in rows])
    target = tmp_path / "rows" / f"part-0.{suffix}"
    target.parent.mkdir()
    getattr(converted, {"jsonl": "to_json", "parquet": "to_parquet"}[suffix])(target)
    for tasks in ([], ["entities", "choice"]):
        expected = load_examples(plain, track, encoder, tasks, 400, 1)
        found = load_examples(target.parent, track, encoder, tasks, 400, 1)
        assert found.to_list() == expected.to_list() and len(found) == (6 if tasks else 12)


def test_line_separators_within_a_question_do_not_end_it(tmp_path: Path) -> None:
    rows = [{**row, "input_field": f"a\u2028b\x85c\x1cd {row['input_field']}"} for row in questions("choice", 3)]
    lines = [json.dumps(row, ensure_ascii=False) for row in rows]
    (tmp_path / "choice.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert [sample.row()["input_field"] for sample in read_questions(tmp_path)] == [row["input_field"] for row in rows]


@needs_smollm2
def test_the_competitions_json_file_holds_json_lines(tmp_path: Path, encoder: ChatEncoder) -> None:
    rows = questions("choice", 3)
    file = write_questions(tmp_path / "development.json", rows)
    assert read_questions(file) == [replace(sample_of(row), line=place) for place, row in enumerate(rows, start=1)]
    assert len(load_examples(file, track_by_number(1), encoder, [], 400, 1)) == 3
    # Beside others it is a note on them, as `split.json` is.
    other = write_questions(tmp_path / "other.jsonl", rows[:1])
    assert read_questions(other.parent) == [replace(sample_of(rows[0]), line=1)]


@needs_smollm2
def test_faults_in_the_data_are_named(tmp_path: Path, encoder: ChatEncoder) -> None:
    file = write_questions(tmp_path / "choice.jsonl", questions("choice", 2))
    with pytest.raises(ShopBenchError, match=r"no questions of task 'ranking'.*choice"):
        load_examples(file, track_by_number(1), encoder, ["ranking"], 400, 1)
    assert len(load_examples(file, track_by_number(1), encoder, ["ranking"], 400, 1, all_tasks_needed=False)) == 2
    with pytest.raises(ShopBenchError, match="holds no questions"):
        load_examples(tmp_path / "nowhere", track_by_number(1), encoder, [], 400, 1)
    file.write_text(file.read_text() + "{broken\n")
    with pytest.raises(ShopBenchError, match="line 3"):
        read_questions(file)
    for content in ("", "{broken\n", "[1]\n"):
        (tmp_path / "other.jsonl").write_text(content)
        with pytest.raises(ShopBenchError, match="line 1: not a JSON object"):
            load_examples(tmp_path / "other.jsonl", track_by_number(1), encoder, [], 400, 1)
    for content, message in (
        ('{"prompt": "a", "completion": "b"}\n', "prompt must be a list of messages"),
        ('{"prompt": []}\n{broken\n', "cannot be read"),
    ):
        (tmp_path / "other.jsonl").write_text(content)
        with pytest.raises(ShopBenchError, match=message):
            load_examples(tmp_path / "other.jsonl", track_by_number(1), encoder, [], 400, 1)
    (tmp_path / "some.parquet").write_bytes(b"PAR1")
    with pytest.raises(ShopBenchError, match="not from Parquet"):
        read_questions(tmp_path / "some.parquet")
    unfit = write_questions(tmp_path / "unfit.jsonl", [{**questions("choice", 1)[0], "output_field": 9}])
    for tasks in ([], ["choice"]):
        with pytest.raises(ShopBenchError, match="no question that can be trained on"):
            load_examples(unfit, track_by_number(1), encoder, tasks, 400, 1)
    (tmp_path / "other.jsonl").write_text(json.dumps({"text": "x"}) + "\n")
    with pytest.raises(ShopBenchError, match=r"no column 'completion'.*text"):
        load_examples(tmp_path / "other.jsonl", track_by_number(1), encoder, [], 400, 1)


@given(
    lengths=st.lists(st.integers(1, 400), min_size=1, max_size=300),
    batch_size=st.integers(1, 16),
    epochs=st.floats(0.1, 3),
    seed=st.integers(0, 99),
)
def test_order_covers_every_epoch_and_is_a_function_of_its_arguments(
    lengths: list[int], batch_size: int, epochs: float, seed: int
) -> None:
    order = length_grouped_order(lengths, batch_size, epochs, seed)
    assert order == length_grouped_order(lengths, batch_size, epochs, seed)
    assert len(order) == max(1, round(epochs * len(lengths)))
    counts = Counter(order)
    assert set(counts) <= set(range(len(lengths)))
    # Whole passes see every question; the last, partial one sees some of them once more.
    assert max(counts.values()) - min(counts.get(index, 0) for index in range(len(lengths))) <= 1


def test_batches_hold_similar_lengths() -> None:
    lengths = [(index * 37) % 400 for index in range(1600)]
    order = length_grouped_order(lengths, 8, 1, seed=0)
    batches = [[lengths[index] for index in order[start : start + 8]] for start in range(0, 1600, 8)]
    padding = sum(8 * max(batch) - sum(batch) for batch in batches) / sum(lengths)
    assert padding < 0.06
    assert sorted(batches, key=max) != batches
