"""Supervised fine-tuning of one LoRA adapter with TRL's SFTTrainer: loss on the answer tokens only.

The same command after a kill goes on to the very same adapter.
On GPUs start it with `accelerate launch --config_file training/accelerate/zero3_8gpu.yaml -m training.sft …`.
"""

import argparse

from submission.commands import as_typed
from submission.errors import ShopBenchError
from training.command_line import run_command
from training.kept_recipe import check_kept
from training.recipe import Recipe, add_recipe_arguments, check_files, load_recipe


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog=as_typed("training.sft"), description=__doc__)
    add_recipe_arguments(parser)
    parser.add_argument("--adapter", help="which of the recipe's adapters to train (default: the only one)")
    # The pipeline's: the fingerprint of the recipe that its run began with.
    parser.add_argument("--expect", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.expect is not None:
        check_kept(options.recipe, options.expect)
    recipe = load_recipe(options.recipe, options.overrides, Recipe)
    if options.adapter is None and len(recipe.adapters) > 1:
        raise ShopBenchError(f"--adapter is needed: the recipe has {', '.join(recipe.adapters)}")
    adapter = options.adapter or next(iter(recipe.adapters))
    recipe.sft_of(adapter)  # an error where there is none of that name
    check_files(
        {f"data.{name}": getattr(recipe.data, name) for name in ("train", "validation_seen", "validation_unseen")}
    )
    # Heavy: what is wrong with the recipe is said before.
    from training.fine_tuning.supervised import train_adapter

    train_adapter(recipe, adapter)


if __name__ == "__main__":
    run_command(main)
