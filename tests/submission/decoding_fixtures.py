"""Vocabularies for the tests of constrained decoding: the real ones where they are there, and a small wicked one."""

import json
import shutil
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from tokenizers import Tokenizer

from submission.decoding.vocabulary import Vocabulary

ROOT = Path(__file__).parents[2]
WEIGHTS = ROOT / "weights"
SAMPLE_QUESTIONS = ROOT / "data" / "sample_questions.jsonl"
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


SENTENCEPIECE = "mistral_instruct_tokenizer_240323.model.v3"


def sentencepiece_file():
    """Mistral's SentencePiece model (32,768 pieces, 256 of them bytes), which comes with vLLM."""
    package = pytest.importorskip("mistral_common")
    model = Path(package.__file__).parent / "data" / SENTENCEPIECE
    if not model.is_file():
        pytest.skip(f"mistral_common brings no {SENTENCEPIECE}")
    return model


@cache
def sentencepiece_tokenizer():
    """Mistral's tokenizer, converted by transformers."""
    from transformers import LlamaTokenizerFast

    with TemporaryDirectory() as folder:
        shutil.copy(sentencepiece_file(), Path(folder) / "tokenizer.model")
        return LlamaTokenizerFast.from_pretrained(folder, local_files_only=True)


def trained_tokenizer():
    """A small tokenizer of the kind, trained here on the sample questions: 600 pieces, few of more than one byte."""
    from tokenizers import decoders, models, pre_tokenizers, trainers

    backend = Tokenizer(models.BPE(unk_token="<unk>", byte_fallback=True, fuse_unk=True))
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme="always", split=False)
    backend.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    special = ["<unk>", "<s>", "</s>", "[INST]", "[/INST]"]
    marks = [*special, *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(
        vocab_size=600, special_tokens=marks, limit_alphabet=60, show_progress=False, initial_alphabet=[*"▁,0123456789"]
    )
    backend.train([str(SAMPLE_QUESTIONS)], trainer)
    layout = json.loads(backend.to_str())
    # The trainer calls all that it is given special; bytes are text.
    layout["added_tokens"] = [token for token in layout["added_tokens"] if token["content"] in special]
    return Tokenizer.from_str(json.dumps(layout))


@cache
def sentencepiece_like(kind):
    """The same pieces as three families write them: "mistral", "llama 2" (a normalizer), "gemma" (no leading space); and
    a tokenizer that is "trained" here.
    """
    from transformers import PreTrainedTokenizerFast

    if kind == "mistral":
        return sentencepiece_tokenizer()
    if kind == "trained":
        return PreTrainedTokenizerFast(
            tokenizer_object=trained_tokenizer(), bos_token="<s>", eos_token="</s>", unk_token="<unk>"
        )
    layout = json.loads(sentencepiece_tokenizer().backend_tokenizer.to_str())
    marks = {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}
    if kind == "llama 2":
        layout["normalizer"] = {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, marks]}
    else:
        layout["normalizer"] = marks
        layout["decoder"]["decoders"].pop()  # Strip
    layout["pre_tokenizer"] = None
    backend = Tokenizer.from_str(json.dumps(layout))
    return PreTrainedTokenizerFast(tokenizer_object=backend, bos_token="<s>", eos_token="</s>", unk_token="<unk>")


KINDS = ["mistral", "llama 2", "gemma", "trained"]
FAMILIES = pytest.mark.parametrize("kind", KINDS)

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
