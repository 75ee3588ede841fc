"""Measures what two choices of `training.sft` save on a CPU: the LM head over answer tokens only, and autocast.

The demo's own trainer, model and first batches; every round runs all variants, and ratios are taken within a round.

    python -m training.split --recipe training/recipes/cpu_demo.yaml
    python -m benchmarks.sft_step
"""

import argparse
import contextlib
import itertools
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

from tqdm import tqdm
from trl import SFTTrainer
from trl.trainer import utils as trl_utils

from training.command_line import run_command
from training.fine_tuning.supervised import build_trainer
from training.recipe import Recipe, load_recipe

RECIPE = Path("training/recipes/cpu_demo.yaml")


@contextlib.contextmanager
def as_trained(trainer: SFTTrainer) -> Iterator[None]:
    """Change nothing."""
    yield


@contextlib.contextmanager
def every_token_projected(trainer: SFTTrainer) -> Iterator[None]:
    """Let the LM head project prompt tokens too, as TRL does where there is no Triton."""
    with mock.patch.object(trl_utils, "_use_triton", lambda device: False):
        yield


@contextlib.contextmanager
def no_autocast(trainer: SFTTrainer) -> Iterator[None]:
    """Compute the adapter's products in the adapter's own float32: call the model's forward without accelerate's wrapper."""
    with mock.patch.object(trainer.model, "forward", trainer.model._original_forward):
        yield


VARIANTS: dict[str, Callable[[SFTTrainer], contextlib.AbstractContextManager[None]]] = {
    "as trained": as_trained,
    "every token projected": every_token_projected,
    "no autocast": no_autocast,
}


def measure(trainer: SFTTrainer, batches: list[dict[str, Any]]) -> tuple[float, float]:
    """Return the seconds a step (forward and backward) and the mean loss over `batches`."""
    losses = []
    started = time.perf_counter()
    for batch in batches:
        with trainer.compute_loss_context_manager():
            loss = trainer.compute_loss(trainer.model, dict(batch))
        loss.backward()
        losses.append(loss.item())
        trainer.model.zero_grad()
    return (time.perf_counter() - started) / len(batches), statistics.mean(losses)


def main(arguments: list[str] | None = None) -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sft_step", description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=5, help="how often each variant is measured (default: 5)")
    parser.add_argument("--steps", type=int, default=4, help="steps of each measurement (default: 4)")
    options = parser.parse_args(arguments)
    recipe = load_recipe(RECIPE, [], Recipe)
    with tempfile.TemporaryDirectory() as folder:
        trainer = build_trainer(recipe, "mixture", Path(folder))
        batches = list(itertools.islice(trainer.get_train_dataloader(), options.steps))
        # In float32 there is no autocast to leave out.
        variants = {name: change for name, change in VARIANTS.items() if trainer.args.bf16 or change is not no_autocast}
        seconds: dict[str, list[float]] = {name: [] for name in variants}
        loss: dict[str, float] = {}
        # What `train()` does: the wrapper holds the autocast.
        trainer.accelerator.prepare_model(trainer.model).train()
        measure(trainer, batches[:1])
        for _ in tqdm(range(options.rounds), unit="round"):
            for name, change in variants.items():
                with change(trainer):
                    time_taken, loss[name] = measure(trainer, batches)
                seconds[name].append(time_taken)
    tokens = statistics.mean(batch["input_ids"].numel() for batch in batches)
    print(
        f"{options.rounds} rounds of {options.steps} steps of {recipe.sft.batch_size} questions, {tokens:.0f} tokens a step"
    )
    print("| variant | seconds a step (median) | times as long (median of the rounds' ratios) | loss |")
    print("| --- | --- | --- | --- |")
    for name, values in seconds.items():
        ratio = statistics.median(value / base for value, base in zip(values, seconds["as trained"], strict=True))
        print(f"| {name} | {statistics.median(values):.2f} | {ratio:.2f} | {loss[name]:.4f} |")


if __name__ == "__main__":
    run_command(main)
