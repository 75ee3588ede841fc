"""Quantises a merged model to AWQ, 4 bits, for tensor parallelism on 4 × T4, and checks what came out.

The one thing to know: AutoAWQ runs as a separate process in `.venv-awq`. Everything is made in OUTPUT.work, and OUTPUT appears
only when every check has passed. The same command after a kill goes on at the first step that is not done: padding at its
next shard, AutoAWQ (which cannot be resumed) at its beginning, the checks at theirs.
"""

import argparse
import os
import subprocess
from dataclasses import asdict
from pathlib import Path
from typing import Any

from submission.chat_encoder import ChatEncoder
from submission.errors import ShopBenchError
from submission.model_folder import ROOT, check_model, read_json
from training.awq.calibration import (
    DEVELOPMENT,
    GENERIC,
    calibration_blocks,
    development_questions,
    encode_questions,
)
from training.awq.checks import check_readers, check_weights
from training.awq.group_size import GROUP_SIZES, largest_group_size
from training.awq.padding import check_after_padding, needs_padding, pad_model, padded_size
from training.awq.quality import MAX_PROMPT, Limits, Measurement, compare, loss_table, measure
from training.checkpoints.portable import write_portable_files
from training.checkpoints.rewriting import INDEX_FILE, shard_files
from training.files import fingerprint, hash_of, remove, run_once, write_json
from training.fine_tuning.examples import read_questions
from training.processes import ending_with_this

PYTHON = ROOT / ".venv-awq/bin/python"
WORKER = Path(__file__).with_name("worker.py")
HELD_OUT = ROOT / "data/sample_questions.jsonl"
REPORT = "quantisation.json"


def stage(model: Path, output: Path, group_size: int, tensor_parallel: int) -> None:
    """Write `model` as AutoAWQ's transformers reads it to `output`: padded where needed, otherwise linked."""
    config = read_json(model / "config.json")
    if needs_padding(config, group_size, tensor_parallel):
        pad_model(model, output, padded_size(config["intermediate_size"], group_size, tensor_parallel))
        return
    remove(output)
    output.mkdir(parents=True)
    write_portable_files(model, output)
    index = [model / INDEX_FILE] if (model / INDEX_FILE).is_file() else []
    for file in [*shard_files(model), *index]:
        (output / file.name).symlink_to(file.resolve())


