"""Combines several LoRA adapters with weights into one adapter, by PEFT's `add_weighted_adapter`.

The one thing to know: `cat` (the default) concatenates the factors, so that the combined update is exactly the weighted
sum of the updates, at a rank that is the sum of the ranks. `linear` adds the factors themselves (equal ranks, and an
approximation); `svd` cuts the exact sum to the largest rank. The base's weights are never read.
"""

import json
from pathlib import Path

import torch
from peft import PeftModel
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel

from submission.errors import ShopBenchError
from training.checkpoints.lora import CONFIG_FILE, WEIGHTS_FILE, read_adapter_config
from training.files import folder_written_whole

COMBINATIONS = ("cat", "linear", "svd")


def _weightless_model(base: Path) -> PreTrainedModel:
    """Build the base's modules with weights that take no memory: one zero, expanded to each weight's shape."""
    config = AutoConfig.from_pretrained(base, local_files_only=True)
    # In float32, since PEFT makes the combined adapter in the type of the base, which would round an exact sum.
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    for module in model.modules():
        for name, parameter in module.named_parameters(recurse=False):
            zeros = torch.zeros((), dtype=parameter.dtype).expand(parameter.shape)
            setattr(module, name, torch.nn.Parameter(zeros, requires_grad=False))
    return model


def combine_adapters(
    base: Path, adapters: list[Path], weights: list[float], output: Path, combination: str = "cat"
) -> None:
    """Write the weighted combination of `adapters` as one adapter to the folder `output`.

    Adapters with weight 0 are left out, so weights (1, 0, 0, 0) give the first adapter at its own rank.
    """
    if len(adapters) != len(weights):
        raise ShopBenchError(f"{len(adapters)} adapters need as many weights, not {len(weights)}")
    if combination not in COMBINATIONS:
        raise ShopBenchError(f"combination {combination!r} is unknown: choose one of {', '.join(COMBINATIONS)}")
    chosen = [(adapter, weight) for adapter, weight in zip(adapters, weights, strict=True) if weight != 0]
    if not chosen:
        raise ShopBenchError("all adapter weights are 0: the ensemble would be the base model")
    configs = [read_adapter_config(adapter) for adapter, _ in chosen]
    if combination == "linear" and len({config["r"] for config in configs}) > 1:
        ranks = ", ".join(str(config["r"]) for config in configs)
        raise ShopBenchError(f"'linear' needs adapters of one rank, these have {ranks}: use 'cat' or 'svd'")
    if combination == "linear" and any(config.get("rank_pattern") for config in configs):
        raise ShopBenchError(
            "'linear' needs adapters of one rank, some modules have ranks of their own: use 'cat' or 'svd'"
        )

    # Never bare numbers: PEFT would take the adapter "0" for all that has ".0." in its name, a model's first layer.
    names = [f"member_{index}" for index in range(len(chosen))]
    model = PeftModel.from_pretrained(_weightless_model(base), chosen[0][0], adapter_name=names[0])
    for name, (adapter, _) in list(zip(names, chosen, strict=True))[1:]:
        model.load_adapter(adapter, adapter_name=name)
    model.add_weighted_adapter(names, [weight for _, weight in chosen], "combined", combination)
    combined = model.peft_config["combined"]
    # PEFT folds every scaling into the factors but keeps the first adapter's rank stabilisation: it would scale twice.
    combined.use_rslora = False
    combined.base_model_name_or_path = configs[0].get("base_model_name_or_path")
    if len(chosen) == 1:
        # One adapter keeps its factors, and so the ranks that its modules have; each alpha is the rank: scaling 1.
        combined.r = combined.lora_alpha = configs[0]["r"]
        combined.rank_pattern = combined.alpha_pattern = configs[0].get("rank_pattern") or {}
    with folder_written_whole(output) as folder:
        model.save_pretrained(folder, selected_adapters=["combined"])
        for name in (CONFIG_FILE, WEIGHTS_FILE):
            (folder / "combined" / name).rename(folder / name)
        (folder / "combined").rmdir()
        (folder / "README.md").unlink(missing_ok=True)
        config = json.loads((folder / CONFIG_FILE).read_text())
        # PEFT keeps them in a set; sorted, the same adapters give the same bytes.
        config["target_modules"] = sorted(config["target_modules"])
        (folder / CONFIG_FILE).write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
