"""The merged checkpoint: equal to PEFT's own merge, written shard by shard, read alike by everyone who reads it."""

import json
from pathlib import Path

import pytest
import torch
from peft import PeftModel
from safetensors.torch import load_file
from transformers import AutoConfig, AutoTokenizer

from submission.errors import ShopBenchError
from submission.model_folder import check_model
from tests.training.lora_fixtures import build_adapter, build_llama, load, logits_of
from tests.training.tiny_models import SMOLLM2, build_qwen2, needs_smollm2
from training import merge
from training.checkpoints import rewriting as checkpoints
from training.checkpoints.merging import merge_adapter
from training.checkpoints.portable import portable_config, portable_tokenizer_config
from training.command_line import run_command

pytestmark = needs_smollm2


@pytest.fixture(scope="module")
def llama(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_llama(tmp_path_factory.mktemp("llama") / "base", shard="40KB")


@pytest.fixture(scope="module")
def adapter(llama: Path) -> Path:
    return build_adapter(llama, llama.parent / "adapter")


RANKS_BY_MODULE = {"rank_pattern": {"q_proj": 7}, "alpha_pattern": {"layers.1.mlp.up_proj": 3}}


@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("llama", {}),
        ("llama", {"r": 3, "lora_alpha": 16, "target_modules": ["q_proj", "down_proj"]}),
        ("llama", {"use_rslora": True}),
        ("qwen2", RANKS_BY_MODULE),
    ],
)
def test_streaming_merge_equals_peft_merge(tmp_path: Path, llama: Path, kind: str, settings: dict) -> None:
    base = llama if kind == "llama" else build_qwen2(tmp_path / "base", shard="1MB")
    adapter = build_adapter(base, tmp_path / "adapter", **settings)
    merge_adapter(base, adapter, tmp_path / "merged")
    expected = PeftModel.from_pretrained(load(base), adapter).merge_and_unload()
    merged = load(tmp_path / "merged")
    for (name, ours), theirs in zip(merged.named_parameters(), expected.parameters(), strict=True):
        # The one difference is the rounding to the bfloat16 of the checkpoint.
        torch.testing.assert_close(ours, theirs.bfloat16().float(), rtol=0.008, atol=1e-3, msg=name)
    assert not torch.allclose(logits_of(merged), logits_of(load(base)), atol=0.01)


def test_merged_checkpoint_is_whole_and_portable(tmp_path: Path, llama: Path, adapter: Path) -> None:
    merged = tmp_path / "merged"
    merge.main(["--base", str(llama), "--adapter", str(adapter), "--output", str(merged)])
    check_model(merged)
    config = json.loads((merged / "config.json").read_text())
    assert config["rope_theta"] == config["rope_parameters"]["rope_theta"] == 100_000.0
    assert config["torch_dtype"] == config["dtype"] == "bfloat16"
    # Without it transformers 5 warns of a broken tokenizer of Mistral's at every load.
    assert config["transformers_version"] == json.loads((llama / "config.json").read_text())["transformers_version"]
    assert AutoConfig.from_pretrained(merged).rope_parameters["rope_theta"] == 100_000.0
    tokenizer = json.loads((merged / "tokenizer_config.json").read_text())
    assert tokenizer["tokenizer_class"] == "PreTrainedTokenizerFast"
    assert json.loads((merged / "generation_config.json").read_text())["eos_token_id"] == 2
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello, größe 3,5"}]
    rendered = [
        AutoTokenizer.from_pretrained(folder).apply_chat_template(messages, tokenize=False)
        for folder in (SMOLLM2, merged)
    ]
    assert (
        rendered[0]
        == rendered[1]
        == AutoTokenizer.from_pretrained(merged).apply_chat_template(
            messages, tokenize=False, chat_template=tokenizer["chat_template"]
        )
    )
    assert sorted(p.name for p in tmp_path.iterdir()) == ["merged"]