def quantise(staged: Path, output: Path, job: dict[str, Any], python: Path, log: Path) -> None:
    """Run AutoAWQ on `staged` in its own environment and give the result configs that every reader understands."""
    remove(output)
    job_file = output.with_name("job.json")
    write_json(job_file, {**job, "model": str(staged), "output": str(output)})
    environment = {**os.environ, "HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
    # The progress bar goes to the terminal, the rest is kept in case that it fails.
    with log.open("w", encoding="utf-8") as opened:
        command = ending_with_this([python, WORKER, job_file])
        done = subprocess.run(command, stdout=opened, env=environment, check=False)
    if done.returncode:
        raise ShopBenchError(f"AutoAWQ ended with code {done.returncode}; its last words are above, the rest in {log}")
    written = read_json(output / "config.json")
    write_portable_files(staged, output)
    for file in shard_files(output):
        # AutoAWQ writes for the owner alone; a server under another user must be able to read.
        file.chmod(0o644)
    config = read_json(output / "config.json")
    quantisation = {"quantization_config": written["quantization_config"]}
    write_json(output / "config.json", {**config, "dtype": "float16", "torch_dtype": "float16", **quantisation})


def check_possible(options: argparse.Namespace, config: dict[str, Any]) -> int:
    """Return the group size for a model with this config, or raise a `ShopBenchError` naming what is in the way.

    Nothing is loaded and nothing made, so that this can be asked before a model is trained.
    """
    if "quantization_config" in config:
        raise ShopBenchError("the model is quantised already: give the one it was made from")
    group_size = options.group_size or largest_group_size(config, options.tensor_parallel)
    check_after_padding(config, group_size, options.tensor_parallel)
    if not options.python.is_file():
        raise ShopBenchError(f"AutoAWQ's environment is not there ({options.python}): build it with `make awq-env`")
    read_questions(calibration_questions(options))
    if options.quality:
        read_questions(options.held_out, scored=True)
    return group_size


def calibration_questions(options: argparse.Namespace) -> Path:
    """Return the questions to calibrate on (for generic prose: those that say how much of it)."""
    if options.calibration in (DEVELOPMENT, GENERIC):
        return development_questions(ROOT)
    return Path(options.calibration)


def questions_used(options: argparse.Namespace) -> list[Path]:
    """Return the files of questions that decide about the result: to calibrate on, and to measure the loss on."""
    return [calibration_questions(options), *([options.held_out] if options.quality else [])]


def calibrate(options: argparse.Namespace) -> None:
    """Do everything that `options` (see `parse_options`) ask for."""
    model, output, python = options.model, options.output, options.python
    group_size = check_possible(options, check_model(model))
    calibration = read_questions(calibration_questions(options))
    encoder = ChatEncoder(model)
    job = {
        "blocks": calibration_blocks(
            options.calibration, calibration, encoder, options.block, options.max_blocks, options.seed
        ),
        "group_size": group_size,
        "parallel_blocks": options.parallel_blocks,
        "clip": options.clip,
        "seed": options.seed,
    }
    inputs = hash_of([fingerprint(model), job, options.tensor_parallel])
    held_out = [fingerprint(options.held_out), True, asdict(_limits(options))] if options.quality else [False]
    checked = hash_of([inputs, *held_out])
    work = output.with_name(output.name + ".work")
    if (output / REPORT).is_file() and read_json(output / REPORT).get("inputs") == checked:
        remove(work)
        print(f"{output} was made from the same inputs and has passed the same checks")
        return
    print(f"calibrating on {len(job['blocks'])} blocks of {options.block} tokens ({options.calibration})")

    work.mkdir(parents=True, exist_ok=True)
    staged, quantised = work / "staged", work / "quantised"
    run_once(work / "staged.done", inputs, lambda: stage(model, staged, group_size, options.tensor_parallel))
    run_once(
        work / "quantised.done",
        inputs,
        lambda: quantise(staged, quantised, job, python, work / "autoawq.log"),
    )
    check_weights(staged, quantised, group_size)
    check_readers(staged, quantised, python)
    report = described(options, group_size, len(job["blocks"])) | {"inputs": checked}
    if options.quality:
        report |= _checked_quality(options, encoder, work)
    write_json(quantised / REPORT, report)
    remove(output)
    quantised.rename(output)
    remove(work)
    print(f"written to {output}")


def described(options: argparse.Namespace, group_size: int, blocks: int) -> dict[str, Any]:
    """Return what a quantised model was made with, for those who find it; `blocks` is how many it was calibrated on."""
    measured_on = {"held_out": str(options.held_out)} if options.quality else {}
    return {
        "model": str(options.model),
        "calibration": options.calibration,
        "tensor_parallel": options.tensor_parallel,
        "group_size": group_size,
        "clip": options.clip,
        "calibration_blocks": blocks,
        "block": options.block,
        "quality_measured": options.quality,
        **measured_on,
    }


def _checked_quality(options: argparse.Namespace, encoder: ChatEncoder, work: Path) -> dict[str, float]:
    """Measure both models on the held-out questions and refuse what lost too much."""
    samples = read_questions(options.held_out, scored=True)
    questions = encode_questions(samples, encoder, MAX_PROMPT)
    measured: dict[str, Measurement] = {}
    for name, folder in (("unquantised", options.model), ("quantised", work / "quantised")):
        print(f"measuring the {name} model on {len(samples)} held-out questions")
        measured[name] = measure(folder, options.held_out, questions, work / f"measured-{name}")
    loss = compare(measured["unquantised"], measured["quantised"])
    print(loss_table(loss))
    if violations := loss.violations(_limits(options)):
        raise ShopBenchError(
            "the quantised model lost too much and is rejected: "
            + "; ".join(violations)
            + f". It is left in {work / 'quantised'} for inspection"
        )
    return asdict(loss)


def _limits(options: argparse.Namespace) -> Limits:
    return Limits(options.max_perplexity_ratio, options.max_score_loss, options.min_choice_agreement)


def parse_options(arguments: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training.calibrate_awq",
        description=__doc__,
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    add = parser.add_argument
    add("--model", type=Path, required=True, help="folder of the merged model (safetensors)")
    add("--output", type=Path, required=True, help="folder to write the AWQ checkpoint to")
    add(
        "--calibration",
        default=DEVELOPMENT,
        help=f"{DEVELOPMENT}: the competition's development questions; {GENERIC}: as much prose that is not about "
        "shopping; or the path of other questions in ShopBench's shape",
    )
    add("--tensor-parallel", type=int, default=4, help="cards that the checkpoint must divide over")
    add(
        "--group-size",
        type=int,
        choices=GROUP_SIZES,
        help="weights that share a scale (default: the largest that divides)",
    )
    add("--block", type=int, default=1024, help="tokens of one calibration block; longer questions are cut to it")
    add("--max-blocks", type=int, help="blocks at most (default: all that the questions fill)")
    add("--parallel-blocks", type=int, default=8, help="blocks that pass a layer at once: bounds the memory")
    add("--clip", action="store_true", help="also search for the best clipping (20 times slower on a CPU)")
    add("--seed", type=int, default=0, help="order of the calibration texts")
    add("--python", type=Path, default=PYTHON, help="interpreter of AutoAWQ's environment")
    add("--held-out", type=Path, default=HELD_OUT, help="questions on which the loss is measured")
    add(
        "--max-perplexity-ratio",
        type=float,
        default=1.35,
        help="reject above: perplexity of known answers, after / before",
    )
    add("--max-score-loss", type=float, default=0.03, help="reject above: loss of overall score")
    add(
        "--min-choice-agreement",
        type=float,
        default=0.8,
        help="reject below: share of equal greedy multiple-choice answers",
    )
    add("--no-quality", dest="quality", action="store_false", help="skip the comparison with the unquantised model")
    return parser.parse_args(arguments)
