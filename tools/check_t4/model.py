"""Qwen2-72B, padded and quantised to 4 bits, as a config alone: what vLLM decides by when it chooses kernels."""

import json
from pathlib import Path
from typing import Any

HEADS, KV_HEADS, HEAD_SIZE, VOCABULARY = 64, 8, 128, 152_064
GROUP_SIZE = 128
BLOCK_SIZE = 16
"""Tokens of a block of the KV cache, vLLM's default on cards."""

_CONFIG = {
    "architectures": ["Qwen2ForCausalLM"],
    "model_type": "qwen2",
    "hidden_size": HEADS * HEAD_SIZE,
    "intermediate_size": 29_696,
    "num_hidden_layers": 80,
    "num_attention_heads": HEADS,
    "num_key_value_heads": KV_HEADS,
    "vocab_size": VOCABULARY,
    "max_position_embeddings": 32_768,
    "rms_norm_eps": 1e-6,
    "rope_theta": 1_000_000.0,
    "hidden_act": "silu",
    "tie_word_embeddings": False,
    "dtype": "float16",
    "eos_token_id": 151_645,
}
QUANTISATIONS: dict[str, dict[str, Any]] = {
    "awq": {"quant_method": "awq", "bits": 4, "group_size": GROUP_SIZE, "zero_point": True, "version": "gemm"},
    "symmetric": {
        "quant_method": "compressed-tensors",
        "format": "pack-quantized",
        "quantization_status": "compressed",
        "ignore": ["lm_head"],
        "config_groups": {
            "group_0": {
                "targets": ["Linear"],
                "weights": {
                    "num_bits": 4,
                    "type": "int",
                    "symmetric": True,
                    "strategy": "group",
                    "group_size": GROUP_SIZE,
                },
            }
        },
    },
}


def write_config(folder: Path, quantisation: str) -> Path:
    """Write the model's config.json into `folder` and return it; there are no weights."""
    folder.mkdir(parents=True)
    config = _CONFIG | {"quantization_config": QUANTISATIONS[quantisation]}
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    return folder
