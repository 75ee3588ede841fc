"""What the members adapt may differ in every way that PEFT knows: the ensemble is exact, in any order to the byte."""

import itertools
import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import PeftModel

from tests.training.lora_fixtures import build_adapter, build_llama, load, logits_of
from tests.training.test_ensemble import weighted_sum
from tests.training.tiny_models import needs_smollm2
from training.checkpoints.ensembling import combine_adapters
from training.checkpoints.lora import LoraUpdate
from training.checkpoints.merging import merge_adapter
from training.recipe import COMBINATIONS

pytestmark = needs_smollm2

REGEX = r".*layers\.\d+\.(self_attn\.(q|v)_proj|mlp\.down_proj)"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_llama(tmp_path_factory.mktemp("order") / "base", dtype="float32")


MODULES = ["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]
NAMES = st.lists(st.sampled_from(MODULES), min_size=1, max_size=4, unique=True)
LISTED = st.fixed_dictionaries(
    {"target_modules": NAMES},
    optional={"layers_to_transform": st.sampled_from([[0], [1], 1, [0, 1]]), "exclude_modules": st.just(["k_proj"])},
)
MATCHED = st.fixed_dictionaries(
    {"target_modules": st.sampled_from([REGEX, r".*_proj", r".*\.1\..*(up|k)_proj", "model.layers.0.mlp.up_proj"])},
    optional={"exclude_modules": st.sampled_from([r".*layers\.1\..*down_proj", ["v_proj"]])},
)
SCALED = st.fixed_dictionaries(
    {"r": st.integers(1, 5), "lora_alpha": st.integers(1, 12), "use_rslora": st.booleans()},
    optional={
        "rank_pattern": st.sampled_from([{"q_proj": 3}, {r"layers\.1\..*": 2}, {"^model.layers.0.mlp.up_proj": 6}]),
        "alpha_pattern": st.sampled_from([{"down_proj": 5}, {r".*\.self_attn\..*": 7}]),
    },
)
SETTINGS = st.builds(lambda where, how: {**where, **how}, LISTED | MATCHED, SCALED).filter(
    # Else nothing is left to adapt, which PEFT refuses.
    lambda chosen: chosen["target_modules"] != ["k_proj"] or "exclude_modules" not in chosen
)


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@settings(max_examples=15, deadline=None)
@given(members=st.lists(SETTINGS, min_size=2, max_size=3), weights=st.permutations([0.5, -0.25, 1.5]))
def test_the_order_never_matters_and_the_sum_is_exact(
    base: Path, members: list[dict[str, Any]], weights: list[float]
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        adapters = [build_adapter(base, work / str(seed), seed=seed, **chosen) for seed, chosen in enumerate(members)]
        written = []
        for order in itertools.permutations(range(len(adapters))):
            output = work / "".join(map(str, ("combined", *order)))
            combine_adapters(base, [adapters[i] for i in order], [weights[i] for i in order], output)
            written.append(contents(output))
        assert all(one == written[0] for one in written)
        expected, found = weighted_sum(adapters, weights[: len(adapters)]), LoraUpdate(output)
        assert found.names == expected.keys()
        for name in found.names:
            torch.testing.assert_close(found.delta(name), expected[name], rtol=1e-4, atol=1e-5)
        # PEFT adapts just these modules too, and computes the same.
        model = load(base)
        parameters = dict(model.named_parameters())
        for name, delta in expected.items():
            parameters[name].data += delta
        combined = PeftModel.from_pretrained(load(base), output)
        assert sum("lora_A" in name for name, _ in combined.named_parameters()) == len(expected)
        torch.testing.assert_close(logits_of(combined), logits_of(model), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("combination", COMBINATIONS)
@pytest.mark.parametrize("others", [REGEX, ["v_proj", "down_proj"]])
def test_modules_named_by_a_regular_expression(
    tmp_path: Path, base: Path, combination: str, others: str | list[str]
) -> None:
    adapters = [
        build_adapter(base, tmp_path / "regex", target_modules=REGEX),
        build_adapter(base, tmp_path / "other", seed=1, target_modules=others),
    ]
    combine_adapters(base, adapters, [0.5, 0.5], tmp_path / "combined", combination)
    modules = json.loads((tmp_path / "combined" / "adapter_config.json").read_text())["target_modules"]
    assert modules == ["down_proj", "q_proj", "v_proj"]
    merge_adapter(base, tmp_path / "combined", tmp_path / "merged")
    PeftModel.from_pretrained(load(base), tmp_path / "combined")


def test_a_member_of_some_layers_does_not_narrow_the_others(tmp_path: Path, base: Path) -> None:
    narrow = build_adapter(base, tmp_path / "narrow", target_modules=["q_proj"], layers_to_transform=[1])
    wide = build_adapter(base, tmp_path / "wide", seed=1)
    for name, pair in {"one": [narrow, wide], "two": [wide, narrow]}.items():
        combine_adapters(base, pair, [0.5, 0.5], tmp_path / name)
        assert LoraUpdate(tmp_path / name).names == LoraUpdate(wide).names
    combine_adapters(base, [narrow], [2.0], tmp_path / "alone")
    written = json.loads((tmp_path / "alone" / "adapter_config.json").read_text())
    assert written["target_modules"] == ["model.layers.1.self_attn.q_proj"]


@pytest.mark.parametrize("combination", ["linear", "svd"])
def test_the_order_never_matters_to_the_other_combinations(tmp_path: Path, base: Path, combination: str) -> None:
    chosen = [{"target_modules": ["q_proj", "up_proj"]}, {"target_modules": r".*(up|down)_proj"}, {"use_rslora": True}]
    adapters = [build_adapter(base, tmp_path / str(seed), seed=seed, **how) for seed, how in enumerate(chosen)]
    for name, order in {"one": (0, 1, 2), "two": (2, 0, 1)}.items():
        weights = [(0.5, -0.25, 1.5)[index] for index in order]
        combine_adapters(base, [adapters[index] for index in order], weights, tmp_path / name, combination)
    assert contents(tmp_path / "one") == contents(tmp_path / "two")


def test_another_user_can_read_what_is_written(tmp_path: Path, base: Path) -> None:
    combine_adapters(base, [build_adapter(base, tmp_path / "adapter")], [0.5], tmp_path / "combined")
    assert {oct(path.stat().st_mode & 0o777) for path in (tmp_path / "combined").iterdir()} == {"0o644"}
