"""Supervised fine-tuning of one LoRA adapter with TRL's SFTTrainer: loss on the answer tokens only.

The one thing to know: the order of the questions is computed before training from the seed alone. Training
checkpoints count only once they are marked as whole. So the same command after a kill goes on to the very same adapter.
On GPUs start it with `accelerate launch --config_file training/accelerate/zero3_8gpu.yaml -m training.sft …`.
"""

import json
import math
import shutil
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch
from datasets import Dataset
from peft import LoraConfig
from transformers import AutoModelForCausalLM, PreTrainedModel, TrainerCallback, set_seed
from transformers.trainer_callback import TrainerControl, TrainerState
from transformers.trainer_utils import SchedulerType
from transformers.training_args import TrainingArguments
from transformers.utils import (
    is_flash_attn_2_available,
    is_flash_attn_3_available,
    is_kernels_available,
)
from trl import SFTConfig, SFTTrainer
from trl.trainer import utils as trl_utils

from evaluation.progress import at_terminal
from submission.adapter_config import CONFIG_FILE
from submission.chat_encoder import ChatEncoder
from submission.errors import ShopBenchError
from submission.lora_adapter import WEIGHTS_FILE, LoraAdapter, base_shapes
from submission.model_folder import check_model, read_json
from submission.near_names import hint
from submission.processor import native_dtype
from submission.tracks import track_by_number
from training.files import fingerprint, folder_written_whole, hash_of, remove, write_json
from training.fine_tuning.adapter_checks import check_adapters
from training.fine_tuning.emphasis import draw_of
from training.fine_tuning.examples import Draw, length_grouped_order, load_examples, read_conversations
from training.fine_tuning.four_bits import check_four_bit, four_bits, keep_gradients
from training.fine_tuning.loss_curve import draw_loss_curve
from training.fine_tuning.reporting import check_reporting, reporting_callbacks
from training.fine_tuning.training_progress import preparing, show_lines
from training.recipe import LoraSettings, Recipe, SftSettings

LOG_FILE = "training.json"
_WHOLE = "whole"


