import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from submission.decoding.vocabulary import Vocabulary
from submission.errors import ShopBenchError
from tests.submission.decoding_fixtures import REAL, real_tokenizer, real_vocabulary

TEXTS = [
    "3, 12,5",
    "  Two  spaces, a\ttab\r\nand 'quotes' — “curly” ones",
    "Größe 42½, été, ¿qué?",
    "ワイヤレスヘッドホン、音が良い",
    "无线耳机，音质很好 👍🏽",
    "𝔘nicode 𐍈 عربى हिन्दी",
]


@REAL
def test_tokens_are_the_bytes_of_the_text(name):
    tokenizer, vocabulary = real_tokenizer(name), real_vocabulary(name)
    for text in TEXTS:
        token_ids = tokenizer.encode(text, add_special_tokens=False)
        assert b"".join(vocabulary.tokens[token] for token in token_ids).decode() == text


@REAL
def test_every_token_decodes_to_its_bytes(name):
    tokenizer, vocabulary = real_tokenizer(name), real_vocabulary(name)
    token_ids = sorted(vocabulary.tokens)
    decoded = tokenizer.batch_decode([[token] for token in token_ids])
    assert decoded == [vocabulary.tokens[token].decode("utf-8", "replace") for token in token_ids]


@REAL
def test_special_tokens_are_no_text(name):
    tokenizer, vocabulary = real_tokenizer(name), real_vocabulary(name)
    special = set(tokenizer.added_tokens_decoder)
    assert special
    assert not special & vocabulary.tokens.keys()
    assert special | vocabulary.tokens.keys() == set(range(len(tokenizer)))
    assert vocabulary.end_ids[0] == tokenizer.eos_token_id
    assert set(vocabulary.end_ids) <= special
    assert vocabulary.size == len(tokenizer)


def lookup(vocabulary, word):
    node = vocabulary.root
    for byte in word:
        if byte not in node.children:
            return []
        node = node.children[byte]
    return node.token_ids


@REAL
def test_the_trie_finds_every_token(name):
    vocabulary = real_vocabulary(name)
    for token in random.Random(5).sample(sorted(vocabulary.tokens), 3000):
        assert lookup(vocabulary, vocabulary.tokens[token]) == [token]


words = st.lists(st.binary(min_size=1, max_size=4), min_size=1, max_size=30, unique=True)


@given(words, st.binary(max_size=4))
def test_trie_nodes_are_the_beginnings_of_words(words, prefix):
    vocabulary = Vocabulary(dict(enumerate(words)), [len(words)])
    node = vocabulary.root
    for byte in prefix:
        if byte not in node.children:
            assert not any(word.startswith(prefix) for word in words)
            return
        node = node.children[byte]
    assert [words[token] for token in node.token_ids] == [word for word in words if word == prefix]
    assert set(node.children) == {
        word[len(prefix)] for word in words if word.startswith(prefix) and len(word) > len(prefix)
    }


def fast(model, decoder, **special):
    tokenizer = Tokenizer(model)
    tokenizer.decoder = decoder
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special)


def letters(extra=()):
    return {letter: i for i, letter in enumerate([*sorted(pre_tokenizers.ByteLevel.alphabet()), *extra])}


def test_byte_level_bpe_is_read():
    vocabulary = Vocabulary.from_tokenizer(fast(models.BPE(letters(), []), decoders.ByteLevel(), eos_token="</s>"))
    assert sorted(vocabulary.tokens.values()) == [bytes([byte]) for byte in range(256)]
    assert vocabulary.end_ids == (256,)


@pytest.mark.parametrize(
    ("tokenizer", "says"),
    [
        (fast(models.WordPiece({"a": 0, "[UNK]": 1}, unk_token="[UNK]"), decoders.WordPiece()), "not byte-level BPE"),
        (fast(models.BPE(letters(), []), decoders.ByteFallback(), eos_token="</s>"), "not byte-level BPE"),
        (fast(models.BPE(letters(), []), decoders.ByteLevel()), "no end-of-text token"),
        (fast(models.BPE(letters("€"), []), decoders.ByteLevel(), eos_token="</s>"), "'€'"),
        (fast(models.BPE({"a": 0, ",": 1}, []), decoders.ByteLevel(), eos_token="</s>"), "0123456789"),
        (object(), "fast tokenizer"),
    ],
    ids=["wordpiece", "byte fallback", "no end", "strange letter", "no digits", "slow"],
)
def test_other_tokenizers_are_refused(tokenizer, says):
    with pytest.raises(ShopBenchError, match=says):
        Vocabulary.from_tokenizer(tokenizer)
