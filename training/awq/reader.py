"""Prints what transformers reads from a model folder; runs in the environment that quantised it and imports nothing else.

The keys are those that `training.awq.checks` reads through transformers 5, for comparison value by value.
"""

import json
import sys

import transformers
from transformers import AutoConfig, AutoTokenizer, GenerationConfig


def describe(folder: str) -> dict:
    """Return RoPE base, tied embeddings, dtype, what ends generation, and a prompt's token ids."""
    generation = int(transformers.__version__.partition(".")[0])
    config = AutoConfig.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    messages = [{"role": "user", "content": "Which?"}]
    return {
        # AutoAWQ's environment has transformers 4, which knows no `rope_parameters` and no `dtype`.
        "rope_theta": float(config.rope_theta if generation == 4 else config.rope_parameters["rope_theta"]),
        "tie_word_embeddings": bool(config.tie_word_embeddings),
        "dtype": str(config.torch_dtype if generation == 4 else config.dtype).removeprefix("torch."),
        "eos_token_id": GenerationConfig.from_pretrained(folder).eos_token_id,
        "end_of_turn": tokenizer.eos_token_id,
        "prompt": tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False),
    }


if __name__ == "__main__":
    print(json.dumps(describe(sys.argv[1])))
