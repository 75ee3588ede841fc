"""Vocabularies for the tests of constrained decoding: the real ones where they are there, and a small wicked one."""

from functools import cache
from pathlib import Path

import pytest

from submission.decoding.vocabulary import Vocabulary

WEIGHTS = Path(__file__).parents[2] / "weights"
TOKENIZERS = {
    "SmolLM2": WEIGHTS / "SmolLM2-135M-Instruct",
    "Qwen2": WEIGHTS / "Qwen2-tokenizer",
}
REAL = pytest.mark.parametrize("name", list(TOKENIZERS))


@cache
def _load(name):
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(TOKENIZERS[name], local_files_only=True)
    return tokenizer, Vocabulary.from_tokenizer(tokenizer)


def tokenizer_folder(name):
    folder = TOKENIZERS[name]
    if not (folder / "tokenizer.json").is_file():
        pytest.skip(f"{name}'s tokenizer is not in {folder}: run `python -m tools.fetch_models`")
    return folder


def real_tokenizer(name):
    tokenizer_folder(name)
    return _load(name)[0]


def real_vocabulary(name):
    tokenizer_folder(name)
    return _load(name)[1]


END = 1000


@cache
def wicked_vocabulary():
    """Every byte, and tokens that cross all borders: numbers, commas and words in one, ends and beginnings."""
    pieces = """10|11|12|1,|,1|,2|1,2|10,1|2,10,|0,1|,,|00|01|,10|1,1|3,2,1|ab|abc|a,b|,a|,ab|b,a|a,a|,b,|ab,a|b,ab,a
        é|é,|aé|the|red|ed|ed,|,red|red,s|d,s|,th|e,r|字|字,字|字字|, | |, 1|1, 2|, a|a, b| a|a b|b a| b,|b, a b|\\n|a\\nb
        ,\\n|, ,|,  """
    pieces = [piece.replace("\\n", "\n") for line in pieces.split("\n        ") for piece in line.split("|")]
    words = [bytes([byte]) for byte in range(256)] + [piece.encode() for piece in pieces if len(piece.encode()) > 1]
    words += ["字".encode()[:2], "字".encode()[1:], b"," + "字".encode()[:1]]
    return Vocabulary(dict(enumerate(sorted(set(words)))), [END, END + 1])
