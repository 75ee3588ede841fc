"""Padding leaves logits as they are and divides; what cannot be divided is refused by name before any work."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoModelForCausalLM

from evaluation.t4_plan.__main__ import CONFIGS
from submission.errors import ShopBenchError
from submission.sharding import check_shardable
from tests.training.tiny_models import GROUP_SIZE, PADDED, UNPADDED, build_qwen2, needs_smollm2
from training.awq.padding import check_after_padding, main, needs_padding, pad_model, padded_size
from training.checkpoints.rewriting import INDEX_FILE, CheckpointReader

QWEN2_72B = {**json.loads((CONFIGS / "qwen2-72b-awq.json").read_text()), "intermediate_size": 29_568}


@given(st.integers(1, 50_000), st.sampled_from([32, 64, 128]), st.sampled_from([1, 2, 3, 4, 8]))
def test_a_padded_size_is_the_next_whole_number_of_groups_a_card(size: int, group_size: int, cards: int) -> None:
    padded = padded_size(size, group_size, cards)
    assert padded >= size and padded % (group_size * cards) == 0 and padded % (group_size * 8) == 0
    assert padded - size < group_size * cards * 8
    assert padded_size(padded, group_size, cards) == padded


def test_qwen2_72b_is_padded_to_the_size_that_its_makers_chose() -> None:
    assert padded_size(29_568, 128, 4) == 29_696
    assert needs_padding(QWEN2_72B, 128, 4)
    check_after_padding(QWEN2_72B, 128, 4)


@pytest.mark.parametrize(
    ("change", "cards", "named"),
    [
        ({}, 4, "231 groups of 128"),
        ({"intermediate_size": 29_696}, 3, "64 attention heads"),
        ({"intermediate_size": 29_696, "num_key_value_heads": 3}, 4, "3 key-value heads"),
        ({"intermediate_size": 29_696 * 7, "num_attention_heads": 56, "head_dim": 128}, 7, "vocabulary"),
        ({"intermediate_size": 29_696, "head_dim": 4}, 4, "groups of 128 a card"),
        ({"intermediate_size": 29_696, "hidden_size": 8_200, "head_dim": 128}, 4, "hidden size 8,200"),
    ],
)
def test_what_cannot_be_divided_is_named(change: dict[str, int], cards: int, named: str) -> None:
    with pytest.raises(ShopBenchError, match=named):
        check_shardable({**QWEN2_72B, **change}, cards)


def test_what_divides_is_let_through() -> None:
    for cards in (1, 2, 4, 8):
        check_shardable({**QWEN2_72B, "intermediate_size": 29_696}, cards)
    unquantised = {key: value for key, value in QWEN2_72B.items() if key != "quantization_config"}
    check_shardable(unquantised, 4)
    with pytest.raises(ShopBenchError, match="intermediate size 29,568"):
        check_shardable(unquantised, 4, group_size=128)


@needs_smollm2
def test_logits_stay_the_same_and_the_index_counts_the_zeros(tmp_path: Path) -> None:
    base = build_qwen2(tmp_path / "base", shard="1MB")
    assert len(list(base.glob("*.safetensors"))) > 2
    main(["--model", str(base), "--output", str(tmp_path / "padded"), "--group-size", str(GROUP_SIZE)])
    padded = tmp_path / "padded"

    config = json.loads((padded / "config.json").read_text())
    assert config["intermediate_size"] == PADDED and config["rope_theta"] == 1_000_000.0
    assert config["transformers_version"] == json.loads((base / "config.json").read_text())["transformers_version"]
    check_shardable(config, 4, GROUP_SIZE)
    reader = CheckpointReader(padded)
    down = reader.tensor("model.layers.0.mlp.down_proj.weight")
    assert down.shape == (256, PADDED) and not down[:, UNPADDED:].any() and down[:, UNPADDED - 1].any()
    total = json.loads((padded / INDEX_FILE).read_text())["metadata"]["total_size"]
    assert total == sum(reader.tensor(name).nbytes for name in reader.names)

    tokens = torch.arange(0, 40_000, 997)[None]
    logits = [
        AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)(tokens).logits for folder in (base, padded)
    ]
    spread = logits[0].std()
    assert spread > 0.1
    torch.testing.assert_close(logits[0] / spread, logits[1] / spread, atol=1e-4, rtol=1e-4)


@needs_smollm2
def test_what_cannot_be_padded_is_refused_and_nothing_is_written(tmp_path: Path) -> None:
    base = build_qwen2(tmp_path / "base")
    config_file = base / "config.json"
    config = json.loads(config_file.read_text())
    for change, message in (
        ({"quantization_config": {"bits": 4}}, "quantised already"),
        ({"intermediate_size": 600}, "cannot be padded to 512"),
        ({"num_hidden_layers": 3}, "6 MLP weights"),
    ):
        config_file.write_text(json.dumps({**config, **change}))
        with pytest.raises(ShopBenchError, match=message):
            pad_model(base, tmp_path / "padded", PADDED)
    assert not (tmp_path / "padded").exists()
