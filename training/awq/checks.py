"""Checks a quantised checkpoint against the model it was made from: nothing missing, all finite, read alike by all readers.

The one thing to know: transformers 4, transformers 5 and vLLM each fall back to defaults in silence where a config does
not say something in their spelling. So what they read is compared value by value, not whether they read.
"""

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoTokenizer, GenerationConfig

from submission.errors import ShopBenchError
from submission.model_folder import check_model
from submission.quantisation import AWQ, quantisation_of
from training.awq.backends import BACKENDS, Backend
from training.checkpoints.rewriting import CheckpointReader

_READER = Path(__file__).with_name("reader.py")
LAYER_LINEAR = re.compile(r"(.*\.layers\.\d+\..*_proj)\.weight$")


def check_weights(
    base: Path, quantised: Path, group_size: int, backend: Backend = BACKENDS["autoawq"], symmetric: bool = False
) -> None:
    """Raise a `ShopBenchError` unless every tensor of `base` is in `quantised`, in the backend's shapes, and finite."""
    source, result = CheckpointReader(base), CheckpointReader(quantised)
    expected: dict[str, tuple[int, ...]] = {}
    for name in source.names:
        shape = tuple(source.tensor(name).shape)
        if linear := LAYER_LINEAR.match(name):
            outputs, inputs = shape
            expected |= backend.shapes(linear[1], outputs, inputs, group_size, symmetric)
        else:
            expected[name] = shape
    if missing := sorted(set(expected) - result.names):
        raise ShopBenchError(f"{quantised} lacks {len(missing)} of {len(expected)} tensors, first {missing[0]}")
    if unknown := sorted(result.names - set(expected)):
        raise ShopBenchError(f"{quantised} holds {unknown[0]}, which {base} does not account for")
    for name, shape in sorted(expected.items()):
        tensor = result.tensor(name)
        if tuple(tensor.shape) != shape:
            raise ShopBenchError(f"{quantised}: {name} has the shape {tuple(tensor.shape)} where {shape} is expected")
        if tensor.is_floating_point() and not torch.isfinite(tensor).all():
            raise ShopBenchError(f"{quantised}: {name} holds numbers that are not finite")


def _read_by_transformers_5(folder: Path) -> dict[str, Any]:
    config = AutoConfig.from_pretrained(folder)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    messages = [{"role": "user", "content": "Which?"}]
    return {
        "rope_theta": float(config.rope_parameters["rope_theta"]),
        "tie_word_embeddings": bool(config.tie_word_embeddings),
        "dtype": str(config.dtype).removeprefix("torch."),
        "eos_token_id": GenerationConfig.from_pretrained(folder).eos_token_id,
        "end_of_turn": tokenizer.eos_token_id,
        "prompt": tokenizer.apply_chat_template(messages, add_generation_prompt=True, return_dict=False),
    }


def _read_by_backend(folder: Path, python: Path, reader: str) -> dict[str, Any]:
    done = subprocess.run([python, _READER, folder], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ShopBenchError(f"{reader} cannot read {folder}: {done.stderr.strip().splitlines()[-1]}")
    return json.loads(done.stdout.splitlines()[-1])


def check_readers(base: Path, quantised: Path, python: Path, backend: Backend = BACKENDS["autoawq"]) -> None:
    """Raise a `ShopBenchError` unless all readers read `quantised` as `base` is read.

    vLLM reads its config through transformers 5. `python` is the interpreter of the backend's environment, where AutoAWQ
    has transformers 4.
    """
    found = quantisation_of(check_model(quantised))
    if found is None or found.method != backend.method:
        raise ShopBenchError(
            f"{quantised}/config.json has no {backend.method.upper() if backend.method == AWQ else backend.method} "
            "quantization_config: it would load as unquantised"
        )
    other = "transformers 4" if backend.method == AWQ else f"{backend.title}'s transformers"
    expected = {**_read_by_transformers_5(base), "dtype": "float16"}
    expected["eos_token_id"] = _with_end_of_turn(expected)
    for reader, how in (
        ("transformers 5 and vLLM", _read_by_transformers_5),
        (other, lambda folder: _read_by_backend(folder, python, other)),
    ):
        read = how(quantised)
        read["eos_token_id"] = _with_end_of_turn(read)
        for key, value in expected.items():
            if read[key] != value:
                raise ShopBenchError(f"{quantised}: {reader} reads {key} = {read[key]}, the original has {value}")


def _with_end_of_turn(read: dict[str, Any]) -> list[int]:
    """Return all tokens that end generation: those of the generation config, and the end of turn."""
    ends = read["eos_token_id"]
    return sorted({read["end_of_turn"], *(ends if isinstance(ends, list) else [ends])})
