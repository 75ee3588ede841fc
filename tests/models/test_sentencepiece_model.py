"""Models whose tokenizer is not byte-level BPE, through the submission's own model class and the real engine."""

import json
import shutil
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models

from evaluation.dataset import read_samples
from models.shopbench_model import ShopBenchModel
from submission.answer_formats import FreeText
from submission.decoding.vocabulary import Vocabulary
from submission.errors import ShopBenchError
from submission.model_folder import check_safetensors
from submission.profiles import PROFILES, Profile
from submission.questions import read_question
from submission.settings import Settings
from submission.task_types import TaskType
from tests.submission.decoding_fixtures import sentencepiece_file, sentencepiece_tokenizer

SAMPLE_DATA = Path(__file__).resolve().parents[2] / "data" / "sample_questions.jsonl"
TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}{% if m.role == 'user' %}[INST] {{ m.content }} [/INST]"
    "{% else %}{{ m.content }}\n{% endif %}{% endfor %}"
)


@pytest.fixture(scope="module")
def mistral_like(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A tiny model of noise with Mistral's real tokenizer, in a folder as Mistral publishes them: both layouts side by side."""
    from transformers import LlamaConfig, LlamaForCausalLM

    folder = tmp_path_factory.mktemp("tiny-llama")
    torch.manual_seed(0)
    sizes = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = LlamaConfig(vocab_size=32768, num_key_value_heads=1, initializer_range=1.0, **sizes)
    config.max_position_embeddings, config.dtype = 2048, "bfloat16"
    LlamaForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    sentencepiece_tokenizer().save_pretrained(folder)
    (folder / "chat_template.jinja").write_text(TEMPLATE)
    names = dict.fromkeys(check_safetensors(folder / "model.safetensors"), "model.safetensors")
    names.pop("__metadata__")
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": names}))
    # What makes vLLM take Mistral's own tokenizer and config, unless it is told not to.
    save_file({"tok_embeddings.weight": torch.zeros(1)}, folder / "consolidated.safetensors")
    shutil.copy(sentencepiece_file(), folder / "tokenizer.model.v3")
    (folder / "params.json").write_text(json.dumps({"dim": 64, "n_layers": 2, "vocab_size": 32768}))
    return folder


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_vllm_reads_what_the_submission_has_read(mistral_like: Path, profile: Profile) -> None:
    from vllm import EngineArgs
    from vllm.tokenizers import cached_tokenizer_from_config

    engine = {name: value for name, value in profile.engine.items() if "parallel" not in name}
    config = EngineArgs(model=str(mistral_like), **engine).create_model_config()
    assert config.hf_config.model_type == "llama" and config.max_model_len == 2048
    vocabulary = Vocabulary.from_tokenizer(cached_tokenizer_from_config(config))
    assert vocabulary.end_ids == (2,) and vocabulary.leading_space


def test_a_model_of_noise_answers_in_form(mistral_like: Path) -> None:
    model = ShopBenchModel(Settings(model=mistral_like, profile="cpu", track=5))
    long = "Pick one.\nReview: " + "so very good " * 4000 + "\n0. bad\n1. good\n2. fine\nAnswer:"
    assert model.profile.max_model_len == 2048
    assert model.batch_predict({"prompt": [long]}, True)[0] in "012" and not model.last_answers[0].fallback
    seen = set()
    for is_choice in (True, False):
        samples = [s for s in read_samples(SAMPLE_DATA) if (s.task_type is TaskType.MULTIPLE_CHOICE) is is_choice]
        for start in range(0, len(samples), 16):
            texts = [sample.question for sample in samples[start : start + 16]]
            answers = model.batch_predict({"prompt": texts}, is_choice)
            for text, answer, found in zip(texts, answers, model.last_answers, strict=True):
                form = read_question(text, is_choice).answer_format
                assert form.accepts(answer) and not found.fallback
                if not isinstance(form, FreeText):
                    assert found.raw_text == found.raw_text.lstrip()
                    assert form.accepts(found.raw_text) or found.completed, found.raw_text
                if found.calibrated:
                    assert found.option_logprobs is not None
                    # Digits and the bytes that write them, added up.
                    assert found.option_logprobs.keys() == {str(item) for item in form.items}
                seen.add((form.name, found.calibrated))
    assert {name for name, _ in seen} == {"choice", "permutation", "selection", "spans", "free_text"}
    assert ("choice", True) in seen


@pytest.mark.parametrize("kind", ["Unigram", "WordPiece"])
def test_a_tokenizer_that_cannot_be_constrained_is_named_before_the_engine_loads(
    tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    letters = [str(digit) for digit in range(10)]
    if kind == "Unigram":
        model = models.Unigram([("<unk>", 0.0), *((letter, -1.0) for letter in letters)], 0)
    else:
        model = models.WordPiece({"[UNK]": 0, **{letter: i + 1 for i, letter in enumerate(letters)}}, unk_token="[UNK]")
    tokenizer = Tokenizer(model)
    tokenizer.decoder = decoders.Metaspace() if kind == "Unigram" else decoders.WordPiece()
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    special = {"eos_token": letters[0], "tokenizer_class": "PreTrainedTokenizerFast", "chat_template": TEMPLATE}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(special))
    config = {"architectures": ["LlamaForCausalLM"], "model_type": "llama", "vocab_size": 11, "hidden_size": 32}
    (tmp_path / "config.json").write_text(json.dumps(config))
    save_file({"x": torch.zeros(1)}, tmp_path / "model.safetensors")
    monkeypatch.setattr("models.shopbench_model.GuardedEngine", lambda *arguments: pytest.fail("the engine was loaded"))
    with pytest.raises(ShopBenchError, match=rf"{tmp_path}.* is not byte-level BPE.*its model is {kind}"):
        ShopBenchModel(Settings(model=tmp_path, profile="cpu", track=5))
