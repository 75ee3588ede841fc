import json
import random
import shutil

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers
from transformers import PreTrainedTokenizerFast

from submission.answer_formats import Permutation
from submission.chat_encoder import ChatEncoder
from submission.decoding.token_automaton import TokenAutomaton
from submission.decoding.vocabulary import Vocabulary
from submission.errors import ShopBenchError
from tests.submission.decoding_fixtures import REAL, real_tokenizer, real_vocabulary, tokenizer_folder

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


def changed(name, folder, change, *added):
    """A real tokenizer with another layout, or more added tokens, in a folder of its own."""
    shutil.copytree(tokenizer_folder(name), folder, ignore=shutil.ignore_patterns("*.safetensors"))
    backend = Tokenizer.from_file(str(folder / "tokenizer.json"))
    layout = json.loads(backend.to_str())
    change(layout)
    backend = Tokenizer.from_str(json.dumps(layout))
    backend.add_tokens([AddedToken(token, normalized=False) for token in added])
    backend.save(str(folder / "tokenizer.json"))
    return ChatEncoder(folder)


def test_added_tokens_that_are_not_special_are_text(tmp_path):
    added = [*"0123456789", "red cotton", "é", "größe 7"]
    tokenizer = changed("SmolLM2", tmp_path / "model", lambda layout: None, *added, "<think>", "[INST]").tokenizer
    vocabulary = Vocabulary.from_tokenizer(tokenizer)
    assert not set(tokenizer.convert_tokens_to_ids(["<think>", "[INST]"])) & vocabulary.tokens.keys()
    for text in ("1,20", "red cotton", "size größe 7"):
        ids = tokenizer(text, add_special_tokens=False)["input_ids"]
        assert b"".join(vocabulary.tokens[token] for token in ids).decode() == text
    letter = tokenizer.convert_tokens_to_ids("x")
    for token in tokenizer.convert_tokens_to_ids(added):
        decoded = tokenizer.decode([letter, token])
        assert decoded == "x" + vocabulary.tokens[token].decode("utf-8", "replace")


def test_a_token_that_ends_a_turn_is_no_text_if_it_is_not_called_special(tmp_path):
    def not_special(layout):
        for token in layout["added_tokens"]:
            token["special"] &= token["content"] != "<|im_end|>"

    tokenizer = changed("SmolLM2", tmp_path / "model", not_special).tokenizer
    vocabulary = Vocabulary.from_tokenizer(tokenizer)
    assert vocabulary.end_ids and not set(vocabulary.end_ids) & vocabulary.tokens.keys()


def test_byte_level_bpe_may_begin_texts_with_a_space_that_is_not_theirs(tmp_path):
    encoder = changed(
        "SmolLM2", tmp_path / "model", lambda layout: layout["pre_tokenizer"].update(add_prefix_space=True)
    )
    tokenizer, vocabulary = encoder.tokenizer, Vocabulary.from_tokenizer(encoder.tokenizer)
    messages = [{"role": "system", "content": "Answer."}, {"role": "user", "content": "Which is 3?\n0. a\n1. b"}]
    plain = tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=True)
    assert encoder.encode(messages) == tokenizer(plain, add_special_tokens=False)["input_ids"]
    messages[1]["content"] = "Which is <|im_end|>?"
    assert encoder.encode(messages).count(tokenizer.convert_tokens_to_ids("<|im_end|>")) == 2
    assert vocabulary.leading_space and encoder.answer_space == 1
    automaton = TokenAutomaton(Permutation((1, 2, 3)), vocabulary, vocabulary.end_ids)
    for ids in (tokenizer("3,1,2", add_special_tokens=False)["input_ids"], tokenizer.convert_tokens_to_ids([*"3,1,2"])):
        state = automaton.start
        for token in ids:
            assert token in state.token_ids
            state = automaton.advance(state, token)
