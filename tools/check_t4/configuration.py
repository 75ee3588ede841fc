"""Builds the engine's configuration and one layer of Qwen2-72B under the presets for cards, and says what vLLM chose.

Layers are built on the meta device: kernels are chosen by their shapes, and there are no weights.
"""

import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from submission.accumulation import SINGLE, SINGLE_DOWN, with_sums_in
from submission.profiles import PROFILES, Profile
from tools.check_t4.model import write_config


@dataclass(frozen=True)
class Case:
    """A preset for cards with a kind of checkpoint and, where not vLLM's own, how sums are made or activations rounded."""

    preset: str
    checkpoint: str
    accumulation: str | None = None
    activations: str | None = None

    @property
    def profile(self) -> Profile:
        """Return the preset as the engine gets it."""
        profile = PROFILES[self.preset]
        return with_sums_in(self.accumulation, profile) if self.accumulation else profile

    def __str__(self) -> str:
        return " ".join(filter(None, (self.preset, self.checkpoint, self.accumulation, self.activations)))


CASES = tuple(
    Case(preset, "awq", accumulation)
    for preset, profile in PROFILES.items()
    if profile.tensor_parallel_size > 1
    for accumulation in (None, SINGLE, SINGLE_DOWN)
) + tuple(
    Case(preset, "symmetric", activations=activations)
    for preset, profile in PROFILES.items()
    if profile.tensor_parallel_size > 1
    for activations in (None, "int8")
)


def configure(case: Case) -> dict[str, Any]:
    """Return what vLLM chooses for `case`."""
    profile = case.profile
    os.environ.update(profile.environment)
    os.environ.pop("VLLM_MARLIN_INPUT_DTYPE", None)
    if case.activations:
        os.environ["VLLM_MARLIN_INPUT_DTYPE"] = case.activations
    from vllm import EngineArgs
    from vllm.v1.executor.abstract import Executor

    from submission import single_precision  # noqa: F401  registers its kernels
    from submission.decoding.logits_processor import LOGITS_PROCESSOR

    with tempfile.TemporaryDirectory() as folder:
        config = EngineArgs(
            model=str(write_config(Path(folder, "model"), case.checkpoint)),
            max_model_len=profile.max_model_len,
            logits_processors=[LOGITS_PROCESSOR],
            **profile.engine,
        ).create_engine_config()
    layers, attention = _layer_of(config)
    return {
        "quantisation": config.model_config.quantization,
        "linear layers": layers,
        "attention": attention,
        "runner": "V2" if config.use_v2_model_runner else "V1",
        "executor": Executor.get_class(config).__name__,
        "tokens of a cache block": config.cache_config.block_size,
        "scheduling ahead": bool(config.scheduler_config.async_scheduling),
    }


def _layer_of(config: Any) -> tuple[dict[str, str], str]:
    """Return the kernels of a layer's linear parts by name, and its attention."""
    from vllm.config import set_current_vllm_config
    from vllm.distributed import parallel_state
    from vllm.model_executor.model_loader.utils import initialize_model
    from vllm.utils.torch_utils import set_default_torch_dtype

    config.model_config.hf_config.num_hidden_layers = 1
    with set_current_vllm_config(config):
        if not parallel_state.model_parallel_is_initialized():
            parallel_state.init_distributed_environment(1, 0, _store(), 0, "gloo")
            parallel_state.initialize_model_parallel(1, 1, backend="gloo")
        # One process says of itself that it is the first of so many.
        parallel_state.get_tp_group().world_size = config.parallel_config.tensor_parallel_size
        with set_default_torch_dtype(torch.float16), torch.device("meta"):
            model = initialize_model(config)
    layers, attention = {}, ""
    for name, module in model.named_modules():
        if name.endswith("_proj"):
            method = module.quant_method
            scheme = getattr(module, "scheme", None)
            kernel = getattr(scheme or method, "kernel", method)
            inputs = getattr(getattr(kernel, "config", None), "act_type", None)
            layers[name.rpartition(".")[2]] = type(kernel).__name__ + (", int8" if inputs == torch.int8 else "")
        elif hasattr(module, "attn_backend"):
            attention = module.attn_backend.get_name()
    return layers, attention


def _store() -> str:
    return f"file://{tempfile.mkdtemp()}/store"
