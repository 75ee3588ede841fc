"""Qwen2's tokenizer without its weights, built from the vocabulary that the package dashscope ships.

The result is a folder that `AutoTokenizer.from_pretrained` reads: 151,643 byte strings with their merges, the three
special tokens of Qwen2 and its ChatML template. With it, what is meant for Qwen2-72B is tried on Qwen2's own vocabulary
where the model itself is out of reach. `python -m tools.fetch_models Qwen2-tokenizer` brings it.
"""

import json
import tempfile
import zipfile
from pathlib import Path

from submission.errors import ShopBenchError

_RANKS = "dashscope/resources/qwen.tiktoken"
# Qwen2 splits as GPT-4 does, except that every digit stands alone.
_SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_SPECIAL_TOKENS = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
_CHAT_TEMPLATE = (
    "{% if messages[0]['role'] != 'system' %}{{ '<|im_start|>system\nYou are a helpful assistant.<|im_end|>\n' }}"
    "{% endif %}{% for turn in messages %}"
    "{{ '<|im_start|>' + turn['role'] + '\n' + turn['content'] + '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
_CONFIG = {
    "add_prefix_space": False,
    "bos_token": None,
    "chat_template": _CHAT_TEMPLATE,
    "clean_up_tokenization_spaces": False,
    "eos_token": "<|im_end|>",
    "model_max_length": 131072,
    "pad_token": "<|endoftext|>",
    "tokenizer_class": "PreTrainedTokenizerFast",
    "unk_token": None,
}


def write_qwen2_tokenizer(wheel: Path, target: Path) -> None:
    """Write `tokenizer.json` and `tokenizer_config.json` into the existing folder `target`.

    `wheel` is a wheel of dashscope; `ShopBenchError` says so where it is not.
    """
    from tokenizers import normalizers
    from transformers.convert_slow_tokenizer import TikTokenConverter

    try:
        with zipfile.ZipFile(wheel) as archive:
            ranks = archive.read(_RANKS)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ShopBenchError(f"{wheel} is not a wheel of dashscope that holds {_RANKS}: {error}") from error
    with tempfile.NamedTemporaryFile(suffix=".tiktoken") as file:
        file.write(ranks)
        file.flush()
        tokenizer = TikTokenConverter(file.name, pattern=_SPLIT, extra_special_tokens=_SPECIAL_TOKENS).converted()
    tokenizer.normalizer = normalizers.NFC()
    tokenizer.save(str(target / "tokenizer.json"))
    (target / "tokenizer_config.json").write_text(json.dumps(_CONFIG, indent=2) + "\n", encoding="utf-8")
