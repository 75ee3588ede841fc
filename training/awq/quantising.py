"""Quantises a merged model to AWQ, 4 bits, for tensor parallelism on 4 × T4, and checks what came out.

The one thing to know: what quantises (`training.awq.backends`) runs as a separate process in an environment of its own.
Everything is made in OUTPUT.work, and OUTPUT appears only when every check has passed. The same command after a kill goes
on at the first step that is not done: padding at its next shard, the tool (which cannot be resumed) at its beginning, the
checks at theirs.
"""

import os
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

from submission.chat_encoder import ChatEncoder
from submission.errors import ShopBenchError
from submission.model_folder import check_model, read_json
from submission.places import INSTALLED, ROOT
from training.awq.backends import BACKENDS, Backend
from training.awq.calibration import (
    DEVELOPMENT,
    GENERIC,
    calibration_blocks,
    development_questions,
    encode_questions,
)
from training.awq.checks import check_readers, check_weights
from training.awq.group_size import largest_group_size
from training.awq.options import Quantisation
from training.awq.padding import check_after_padding, needs_padding, pad_model, padded_size
from training.awq.quality import MAX_PROMPT, LossLimits, Measurement, compare, loss_table, measure
from training.checkpoints.portable import write_portable_files
from training.checkpoints.rewriting import INDEX_FILE, CheckpointReader, refuse_two_heads, shard_files
from training.files import fingerprint, hash_of, refuse_to_replace, remove, run_once, write_json
from training.fine_tuning.examples import read_questions
from training.processes import ending_with_this
from training.recipe import AwqSettings

REPORT = "quantisation.json"


def stage(model: Path, output: Path, group_size: int, tensor_parallel: int) -> None:
    """Write `model` as AutoAWQ's transformers reads it to `output`: padded where needed, otherwise linked."""
    config = read_json(model / "config.json")
    if needs_padding(config, group_size, tensor_parallel):
        pad_model(model, output, padded_size(config["intermediate_size"], group_size, tensor_parallel))
        return
    refuse_two_heads(CheckpointReader(model))
    remove(output)
    output.mkdir(parents=True)
    write_portable_files(model, output)
    index = [model / INDEX_FILE] if (model / INDEX_FILE).is_file() else []
    for file in [*shard_files(model), *index]:
        (output / file.name).symlink_to(file.resolve())


def quantise(staged: Path, output: Path, job: dict[str, Any], backend: Backend, python: Path, log: Path) -> None:
    """Run a backend on `staged` in its own environment and give the result configs that every reader understands."""
    remove(output)
    job_file = output.with_name("job.json")
    write_json(job_file, {**job, "model": str(staged), "output": str(output)})
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    # The progress bar goes to the terminal, the rest is kept in case that it fails.
    with log.open("w", encoding="utf-8") as opened:
        command = ending_with_this([python, Path(__file__).with_name(backend.worker), job_file])
        done = subprocess.run(command, stdout=opened, env=environment, check=False)
    if done.returncode:
        raise ShopBenchError(
            f"{backend.title} ended with code {done.returncode}; its last words are above, the rest in {log}"
        )
    written = read_json(output / "config.json")
    write_portable_files(staged, output)
    for file in shard_files(output):
        # Both write for the owner alone; a server under another user must be able to read.
        file.chmod(0o644)
    config = read_json(output / "config.json")
    quantisation = {"quantization_config": written["quantization_config"]}
    write_json(output / "config.json", {**config, "dtype": "float16", "torch_dtype": "float16", **quantisation})


def check_possible(settings: AwqSettings, config: dict[str, Any]) -> int:
    """Return the group size for a model with this config, or raise a `ShopBenchError` naming what is in the way.

    Nothing is loaded and nothing made, so that this can be asked before a model is trained.
    """
    if "quantization_config" in config:
        raise ShopBenchError("the model is quantised already: give the one it was made from")
    group_size = settings.group_size or largest_group_size(config, settings.tensor_parallel)
    check_after_padding(config, group_size, settings.tensor_parallel)
    backend = BACKENDS[settings.backend]
    if not interpreter(settings).is_file():
        where = " in a clone, and name its interpreter with --python" if INSTALLED else ""
        raise ShopBenchError(
            f"{backend.title}'s environment is not there ({interpreter(settings)}): "
            f"build it with `make {backend.target}`{where}"
        )
    read_questions(calibration_questions(settings))
    if settings.quality:
        read_questions(settings.held_out, scored=True)
    return group_size


def interpreter(settings: AwqSettings) -> Path:
    """Return the interpreter that quantises."""
    return settings.python or BACKENDS[settings.backend].python


