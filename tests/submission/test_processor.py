"""The type that a CPU computes in: bfloat16 only where the processor has instructions for it."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch

from submission.processor import dtype_on_cpu, native_dtype


@pytest.fixture(autouse=True)
def _forget() -> Iterator[None]:
    native_dtype.cache_clear()
    yield
    native_dtype.cache_clear()


@pytest.mark.parametrize(
    ("capabilities", "dtype"),
    [
        ({"avx2": True, "avx512_f": False, "avx512_bf16": False, "amx_bf16": False}, "float32"),
        ({"avx2": True, "avx512_f": True, "avx512_bf16": False, "amx_bf16": False}, "float32"),
        ({"avx2": True, "avx512_f": True, "avx512_bf16": True, "amx_bf16": False}, "bfloat16"),
        ({"avx2": True, "avx512_f": True, "avx512_bf16": False, "amx_bf16": True}, "bfloat16"),
        ({"architecture": "aarch64", "neon": True}, "float32"),
    ],
)
def test_bfloat16_needs_its_instructions(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capabilities: dict[str, bool | str], dtype: str
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities)
    assert native_dtype() == dtype
    (tmp_path / "config.json").write_text(json.dumps({"dtype": "float16"}))
    assert dtype_on_cpu(tmp_path) == dtype


def test_what_this_processor_says_has_the_names_that_are_looked_for() -> None:
    capabilities = torch.cpu.get_capabilities()
    if capabilities["architecture"] != "x86_64":
        pytest.skip("the names are those of x86-64")
    assert {"avx512_bf16", "amx_bf16"} <= set(capabilities)


def test_a_quantised_checkpoint_is_served_in_half_precision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"avx2": True})
    (tmp_path / "config.json").write_text(json.dumps({"quantization_config": {"quant_method": "awq"}}))
    assert dtype_on_cpu(tmp_path) == "bfloat16"
