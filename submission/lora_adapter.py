"""Reads off a LoRA adapter, as PEFT saves it, what it updates and whether it belongs to a base; no weight is loaded for that.

The one thing to know: the update of a weight W [out, in] is scaling · B @ A with A [rank, in] and B [out, rank]. There
scaling = alpha / rank (Hu et al., arXiv 2106.09685), or alpha / sqrt(rank) for rank-stabilised LoRA (arXiv 2312.03732).
"""

import hashlib
import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from submission.adapter_config import read_adapter_config
from submission.commands import as_typed
from submission.errors import ShopBenchError
from submission.model_folder import check_safetensors, find_model, read_json, weight_files

logger = logging.getLogger(__name__)

WEIGHTS_FILE = "adapter_model.safetensors"
PREFIX = "base_model.model."
SERVED_RANKS = (1, 8, 16, 32, 64, 128, 256, 320, 512)
"""The ranks that vLLM makes room for (`MaxLoRARanks` in its config/lora.py); an adapter takes the next one."""

_HEAD = "lm_head.weight"
_WITH_ADAPTER_NAME = re.compile(r"\.lora_[AB]\.(\w+)\.weight$")
_ZERO3 = (
    "DeepSpeed ZeRO-3 writes such a file where the weights are not gathered: train with zero3_save_16bit_model: true "
    "in accelerate's configuration (stage3_gather_16bit_weights_on_model_save in DeepSpeed's)"
)


