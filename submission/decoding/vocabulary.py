"""A tokenizer's tokens as byte strings, indexed once so that an automaton can be walked along them.

Byte-level BPE writes every token in a 256-letter alphabet, one printable letter a byte; undone, a token is exactly the
bytes that it adds to the text, and a text is valid or not byte by byte, whatever tokens it is cut into. The index is a
trie over the sorted byte strings whose nodes are built when they are first visited: a constrained answer visits few.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from submission.errors import ShopBenchError

_END_OF_TURN = ("<|im_end|>", "<|endoftext|>")


def _byte_letters() -> dict[str, int]:
    """Return GPT-2's alphabet: which byte each letter stands for (printable ones: their own, others: from U+0100)."""
    as_they_are = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    moved = [byte for byte in range(256) if byte not in as_they_are]
    return {chr(byte): byte for byte in as_they_are} | {chr(256 + i): byte for i, byte in enumerate(moved)}


@dataclass(eq=False)
class TrieNode:
    """All tokens that begin with the same `depth` bytes: those of `words[low:high]`, where `words` is sorted."""

    words: list[bytes]
    ids: list[int]
    low: int
    high: int
    depth: int

    @cached_property
    def token_ids(self) -> list[int]:
        """The tokens that end here, none or (in a vocabulary without duplicates) one."""
        end = self.low
        while end < self.high and len(self.words[end]) == self.depth:
            end += 1
        return self.ids[self.low : end]

    @cached_property
    def children(self) -> dict[int, "TrieNode"]:
        """The nodes one byte further on."""
        found: dict[int, TrieNode] = {}
        low = self.low + len(self.token_ids)
        while low < self.high:
            byte = self.words[low][self.depth]
            high = self.high
            if byte < 0xFF:
                high = bisect_left(self.words, self.words[low][: self.depth] + bytes([byte + 1]), low, high)
            found[byte] = TrieNode(self.words, self.ids, low, high, self.depth + 1)
            low = high
        return found


class Vocabulary:
    """The text tokens of a tokenizer, by id and in a trie, and the tokens that end a turn.

    Args:
        tokens: The text tokens' byte strings by token id; special and added tokens are not among them.
        end_ids: The tokens that end an answer, at least one.
    """

    def __init__(self, tokens: Mapping[int, bytes], end_ids: Iterable[int]) -> None:
        self.tokens = tokens
        self.end_ids = tuple(end_ids)
        self.size = 1 + max(*tokens, *self.end_ids)
        self.alphabet = frozenset(token[0] for token in tokens.values() if len(token) == 1)
        """The bytes that can be written whatever came before: those that are a token of their own."""
        pairs = sorted((token, token_id) for token_id, token in tokens.items())
        self.root = TrieNode([word for word, _ in pairs], [token_id for _, token_id in pairs], 0, len(pairs), 0)

    @classmethod
    def from_tokenizer(cls, tokenizer: Any) -> "Vocabulary":
        """Index a `transformers` fast tokenizer of the byte-level BPE kind (GPT-2, Llama 3, Qwen2, SmolLM2).

        Raises:
            ShopBenchError: The tokenizer is of another kind, or has no token that ends a turn.
        """
        backend = getattr(tokenizer, "backend_tokenizer", None)
        name = getattr(tokenizer, "name_or_path", None) or type(tokenizer).__name__
        if backend is None:
            raise ShopBenchError(f"tokenizer {name} has no tokenizer.json: constrained decoding needs a fast tokenizer")
        if type(backend.model).__name__ != "BPE" or type(backend.decoder).__name__ != "ByteLevel":
            raise ShopBenchError(
                f"tokenizer {name} is not byte-level BPE (its model is {type(backend.model).__name__}, its decoder "
                f"{type(backend.decoder).__name__}): constrained decoding serves the GPT-2, Llama 3 and Qwen2 families"
            )
        added = {token.content: token_id for token_id, token in backend.get_added_tokens_decoder().items()}
        written = {token: token_id for token, token_id in backend.get_vocab().items() if token not in added}
        try:
            words = _to_bytes(list(written))
        except KeyError as error:
            raise ShopBenchError(f"tokenizer {name} holds {error}, which is outside the byte-level alphabet") from error
        end_ids = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
        end_ids += [added[token] for token in _END_OF_TURN if token in added and added[token] not in end_ids]
        if not end_ids:
            raise ShopBenchError(f"tokenizer {name} names no end-of-text token: set eos_token in tokenizer_config.json")
        vocabulary = cls(dict(zip(written.values(), words, strict=True)), end_ids)
        if missing := frozenset(b" ,0123456789") - vocabulary.alphabet:
            raise ShopBenchError(f"tokenizer {name} has no token of its own for {bytes(sorted(missing)).decode()!r}")
        return vocabulary


def _to_bytes(words: list[str]) -> list[bytes]:
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
