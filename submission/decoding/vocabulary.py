"""A tokenizer's tokens as byte strings, indexed once so that an automaton can be walked along them.

A token is exactly the bytes that it adds to the text (`token_bytes.py` reads them off the tokenizer). A text is valid
or not byte by byte, whatever tokens it is cut into. The index is a trie over the sorted byte strings whose nodes are
built when they are first visited: a constrained answer visits few.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from submission.decoding.token_bytes import read_token_bytes, tokenizer_name, writes_leading_space
from submission.errors import ShopBenchError

_END_OF_TURN = ("<|im_end|>", "<|endoftext|>", "<|eot_id|>", "<end_of_turn>", "<|end|>")


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
        """The tokens that end here, none or one; two where a byte is a token of its own beside a character's ("3", <0x33>)."""
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
        tokens: The text tokens' byte strings by token id; special tokens are not among them.
        end_ids: The tokens that end an answer, at least one.
        leading_space: Whether the tokenizer begins texts with a space that is not theirs.
    """

    def __init__(self, tokens: Mapping[int, bytes], end_ids: Iterable[int], leading_space: bool = False) -> None:
        self.tokens = tokens
        self.leading_space = leading_space
        self.end_ids = tuple(end_ids)
        self.size = 1 + max(*tokens, *self.end_ids)
        self.alphabet = frozenset(token[0] for token in tokens.values() if len(token) == 1)
        """The bytes that can be written whatever came before: those that are a token of their own."""
        pairs = sorted((token, token_id) for token_id, token in tokens.items())
        self.root = TrieNode([word for word, _ in pairs], [token_id for _, token_id in pairs], 0, len(pairs), 0)

    @classmethod
    def from_tokenizer(cls, tokenizer: Any) -> "Vocabulary":
        """Index a `transformers` fast tokenizer: byte-level BPE (GPT-2, Llama 3, Qwen2, SmolLM2) or SentencePiece's BPE
        with byte fallback (Llama 2, Mistral, Gemma).

        Raises:
            ShopBenchError: The tokenizer is of another kind, or has no token that ends a turn.
        """
        tokens = read_token_bytes(tokenizer)
        name = tokenizer_name(tokenizer)
        added = {token.content: token_id for token_id, token in tokenizer.added_tokens_decoder.items()}
        end_ids = [] if tokenizer.eos_token_id is None else [tokenizer.eos_token_id]
        end_ids += [added[token] for token in _END_OF_TURN if token in added and added[token] not in end_ids]
        if not end_ids:
            raise ShopBenchError(f"tokenizer {name} names no end-of-text token: set eos_token in tokenizer_config.json")
        # Some tokenizers do not call the token that ends a turn special.
        tokens = {token_id: word for token_id, word in tokens.items() if token_id not in end_ids}
        vocabulary = cls(tokens, end_ids, writes_leading_space(tokenizer))
        if missing := frozenset(b" ,0123456789") - vocabulary.alphabet:
            raise ShopBenchError(f"tokenizer {name} has no token of its own for {bytes(sorted(missing)).decode()!r}")
        return vocabulary
