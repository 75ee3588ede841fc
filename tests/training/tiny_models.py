"""Tiny random Qwen2 models in the proportions that padding, AWQ and tensor parallelism are about."""

import shutil
from pathlib import Path

import pytest
import torch
from transformers import AutoTokenizer, Qwen2Config, Qwen2ForCausalLM

from submission.model_folder import EMBEDDED_MODEL as SMOLLM2

needs_smollm2 = pytest.mark.skipif(not SMOLLM2.is_dir(), reason=f"{SMOLLM2} is not there: run `make models`")

GROUP_SIZE = 32
UNPADDED, PADDED = 352, 512
"""Eleven groups of 32, as 29,568 are 231 groups of 128, and the next size that divides over eight cards."""


def build_qwen2(
    output: Path,
    tokenizer: Path = SMOLLM2,
    *,
    heads: int = 8,
    kv_heads: int = 4,
    layers: int = 2,
    shard: str = "5GB",
    sharp: bool = False,
) -> Path:
    """Write a Qwen2 with random weights (bf16), attention biases and a real tokenizer into `output` and return it.

    `sharp` puts some tokens far ahead of others, so that rounding does not decide which is the most probable.
    """
    torch.manual_seed(0)
    loaded = AutoTokenizer.from_pretrained(tokenizer)
    config = Qwen2Config(
        vocab_size=-(-len(loaded) // 64) * 64,
        hidden_size=32 * heads,
        intermediate_size=UNPADDED,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        max_position_embeddings=8192,
        rope_parameters={"rope_type": "default", "rope_theta": 1_000_000.0},
        tie_word_embeddings=False,
        bos_token_id=None,
        eos_token_id=loaded.eos_token_id,
        initializer_range=0.2,
        dtype="bfloat16",
    )
    model = Qwen2ForCausalLM(config).to(torch.bfloat16)
    # Input channels of very different sizes, as real models have them: they are what AWQ scales.
    linears = [module for module in model.model.layers.modules() if isinstance(module, torch.nn.Linear)]
    for linear in linears:
        linear.weight.data *= torch.exp(torch.randn(linear.in_features)).to(torch.bfloat16)
    if sharp:
        model.lm_head.weight.data *= torch.exp(2 * torch.randn(config.vocab_size, 1)).to(torch.bfloat16)
    for layer in model.model.layers:
        for projection in (layer.self_attn.q_proj, layer.self_attn.k_proj, layer.self_attn.v_proj):
            torch.nn.init.normal_(projection.bias, std=0.2)
    model.save_pretrained(output, max_shard_size=shard)
    for file in tokenizer.glob("*token*"):
        shutil.copy(file, output)
    if (tokenizer / "chat_template.jinja").is_file():
        shutil.copy(tokenizer / "chat_template.jinja", output)
    return output
