"""Four bits on a CPU: what bitsandbytes would read back wrongly is refused, and gradients pass where it packs."""

import importlib.util
from pathlib import Path

import pytest
import torch

from submission.errors import ShopBenchError
from training.files import write_json
from training.fine_tuning import four_bits
from training.fine_tuning.four_bits import check_four_bit, keep_gradients

needs_bitsandbytes = pytest.mark.skipif(
    importlib.util.find_spec("bitsandbytes") is None,
    reason="bitsandbytes is not installed: requirements/qlora-cpu.lock",
)
CONFIG = {"hidden_size": 256, "num_attention_heads": 8, "intermediate_size": 512}


def model(folder: Path, **changed: int) -> Path:
    write_json(folder / "config.json", {**CONFIG, **changed})
    return folder


@pytest.fixture
def on_a_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(four_bits, "is_bitsandbytes_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)


@pytest.mark.parametrize(
    ("changed", "width"), [({"intermediate_size": 352}, 352), ({"hidden_size": 288}, 288), ({"head_dim": 20}, 160)]
)
@pytest.mark.usefixtures("on_a_cpu")
def test_rows_that_are_no_whole_blocks_are_refused_on_a_cpu(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, int], width: int
) -> None:
    check_four_bit(model(tmp_path / "whole"))
    base = model(tmp_path / "base", **changed)
    with pytest.raises(ShopBenchError, match=rf"layers of {width} inputs, no whole blocks of 64.*four_bit=false"):
        check_four_bit(base)
    # There the kernels count blocks over the whole weight, as it was quantised.
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    check_four_bit(base)


def test_the_missing_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(four_bits, "is_bitsandbytes_available", lambda: False)
    with pytest.raises(ShopBenchError, match=r"needs bitsandbytes: .*qlora-cpu\.lock.*four_bit=false"):
        check_four_bit(model(tmp_path))


@needs_bitsandbytes
@pytest.mark.parametrize(("inputs", "is_right"), [(384, True), (352, False)])
def test_why_such_rows_are_refused(inputs: int, is_right: bool) -> None:
    import bitsandbytes.functional as bnb

    torch.manual_seed(0)
    # Rows of different sizes, as real layers have them.
    weight = torch.randn(256, inputs) * torch.exp(torch.randn(256, 1))
    read = bnb.dequantize_4bit(*bnb.quantize_4bit(weight, blocksize=64, quant_type="nf4", compress_statistics=True))
    cosine = torch.nn.functional.cosine_similarity(weight.flatten(), read.flatten(), dim=0)
    # Where this fails, bitsandbytes has been repaired: take the refusal out.
    assert bool(cosine > 0.99) is is_right


@needs_bitsandbytes
def test_gradients_pass_behind_an_evaluation() -> None:
    import bitsandbytes as bnb

    layer = bnb.nn.Linear4bit(64, 64, bias=False, compute_dtype=torch.bfloat16, quant_type="nf4").to("cpu")
    keep_gradients(torch.nn.Sequential(layer))
    with torch.no_grad():
        layer.eval()(torch.randn(2, 64))
    x = torch.randn(2, 64, requires_grad=True)
    layer.train()(x).sum().backward()
    assert x.grad is not None and x.grad.abs().max() > 0
