"""The stored result of `make check-t4` belongs to the lock file and the presets as they are, and nothing in it is amiss."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from submission import profiles
from tools.check_t4 import expected
from tools.check_t4.page import page


@pytest.fixture
def result() -> dict[str, Any]:
    return json.loads(expected.RESULT.read_text(encoding="utf-8"))


def test_the_stored_result_is_what_the_presets_count_on(result: dict[str, Any]) -> None:
    assert expected.problems(result) == []
    assert expected.PAGE.read_text(encoding="utf-8") == page(result)


def test_another_lock_file_asks_for_a_new_run(
    result: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bumped = tmp_path / "inference-cuda.lock"
    bumped.write_text(expected.LOCK.read_text(encoding="utf-8").replace("vllm==0.32.0", "vllm==0.33.0"))
    monkeypatch.setattr(expected, "LOCK", bumped)
    assert [problem for problem in expected.problems(result) if "make check-t4" in problem]


def test_another_preset_asks_for_a_new_run(result: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    changed = replace(profiles.T4X4, engine={**profiles.T4X4.engine, "max_num_batched_tokens": 4096})
    monkeypatch.setitem(profiles.PROFILES, "t4x4", changed)
    assert [problem for problem in expected.problems(result) if problem.startswith("the preset t4x4 is another")]
    monkeypatch.setitem(profiles.PROFILES, "t4x8", replace(changed, name="t4x8"))
    assert any("t4x8" in problem for problem in expected.problems(result))


def chosen(what: str, value: Any) -> Callable[[dict[str, Any]], None]:
    def change(result: dict[str, Any]) -> None:
        result["chosen"]["t4x4-pp awq"][what] = value

    return change


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda result: result["architectures"]["NCCL"].pop("sm_75"), "NCCL has no machine code for SM 7.5"),
        (lambda result: result["triton"][1].update({"shared memory": 81_920}), "81,920 bytes of shared memory"),
        (lambda result: result["triton"][1].update({"spills": 3}), "3 spills"),
        (lambda result: result["marlin"].popitem(), "Marlin, int8 × 4 bits, symmetric: None"),
        (chosen("attention", "FLASHINFER"), "t4x4-pp awq: attention is 'FLASHINFER'"),
        (chosen("runner", "V2"), "runner is 'V2'"),
        (chosen("linear layers", {"qkv_proj": "ExllamaLinearKernel"}), "ExllamaLinearKernel"),
        (lambda result: result["chosen"].pop("t4x4 awq"), "t4x4 awq: quantisation is None"),
    ],
)
def test_what_is_not_as_counted_on_is_named(
    result: dict[str, Any], change: Callable[[dict[str, Any]], Any], says: str
) -> None:
    change(result)
    assert any(says in problem for problem in expected.problems(result)), expected.problems(result)