class _TrainingCheckpoints(TrainerCallback):
    """Marks training checkpoints that are completely written, and evaluates after the very last step.

    Whether the adapter in one has all its factors is known at the first, not after days.
    """

    def __init__(self, base: Path) -> None:
        self._base = base

    def on_save(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.is_world_process_zero:
            checkpoint = Path(args.output_dir) / f"checkpoint-{state.global_step}"
            _whole_adapter(checkpoint, self._base)
            (checkpoint / _WHOLE).touch()

    def on_step_end(self, args: TrainingArguments, state: TrainerState, control: TrainerControl, **_: Any) -> None:
        if state.global_step == state.max_steps:
            control.should_evaluate = control.should_save = True


def _whole_adapter(folder: Path, base: Path) -> LoraAdapter:
    """Return the adapter that was saved to `folder`, or raise a `ShopBenchError` that says what of it is missing."""
    adapter = LoraAdapter(folder)
    if "quantization_config" not in read_json(base / "config.json"):
        adapter.check_base(base, base_shapes(base))
    return adapter


def _keep_whole_checkpoints(folder: Path, identity: str) -> None:
    """Remove the training checkpoints of other settings or data, and those that a kill has left unfinished."""
    file = folder / "inputs.json"
    if not (file.is_file() and json.loads(file.read_text()) == identity):
        remove(folder)
        write_json(file, identity)
    for checkpoint in folder.glob("checkpoint-*"):
        if not (checkpoint / _WHOLE).is_file():
            remove(checkpoint)


def _last_checkpoint(folder: Path) -> str | None:
    checkpoints = sorted(folder.glob(f"checkpoint-*/{_WHOLE}"), key=lambda path: int(path.parent.name.split("-")[1]))
    return str(checkpoints[-1].parent) if checkpoints else None


def compute_dtype(settings: SftSettings) -> str:
    """Return what the model computes in: `auto` is bfloat16 on a GPU, and what the processor multiplies fast on a CPU."""
    if settings.dtype != "auto":
        return settings.dtype
    return "bfloat16" if torch.cuda.is_available() else native_dtype()


def trainer_arguments(settings: SftSettings, folder: Path, seed: int) -> SFTConfig:
    """Return TRL's configuration, but for the intervals, which follow from the number of steps."""
    on_gpu = torch.cuda.is_available()
    schedulers = [kind.value for kind in SchedulerType]
    if settings.lr_scheduler not in schedulers:
        raise ShopBenchError(
            f"sft.lr_scheduler={settings.lr_scheduler} is unknown: {hint(settings.lr_scheduler, schedulers)}"
        )
    arguments = SFTConfig(
        output_dir=str(folder),
        seed=seed,
        learning_rate=settings.learning_rate,
        lr_scheduler_type=settings.lr_scheduler,
        warmup_steps=settings.warmup_ratio,
        weight_decay=settings.weight_decay,
        max_grad_norm=settings.max_grad_norm,
        # Without packing, the passes are laid out one after the other in the data themselves.
        num_train_epochs=settings.epochs if settings.packing else 1,
        train_sampling_strategy="random" if settings.packing else "sequential",
        per_device_train_batch_size=settings.per_device_batch_size,
        per_device_eval_batch_size=settings.per_device_batch_size,
        gradient_checkpointing=settings.gradient_checkpointing,
        completion_only_loss=True,
        max_length=settings.max_tokens,
        packing=settings.packing,
        eval_packing=False,
        shuffle_dataset=settings.packing,
        use_cpu=not on_gpu,
        # Autocast: the adapter's own weights stay float32, its products do not, which a CPU is faster at too.
        bf16=compute_dtype(settings) == "bfloat16",
        eval_strategy="steps",
        save_strategy="steps",
        save_total_limit=2,
        disable_tqdm=not at_terminal(),
        metric_for_best_model="eval_seen_loss",
        greater_is_better=False,
        report_to=[],
    )
    together = settings.per_device_batch_size * arguments.world_size
    if settings.batch_size % together:
        raise ShopBenchError(
            f"sft.batch_size={settings.batch_size} must be a multiple of {together}: "
            f"{arguments.world_size} devices take {settings.per_device_batch_size} questions each"
        )
    arguments.gradient_accumulation_steps = settings.batch_size // together
    return arguments


def load_model(base: Path, settings: SftSettings) -> PreTrainedModel:
    """Load the base model, in 4 bits where that is asked for."""
    if settings.four_bit:
        check_four_bit(base)
    try:
        model = AutoModelForCausalLM.from_pretrained(
            base,
            dtype=getattr(torch, compute_dtype(settings)),
            quantization_config=four_bits() if settings.four_bit else None,
            attn_implementation=settings.attention,
            local_files_only=True,
        )
    except ImportError as error:
        raise _no_attention(settings, str(error)) from error
    keep_gradients(model)
    return model


def _check_attention(settings: SftSettings) -> None:
    """Refuse kernels that are nowhere; whether those that are there work, loading the model shows."""
    installed = {"flash_attention_2": is_flash_attn_2_available, "flash_attention_3": is_flash_attn_3_available}
    if settings.attention in installed and not (installed[settings.attention]() or is_kernels_available()):
        raise _no_attention(settings, "its package is missing, or a GPU")


def _no_attention(settings: SftSettings, reason: str) -> ShopBenchError:
    return ShopBenchError(
        f"sft.attention={settings.attention} does not work here ({reason}): install it, or train with "
        "--set sft.attention=sdpa sft.packing=false"
    )


def _project_answer_tokens_only() -> None:
    """Let TRL's fused LM head skip prompt tokens without a GPU too: a third of the time a step (`benchmarks.sft_step`).

    TRL 1.16 does so only where Triton is, for compilers that dislike changing shapes; the loss is the same.
    """
    if not torch.cuda.is_available():
        trl_utils._use_triton = lambda device: True


def build_trainer(recipe: Recipe, adapter: str, folder: Path) -> SFTTrainer:
    """Return the trainer of one adapter of `recipe`, which keeps its training checkpoints in `folder`."""
    settings = recipe.sft_of(adapter)
    check_model(recipe.base_model)
    check_reporting(recipe)
    for other in recipe.adapters:
        if other != adapter:
            _check_settings(recipe, other, folder)
    seed, chosen = recipe.seed_of(adapter), recipe.adapters[adapter]
    set_seed(seed)
    # Before the model: with DeepSpeed ZeRO-3 the arguments are what makes it load in shards.
    arguments = trainer_arguments(settings, folder, seed)
    arguments.run_name = f"{recipe.name}-{adapter}"
    encoder = ChatEncoder(recipe.base_model)
    track = track_by_number(recipe.track)
    # The adapters are trained on parts of the same files.
    read = lru_cache(read_conversations)

    def load(path: Path, only: list[str], all_needed: bool = False, draw: Draw | None = None) -> Dataset:
        limits = (settings.max_tokens, settings.data_workers)
        return load_examples(path, track, encoder, only, *limits, all_tasks_needed=all_needed, read=read, draw=draw)

    is_main = arguments.process_index == 0
    with preparing("Encoding the questions", is_main), arguments.main_process_first(desc="encoding the questions"):
        # All of them: a later one's fault would be found when the first has been trained, for days maybe.
        check_adapters(recipe, encoder, read)
        train = load(recipe.data.train, chosen.tasks, all_needed=True, draw=draw_of(recipe, adapter))
        validation = {
            "seen": load(recipe.data.validation_seen, chosen.tasks),
            "unseen": load(recipe.data.validation_unseen, []),
        }
    if not settings.packing:
        lengths = [len(ids) for ids in train["input_ids"]]
        train = train.select(length_grouped_order(lengths, settings.batch_size, settings.epochs, seed))
    for name, dataset in validation.items():
        part = dataset.shuffle(seed=recipe.seed).select(range(min(settings.validation_examples, len(dataset))))
        # Similar lengths beside each other waste less padding.
        order = sorted(range(len(part)), key=lambda index: len(part[index]["input_ids"]))
        validation[name] = part.select(order)
    _project_answer_tokens_only()
    with preparing(f"Loading {recipe.base_model}", is_main):
        trainer = SFTTrainer(
            args=arguments,
            model=load_model(recipe.base_model, settings),
            train_dataset=train,
            eval_dataset=validation,
            processing_class=encoder.tokenizer,
            peft_config=LoraConfig(**_adapter_shape(settings.lora)),
            callbacks=[_TrainingCheckpoints(recipe.base_model), *reporting_callbacks(recipe, adapter)],
        )
    show_lines(trainer)
    _set_intervals(trainer, settings)
    return trainer


def _check_settings(recipe: Recipe, adapter: str, folder: Path) -> None:
    settings = recipe.sft_of(adapter)
    try:
        trainer_arguments(settings, folder, recipe.seed)
        _check_attention(settings)
        if settings.four_bit:
            check_four_bit(recipe.base_model)
    except ShopBenchError as error:
        raise ShopBenchError(f"adapter {adapter}: {error}") from error


def _adapter_shape(settings: LoraSettings) -> dict[str, Any]:
    """Return PEFT's names of the settings; it calls `lora_alpha` an integer and divides it as any number."""
    return {
        "r": settings.rank,
        "lora_alpha": settings.alpha,
        "lora_dropout": settings.dropout,
        "target_modules": settings.target_modules,
        "task_type": "CAUSAL_LM",
    }


def _set_intervals(trainer: SFTTrainer, settings: SftSettings) -> None:
    """End after `max_steps`, evaluate and save every so many steps.

    Losses are logged at a divisor of that, so that resumed runs log the same means.
    """
    arguments = trainer.args
    steps = math.ceil(len(trainer.train_dataset) * arguments.num_train_epochs / settings.batch_size)
    if settings.max_steps is not None and settings.max_steps < steps:
        steps = arguments.max_steps = settings.max_steps
    interval = math.ceil(steps / settings.evaluations)
    arguments.logging_steps = max(1, interval // 10)
    arguments.eval_steps = arguments.save_steps = arguments.logging_steps * math.ceil(
        interval / arguments.logging_steps
    )


def inputs_hash(recipe: Recipe, adapter: str) -> str:
    """Return a hash of everything that decides the adapter's weights."""
    data = recipe.data
    files = fingerprint(data.train, data.validation_seen, data.validation_unseen, recipe.base_model)
    settings = recipe.sft_of(adapter).model_dump(exclude={"report_to"})
    if settings["max_steps"] is None:
        # Adapters from before there was such a setting stay what they are.
        del settings["max_steps"]
    chosen, seed = recipe.adapters[adapter], recipe.seed_of(adapter)
    drawing = [chosen.share, chosen.emphasis] if chosen.share != 1 or chosen.emphasis else []
    return hash_of([files, settings, chosen.tasks, recipe.track, seed, *drawing])


def train_adapter(recipe: Recipe, adapter: str) -> Path:
    """Train one adapter unless it is there already; return its folder.

    A run that was killed goes on at its last training checkpoint. The folder holds the adapter of the best one,
    `training.json` (the losses) and `loss.png`.
    """
    output = recipe.adapter_folder(adapter)
    identity = inputs_hash(recipe, adapter)
    if (output / LOG_FILE).is_file() and json.loads((output / LOG_FILE).read_text())["inputs"] == identity:
        print(f"{output} is already trained with these settings and data")
        return output
    folder = output.with_name(f"{output.name}.checkpoints")
    trainer = build_trainer(recipe, adapter, folder)
    is_main = trainer.is_world_process_zero()
    if is_main:
        _keep_whole_checkpoints(folder, identity)
    trainer.accelerator.wait_for_everyone()
    trainer.train(resume_from_checkpoint=_last_checkpoint(folder))
    if is_main:
        _write_adapter(trainer.state, recipe.base_model, output, identity)
        remove(folder)
    trainer.accelerator.wait_for_everyone()
    return output


def _write_adapter(state: TrainerState, base: Path, output: Path, identity: str) -> None:
    if state.best_model_checkpoint is None:
        raise ShopBenchError("the validation loss was never a number: training diverged, lower sft.learning_rate")
    best = Path(state.best_model_checkpoint)
    _whole_adapter(best, base).check_values()
    # Times and speeds differ from run to run; without them the same training writes the same file.
    kept = ("step", "epoch", "loss", "eval_seen_loss", "eval_unseen_loss", "learning_rate", "grad_norm")
    log = [
        {key: entry[key] for key in kept if key in entry} for entry in state.log_history if "train_loss" not in entry
    ]
    with folder_written_whole(output) as folder:
        for name in (CONFIG_FILE, WEIGHTS_FILE):
            shutil.copyfile(best / name, folder / name)
        # PEFT keeps the modules in a set; sorted, the same training writes the same bytes.
        config = json.loads((folder / CONFIG_FILE).read_text())
        if isinstance(config["target_modules"], list):
            config["target_modules"].sort()
        write_json(folder / CONFIG_FILE, config)
        draw_loss_curve(log, state.best_global_step, folder / "loss.png")
        write_json(folder / LOG_FILE, {"inputs": identity, "best_step": state.best_global_step, "log": log})
