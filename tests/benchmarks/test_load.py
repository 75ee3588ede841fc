"""The load run: every cycle is the same work on new forms, and each figure that is worse than it may be is named."""

import dataclasses
import json

import pytest

from benchmarks.load import FIRST_NUMBER, SAMPLE, Cycle, Remains, faults, figures, numbered
from submission.answer_formats import FreeText, Spans
from submission.questions import AnswerKind, Question, read_question

QUESTIONS = [
    (row["input_field"], row["is_multiple_choice"])
    for row in map(json.loads, SAMPLE.read_text(encoding="utf-8").splitlines())
]
NOTHING_LEFT = Remains(unfinished=0, scheduled=0, kv_cache=0.0, rows=8, forms=512)


def read_in_cycles(text: str, is_multiple_choice: bool) -> list[Question]:
    return [
        read_question(numbered(text, is_multiple_choice, number), is_multiple_choice)
        for number in (FIRST_NUMBER, FIRST_NUMBER + len(QUESTIONS))
    ]


def test_what_is_cited_and_what_is_translated_is_new_in_every_cycle() -> None:
    kinds = {AnswerKind.EXTRACTION: 0, AnswerKind.TRANSLATION: 0}
    for text, is_multiple_choice in QUESTIONS:
        first, second = read_in_cycles(text, is_multiple_choice)
        if first.answer_kind in kinds:
            kinds[first.answer_kind] += 1
            assert first.answer_format != second.answer_format, text
    assert min(kinds.values()) >= 5


def test_a_cycle_is_the_same_work_as_the_one_before() -> None:
    for text, is_multiple_choice in QUESTIONS:
        first, second = read_in_cycles(text, is_multiple_choice)
        bare = read_question(text, is_multiple_choice)
        assert len(first.text) == len(second.text)
        assert first.task_type is second.task_type is bare.task_type
        assert first.answer_kind is second.answer_kind is bare.answer_kind
        before, after = first.answer_format, second.answer_format
        match before, after:
            case Spans(), Spans():
                assert before == dataclasses.replace(after, source=before.source)
                # No more than the number was added to what may be cited.
                assert len(before.source) - len(bare.body) <= len(f"{FIRST_NUMBER}) ") * 2
            case FreeText(), FreeText():
                assert before == dataclasses.replace(after, fallback_text=before.fallback_text)
            case _:
                assert before == after == bare.answer_format


def cycles(memory: list[float], seconds: list[float]) -> list[Cycle]:
    return [Cycle(i + 1.0, taken, mb) for i, (taken, mb) in enumerate(zip(seconds, memory, strict=True))]


def test_a_quiet_run_has_no_faults() -> None:
    # Memory may grow while caches fill, up to the middle.
    memory = [1000 + min(20 * i, 200) for i in range(40)]
    found = figures(cycles([*memory], [2.0, *[1.0] * 38, 3.0]))
    assert found.memory_mb == (1060, 1200, 1200)
    assert (found.growth, found.slowing) == (0, 0)
    assert faults(found, NOTHING_LEFT, 16) == []


@pytest.mark.parametrize(
    ("memory", "seconds", "named"),
    [
        ([1000 + 2 * i for i in range(40)], [1.0] * 40, "memory grew by 3.7% from the middle to the end"),
        ([1000.0] * 40, [1 + 0.002 * i for i in range(40)], "the last tenth is 7.2% slower than the first"),
    ],
)
def test_growth_and_slowing_are_faults(memory: list[float], seconds: list[float], named: str) -> None:
    assert faults(figures(cycles(memory, seconds)), NOTHING_LEFT, 16) == [named]


@pytest.mark.parametrize(
    ("left", "named"),
    [
        ({"unfinished": 1}, "1 unfinished requests are left in the engine"),
        ({"scheduled": 2}, "2 requests are left in the scheduler"),
        ({"kv_cache": 0.25}, "25.0% of the KV cache is still in use"),
        ({"rows": 17}, "17 rows are left in the logits processor, more than a batch"),
    ],
)
def test_what_is_left_behind_is_a_fault(left: dict[str, float], named: str) -> None:
    quiet = figures(cycles([1000.0] * 40, [1.0] * 40))
    assert faults(quiet, dataclasses.replace(NOTHING_LEFT, **left), 16) == [named]


def test_one_cycle_is_enough_to_sum_up() -> None:
    found = figures(cycles([1000.0], [1.0]))
    assert (found.growth, found.slowing) == (0, 0)
