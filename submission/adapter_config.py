"""Reads an adapter's configuration, and refuses by name what is more than base + s · B · A.

The one thing to know: the settings that leave the update a plain low-rank one are listed here, all others are refused. A
variant that PEFT adds tomorrow is therefore named, and never merged into a wrong model.
"""

import math
import re
from pathlib import Path
from typing import Any

from submission.errors import ShopBenchError
from submission.model_folder import read_json

CONFIG_FILE = "adapter_config.json"

_PLAIN = frozenset(
    [
        # What the adapter is, and of which model.
        *("peft_type", "task_type", "peft_version", "auto_mapping", "inference_mode"),
        *("base_model_name_or_path", "revision"),
        # Which modules it adapts, at which rank and scaling.
        *("target_modules", "exclude_modules", "layers_to_transform", "layers_pattern"),
        *("r", "lora_alpha", "rank_pattern", "alpha_pattern", "use_rslora"),
        # What counts in training alone.
        *("lora_dropout", "ensure_weight_tying"),
        # Read with another setting only, which is checked itself.
        *("eva_config", "corda_config", "lora_ga_config", "loftq_config", "qalora_group_size", "megatron_core"),
        # Checked on their own.
        *("init_lora_weights", "bias"),
    ]
)
_MERGE_WITH_PEFT = (
    "merge it with PEFT (`PeftModel.from_pretrained(base, adapter).merge_and_unload().save_pretrained(folder)`) and "
    "give that folder as --fine-tuned of training.wise_ft, or as the model"
)
_TRAIN_PLAIN = "train a plain LoRA adapter instead: no merged weights can do what it does"
_WAYS_OUT = {
    "alora_invocation_tokens": f"it acts only on the tokens after its invocation; {_TRAIN_PLAIN}",
    "arrow_config": f"it chooses among adapters for each token; {_TRAIN_PLAIN}",
    "monteclora_config": f"it draws its update anew at each step; {_TRAIN_PLAIN}",
    "layer_replication": f"its model has more layers than the base; {_TRAIN_PLAIN}",
}
# Initialisations that leave the base as it was. PiSSA, OLoRA, CorDA, LoftQ and LoRA-GA take a part out of it.
_INITS_THAT_KEEP_THE_BASE = ("gaussian", "eva", "orthogonal", "mica")


def read_adapter_config(folder: Path) -> dict[str, Any]:
    """Return an adapter's configuration; `ShopBenchError` where it is not a plain LoRA adapter."""
    file = folder / CONFIG_FILE
    if not file.is_file():
        raise ShopBenchError(_what_is_there(folder))
    config = read_json(file)
    if config.get("peft_type") != "LORA":
        raise ShopBenchError(
            f"{folder} is a {config.get('peft_type')} adapter: only LORA adapters can be merged or served here"
        )
    for key, value in config.items():
        # An empty list names nothing, but an empty section or an empty invocation turns its variant on.
        if key in _PLAIN or value is None or value is False or (value == [] and key != "alora_invocation_tokens"):
            continue
        raise ShopBenchError(
            f"{folder} was trained with {key}={value!r}, which is more than a low-rank update: "
            f"{_WAYS_OUT.get(key, _MERGE_WITH_PEFT)}"
        )
    if (bias := config.get("bias") or "none") != "none":
        raise ShopBenchError(
            f"{folder} trains biases (bias={bias!r}): train it with bias='none', or {_MERGE_WITH_PEFT}"
        )
    _check_initialisation(folder, config.get("init_lora_weights"))
    _check_numbers(file, config)
    _check_targets(file, config)
    return config


def _what_is_there(folder: Path) -> str:
    if not folder.is_dir():
        return f"there is no adapter folder {folder}: give the folder of an adapter that training.sft wrote"
    if (folder / "config.json").is_file():
        return f"{folder} is a whole model, not an adapter (it holds no {CONFIG_FILE}): name it as the model"
    if inner := sorted(found.parent for found in folder.glob(f"*/{CONFIG_FILE}")):
        others = f" ({len(inner)} adapters are in it)" if len(inner) > 1 else ""
        return f"{folder} holds no {CONFIG_FILE} itself: did you mean {inner[0]}{others}?"
    return f"{folder} holds no {CONFIG_FILE}: give the folder of an adapter that training.sft wrote"


def _check_initialisation(folder: Path, init: Any) -> None:
    if init is None or isinstance(init, bool) or str(init).lower() in _INITS_THAT_KEEP_THE_BASE:
        return
    if str(init).lower() == "loftq":
        way = _MERGE_WITH_PEFT + ". Load there the base that LoftQ wrote, not the original"
    else:
        way = (
            "convert it with PEFT: `model.save_pretrained(folder, path_initial_model_for_weight_conversion=INITIAL)`, "
            "where INITIAL is the adapter's folder as saved before the first training step"
        )
    raise ShopBenchError(
        f"{folder} was trained with init_lora_weights={init!r}, which changes the base's own weights. On the original "
        f"base its update would give a wrong model: {way}"
    )


def _check_numbers(file: Path, config: dict[str, Any]) -> None:
    for key, of_modules in (("r", "rank_pattern"), ("lora_alpha", "alpha_pattern")):
        pattern = config.get(of_modules) or {}
        if not isinstance(pattern, dict):
            raise ShopBenchError(f"{file}: {of_modules} is {pattern!r}, not numbers by module")
        for name, value in {key: config.get(key), **pattern}.items():
            number = not isinstance(value, bool) and isinstance(value, int | float) and math.isfinite(value)
            if not number or (key == "r" and not (isinstance(value, int) and value > 0)):
                expected = "a positive whole number" if key == "r" else "a number"
                raise ShopBenchError(f"{file}: {name} is {value!r}, not {expected}")
            if name != key:
                _check_pattern(file, of_modules, name)


def _check_targets(file: Path, config: dict[str, Any]) -> None:
    for key in ("target_modules", "exclude_modules"):
        value = config.get(key)
        if value is None and key == "exclude_modules":
            continue
        if isinstance(value, str):
            _check_pattern(file, key, value)
        elif not (isinstance(value, list) and all(isinstance(name, str) for name in value)):
            raise ShopBenchError(f"{file}: {key} is {value!r}, neither a list of names nor a regular expression")


def _check_pattern(file: Path, key: str, pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ShopBenchError(f"{file}: {key} holds {pattern!r}, no regular expression: {error}") from error
