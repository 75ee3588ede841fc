"""Merges a LoRA adapter into its base: a checkpoint that vLLM, transformers 4.51 and transformers 5 read alike.

The one thing to know: the base is rewritten shard by shard, so a 72B model needs the memory of one shard and the
adapter. The sum is taken in float32 and rounded once to the base's dtype.
"""

import argparse
from pathlib import Path

from submission.commands import as_typed
from training.command_line import run_command


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog=as_typed("training.merge"), description=__doc__)
    parser.add_argument("--base", type=Path, required=True, help="folder of the base model (safetensors)")
    parser.add_argument("--adapter", type=Path, required=True, help="folder of the LoRA adapter")
    parser.add_argument("--output", type=Path, required=True, help="folder to write the merged model to")
    options = parser.parse_args(arguments)
    # Heavy: what is wrong with the command line is said before.
    from training.checkpoints.merging import merge_adapter

    merge_adapter(options.base, options.adapter, options.output)


if __name__ == "__main__":
    run_command(main)