def calibration_questions(settings: AwqSettings) -> Path:
    """Return the questions to calibrate on (for generic prose: those that say how much of it)."""
    if settings.calibration in (DEVELOPMENT, GENERIC):
        return development_questions(ROOT)
    return Path(settings.calibration)


def questions_used(settings: AwqSettings) -> list[Path]:
    """Return the files of questions that decide about the result: to calibrate on, and to measure the loss on."""
    return [calibration_questions(settings), *([settings.held_out] if settings.quality else [])]


def quantise_and_check(asked: Quantisation) -> None:
    """Quantise a model as is asked, unless that was done, and check what came out."""
    model, output, settings = asked.model, asked.output, asked.settings
    refuse_to_replace(output, model)
    group_size = check_possible(settings, check_model(model))
    calibration = read_questions(calibration_questions(settings))
    encoder = ChatEncoder(model)
    job: dict[str, Any] = {
        "blocks": calibration_blocks(
            settings.calibration, calibration, encoder, settings.block, settings.max_blocks, settings.seed
        ),
        "group_size": group_size,
        "parallel_blocks": settings.parallel_blocks,
        "clip": settings.clip,
        "seed": settings.seed,
        **({} if settings.backend == "autoawq" else {"backend": settings.backend, "symmetric": settings.symmetric}),
    }
    backend, python = BACKENDS[settings.backend], interpreter(settings)
    inputs = hash_of([fingerprint(model), job, settings.tensor_parallel])
    held_out = [fingerprint(settings.held_out), True, asdict(_limits(settings))] if settings.quality else [False]
    checked = hash_of([inputs, *held_out])
    work = output.with_name(output.name + ".work")
    if (output / REPORT).is_file() and read_json(output / REPORT).get("inputs") == checked:
        remove(work)
        print(f"{output} was made from the same inputs and has passed the same checks")
        return
    print(f"calibrating on {len(job['blocks'])} blocks of {settings.block} tokens ({settings.calibration})")

    work.mkdir(parents=True, exist_ok=True)
    staged, quantised = work / "staged", work / "quantised"
    run_once(work / "staged.done", inputs, lambda: stage(model, staged, group_size, settings.tensor_parallel))
    run_once(
        work / "quantised.done",
        inputs,
        lambda: quantise(staged, quantised, job, backend, python, work / f"{settings.backend}.log"),
    )
    check_weights(staged, quantised, group_size, backend, settings.symmetric)
    check_readers(staged, quantised, python, backend)
    report = described(asked, group_size, len(job["blocks"])) | {"inputs": checked}
    if settings.quality:
        report |= _checked_quality(asked, encoder, work)
    write_json(quantised / REPORT, report)
    remove(output)
    quantised.rename(output)
    remove(work)
    print(f"written to {output}")


def described(asked: Quantisation, group_size: int, blocks: int) -> dict[str, Any]:
    """Return what a quantised model was made with, for those who find it; `blocks` is how many it was calibrated on."""
    settings = asked.settings
    measured_on = {"held_out": str(settings.held_out)} if settings.quality else {}
    return {
        "model": str(asked.model),
        "calibration": settings.calibration,
        "tensor_parallel": settings.tensor_parallel,
        "group_size": group_size,
        "backend": settings.backend,
        "symmetric": settings.symmetric,
        "clip": settings.clip,
        "calibration_blocks": blocks,
        "block": settings.block,
        "quality_measured": settings.quality,
        **measured_on,
    }


def _checked_quality(asked: Quantisation, encoder: ChatEncoder, work: Path) -> dict[str, float]:
    """Measure both models on the held-out questions and refuse what lost too much."""
    settings = asked.settings
    samples = read_questions(settings.held_out, scored=True)
    questions = encode_questions(samples, encoder, MAX_PROMPT)
    measured: dict[str, Measurement] = {}
    for name, folder in (("unquantised", asked.model), ("quantised", work / "quantised")):
        print(f"measuring the {name} model on {len(samples)} held-out questions")
        measured[name] = measure(folder, settings.held_out, questions, work / f"measured-{name}")
    loss = compare(measured["unquantised"], measured["quantised"])
    print(loss_table(loss))
    if violations := loss.violations(_limits(settings)):
        raise ShopBenchError(
            "the quantised model lost too much and is rejected: "
            + "; ".join(violations)
            + f". It is left in {work / 'quantised'} for inspection"
        )
    return asdict(loss)


def _limits(settings: AwqSettings) -> LossLimits:
    return LossLimits(settings.max_perplexity_ratio, settings.max_score_loss, settings.min_choice_agreement)
