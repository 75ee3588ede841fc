"""Prints what transformers 4 reads from a model folder; runs in AutoAWQ's environment (.venv-awq) and imports nothing else.

The keys are those that `training.awq.checks` reads through transformers 5, for comparison value by value.
"""

import json
import sys

from transformers import AutoConfig, AutoTokenizer, GenerationConfig


def describe(folder: str) -> dict:
    """Return RoPE base, tied embeddings, dtype, what ends generation, and a prompt's token ids."""
    config = AutoConfig.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    messages = [{"role": "user", "content": "Which?"}]
    return {
        "rope_theta": float(config.rope_theta),
        "tie_word_embeddings": bool(config.tie_word_embeddings),
        "dtype": str(config.torch_dtype).removeprefix("torch."),
        "eos_token_id": GenerationConfig.from_pretrained(folder).eos_token_id,
        "end_of_turn": tokenizer.eos_token_id,
        "prompt": tokenizer.apply_chat_template(messages, add_generation_prompt=True),
    }


if __name__ == "__main__":
    print(json.dumps(describe(sys.argv[1])))
