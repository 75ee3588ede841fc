"""Combines several LoRA adapters with weights into one adapter, which PEFT, vLLM and the commands here read alike.

The one thing to know: `cat` (the default) concatenates the factors. The combined update is then exactly the weighted
sum of the updates, at a rank that is the sum of the ranks. `linear` adds the factors themselves (equal ranks, and an
approximation); `svd` cuts the exact sum to the largest rank. The base's weights are never read, only its config.

The order of the members never matters, not even to the bytes. What each adapts is read off its tensors. PEFT's own
`add_weighted_adapter` takes the first member's settings for all, and so loses modules that only later ones adapt.
"""

import math
from collections.abc import Callable
from pathlib import Path

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from submission.adapter_config import CONFIG_FILE
from submission.errors import ShopBenchError
from submission.lora_adapter import PREFIX, WEIGHTS_FILE
from training.checkpoints.lora import LoraUpdate
from training.checkpoints.rewriting import all_finite, save_tensors
from training.files import fingerprint, folder_written_whole, refuse_to_replace, write_json
from training.recipe import COMBINATIONS

Member = tuple[LoraUpdate, float]
Factors = tuple[torch.Tensor, torch.Tensor]
"""A [rank, in] and B [out, rank] in float32, whose product B @ A is the update."""


def _concatenated(members: list[Member], name: str) -> Factors:
    parts = [(weight * update.scaling(name), *update.factors(name)) for update, weight in members]
    a = torch.cat([factor * a.float() for factor, a, _ in parts])
    return a, torch.cat([b.float() for _, _, b in parts], dim=1)


def _added(members: list[Member], name: str) -> Factors:
    total: Factors | None = None
    for update, weight in members:
        factor = weight * update.scaling(name)
        a, b = (math.sqrt(abs(factor)) * part.float() for part in update.factors(name))
        # A negative weight counts in one of the factors, else it would cancel out.
        a = -a if factor < 0 else a
        total = (a, b) if total is None else (total[0] + a, total[1] + b)
    assert total is not None, "a module that is combined has a member"
    return total


def _cut(members: list[Member], name: str) -> Factors:
    a, b = _concatenated(members, name)
    rank = max(update.factors(name)[0].shape[0] for update, _ in members)
    # The sum has the rank of its factors at most: their QR decompositions leave a small matrix for the SVD.
    left, core_left = torch.linalg.qr(b)
    right, core_right = torch.linalg.qr(a.T)
    u, s, vh = torch.linalg.svd(core_left @ core_right.T, full_matrices=False)
    return vh[:rank] @ right.T, left @ (u[:, :rank] * s[:rank])


_COMBINE: dict[str, Callable[[list[Member], str], Factors]] = {"cat": _concatenated, "linear": _added, "svd": _cut}


def combine_adapters(
    base: Path, adapters: list[Path], weights: list[float], output: Path, combination: str = "cat"
) -> None:
    """Write the weighted combination of `adapters` as one adapter to the folder `output`.

    Adapters with weight 0 are left out, so weights (1, 0, 0, 0) give the first adapter at its own rank.
    """
    if len(adapters) != len(weights):
        raise ShopBenchError(
            f"there must be as many weights as adapters: there are {len(adapters)} adapters and {len(weights)} weights"
        )
    if not all(math.isfinite(weight) for weight in weights):
        raise ShopBenchError(f"the adapter weights {', '.join(map(str, weights))} are not all numbers")
    if combination not in _COMBINE:
        raise ShopBenchError(f"combination {combination!r} is unknown: choose one of {', '.join(COMBINATIONS)}")
    chosen = [(adapter, weight) for adapter, weight in zip(adapters, weights, strict=True) if weight != 0]
    if not chosen:
        raise ShopBenchError("all adapter weights are 0: the ensemble would be the base model")
    refuse_to_replace(output, base, *adapters)
    members = [(LoraUpdate(adapter), weight) for adapter, weight in chosen]
    # By content, so that the same members in another order give the same bytes.
    members.sort(key=lambda member: (fingerprint(member[0].folder), member[1]))
    if combination == "linear":
        _check_one_rank([update for update, _ in members])
    shapes = _shapes_of(base)
    for update, _ in members:
        update.check_values()
        update.check_base(base, shapes)

    names = sorted(set().union(*(update.names for update, _ in members)))
    combined = {}
    for name in names:
        factors = _COMBINE[combination]([member for member in members if name in member[0].names], name)
        if not all(map(all_finite, factors)):
            raise ShopBenchError(f"the combined update of {name} is not finite: the adapter weights are too large")
        combined[name] = factors
    if not any(bool(a.any()) and bool(b.any()) for a, b in combined.values()):
        raise ShopBenchError("the combined update is zero: the adapter weights are too small, or they cancel out")
    _write_adapter(combined, _modules_named(names, shapes), _base_of(members, base), output)


