"""Finds the model folder and checks it before an engine spends minutes on loading it.

What is checked: the folder, its config, tokenizer and chat template, and that the vocabulary fits. Every weight file
has to be whole safetensors (no pickle, no Git LFS pointer). Only headers are read, so 40 GB are checked in well under a
second.
"""

import struct
from pathlib import Path
from typing import Any

import orjson

from submission.commands import as_typed
from submission.errors import ShopBenchError
from submission.not_a_model import what_it_is
from submission.places import INSTALLED, ROOT

# Where a competitor's weights lie when the repository is pushed, and where the embedded model is brought to.
SUBMITTED_MODEL = ROOT / "models" / "weights"
EMBEDDED_MODEL = ROOT / "weights" / "SmolLM2-135M-Instruct"

_LFS_POINTER = b"version https://git-lfs.github.com/spec"
_INDEX = "model.safetensors.index.json"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")


def find_model(named: Path | None) -> Path:
    """Return the folder that is named, else `models/weights` if it is there, else the embedded model."""
    if named:
        return named
    return SUBMITTED_MODEL if SUBMITTED_MODEL.is_dir() else EMBEDDED_MODEL


def check_model(folder: Path) -> dict[str, Any]:
    """Return the folder's config.json, or raise a `ShopBenchError` that names what is missing or broken and the fix."""
    if folder == EMBEDDED_MODEL and not folder.is_dir():
        way = as_typed("tools.fetch_models") if INSTALLED else "make models"
        raise ShopBenchError(f"there is no model folder {folder}: run `{way}` to bring it")
    if complaint := what_it_is(folder):
        raise ShopBenchError(complaint)
    for file in sorted(folder.glob("*.json")):
        _refuse_pointer(file, _beginning(file))
    config = read_json(folder / "config.json")
    for key in ("architectures", "vocab_size"):
        if key not in config:
            raise ShopBenchError(f"{folder / 'config.json'} has no {key!r}: it is not the config of a language model")
    if (folder / "generation_config.json").is_file():
        # vLLM passes over one that it cannot read, and with it over what ends an answer.
        read_json(folder / "generation_config.json")
    _check_tokenizer(folder, int(config["vocab_size"]))
    files = weight_files(folder)
    for file in files:
        check_safetensors(file)
    _check_alone(folder, files)
    return config


def read_json(file: Path) -> dict[str, Any]:
    """Read a JSON object from `file`; a missing file, an LFS pointer or broken JSON is named."""
    value = read_json_value(file)
    if not isinstance(value, dict):
        raise ShopBenchError(f"{file} holds a {type(value).__name__} where a JSON object is expected")
    return value


def read_json_value(file: Path) -> Any:
    """Read JSON of any kind from `file`; a missing file, an LFS pointer or broken JSON is named."""
    if not file.is_file():
        raise ShopBenchError(f"{file} is missing: is {file.parent} a complete Hugging Face checkpoint?")
    content = file.read_bytes()
    _refuse_pointer(file, content[:64])
    try:
        return orjson.loads(content)
    except orjson.JSONDecodeError as error:
        raise ShopBenchError(f"{file} is not valid JSON: {error}") from error


def _check_tokenizer(folder: Path, vocab_size: int) -> None:
    if not (folder / "tokenizer.json").is_file() and (models := sorted(folder.glob("*tokenizer.model*"))):
        raise ShopBenchError(
            f"{folder} has {models[0].name} but no tokenizer.json: convert it with transformers' "
            "AutoTokenizer.from_pretrained(folder).save_pretrained(folder)"
        )
    tokenizer = read_json(folder / "tokenizer.json")
    vocabulary = tokenizer.get("model", {}).get("vocab", {})
    # Unigram lists its pieces, with a score each; the others have them by name.
    ids = vocabulary.values() if isinstance(vocabulary, dict) else range(len(vocabulary))
    added = (token["id"] for token in tokenizer.get("added_tokens", []))
    largest = max(max(ids, default=0), max(added, default=0))
    if largest >= vocab_size:
        raise ShopBenchError(
            f"the tokenizer in {folder} has token id {largest} but the model only {vocab_size} rows: they do not belong together"
        )
    template = folder / "chat_template.jinja"
    if template.is_file():
        _refuse_pointer(template, _beginning(template))
    if not template.is_file() and not read_json(folder / "tokenizer_config.json").get("chat_template"):
        raise ShopBenchError(
            f"{folder} has no chat template: add chat_template.jinja or use the instruction-tuned model"
        )


