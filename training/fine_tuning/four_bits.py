"""Loads a base model in 4 bits for QLoRA (NF4, double quantisation; arXiv 2305.14314), on a GPU or a CPU.

The one thing to know: on a CPU bitsandbytes 0.50.2 has two traps, both silent. It quantises a weight in blocks of 64, which
run on over the ends of its rows. It reads it back as if each row held whole blocks, so with 352 inputs row 10 gets the scales
of row 9. And a layer that has answered without gradients stays in a form that passes none on. The first is refused here,
the second is switched off.
"""

from pathlib import Path

import torch
from transformers import BitsAndBytesConfig, PreTrainedModel
from transformers.utils import is_bitsandbytes_available

from submission.errors import ShopBenchError
from submission.model_folder import read_json

_BLOCK = 64
"""Weights that share a scale, bitsandbytes' default."""


def check_four_bit(base: Path) -> None:
    """Raise a `ShopBenchError` where `base` cannot be trained in 4 bits here."""
    plain = "--set sft.four_bit=false trains plain LoRA"
    if not is_bitsandbytes_available():
        raise ShopBenchError(
            f"sft.four_bit needs bitsandbytes: pip install --no-deps -r requirements/qlora-cpu.lock, or {plain}"
        )
    if torch.cuda.is_available():
        return
    config = read_json(base / "config.json")
    heads = config["num_attention_heads"]
    attention = heads * (config.get("head_dim") or config["hidden_size"] // heads)
    for inputs in (config["hidden_size"], attention, config["intermediate_size"]):
        if inputs % _BLOCK:
            raise ShopBenchError(
                f"sft.four_bit needs a CUDA device for {base}: it has layers of {inputs} inputs, no whole blocks of {_BLOCK}, "
                f"and bitsandbytes reads these back with the wrong scales on a CPU; {plain}"
            )


def four_bits() -> BitsAndBytesConfig:
    """Return how a model is loaded in 4 bits."""
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=torch.bfloat16,
        # ZeRO-3 shards tensors of floating point only.
        bnb_4bit_quant_storage=torch.bfloat16,
    )


def keep_gradients(model: PreTrainedModel) -> None:
    """Keep layers in 4 bits on a CPU in the form that passes gradients on, also behind an evaluation."""
    for module in model.modules():
        if hasattr(module, "support_avx512bf16_for_cpu"):
            module.support_avx512bf16_for_cpu = False
