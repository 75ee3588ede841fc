"""The two presets of the engine: `cpu` for the embedded model on any machine, `t4x4` for 72B on the competition's cards.

A profile is data: what vLLM is told and which environment it needs. Both go through the same code.
"""

import os
from dataclasses import dataclass, field
from typing import Any

from submission.errors import ShopBenchError


@dataclass(frozen=True)
class Profile:
    """A preset. `max_model_len` is the context in tokens, `batch_size` how many questions are answered together."""

    name: str
    batch_size: int
    max_model_len: int
    engine: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)

    @property
    def tensor_parallel_size(self) -> int:
        """Over how many cards the model is divided."""
        return self.engine.get("tensor_parallel_size", 1)


# What holds for both: nothing is fetched, nothing is reported, the engine core runs in this process (a step at a time is
# what the deadline needs), and sampling state stays in step with it (no scheduling ahead of the last token).
_COMMON_ENVIRONMENT = {
    "HF_HUB_OFFLINE": "1",
    "TRANSFORMERS_OFFLINE": "1",
    "HF_DATASETS_OFFLINE": "1",
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "TOKENIZERS_PARALLELISM": "false",
}
_COMMON_ENGINE = {
    "trust_remote_code": False,
    "load_format": "safetensors",
    "enable_prefix_caching": True,
    "async_scheduling": False,
    "disable_log_stats": True,
    # Log-probabilities after the answer format was applied: those of the options sum to one.
    "logprobs_mode": "processed_logprobs",
    "use_tqdm_on_load": False,
}

CPU = Profile(
    name="cpu",
    batch_size=16,
    max_model_len=4096,
    engine={
        **_COMMON_ENGINE,
        "dtype": "bfloat16",
        # Compilation takes longer than the answers of a small model.
        "enforce_eager": True,
        # Small blocks share short prefixes; the CPU's attention wants multiples of 32.
        "block_size": 32,
        "max_num_seqs": 16,
        # Measured: prompts are read up to a fifth faster in pieces of this size, which stay in the processor's cache.
        "max_num_batched_tokens": 1024,
    },
    # Even with eager execution vLLM compiles a helper for log-probabilities at its first use, for a second and a half.
    environment={**_COMMON_ENVIRONMENT, "VLLM_CPU_KVCACHE_SPACE": "2", "TORCHDYNAMO_DISABLE": "1"},
)

T4X4 = Profile(
    name="t4x4",
    batch_size=16,
    max_model_len=4096,
    engine={
        **_COMMON_ENGINE,
        # The quantisation is read off the checkpoint: AWQ, which vLLM runs with Marlin kernels on Turing.
        # SM 7.5 has no bfloat16.
        "dtype": "float16",
        "tensor_parallel_size": 4,
        "distributed_executor_backend": "mp",
        # FlashAttention needs SM 8.0 and FlashInfer is kept off Turing: Triton serves every card.
        "attention_backend": "TRITON_ATTN",
        "gpu_memory_utilization": 0.92,
        "max_num_seqs": 16,
        "max_num_batched_tokens": 2048,
        # No NVLink: the custom all-reduce wants peer access that T4 hosts do not give.
        "disable_custom_all_reduce": True,
    },
    # Model Runner V2 refuses V1 logits processors; this keeps the runner that the CPU runs too.
    environment={**_COMMON_ENVIRONMENT, "VLLM_USE_V2_MODEL_RUNNER": "0", "VLLM_WORKER_MULTIPROC_METHOD": "spawn"},
)

PROFILES = {profile.name: profile for profile in (CPU, T4X4)}


def choose_profile() -> Profile:
    """Return the profile that SHOPBENCH_PROFILE names, by default `t4x4` where there is a GPU and `cpu` where not."""
    name = os.environ.get("SHOPBENCH_PROFILE")
    if name is None:
        import torch

        return T4X4 if torch.cuda.is_available() else CPU
    if name not in PROFILES:
        raise ShopBenchError(f"SHOPBENCH_PROFILE={name!r} is unknown: choose one of {', '.join(PROFILES)}")
    return PROFILES[name]
