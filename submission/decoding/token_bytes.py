"""Which bytes each token of a tokenizer adds to the text, for the two kinds of BPE that can write any byte.

Byte-level BPE (GPT-2, Llama 3, Qwen2) writes every token in a 256-letter alphabet, one printable letter a byte.
SentencePiece's BPE with byte fallback (Llama 2, Mistral, Gemma) has pieces of text in which "▁" is a space, and a piece
for each byte, "<0xE4>". Many tokenizers of this kind begin a text with a space that is not its own ("3" is "▁", "3"),
and take it off again when they decode.
"""

import json
import re
from collections.abc import Iterator
from enum import StrEnum
from typing import Any

import numpy as np

from submission.errors import ShopBenchError

_SPACE_MARK = "▁"
_BYTE_LEVEL_SPACE = "Ġ"
# Tokens of chat templates are seldom all called special.
_MARK = re.compile(r"<[^<>\s]+>|\[[^\[\]\s]+\]")
_BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class TokenizerKind(StrEnum):
    """How a tokenizer's tokens stand for bytes."""

    BYTE_LEVEL = "byte-level BPE"
    BYTE_FALLBACK = "SentencePiece's BPE with byte fallback"


def tokenizer_name(tokenizer: Any) -> str:
    """Return what a tokenizer is called in messages: its folder, where it has one."""
    return getattr(tokenizer, "name_or_path", None) or type(tokenizer).__name__


def is_byte_level(tokenizer: Any) -> bool:
    """Whether a tokenizer is byte-level BPE, which reads every piece of a text alike, wherever it stands."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None or type(backend.model).__name__ != "BPE":
        return False
    return [step["type"] for step in _decoder_steps(backend.decoder)] == ["ByteLevel"]


def tokenizer_kind(tokenizer: Any) -> TokenizerKind:
    """Return the kind of a `transformers` fast tokenizer; `ShopBenchError` where decoding with it cannot be constrained."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    name = tokenizer_name(tokenizer)
    if backend is None:
        raise ShopBenchError(f"tokenizer {name} has no tokenizer.json: constrained decoding needs a fast tokenizer")
    if is_byte_level(tokenizer):
        return TokenizerKind.BYTE_LEVEL
    if type(backend.model).__name__ == "BPE" and _undo_byte_fallback(list(_decoder_steps(backend.decoder))):
        return TokenizerKind.BYTE_FALLBACK
    raise ShopBenchError(
        f"tokenizer {name} is not byte-level BPE, nor {TokenizerKind.BYTE_FALLBACK} (its model is "
        f"{type(backend.model).__name__}, its decoder {type(backend.decoder).__name__}): constrained decoding serves the "
        "GPT-2, Llama 3 and Qwen2 families, and Llama 2, Mistral and Gemma. Take a model of these, or set "
        "SHOPBENCH_CONSTRAINTS=off"
    )


def _decoder_steps(decoder: Any) -> Iterator[dict[str, Any]]:
    if decoder is None:
        return
    # The library shows what a decoder is made of in its pickled form alone, which is JSON.
    waiting = [json.loads(decoder.__getstate__())]
    while waiting:
        step = waiting.pop(0)
        if step["type"] == "Sequence":
            waiting = [*step["decoders"], *waiting]
        else:
            yield step


def _undo_byte_fallback(steps: list[dict[str, Any]]) -> bool:
    """Whether a decoder turns marks into spaces and byte pieces into bytes, and changes nothing else but the beginning."""
    kinds = {step["type"] for step in steps}
    spaces = [step for step in steps if step["type"] in {"Replace", "Metaspace"}]
    known = kinds <= {"Replace", "Metaspace", "ByteFallback", "Fuse", "Strip"} and "ByteFallback" in kinds
    at_the_start = all(step["content"] == " " and step["stop"] == 0 for step in steps if step["type"] == "Strip")
    return known and at_the_start and bool(spaces) and all(map(_writes_spaces, spaces))


