import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from submission.errors import ShopBenchError
from submission.model_folder import EMBEDDED_MODEL, check_model, find_model
from submission.settings import Settings


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A small, whole checkpoint in two shards."""
    (tmp_path / "config.json").write_text(json.dumps({"architectures": ["LlamaForCausalLM"], "vocab_size": 4}))
    vocab = {"a": 0, "b": 1, "c": 2}
    (tmp_path / "tokenizer.json").write_text(
        json.dumps({"model": {"vocab": vocab}, "added_tokens": [{"id": 3, "content": "<e>"}]})
    )
    (tmp_path / "chat_template.jinja").write_text("{{ messages[0]['content'] }}")
    weight_map = {}
    for shard, name in enumerate(("first", "second")):
        file = f"model-{shard}.safetensors"
        save_file({name: torch.zeros(2, 3)}, tmp_path / file)
        weight_map[name] = file
    (tmp_path / "model.safetensors.index.json").write_text(json.dumps({"weight_map": weight_map}))
    return tmp_path


def test_a_whole_folder_passes(folder: Path) -> None:
    assert check_model(folder)["vocab_size"] == 4


def test_the_embedded_model_passes() -> None:
    if not EMBEDDED_MODEL.is_dir():
        pytest.skip("the embedded model is not here: run `make models`")
    assert check_model(EMBEDDED_MODEL)["model_type"] == "llama"


def break_file(name: str, content: str | None):
    def damage(folder: Path) -> None:
        if content is None:
            (folder / name).unlink()
        else:
            (folder / name).write_text(content)

    return damage


def truncate(folder: Path) -> None:
    file = folder / "model-1.safetensors"
    file.write_bytes(file.read_bytes()[:-4])


def only_pickles(folder: Path) -> None:
    for file in folder.glob("model*"):
        file.unlink()
    torch.save({"w": torch.zeros(1)}, folder / "pytorch_model.bin")


POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"


@pytest.mark.parametrize(
    ("damage", "named"),
    [
        (break_file("config.json", None), "config.json is missing"),
        (break_file("config.json", "{"), "not valid JSON"),
        (break_file("config.json", "{}"), "architectures"),
        (break_file("config.json", POINTER), "git lfs pull"),
        (break_file("tokenizer.json", None), "tokenizer.json is missing"),
        (break_file("config.json", '{"architectures": [], "vocab_size": 3}'), "do not belong together"),
        (break_file("chat_template.jinja", None), "tokenizer_config.json is missing"),
        (break_file("chat_template.jinja", POINTER), "git lfs pull"),
        (break_file("generation_config.json", POINTER), "generation_config.json is a Git LFS pointer"),
        (break_file("generation_config.json", '{"eos'), "generation_config.json is not valid JSON"),
        (break_file("model-0.safetensors", None), "lacks 1 of 2 weight files, first model-0"),
        (break_file("model-0.safetensors", POINTER), "git lfs pull"),
        (break_file("model-0.safetensors", "short"), "not a safetensors file"),
        (break_file("model.safetensors.index.json", '{"weight_map": {"a": "../other.safetensors"}}'), "outside"),
        (break_file("model.safetensors.index.json", "[]"), "JSON object"),
        (truncate, "bytes where its header asks for"),
        (only_pickles, "can run code"),
    ],
)
def test_what_is_wrong_is_named(folder: Path, damage, named: str) -> None:
    damage(folder)
    with pytest.raises(ShopBenchError, match=named):
        check_model(folder)


def test_a_folder_without_template_in_either_place(folder: Path) -> None:
    (folder / "chat_template.jinja").unlink()
    (folder / "tokenizer_config.json").write_text("{}")
    with pytest.raises(ShopBenchError, match="no chat template"):
        check_model(folder)


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(ShopBenchError, match="SHOPBENCH_MODEL"):
        check_model(tmp_path / "nowhere")


def test_the_environment_names_the_model(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SHOPBENCH_MODEL", str(tmp_path))
    assert find_model(Settings.from_environment().model) == tmp_path
    monkeypatch.delenv("SHOPBENCH_MODEL")
    monkeypatch.setattr("submission.model_folder.SUBMITTED_MODEL", tmp_path / "weights")
    assert find_model(Settings.from_environment().model) == EMBEDDED_MODEL
    (tmp_path / "weights").mkdir()
    assert find_model(Settings.from_environment().model) == tmp_path / "weights"
