"""Combines several LoRA adapters with weights into one adapter, which PEFT, vLLM and the commands here read alike.

The one thing to know: `cat` (the default) concatenates the factors. The combined update is then exactly the weighted
sum of the updates, at a rank that is the sum of the ranks. `linear` adds the factors themselves (equal ranks, and an
approximation); `svd` cuts the exact sum to the largest rank. The base's weights are never read.
"""

import argparse
from pathlib import Path

from submission.commands import as_typed
from training.command_line import run_command
from training.recipe import COMBINATIONS


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog=as_typed("training.ensemble"), description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model (its config is read)")
    parser.add_argument("--adapters", type=Path, nargs="+", required=True, help="folders of LoRA adapters")
    parser.add_argument("--weights", type=float, nargs="+", required=True, help="one weight for each adapter")
    parser.add_argument("--combination", choices=COMBINATIONS, default="cat", help="default: cat, the exact sum")
    parser.add_argument("--output", type=Path, required=True, help="folder to write the combined adapter to")
    parser.add_argument("--merged", type=Path, help="also merge the combined adapter into the base, to this folder")
    options = parser.parse_args(arguments)
    # Behind the arguments: PyTorch takes seconds to load.
    from training.checkpoints.ensembling import combine_adapters
    from training.checkpoints.merging import merge_adapter

    combine_adapters(options.base, options.adapters, options.weights, options.output, options.combination)
    if options.merged:
        merge_adapter(options.base, options.output, options.merged)


if __name__ == "__main__":
    run_command(main)