def _check_one_rank(updates: list[LoraUpdate]) -> None:
    ranks = [update.config["r"] for update in updates]
    if len(set(ranks)) > 1:
        listed = ", ".join(map(str, sorted(ranks, reverse=True)))
        raise ShopBenchError(f"'linear' needs adapters of one rank, these have {listed}: use 'cat' or 'svd'")
    if any(update.config.get("rank_pattern") for update in updates):
        raise ShopBenchError(
            "'linear' needs adapters of one rank, some modules have ranks of their own: use 'cat' or 'svd'"
        )


def _shapes_of(base: Path) -> dict[str, tuple[int, ...]]:
    """Return the shapes of the base's tensors by name, from its config alone."""
    config = AutoConfig.from_pretrained(base, local_files_only=True)
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config)
    shapes = {name: tuple(parameter.shape) for name, parameter in model.named_parameters(remove_duplicate=False)}
    if config.tie_word_embeddings:
        shapes.pop("lm_head.weight", None)
    return shapes


def _modules_named(names: list[str], shapes: dict[str, tuple[int, ...]]) -> list[str]:
    """Return `target_modules` for just these tensors: short names (q_proj) where all modules of a name are adapted."""
    all_of: dict[str, set[str]] = {}
    for name in shapes:
        module = name.removesuffix(".weight")
        all_of.setdefault(module.rpartition(".")[2], set()).add(module)
    adapted = {name.removesuffix(".weight") for name in names}
    short = {module.rpartition(".")[2] for module in adapted}
    whole = {kind for kind in short if all_of[kind] <= adapted}
    return sorted(whole | {module for module in adapted if module.rpartition(".")[2] not in whole})


def _base_of(members: list[Member], base: Path) -> str:
    named = {update.config.get("base_model_name_or_path") for update, _ in members}
    only = next(iter(named)) if len(named) == 1 else None
    return only or str(base)


def _write_adapter(factors: dict[str, Factors], modules: list[str], base: str, output: Path) -> None:
    """Write `factors` at one rank, the largest, filled up with zeros: no reader then needs a rank for each module."""
    rank = max(a.shape[0] for a, _ in factors.values())
    tensors = {}
    for name, (a, b) in factors.items():
        missing = rank - a.shape[0]
        module = PREFIX + name.removesuffix(".weight")
        tensors[f"{module}.lora_A.weight"] = torch.nn.functional.pad(a, (0, 0, 0, missing)).contiguous()
        tensors[f"{module}.lora_B.weight"] = torch.nn.functional.pad(b, (0, missing)).contiguous()
    config = {
        "base_model_name_or_path": base,
        "bias": "none",
        "inference_mode": True,
        "init_lora_weights": True,
        # Every scaling is in the factors already.
        "lora_alpha": rank,
        "lora_dropout": 0.0,
        "peft_type": "LORA",
        "r": rank,
        "target_modules": modules,
        "task_type": "CAUSAL_LM",
        "use_rslora": False,
    }
    with folder_written_whole(output) as folder:
        save_tensors(tensors, folder / WEIGHTS_FILE)
        write_json(folder / CONFIG_FILE, config)
