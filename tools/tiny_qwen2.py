"""Write a tiny Qwen2 model with random weights and Qwen2's real tokenizer: its vocabulary and its shape of logits.

What it says is noise, which is the point: an answer that is valid under it is valid because decoding made it so. The
cost of a step is that of the vocabulary, not of the model. Tests and benchmarks build it, nothing ships it.
"""

import shutil
from pathlib import Path

from submission.errors import ShopBenchError

TOKENIZER = Path(__file__).parents[1] / "weights" / "Qwen2-tokenizer"
VOCABULARY_SIZE = 151_936
"""The width of the logits of Qwen2-0.5B; the tokenizer has 151,646 tokens."""


def build_tiny_qwen2(output: Path, tokenizer: Path = TOKENIZER, seed: int = 0) -> Path:
    """Write the model and the tokenizer into the new folder `output` and return it.

    Raises `ShopBenchError` where the tokenizer's folder is not there.
    """
    import torch
    from transformers import Qwen2Config, Qwen2ForCausalLM

    if not (tokenizer / "tokenizer.json").is_file():
        raise ShopBenchError(
            f"no tokenizer in {tokenizer}: bring it with `python -m tools.fetch_models Qwen2-tokenizer`"
        )
    torch.manual_seed(seed)
    config = Qwen2Config(
        vocab_size=VOCABULARY_SIZE,
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=2,
        num_key_value_heads=1,
        max_position_embeddings=8192,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=151_645,
        dtype="bfloat16",
        # Large weights make the logits of random tokens differ, so that greedy answers do too.
        initializer_range=1.0,
    )
    Qwen2ForCausalLM(config).to(torch.bfloat16).save_pretrained(output)
    for file in tokenizer.iterdir():
        shutil.copy(file, output)
    return output
