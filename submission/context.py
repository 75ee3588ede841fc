"""How many tokens a model reads, prompt and answer together: what its config says, and what of a profile is left of it."""

import logging
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

from submission.errors import ShopBenchError
from submission.model_folder import read_json
from submission.profiles import Profile

logger = logging.getLogger(__name__)

# What configs call it, as vLLM reads them; where there are several the smallest counts.
_NAMES = (
    "max_position_embeddings",
    "n_positions",
    "max_seq_len",
    "seq_length",
    "max_target_positions",
    "max_sequence_length",
    "max_seq_length",
    "seq_len",
)
# With these kinds of RoPE the config's number is that of the stretched context already.
_STRETCHED = frozenset(
    {"default", "su", "longrope", "llama3", "yarn", "deepseek_yarn", "deepseek_llama_scaling", "mrope", "proportional"}
)
# Room for the system prompt, a short question and its answer.
_FEWEST = 256


def context_length(folder: Path) -> float:
    """Return how many tokens the model in `folder` reads, infinite where nothing says so."""
    config = _with_defaults(folder)
    config = {**config, **(config.get("text_config") or {})}
    length = min(map(_number, map(config.get, _NAMES)))
    # Command-R's name says what it was made for, whatever its positions are.
    length = _number(config.get("model_max_length") or length)
    rope = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if rope.get("rope_type", rope.get("type", "default")) not in _STRETCHED:
        length *= rope.get("factor") or 1
    tokenizer = folder / "tokenizer_config.json"
    stated = read_json(tokenizer).get("model_max_length") if tokenizer.is_file() else None
    return min(length, _number(stated))


def fit_context(profile: Profile, folder: Path) -> Profile:
    """Return `profile` with no more context than the model in `folder` has; `ShopBenchError` where that is too little."""
    length = context_length(folder)
    if length >= profile.max_model_len:
        return profile
    tokens = int(length)
    if tokens < _FEWEST:
        raise ShopBenchError(f"the model in {folder} reads {tokens:,} tokens: a question takes {_FEWEST} at least")
    logger.warning(
        "the model reads %s tokens where the profile %r has %s: longer questions are cut",
        f"{tokens:,}",
        profile.name,
        f"{profile.max_model_len:,}",
    )
    return replace(profile, max_model_len=tokens)


def _with_defaults(folder: Path) -> dict[str, Any]:
    """Return the config as transformers completes it: what a file leaves out, the kind of model decides."""
    from transformers import AutoConfig

    try:
        return AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False).to_dict()
    except Exception:  # a kind that transformers does not know: vLLM may
        return read_json(folder / "config.json")


def _number(value: Any) -> float:
    return float(value) if isinstance(value, int | float) and value > 0 else math.inf
