"""What is seen of a training run without a terminal: lines that a log file can hold, in place of the libraries' bars."""

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import datasets
import transformers
from transformers import PrinterCallback, Trainer, TrainerCallback
from transformers.trainer_callback import TrainerControl, TrainerState
from transformers.training_args import TrainingArguments

from evaluation.progress import Detail, Lines, at_terminal, waiting


class _TrainingLines(TrainerCallback):
    """Says every so often which step it is and what the loss was, and each validation loss as it comes."""

    def on_train_begin(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        self._lines = Lines(state.max_steps, "Training", "step", initial=state.global_step)

    def on_log(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        logs: dict[str, float] | None = None,
        **_: Any,
    ) -> None:
        if logs and "loss" in logs:
            self._lines.set_postfix_str(f"loss {float(logs['loss']):.4g}", refresh=False)

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.is_world_process_zero:
            self._lines.update()

    def on_evaluate(
        self,
        args: TrainingArguments,
        state: TrainerState,
        control: TrainerControl,
        metrics: dict[str, float],
        **_: Any,
    ) -> None:
        if state.is_world_process_zero:
            for name, value in metrics.items():
                if name.startswith("eval_") and name.endswith("_loss"):
                    kind = name.removeprefix("eval_").removesuffix("_loss")
                    print(f"Step {state.global_step}: validation loss of {kind} tasks {value:.4f}", flush=True)


def show_lines(trainer: Trainer) -> None:
    """Show the training in lines where there is no terminal; there, the trainer's own bar stays."""
    if not at_terminal():
        # What takes the bar's place prints each entry of the log as Python writes a dictionary.
        trainer.remove_callback(PrinterCallback)
        trainer.add_callback(_TrainingLines())


def preparing(what: str, is_main: bool) -> AbstractContextManager[None]:
    """Say that `what` is being done, for as long as libraries draw bars of their own; a terminal is shown those."""
    if at_terminal():
        return nullcontext()
    datasets.disable_progress_bars()
    transformers.utils.logging.disable_progress_bar()
    return waiting(what, Detail.USUAL if is_main else Detail.QUIET)
