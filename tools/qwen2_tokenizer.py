"""Build Qwen2's tokenizer, without a download from a model hub, from the vocabulary that the package dashscope ships.

The result is a folder that `AutoTokenizer.from_pretrained` reads: 151,643 byte strings with their merges, the three
special tokens of Qwen2 and its ChatML template. Tests and benchmarks use it, so that what is built for Qwen2-72B is
tried on Qwen2's own vocabulary where the weights themselves are out of reach. Run it with

    pip download --no-deps dashscope==2.0.2 && python -m tools.qwen2_tokenizer dashscope-2.0.2-py3-none-any.whl
"""

import argparse
import importlib.metadata
import json
import shutil
import sys
import tempfile
import zipfile
from pathlib import Path

from submission.errors import ShopBenchError

DEFAULT_OUTPUT = Path(__file__).parents[1] / "weights" / "Qwen2-tokenizer"
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


def build_qwen2_tokenizer(output: Path, wheel: Path | None = None) -> Path:
    """Write `tokenizer.json` and `tokenizer_config.json` into the folder `output` and return it.

    The vocabulary is read from a dashscope `wheel`, or from the installed package where none is given. An existing
    `output` is replaced once the new folder is complete. Raises `ShopBenchError` where the vocabulary is not found.
    """
    from tokenizers import normalizers
    from transformers.convert_slow_tokenizer import TikTokenConverter

    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output.parent) as folder:
        ranks = Path(folder) / "qwen.tiktoken"
        ranks.write_bytes(_read_ranks(wheel))
        tokenizer = TikTokenConverter(str(ranks), pattern=_SPLIT, extra_special_tokens=_SPECIAL_TOKENS).converted()
        tokenizer.normalizer = normalizers.NFC()
        built = Path(folder) / "built"
        built.mkdir()
        tokenizer.save(str(built / "tokenizer.json"))
        (built / "tokenizer_config.json").write_text(json.dumps(_CONFIG, indent=2) + "\n", encoding="utf-8")
        if output.exists():
            shutil.rmtree(output)
        built.rename(output)
    return output


def _read_ranks(wheel: Path | None) -> bytes:
    if wheel is None:
        try:
            return Path(str(importlib.metadata.distribution("dashscope").locate_file(_RANKS))).read_bytes()
        except (importlib.metadata.PackageNotFoundError, OSError) as error:
            raise ShopBenchError("dashscope is not installed: give the path of its wheel instead") from error
    try:
        with zipfile.ZipFile(wheel) as archive:
            return archive.read(_RANKS)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise ShopBenchError(f"{wheel} is not a dashscope wheel that holds {_RANKS}: {error}") from error


def main() -> int:
    """Run the command line; 2 is the exit code where the vocabulary is not found."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        prog="python -m tools.qwen2_tokenizer",
    )
    parser.add_argument("wheel", type=Path, nargs="?", help="a dashscope wheel (default: the installed package)")
    parser.add_argument(
        "--output", type=Path, default=DEFAULT_OUTPUT, help="the folder to write (default: %(default)s)"
    )
    arguments = parser.parse_args()
    try:
        print(f"wrote {build_qwen2_tokenizer(arguments.output, arguments.wheel)}")
    except ShopBenchError as error:
        print(error, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