class LoraAdapter:
    """What one adapter updates, by the name of the base tensor, read off its configuration and its file's header.

    Raises a `ShopBenchError` where the file is not whole: a factor that is missing, empty, or of another rank than the
    configuration says, or one that the configuration does not name.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.config = read_adapter_config(folder)
        self.file = folder / WEIGHTS_FILE
        if not self.file.is_file():
            raise ShopBenchError(f"{folder} has no {WEIGHTS_FILE}{_pickled(folder)}")
        self._shapes: dict[str, tuple[int, ...]] = {}
        """Of the factors, by `module.A` and `module.B`."""
        for key, tensor in check_safetensors(self.file).items():
            if key != "__metadata__":
                self._shapes[self._factor(key)] = tuple(tensor["shape"])
        self._modules = sorted({key[:-2] for key in self._shapes})
        self._check_factors()
        self.names = {f"{module}.weight" for module in self._modules}
        self.rank = max(self._shapes[f"{module}.A"][0] for module in self._modules)

    def _factor(self, key: str) -> str:
        module, _, kind = key.removeprefix(PREFIX).partition(".lora_")
        if kind not in ("A.weight", "B.weight"):
            raise ShopBenchError(f"{self.folder} holds {key}, {_why_no_factor(key)}")
        return f"{module}.{kind[0]}"

    def _check_factors(self) -> None:
        file = self.file
        if not self._modules:
            raise ShopBenchError(f"{file} holds no tensors. {_ZERO3}")
        for key, shape in self._shapes.items():
            if 0 in shape:
                raise ShopBenchError(f"{file}: {stored_name(key)} is empty, {shape}. {_ZERO3}")
            if len(shape) != 2:
                raise ShopBenchError(
                    f"{file}: {stored_name(key)} has the shape {shape}: only linear layers are merged or served"
                )
        for module in self._modules:
            if missing := [letter for letter in "AB" if f"{module}.{letter}" not in self._shapes]:
                raise ShopBenchError(f"{file} lacks {stored_name(f'{module}.{missing[0]}')}. {_ZERO3}")
            a, b = self._shapes[f"{module}.A"], self._shapes[f"{module}.B"]
            rank = self._of_module("rank_pattern", module, self.config["r"])
            if not a[0] == b[1] == rank:
                raise ShopBenchError(
                    f"{file}: the factors of {module} are {a} and {b}, its configuration says rank {rank}"
                )
            if not self.targets(module):
                raise ShopBenchError(
                    f"{file} holds factors of {module}, which target_modules of its configuration does not name: "
                    "PEFT would leave them out"
                )

    def targets(self, module: str) -> bool:
        """Return whether the configuration names `module` as one to adapt, by PEFT's rule (`check_target_module_exists`)."""
        wanted, excluded = self.config["target_modules"], self.config.get("exclude_modules")
        if excluded and _names(excluded, module):
            return False
        if isinstance(wanted, str) and wanted.lower() == "all-linear":
            return module.rpartition(".")[2] not in ("lm_head", "embed_tokens")
        if isinstance(wanted, str) or module in wanted:
            return _names(wanted, module)
        return _names(wanted, module) and self._in_its_layers(module)

    def _in_its_layers(self, module: str) -> bool:
        """Return whether `module` lies in a layer that is to be adapted; where none are named, all are."""
        layers, patterns = self.config.get("layers_to_transform"), self.config.get("layers_pattern")
        if layers is None or layers == []:
            return True
        patterns = [patterns] if isinstance(patterns, str) and patterns else patterns or []
        found = [re.match(rf"(?:^|.*?\.){pattern}\.(\d+)\.", module) for pattern in patterns]
        if not patterns:
            found = [re.match(r".*?\.[^.]*\.(\d+)\.", module)]
        number = next((int(match[1]) for match in found if match), None)
        return number is not None and (number == layers if isinstance(layers, int) else number in layers)

    def _of_module(self, key: str, module: str, default: float) -> float:
        """Return a module's own value from `rank_pattern` or `alpha_pattern`, by PEFT's rule (`get_pattern_key`)."""
        pattern = self.config.get(key) or {}
        own = next((name for name in pattern if re.match(rf"(.*\.)?({name})$", module)), module)
        return pattern.get(own, default)

    def check_values(self) -> None:
        """Raise a `ShopBenchError` where a factor is not finite, or where the whole update is zero."""
        # Imported here: the shapes of an adapter are checked before anything heavy is.
        import torch
        from safetensors import safe_open

        changing = set()
        with safe_open(self.file, framework="pt") as opened:
            for key in opened.keys():  # noqa: SIM118
                factor = opened.get_tensor(key)
                if not bool(torch.isfinite(factor.float()).all()):
                    raise ShopBenchError(
                        f"{self.folder}: {key} holds numbers that are not finite. Training diverged or the "
                        "file is damaged: take an earlier checkpoint, or train at a lower learning rate"
                    )
                if bool(factor.any()):
                    changing.add(self._factor(key))
        if not any(
            self.scaling(f"{module}.weight") and {f"{module}.A", f"{module}.B"} <= changing for module in self._modules
        ):
            raise ShopBenchError(
                f"{self.folder} changes nothing: every update is zero, as before the first step of training (that of a "
                f"warm-up has a learning rate of 0). {_ZERO3}"
            )

    def check_base(self, base: Path, shapes: Mapping[str, tuple[int, ...]]) -> None:
        """Raise a `ShopBenchError` unless the adapter has just the factors it needs for a base with these tensors.

        `shapes` are those of all tensors of `base`, by name.
        """
        for name in sorted(self.names):
            if name == _HEAD and name not in shapes:
                raise ShopBenchError(
                    f"{self.folder} updates lm_head, which {base} ties to its embedding: the update would be lost or "
                    "change both. Train the adapter without lm_head"
                )
            if name not in shapes:
                raise ShopBenchError(
                    f"{self.folder} updates {name}, which {base} does not have: it was trained on another base"
                )
            if self.shape(name) != tuple(shapes[name]):
                raise ShopBenchError(
                    f"{self.folder} updates {name} as {self.shape(name)}, {base} has {tuple(shapes[name])}: "
                    "it was trained on another base"
                )
        linear = [name for name, shape in shapes.items() if name.endswith(".weight") and len(shape) == 2]
        targeted = [name for name in linear if self.targets(name.removesuffix(".weight"))]
        if missing := sorted(set(targeted) - self.names):
            raise ShopBenchError(
                f"{self.folder} lacks the factors of {len(missing)} of {len(targeted)} modules that its configuration "
                f"names, first {missing[0].removesuffix('.weight')}. Name the base that it was trained on, or copy it again "
                f"if it was copied. {_ZERO3}"
            )

    def scaling(self, name: str) -> float:
        """Return the factor of B @ A for the base tensor `name`."""
        module = name.removesuffix(".weight")
        rank = self._shapes[f"{module}.A"][0]
        alpha = self._of_module("alpha_pattern", module, self.config["lora_alpha"])
        return alpha / rank**0.5 if self.config.get("use_rslora") else alpha / rank

    def shape(self, name: str) -> tuple[int, int]:
        """Return the shape of the update of the base tensor `name`, [out, in]."""
        module = name.removesuffix(".weight")
        return (self._shapes[f"{module}.B"][0], self._shapes[f"{module}.A"][1])

    @property
    def base(self) -> str:
        """The model that it was trained on, as its configuration says; empty where that says nothing."""
        return str(self.config.get("base_model_name_or_path") or "")

    @property
    def served_rank(self) -> int:
        """The rank that vLLM makes room for; there is none above the last of `SERVED_RANKS`."""
        return next(rank for rank in SERVED_RANKS if rank >= self.rank)

    def as_json(self) -> dict[str, Any]:
        """Return what a report says of the adapter: which one, trained on what, and the content of its weights."""
        with self.file.open("rb") as opened:
            content = hashlib.file_digest(opened, "sha256").hexdigest()
        return {"folder": str(self.folder), "trained_on": self.base, "rank": self.rank, "sha256": content}


