"""What people give in place of a model folder, and what they are told."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from submission.errors import ShopBenchError
from submission.model_folder import ROOT, check_model


def complaint(path: Path) -> str:
    with pytest.raises(ShopBenchError) as caught:
        check_model(path)
    return str(caught.value)


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "models" / "qwen2-7b-instruct"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    return folder


@pytest.mark.parametrize("name", ["model.Q4_K_M.gguf", "model.bin"])
def test_a_gguf_file_is_called_one_whatever_its_name(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"GGUF" + bytes(20))
    said = complaint(tmp_path / name)
    assert "is a GGUF file" in said and f"gguf_file={name!r}" in said


def test_a_folder_of_gguf_files_too(tmp_path: Path) -> None:
    (tmp_path / "b.gguf").write_bytes(b"GGUF")
    assert f"{tmp_path / 'b.gguf'} is a GGUF file" in complaint(tmp_path)


@pytest.mark.parametrize(
    "name", ["Qwen/Qwen2-72B-Instruct", "https://huggingface.co/Qwen/Qwen2-72B-Instruct", "Qwen/Qwen2-72B-Instruct/"]
)
def test_a_name_on_the_hub_is_not_looked_for_on_the_disk(name: str) -> None:
    said = complaint(Path(name))
    assert said.startswith("Qwen/Qwen2-72B-Instruct is a name on the Hugging Face hub, not a folder")
    assert "`hf download Qwen/Qwen2-72B-Instruct --local-dir FOLDER`" in said


def test_a_lora_adapter_is_sent_to_the_merging(tmp_path: Path) -> None:
    config = tmp_path / "adapter_config.json"
    config.write_text(json.dumps({"base_model_name_or_path": "/weights/base", "peft_type": "LORA"}))
    said = complaint(tmp_path)
    assert f"is a LoRA adapter of /weights/base, not a model: serve it with --adapter {tmp_path}" in said
    assert f"`python -m training.merge --base /weights/base --adapter {tmp_path} --output FOLDER`" in said
    config.write_text("[")
    assert "is a LoRA adapter, not a model" in complaint(tmp_path) and "--base BASE" in complaint(tmp_path)


def test_a_file_of_a_model_is_sent_to_its_folder(model: Path) -> None:
    assert f"name its folder, {model}" in complaint(model / "config.json")
    (model.parent / "all.zip").write_bytes(b"PK")
    assert "is a file: a model is a folder" in complaint(model.parent / "all.zip")


def test_a_misspelt_name_gets_the_nearest_one(model: Path) -> None:
    assert f"did you mean {model}?" in complaint(model.parent / "qwen2-7b-instuct")
    missing = complaint(model.parent / "llama")
    assert missing.startswith("there is no model folder ") and missing.endswith("check SHOPBENCH_MODEL or --model")


def test_a_folder_around_models_names_the_one_inside(tmp_path: Path, model: Path) -> None:
    assert f"did you mean {model}?" in complaint(model.parent)
    snapshot = tmp_path / "models--a--b" / "snapshots" / "123"
    snapshot.mkdir(parents=True)
    (snapshot / "config.json").write_text("{}")
    assert f"did you mean {snapshot}?" in complaint(tmp_path / "models--a--b")


def test_wrong_arguments_are_named_before_anything_heavy_is_imported(tmp_path: Path) -> None:
    code = """
import sys, local_evaluation
code = local_evaluation.main(sys.argv[1:])
heavy = {"torch", "transformers", "vllm", "sentence_transformers", "matplotlib.figure"} & set(sys.modules)
sys.exit(f"imported: {heavy}" if heavy else code)
"""
    command = [sys.executable, "-c", code, "--model", "Qwen/Qwen2-7B", "--output", str(tmp_path / "out")]
    finished = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert finished.returncode == 2, finished.stderr
    assert "Error: Qwen/Qwen2-7B is a name on the Hugging Face hub" in finished.stderr
    assert not (tmp_path / "out").exists()
