"""Writes config and tokenizer files that vLLM, transformers 4.51 and transformers 5 read alike.

The one thing to know: transformers 4 ignores what 5 writes (`rope_parameters`, `dtype`, the tokenizer class
`TokenizersBackend`), falls back to a RoPE base of 10,000 and says nothing. Both spellings stand beside each other here.
"""

import json
import shutil
from pathlib import Path
from typing import Any

from submission.errors import ShopBenchError
from training.checkpoints.rewriting import TOKENIZER_FILES
from training.files import write_json

# Classes of transformers 5 that transformers 4 does not have; both read a tokenizer.json with the generic class.
_TOKENIZER_CLASSES_OF_5 = ("TokenizersBackend", "PythonBackend")
_TOKENIZER_KEYS_OF_5 = ("backend", "is_local", "local_files_only")


def _read(path: Path) -> dict[str, Any]:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ShopBenchError(f"there is no {path}: is the checkpoint complete?") from error
    except json.JSONDecodeError as error:
        raise ShopBenchError(f"{path} is not valid JSON: {error}") from error


def portable_config(config: dict[str, Any]) -> dict[str, Any]:
    """Return a model config with RoPE and dtype in the spellings of both transformers generations.

    The version of transformers stays: without it transformers 5 takes any tokenizer for a broken one of Mistral's, warns
    at every load, and its advice would ruin the tokenizer.
    """
    config = dict(config)
    rope = config.get("rope_parameters")
    if rope is None:
        scaling = config.get("rope_scaling") or {}
        rope = {"rope_type": "default", **scaling, "rope_theta": config.get("rope_theta", 10_000.0)}
    elif any(isinstance(value, dict) for value in rope.values()):
        raise ShopBenchError("the config has RoPE parameters by layer type, which transformers 4 cannot express")
    config["rope_parameters"] = rope
    config["rope_theta"] = rope["rope_theta"]
    if rope.get("rope_type", "default") != "default":
        config["rope_scaling"] = {key: value for key, value in rope.items() if key != "rope_theta"}
    dtype = config.get("dtype") or config.get("torch_dtype")
    if dtype is None:
        raise ShopBenchError('the config names no dtype: add "dtype": "bfloat16" (or what the weights are in)')
    config["dtype"] = config["torch_dtype"] = dtype
    return config


def portable_tokenizer_config(config: dict[str, Any], chat_template: str | None) -> dict[str, Any]:
    """Return a tokenizer config that both generations load, with the chat template inside."""
    config = {key: value for key, value in config.items() if key not in _TOKENIZER_KEYS_OF_5}
    if config.get("tokenizer_class") in (None, *_TOKENIZER_CLASSES_OF_5):
        config["tokenizer_class"] = "PreTrainedTokenizerFast"
    extra = config.get("extra_special_tokens")
    if isinstance(extra, list):
        config["additional_special_tokens"] = config.pop("extra_special_tokens")
    if chat_template is not None:
        config["chat_template"] = chat_template
    return config


def _generation_config(base: Path, config: dict[str, Any], end_of_turn: int | None) -> dict[str, Any]:
    path = base / "generation_config.json"
    generation = _read(path) if path.is_file() else {"eos_token_id": config.get("eos_token_id")}
    generation.pop("transformers_version", None)
    ends = generation.get("eos_token_id")
    ends = ends if isinstance(ends, list) else [] if ends is None else [ends]
    if end_of_turn is not None and end_of_turn not in ends:
        ends = [end_of_turn, *ends]
    generation["eos_token_id"] = ends[0] if len(ends) == 1 else ends
    return generation


def _end_of_turn_id(base: Path, tokenizer_config: dict[str, Any]) -> int | None:
    token = tokenizer_config.get("eos_token")
    content = token["content"] if isinstance(token, dict) else token
    if content is None or not (base / "tokenizer.json").is_file():
        return None
    added = _read(base / "tokenizer.json").get("added_tokens", [])
    return next((entry["id"] for entry in added if entry["content"] == content), None)


def write_portable_files(base: Path, output: Path) -> None:
    """Write config, generation config, tokenizer and chat template of `base` into the folder `output`."""
    config = portable_config(_read(base / "config.json"))
    tokenizer_config = _read(base / "tokenizer_config.json")
    template_file = base / "chat_template.jinja"
    template = (
        template_file.read_text(encoding="utf-8") if template_file.is_file() else tokenizer_config.get("chat_template")
    )
    if template is None:
        raise ShopBenchError(f"{base} has no chat template: prompts could not be written as they were trained")
    for name in TOKENIZER_FILES:
        if (base / name).is_file():
            shutil.copyfile(base / name, output / name)
    if isinstance(template, str):
        (output / "chat_template.jinja").write_text(template, encoding="utf-8")
    write_json(output / "tokenizer_config.json", portable_tokenizer_config(tokenizer_config, template))
    write_json(
        output / "generation_config.json", _generation_config(base, config, _end_of_turn_id(base, tokenizer_config))
    )
    write_json(output / "config.json", config)