def test_interrupted_merge_goes_on_and_gives_the_same(
    tmp_path: Path, llama: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    merge_adapter(llama, adapter, tmp_path / "undisturbed")
    written = []
    save = checkpoints.save_file

    def save_until_killed(tensors: dict, path: Path, metadata: dict) -> None:
        if len(written) == 2:
            path.write_bytes(b"half a shard")
            raise KeyboardInterrupt
        written.append(path)
        save(tensors, path, metadata=metadata)

    monkeypatch.setattr(checkpoints, "save_file", save_until_killed)
    with pytest.raises(KeyboardInterrupt):
        merge_adapter(llama, adapter, tmp_path / "merged")
    assert not (tmp_path / "merged").exists()
    resumed = []
    monkeypatch.setattr(
        checkpoints, "save_file", lambda tensors, path, metadata: (resumed.append(path), save(tensors, path, metadata))
    )
    merge_adapter(llama, adapter, tmp_path / "merged")
    files = sorted(path.name for path in (tmp_path / "undisturbed").iterdir())
    assert files == sorted(path.name for path in (tmp_path / "merged").iterdir())
    assert len(resumed) == len(list(llama.glob("*.safetensors"))) - 2
    for name in files:
        assert (tmp_path / "undisturbed" / name).read_bytes() == (tmp_path / "merged" / name).read_bytes(), name


def test_partial_shards_of_another_adapter_are_not_kept(tmp_path: Path, llama: Path, adapter: Path) -> None:
    other = build_adapter(llama, tmp_path / "other", seed=5)
    merge_adapter(llama, other, tmp_path / "merged")
    (tmp_path / "merged").rename(tmp_path / "again.partial")
    (tmp_path / "again.partial" / "inputs.sha256").write_text("of something else")
    merge_adapter(llama, adapter, tmp_path / "again")
    merge_adapter(llama, adapter, tmp_path / "fresh")
    shard = min(path.name for path in llama.glob("*.safetensors"))
    assert (tmp_path / "again" / shard).read_bytes() == (tmp_path / "fresh" / shard).read_bytes()


def test_alpha_zero_is_the_base_bit_for_bit(tmp_path: Path, llama: Path, adapter: Path) -> None:
    merge_adapter(llama, adapter, tmp_path / "merged", alpha=0)
    for shard in llama.glob("*.safetensors"):
        before, after = load_file(shard), load_file(tmp_path / "merged" / shard.name)
        assert all(torch.equal(before[name], after[name]) for name in before)


def test_adapter_of_another_base_is_refused(tmp_path: Path, llama: Path) -> None:
    other = build_qwen2(tmp_path / "qwen2")
    adapter = build_adapter(other, tmp_path / "adapter", target_modules=["q_proj"])
    with pytest.raises(ShopBenchError, match="trained on another base"):
        merge_adapter(llama, adapter, tmp_path / "merged")
    deeper = build_adapter(build_qwen2(tmp_path / "deeper", layers=3), tmp_path / "deep", target_modules=["q_proj"])
    with pytest.raises(ShopBenchError, match=r"layers\.2.*another base"):
        merge_adapter(other, deeper, tmp_path / "merged")


def test_what_is_more_than_a_low_rank_update_is_refused(tmp_path: Path, llama: Path) -> None:
    for key, settings in {"use_dora": {"use_dora": True}, "bias": {"bias": "all"}}.items():
        with pytest.raises(ShopBenchError, match=key):
            merge_adapter(llama, build_adapter(llama, tmp_path / key, **settings), tmp_path / "merged")


def test_pickled_weights_are_refused_with_a_way_out(tmp_path: Path, llama: Path, adapter: Path) -> None:
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "pytorch_model.bin").write_bytes(b"pickle")
    with pytest.raises(ShopBenchError, match="safe_serialization"):
        merge_adapter(tmp_path / "base", adapter, tmp_path / "merged")


def test_command_line_ends_with_code_2_and_one_message(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--base", "nowhere", "--adapter", str(tmp_path), "--output", str(tmp_path / "merged")]
    with pytest.raises(SystemExit) as ended:
        run_command(lambda: merge.main(arguments))
    assert ended.value.code == 2
    assert "adapter_config.json" in capsys.readouterr().err


def test_interrupted_commands_say_how_to_go_on(capsys: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        run_command(interrupted)
    assert ended.value.code == 130
    assert "the same command goes on" in capsys.readouterr().err


def test_rope_of_both_generations() -> None:
    old = {"rope_theta": 5.0, "rope_scaling": {"rope_type": "yarn", "factor": 4.0}, "torch_dtype": "float16"}
    new = {"rope_parameters": {"rope_type": "yarn", "factor": 4.0, "rope_theta": 5.0}, "dtype": "float16"}
    assert portable_config(old) == portable_config(new)
    assert portable_config(new)["rope_scaling"] == {"rope_type": "yarn", "factor": 4.0}
    with pytest.raises(ShopBenchError, match="dtype"):
        portable_config({"rope_theta": 5.0})


def test_tokenizer_config_of_both_generations() -> None:
    new = {"tokenizer_class": "TokenizersBackend", "backend": "tokenizers", "extra_special_tokens": ["<a>"]}
    assert portable_tokenizer_config(new, "{{ x }}") == {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "additional_special_tokens": ["<a>"],
        "chat_template": "{{ x }}",
    }
    assert portable_tokenizer_config({"tokenizer_class": "Qwen2Tokenizer"}, None)["tokenizer_class"] == "Qwen2Tokenizer"
