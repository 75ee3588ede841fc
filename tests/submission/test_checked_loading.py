"""An engine whose logits are not finite is loaded again with other kernels; the engine here is a stand-in."""

import logging
from dataclasses import dataclass, field
from typing import Any

import pytest

from submission.accumulation import ACCUMULATIONS
from submission.checked_loading import CheckedLoading
from submission.errors import ShopBenchError
from submission.long_questions import long_questions
from submission.profiles import CPU, T4X4, T4X4_PP, Profile

AWQ = {"quantization_config": {"quant_method": "awq"}}
PROMPTS = [[1, 2, 3], [4, 5]]


@dataclass
class Stand:
    """What loads engines: `finite` says by `quantization` whether an engine's numbers are; an error to raise instead."""

    finite: dict[str | None, bool | Exception]
    fails: str | None = None
    log: list[Any] = field(default_factory=list)

    def load(self, profile: Profile) -> "StandIn":
        quantisation = profile.engine.get("quantization")
        self.log.append(("load", quantisation))
        if quantisation == self.fails and quantisation is not None:
            raise ShopBenchError("out of memory")
        return StandIn(self, quantisation)

    def loading(self, profile: Profile = T4X4, accumulation: str = "checked", config: Any = None) -> CheckedLoading:
        return CheckedLoading(self.load, profile, accumulation, AWQ if config is None else config, lambda: PROMPTS)


@dataclass
class StandIn:
    stand: Stand
    quantisation: str | None

    def count_not_finite(self, prompts: list[list[int]]) -> int:
        assert prompts is PROMPTS
        self.stand.log.append("asked")
        finite = self.stand.finite[self.quantisation]
        if isinstance(finite, Exception):
            raise finite
        return 0 if finite else len(prompts)

    def generate(self, requests: Any, generations: Any, deadline: Any) -> None: ...

    def close(self) -> None:
        self.stand.log.append("closed")


def test_finite_logits_keep_the_engine_and_are_asked_for_once() -> None:
    stand = Stand({None: True})
    load = stand.loading()
    load()
    load()
    assert stand.log == [("load", None), "asked", ("load", None)]


@pytest.mark.parametrize("profile", [T4X4, T4X4_PP])
def test_an_overflow_loads_other_kernels_for_this_and_all_later_engines(
    profile: Profile, caplog: pytest.LogCaptureFixture
) -> None:
    stand = Stand({None: False, "awq-float32": True})
    load = stand.loading(profile)
    assert load().quantisation == "awq-float32"  # type: ignore[attr-defined]
    assert stand.log == [("load", None), "asked", "closed", ("load", "awq-float32"), "asked"]
    load()
    assert stand.log[5:] == [("load", "awq-float32")]
    assert "2 of 2 long questions have logits that are not finite" in caplog.text
    assert "loaded again with kernels that sum in single precision" in caplog.text


def test_a_model_that_overflows_by_itself_is_served_all_the_same(caplog: pytest.LogCaptureFixture) -> None:
    stand = Stand({None: False, "awq-float32": False})
    assert stand.loading()().quantisation == "awq-float32"  # type: ignore[attr-defined]
    assert "may be noise" in caplog.text


@pytest.mark.parametrize("config", [{}, {"quantization_config": {"quant_method": "compressed-tensors"}}])
def test_without_other_kernels_the_log_says_so_and_the_run_goes_on(
    config: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    stand = Stand({None: False})
    stand.loading(config=config)()
    assert stand.log == [("load", None), "asked"]
    assert "no other kernels for this model" in caplog.text


def test_other_kernels_that_do_not_load_leave_the_first(caplog: pytest.LogCaptureFixture) -> None:
    stand = Stand({None: False}, fails="awq-float32")
    load = stand.loading()
    load()
    load()
    assert stand.log[3:] == [("load", "awq-float32"), ("load", None), ("load", None)]
    assert "out of memory" in caplog.text


def test_an_engine_that_fails_when_asked_is_left_to_its_guard(caplog: pytest.LogCaptureFixture) -> None:
    stand = Stand({None: RuntimeError("illegal memory access")})
    stand.loading()()
    assert stand.log == [("load", None), "asked"]
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_the_processors_own_types_are_not_asked() -> None:
    stand = Stand({})
    stand.loading(CPU)()
    assert stand.log == [("load", None)]


@pytest.mark.parametrize("accumulation", [one for one in ACCUMULATIONS if one != "checked"])
def test_what_is_forced_is_loaded_unasked(accumulation: str) -> None:
    stand = Stand({})
    stand.loading(accumulation=accumulation)()
    assert stand.log == [("load", None if accumulation == "unchecked" else f"awq-{accumulation}")]


@pytest.mark.parametrize(
    ("config", "says"),
    [({}, "is not quantised"), ({"quantization_config": {"quant_method": "gptq"}}, "quantised with 'gptq'")],
)
def test_single_precision_is_refused_for_what_is_not_awq(config: dict[str, Any], says: str) -> None:
    with pytest.raises(ShopBenchError, match=f"SHOPBENCH_ACCUMULATION=float32-down is for AWQ.*{says}"):
        Stand({}).loading(accumulation="float32-down", config=config)


def test_the_questions_are_long_and_the_same_every_time() -> None:
    assert long_questions() == long_questions()
    assert all(1_500 < len(text) < 5_000 for text in long_questions())
