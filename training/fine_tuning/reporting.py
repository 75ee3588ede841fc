"""Shows a training run while it goes on, in TensorBoard or Weights & Biases, where the recipe asks for it.

The one thing to know: nothing of it is installed or switched on by default, and what is trained does not depend on it.
TensorBoard's files go to `OUTPUT/logs/ADAPTER`; what Weights & Biases sends leaves this machine (WANDB_MODE=offline keeps it).
"""

import importlib.util
import os

from transformers import TrainerCallback
from transformers.integrations import TensorBoardCallback, WandbCallback

from submission.errors import ShopBenchError
from training.recipe import Recipe


def check_reporting(recipe: Recipe) -> None:
    """Raise a `ShopBenchError` where a package that `sft.report_to` needs is not installed."""
    for adapter in recipe.adapters:
        for name in recipe.sft_of(adapter).report_to:
            if importlib.util.find_spec(name) is None:
                raise ShopBenchError(f"sft.report_to: {name} is not installed: pip install {name}, or leave it out")


def reporting_callbacks(recipe: Recipe, adapter: str) -> list[TrainerCallback]:
    """Return the trainer's callbacks for `sft.report_to`."""
    callbacks: list[TrainerCallback] = []
    folder = recipe.output / "logs" / adapter
    for name in recipe.sft_of(adapter).report_to:
        if name == "tensorboard":
            board = TensorBoardCallback()
            # Beside the adapter: the trainer's own folder holds training checkpoints, and goes when training has ended.
            board.logging_dir = str(folder)
            callbacks.append(board)
        else:
            folder.mkdir(parents=True, exist_ok=True)
            os.environ.setdefault("WANDB_PROJECT", recipe.name)
            os.environ.setdefault("WANDB_DIR", str(folder))
            callbacks.append(WandbCallback())
    return callbacks