def open_adapter(folder: Path, model: Path) -> LoraAdapter:
    """Return the adapter in `folder` if it can be served on the base in `model`; a `ShopBenchError` says why it cannot."""
    adapter = LoraAdapter(folder)
    if adapter.rank > SERVED_RANKS[-1]:
        raise ShopBenchError(
            f"{folder} has rank {adapter.rank}, and vLLM serves adapters up to rank {SERVED_RANKS[-1]}: merge it with "
            f"`{as_typed('training.merge')} --base {model} --adapter {folder} --output FOLDER`, and name that folder as the model"
        )
    adapter.check_base(model, base_shapes(model))
    adapter.check_values()
    if Path(adapter.base).name.lower() not in model.resolve().name.lower():
        logger.warning(
            "%s was trained on %s and is served on %s: the shapes fit, but if these are different models, its answers say "
            "nothing",
            *(folder, adapter.base, model),
        )
    return adapter


def find_base(named: Path | None, adapter: Path | None) -> Path:
    """Return the model folder that is named, else the one that `adapter` was trained on, else the usual one."""
    if named is not None or adapter is None:
        return find_model(named)
    base = read_adapter_config(adapter).get("base_model_name_or_path")
    if not base or not Path(base).is_dir():
        what = f"was trained on {base}, which is no folder here" if base else "does not say what it was trained on"
        raise ShopBenchError(f"{adapter} {what}: name its base with --model, or with SHOPBENCH_MODEL")
    return Path(base)


def base_shapes(model: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of a checkpoint's tensors by name, with AWQ's weights by the names that they had before."""
    shapes = {
        name: tuple(tensor["shape"])
        for file in weight_files(model)
        for name, tensor in check_safetensors(file).items()
        if name != "__metadata__"
    }
    if quantization := read_json(model / "config.json").get("quantization_config"):
        if quantization.get("quant_method") != "awq":
            raise ShopBenchError(
                f"{model} is quantised with {quantization.get('quant_method')!r}: adapters are served on models that are "
                "not quantised, and on AWQ"
            )
        for name in [name for name in shapes if name.endswith(".qweight")]:
            # [in, out · bits / 32]: several weights of a row lie in one number.
            width, packed = shapes.pop(name)
            shapes[f"{name.removesuffix('.qweight')}.weight"] = (packed * 32 // quantization["bits"], width)
    if ties_head(model):
        # Readers take the embedding for the head and pass over a head that is stored beside it.
        shapes.pop(_HEAD, None)
    return shapes


def ties_head(model: Path) -> bool:
    """Return whether a model's head is its embedding; many configs leave that to the default of their class."""
    from transformers import AutoConfig

    return bool(AutoConfig.from_pretrained(model, local_files_only=True).tie_word_embeddings)


def _names(wanted: str | list[str], module: str) -> bool:
    """Return whether a regular expression matches a module's name, or a list holds the name or its end."""
    if isinstance(wanted, str):
        return re.fullmatch(wanted, module) is not None
    return module in wanted or any(module.endswith(f".{name}") for name in wanted)


def _pickled(folder: Path) -> str:
    """Return the end of a sentence that says that there is no safetensors file."""
    pickled = next(
        (file.name for file in sorted(folder.glob("adapter_model.*")) if file.suffix in (".bin", ".pt")), None
    )
    if pickled is None:
        return ": only safetensors are read. Is it a training checkpoint that was not written whole?"
    return (
        f": {pickled} is pickled, which can run code when loaded and is refused. Load the adapter with PEFT on a machine "
        "you trust and write it with save_pretrained(folder, safe_serialization=True)"
    )


def _why_no_factor(key: str) -> str:
    """Return what an adapter's tensor is that is no LoRA factor by its name, and what to do, as the end of a sentence."""
    if found := _WITH_ADAPTER_NAME.search(key):
        return (
            f"which carries the adapter's name {found[1]!r}: that is a model's own state, not an adapter as PEFT writes it. "
            "Write it with PEFT's save_pretrained"
        )
    if ".base_layer." in key:
        return (
            "which is no LoRA weight of a linear layer but a copy of the base's: train the adapter on linear layers alone, "
            "without lm_head and embed_tokens, or write it with save_pretrained(folder, save_embedding_layers=False)"
        )
    return (
        "which is no LoRA weight of a linear layer: train the adapter on linear layers alone, without embed_tokens and "
        "with nothing trained beside it"
    )


def stored_name(factor: str) -> str:
    """Return the name in the file of a factor that is known as `module.A` or `module.B`."""
    return f"{PREFIX}{factor[:-2]}.lora_{factor[-1]}.weight"