def _check_alone(folder: Path, files: list[Path]) -> None:
    """Refuse other weights beside the checkpoint's own: without an index vLLM reads all files there are."""
    others = sorted(set(folder.glob("*.safetensors")) - set(files))
    if others and not (folder / _INDEX).is_file():
        raise ShopBenchError(
            f"{folder} holds {others[0].name} beside {files[0].name} and no {_INDEX}: the engine would read both into one "
            f"model. Move {others[0].name} to another folder"
        )


def weight_files(folder: Path) -> list[Path]:
    """Return the checkpoint's safetensors files, all that its index names, or raise naming what is missing."""
    index = folder / _INDEX
    if index.is_file():
        weight_map = read_json(index).get("weight_map")
        if not isinstance(weight_map, dict) or not weight_map:
            raise ShopBenchError(f"{index} has no 'weight_map'")
        files = []
        for name in sorted(set(weight_map.values())):
            if Path(name).name != name:
                raise ShopBenchError(f"{index} names {name!r}, which lies outside the model folder: refused")
            files.append(folder / name)
    else:
        # As transformers does: what lies beside them (Mistral's `consolidated`, an adapter) is no part of the checkpoint.
        files = sorted(folder.glob("model*.safetensors")) or sorted(folder.glob("*.safetensors"))
    missing = [file.name for file in files if not file.is_file()]
    if missing:
        raise ShopBenchError(f"{folder} lacks {len(missing)} of {len(files)} weight files, first {missing[0]}")
    if not files:
        if pickles := [file.name for pattern in _PICKLES for file in folder.glob(pattern)]:
            raise ShopBenchError(
                f"{folder} holds only pickled weights ({pickles[0]}), which can run code when loaded and are refused: "
                "convert them with `model.save_pretrained(folder, safe_serialization=True)` on a machine you trust"
            )
        raise ShopBenchError(f"{folder} holds no *.safetensors file")
    return files


def check_safetensors(file: Path) -> dict[str, Any]:
    """Return the header of a safetensors file after checking that the file is as long as its header says."""
    size = file.stat().st_size
    with file.open("rb") as stream:
        start = stream.read(64)
        _refuse_pointer(file, start)
        length = struct.unpack("<Q", start[:8])[0] if len(start) >= 8 else 0
        if not 0 < length <= size - 8:
            raise ShopBenchError(f"{file} is not a safetensors file, or its beginning is damaged")
        stream.seek(8)
        try:
            header = orjson.loads(stream.read(length))
        except orjson.JSONDecodeError as error:
            raise ShopBenchError(f"{file} has a damaged safetensors header: {error}") from error
    try:
        end = max((tensor["data_offsets"][1] for name, tensor in header.items() if name != "__metadata__"), default=0)
    except (AttributeError, IndexError, KeyError, TypeError):
        raise ShopBenchError(f"{file} has a safetensors header without the places of its tensors") from None
    if size != 8 + length + end:
        raise ShopBenchError(
            f"{file} has {size:,} bytes where its header asks for {8 + length + end:,}: copy or download it again"
        )
    return header


def _beginning(file: Path) -> bytes:
    with file.open("rb") as opened:
        return opened.read(len(_LFS_POINTER))


def _refuse_pointer(file: Path, start: bytes) -> None:
    if start.startswith(_LFS_POINTER):
        raise ShopBenchError(f"{file} is a Git LFS pointer, not the file itself: run `git lfs pull`")
