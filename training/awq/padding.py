"""Pads a model's intermediate size with zeros, so that a quantised checkpoint of it divides over several cards.

The one thing to know: gate and up get zero rows and down gets zero columns, so the new channels compute silu(0) · 0 = 0
and add nothing: the logits stay the same. Qwen2-72B needs it: 29,568 is 231 groups of 128, padded to 29,696 it is 232.
"""

import argparse
import math
import re
from pathlib import Path
from typing import Any

import torch
from torch.nn.functional import pad

from submission.commands import as_typed
from submission.errors import ShopBenchError
from submission.model_folder import read_json
from submission.sharding import check_shardable
from training.awq.group_size import GROUP_SIZES, largest_group_size
from training.checkpoints.portable import write_portable_files
from training.checkpoints.rewriting import INDEX_FILE, CheckpointReader, rewrite_checkpoint
from training.command_line import run_command
from training.files import refuse_to_replace, write_json

CARDS = 8
"""Sizes are padded for this many cards at least: a checkpoint that divides over 8 divides over 2 and 4."""

_GATE_OR_UP = re.compile(r"\.mlp\.(?:gate|up)_proj\.(?:weight|bias)$")
_DOWN = re.compile(r"\.mlp\.down_proj\.weight$")


def padded_size(intermediate: int, group_size: int, cards: int) -> int:
    """Return `intermediate`, or the next size that is a whole number of groups a card on 8 and on `cards` cards."""
    multiple = group_size * math.lcm(CARDS, cards)
    return -(-intermediate // multiple) * multiple


def needs_padding(config: dict[str, Any], group_size: int, tensor_parallel: int) -> bool:
    """Whether the intermediate size does not divide into whole groups over `tensor_parallel` cards."""
    return config["intermediate_size"] % (group_size * tensor_parallel) != 0


def check_after_padding(config: dict[str, Any], group_size: int, tensor_parallel: int) -> None:
    """Raise a `ShopBenchError` where a model could not be divided even once it is padded, with what would do."""
    try:
        _check_padded(config, group_size, tensor_parallel)
    except ShopBenchError as error:
        raise ShopBenchError(f"{error}{_way_out(config, group_size, tensor_parallel)}") from None


def _check_padded(config: dict[str, Any], group_size: int, tensor_parallel: int) -> None:
    size = config["intermediate_size"]
    if needs_padding(config, group_size, tensor_parallel):
        size = padded_size(size, group_size, tensor_parallel)
    check_shardable({**config, "intermediate_size": size}, tensor_parallel, group_size)


def _way_out(config: dict[str, Any], group_size: int, tensor_parallel: int) -> str:
    """Return the nearest setting that divides, as the end of a sentence: smaller groups, else fewer cards."""
    for size in GROUP_SIZES:
        if size < group_size and _divides(config, size, tensor_parallel):
            return f". Groups of {size} would do: --group-size {size} (in a recipe awq.group_size: {size})"
    for cards in range(tensor_parallel - 1, 0, -1):
        for size in GROUP_SIZES:
            if size <= group_size and _divides(config, size, cards):
                groups = "" if size == group_size else f" --group-size {size}"
                return f". Fewer cards would do: --tensor-parallel {cards}{groups}"
    return ""


def _divides(config: dict[str, Any], group_size: int, tensor_parallel: int) -> bool:
    try:
        _check_padded(config, group_size, tensor_parallel)
    except ShopBenchError:
        return False
    return True


def pad_model(base: Path, output: Path, size: int) -> None:
    """Write `base` with its intermediate size padded to `size` to the folder `output`, shard by shard."""
    refuse_to_replace(output, base)
    config = read_json(base / "config.json")
    present = config.get("intermediate_size")
    if "quantization_config" in config:
        raise ShopBenchError(f"{base} is quantised already: pad the model it was made from")
    if not isinstance(present, int) or size < present:
        raise ShopBenchError(f"{base} has an intermediate size of {present}, which cannot be padded to {size}")
    # A mixture of experts, or names that are not Llama's or Qwen2's, would pass through unpadded and load as noise.
    expected = 3 * config["num_hidden_layers"]
    names = CheckpointReader(base).names
    found = sum(name.endswith(".weight") and bool(_GATE_OR_UP.search(name) or _DOWN.search(name)) for name in names)
    if found != expected:
        raise ShopBenchError(
            f"{base} has {found} MLP weights (gate, up, down) where {expected} are expected: cannot be padded"
        )
    extra = size - present

    def pad_tensor(name: str, tensor: torch.Tensor) -> torch.Tensor:
        if _GATE_OR_UP.search(name):
            return pad(tensor, (0, 0, 0, extra) if tensor.dim() == 2 else (0, extra))
        return pad(tensor, (0, extra)) if _DOWN.search(name) else tensor

    def write_config(folder: Path) -> None:
        write_portable_files(base, folder)
        write_json(folder / "config.json", {**read_json(folder / "config.json"), "intermediate_size": size})

    def count_zeros(folder: Path) -> None:
        if (folder / INDEX_FILE).is_file():
            index = read_json(folder / INDEX_FILE)
            reader = CheckpointReader(folder)
            index["metadata"] = {"total_size": sum(reader.tensor(name).nbytes for name in reader.names)}
            write_json(folder / INDEX_FILE, index)

    rewrite_checkpoint(base, output, pad_tensor, ["padding", str(size)], write_config, count_zeros)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog=as_typed("training.awq.padding"), description=__doc__)
    parser.add_argument("--model", type=Path, required=True, help="folder of the model (safetensors, not quantised)")
    parser.add_argument("--output", type=Path, required=True, help="folder to write the padded model to")
    parser.add_argument(
        "--group-size", type=int, help="group size of the quantisation to come (default: the largest that divides)"
    )
    parser.add_argument(
        "--tensor-parallel", type=int, default=4, help="cards that the model will be divided over (default: 4)"
    )
    options = parser.parse_args(arguments)
    config = read_json(options.model / "config.json")
    group_size = options.group_size or largest_group_size(config, options.tensor_parallel)
    check_after_padding(config, group_size, options.tensor_parallel)
    if not needs_padding(config, group_size, options.tensor_parallel):
        print(f"{options.model} divides as it is: {config['intermediate_size']:,} needs no padding")
        return
    size = padded_size(config["intermediate_size"], group_size, options.tensor_parallel)
    pad_model(options.model, options.output, size)
    print(f"padded {config['intermediate_size']:,} to {size:,}: {options.output}")


if __name__ == "__main__":
    run_command(main)
