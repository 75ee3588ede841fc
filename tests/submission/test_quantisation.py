"""A config's quantisation, in the spellings of the tools that write it."""

from typing import Any

import pytest

from submission.errors import ShopBenchError
from submission.quantisation import Quantisation, quantisation_of
from submission.sharding import check_shardable

SYMMETRIC = {"num_bits": 4, "type": "int", "symmetric": True, "strategy": "group", "group_size": 128}


def compressed(weights: dict[str, Any] | None) -> dict[str, Any]:
    return {"quant_method": "compressed-tensors", "config_groups": {"all": {"targets": ["Linear"], "weights": weights}}}


@pytest.mark.parametrize(
    ("said", "read"),
    [
        (None, None),
        ({}, None),
        (
            {"quant_method": "awq", "bits": 4, "group_size": 64, "zero_point": True},
            Quantisation("awq", 4, 64, False),
        ),
        ({"quant_method": "gptq", "bits": 8, "group_size": -1}, Quantisation("gptq", 8, -1, None)),
        (compressed(SYMMETRIC), Quantisation("compressed-tensors", 4, 128, True)),
        (compressed({**SYMMETRIC, "symmetric": False}), Quantisation("compressed-tensors", 4, 128, False)),
        (compressed(None), Quantisation("compressed-tensors", None, None, None)),
        ({"quant_method": "compressed-tensors"}, Quantisation("compressed-tensors", None, None, None)),
    ],
)
def test_a_config_is_read_in_its_own_spelling(said: dict[str, Any] | None, read: Quantisation | None) -> None:
    assert quantisation_of({"quantization_config": said}) == read


def test_compressed_groups_must_divide_over_cards_too() -> None:
    config = {
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "hidden_size": 8192,
        "intermediate_size": 29_568,
        "vocab_size": 152_064,
        "quantization_config": compressed(SYMMETRIC),
    }
    with pytest.raises(ShopBenchError, match="29,568 is 231 groups of 128"):
        check_shardable(config, 4)
    check_shardable({**config, "intermediate_size": 29_696}, 4)
