"""Combined adapters: exactly the weighted sum of the updates, whatever the ranks."""

from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import PeftModel

from submission.errors import ShopBenchError
from tests.training.lora_fixtures import build_adapter, build_llama, load, logits_of
from tests.training.tiny_models import needs_smollm2
from training import ensemble
from training.checkpoints.ensembling import combine_adapters
from training.checkpoints.lora import LoraUpdate

pytestmark = needs_smollm2


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_llama(tmp_path_factory.mktemp("ensemble") / "base")


@pytest.fixture(scope="module")
def adapters(base: Path) -> list[Path]:
    settings = [
        {"r": 4},
        {"r": 2, "lora_alpha": 12},
        {"r": 5, "target_modules": ["q_proj", "down_proj"]},
        {"r": 3, "use_rslora": True, "alpha_pattern": {"q_proj": 1}},
        {"r": 2, "rank_pattern": {"q_proj": 5}},
    ]
    return [
        build_adapter(base, base.parent / f"adapter{seed}", seed=seed, **chosen) for seed, chosen in enumerate(settings)
    ]


def weighted_sum(adapters: list[Path], weights: list[float]) -> dict[str, torch.Tensor]:
    """The update that the ensemble stands for, by the name of the base's tensor."""
    total: dict[str, torch.Tensor] = {}
    for adapter, weight in zip(adapters, weights, strict=True):
        update = LoraUpdate(adapter)
        for name in update.names:
            total[name] = total.get(name, torch.zeros(update.shape(name))) + weight * update.delta(name)
    return total


def test_weights_1_0_0_0_give_the_first_adapter(tmp_path: Path, base: Path, adapters: list[Path]) -> None:
    combine_adapters(base, adapters[:4], [1, 0, 0, 0], tmp_path / "combined")
    first, combined = LoraUpdate(adapters[0]), LoraUpdate(tmp_path / "combined")
    assert combined.names == first.names
    for name in first.names:
        torch.testing.assert_close(combined.delta(name), first.delta(name))


@settings(max_examples=12, deadline=None)
@given(weights=st.lists(st.floats(-1.5, 1.5, allow_nan=False, width=16), min_size=4, max_size=4).filter(any))
def test_combined_update_is_the_weighted_sum(
    tmp_path_factory: pytest.TempPathFactory, base: Path, adapters: list[Path], weights: list[float]
) -> None:
    output = tmp_path_factory.mktemp("combined") / "adapter"
    combine_adapters(base, adapters[:4], weights, output)
    expected, combined = weighted_sum(adapters[:4], weights), LoraUpdate(output)
    for name in combined.names:
        torch.testing.assert_close(combined.delta(name), expected[name], rtol=1e-4, atol=1e-5)
    assert all(torch.count_nonzero(expected[name]) == 0 for name in expected.keys() - combined.names)


def test_merged_ensemble_has_the_logits_of_the_sum_of_updates(tmp_path: Path, adapters: list[Path]) -> None:
    # In float32 nothing is rounded when the merged model is written.
    base = build_llama(tmp_path / "base", dtype="float32")
    weights = [0.4, -0.3, 0.8, 0.5]
    arguments = ["--base", base, "--adapters", *adapters[:4], "--weights", *weights]
    ensemble.main([str(argument) for argument in [*arguments, "--output", tmp_path / "e", "--merged", tmp_path / "m"]])
    expected = load(base)
    parameters = dict(expected.named_parameters())
    for name, delta in weighted_sum(adapters[:4], weights).items():
        parameters[name].data += delta
    torch.testing.assert_close(logits_of(load(tmp_path / "m")), logits_of(expected), rtol=0, atol=1e-4)
    assert not torch.allclose(logits_of(expected), logits_of(load(base)), atol=0.05)


@pytest.mark.parametrize(("members", "weights"), [([4], [0.5]), ([3, 2, 4], [0.7, -0.4, 0.5])])
def test_peft_reads_the_combined_adapter_alike(
    tmp_path: Path, base: Path, adapters: list[Path], members: list[int], weights: list[float]
) -> None:
    chosen = [adapters[member] for member in members]
    combine_adapters(base, chosen, weights, tmp_path / "combined")
    expected = load(base)
    parameters = dict(expected.named_parameters())
    for name, delta in weighted_sum(chosen, weights).items():
        parameters[name].data += delta
    combined = PeftModel.from_pretrained(load(base), tmp_path / "combined")
    torch.testing.assert_close(logits_of(combined), logits_of(expected), rtol=0, atol=1e-4)
    for name, delta in weighted_sum(chosen, weights).items():
        torch.testing.assert_close(LoraUpdate(tmp_path / "combined").delta(name), delta, rtol=1e-4, atol=1e-5)


def test_same_adapters_give_the_same_bytes(tmp_path: Path, base: Path, adapters: list[Path]) -> None:
    for name in ("one", "two"):
        combine_adapters(base, adapters[:2], [0.5, 0.5], tmp_path / name)
    assert sorted(path.name for path in (tmp_path / "one").iterdir()) == [
        "adapter_config.json",
        "adapter_model.safetensors",
    ]
    for path in (tmp_path / "one").iterdir():
        assert path.read_bytes() == (tmp_path / "two" / path.name).read_bytes()


def test_svd_keeps_the_rank_and_comes_close(tmp_path: Path, base: Path, adapters: list[Path]) -> None:
    combine_adapters(base, adapters[:2], [0.9, 0.1], tmp_path / "svd", "svd")
    update, expected = LoraUpdate(tmp_path / "svd"), weighted_sum(adapters[:2], [0.9, 0.1])
    for name in update.names:
        assert torch.linalg.matrix_rank(update.delta(name)) <= 4
        assert (update.delta(name) - expected[name]).norm() < 0.5 * expected[name].norm()


def test_linear_adds_the_factors(tmp_path: Path, base: Path, adapters: list[Path]) -> None:
    other = build_adapter(base, tmp_path / "other", seed=7)
    combine_adapters(base, [adapters[0], other], [0.5, 0.3], tmp_path / "linear", "linear")
    one, two, found = (LoraUpdate(folder) for folder in (adapters[0], other, tmp_path / "linear"))
    for name in found.names:
        module = name.removesuffix(".weight")
        b, a = (
            sum(
                (weight * update.scaling(name)) ** 0.5 * update._factors[f"{module}.{factor}"]
                for update, weight in ((one, 0.5), (two, 0.3))
            )
            for factor in "BA"
        )
        torch.testing.assert_close(found.delta(name), b @ a)


def test_what_cannot_be_combined_is_refused(tmp_path: Path, base: Path, adapters: list[Path]) -> None:
    with pytest.raises(ShopBenchError, match="as many weights"):
        combine_adapters(base, adapters, [1, 1], tmp_path / "combined")
    with pytest.raises(ShopBenchError, match="all adapter weights are 0"):
        combine_adapters(base, adapters[:4], [0, 0, 0, 0], tmp_path / "combined")
    with pytest.raises(ShopBenchError, match="4, 2"):
        combine_adapters(base, adapters[:2], [1, 1], tmp_path / "combined", "linear")
    with pytest.raises(ShopBenchError, match="ranks of their own"):
        combine_adapters(base, [adapters[4], adapters[4]], [1, 1], tmp_path / "combined", "linear")
    with pytest.raises(ShopBenchError, match="adapter_config"):
        combine_adapters(base, [tmp_path], [1], tmp_path / "combined")