def _writes_spaces(step: dict[str, Any]) -> bool:
    if step["type"] == "Metaspace":
        return step["replacement"] == _SPACE_MARK
    return step["pattern"] == {"String": _SPACE_MARK} and step["content"] == " "


def writes_leading_space(tokenizer: Any) -> bool:
    """Whether a tokenizer begins a text with a space that is not the text's own, or takes one off when it decodes."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    if backend is None:
        return False
    ids = backend.encode("3", add_special_tokens=False).ids
    pieces = [backend.id_to_token(token_id) for token_id in ids]
    if pieces and pieces[0].startswith((_SPACE_MARK, _BYTE_LEVEL_SPACE)):
        return True
    mark = backend.token_to_id(_SPACE_MARK)
    return mark is not None and backend.decode([mark, *ids], skip_special_tokens=False) == "3"


def read_token_bytes(tokenizer: Any) -> dict[int, bytes]:
    """Return the bytes of each text token by its id; special tokens and marks ("[INST]") are not among them.

    Other tokens that were added are text.

    Raises:
        ShopBenchError: The tokenizer is of another kind, or holds a letter that its kind does not have.
    """
    kind = tokenizer_kind(tokenizer)
    backend = tokenizer.backend_tokenizer
    added = backend.get_added_tokens_decoder()
    marks = {token.content for token in added.values() if token.special or _MARK.fullmatch(token.content)}
    not_text = marks | {backend.model.unk_token, ""}
    written = {token: token_id for token, token_id in backend.get_vocab().items() if token not in not_text}
    if kind is TokenizerKind.BYTE_FALLBACK:
        return {token_id: _piece_bytes(piece) for piece, token_id in written.items()}
    of_added = {token_id: _added_bytes(word) for word, token_id in written.items() if token_id in added}
    own = {word: token_id for word, token_id in written.items() if token_id not in added}
    try:
        words = _byte_level_bytes(list(own))
    except KeyError as error:
        raise ShopBenchError(
            f"tokenizer {tokenizer_name(tokenizer)} holds {error}, which is outside the byte-level alphabet"
        ) from error
    return dict(zip(own.values(), words, strict=True)) | of_added


def _added_bytes(content: str) -> bytes:
    """Return what the byte-level decoder makes of an added token: it takes one for letters of its alphabet if it can."""
    letters = _byte_letters()
    return bytes(map(letters.__getitem__, content)) if set(content) <= letters.keys() else content.encode()


def _piece_bytes(piece: str) -> bytes:
    match = _BYTE_PIECE.fullmatch(piece)
    return bytes.fromhex(match.group(1)) if match else piece.replace(_SPACE_MARK, " ").encode()


def _byte_letters() -> dict[str, int]:
    """Return GPT-2's alphabet: which byte each letter stands for (printable ones: their own, others: from U+0100)."""
    as_they_are = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    moved = [byte for byte in range(256) if byte not in as_they_are]
    return {chr(byte): byte for byte in as_they_are} | {chr(256 + i): byte for i, byte in enumerate(moved)}


def _byte_level_bytes(words: list[str]) -> list[bytes]:
    """Undo the byte-level alphabet for all words at once; `KeyError` holds the first letter outside it."""
    letters = _byte_letters()
    table = np.full(max(map(ord, letters)) + 1, -1, dtype=np.int16)
    table[[ord(letter) for letter in letters]] = list(letters.values())
    codes = np.frombuffer("".join(words).encode("utf-32-le"), dtype=np.uint32)
    values = table[np.minimum(codes, len(table) - 1)]
    strange = (codes >= len(table)) | (values < 0)
    if strange.any():
        raise KeyError(chr(codes[strange.argmax()]))
    text = values.astype(np.uint8).tobytes()
    ends = np.cumsum([len(word) for word in words]).tolist()
    return [text[end - len(word) : end] for word, end in zip(words, ends, strict=True)]
