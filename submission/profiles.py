"""The presets of the engine: `cpu` for any machine, `t4x4` and `t4x4-pp` for 72B on the competition's cards.

`t4x4` divides every layer over four cards, `t4x4-pp` uses the same cards as two stages of two.

A profile is data: what vLLM is told and which environment it needs. Both go through the same code.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from submission.cards import has_usable_cards
from submission.competition import MAX_BATCH_SIZE
from submission.offline import OFFLINE


@dataclass(frozen=True)
class Profile:
    """A preset. `max_model_len` is the context in tokens, `batch_size` how many questions are answered together.

    With `own_process` the engine runs in a process that can be ended when a step never returns. Loading takes as long.
    """

    name: str
    batch_size: int
    max_model_len: int
    engine: dict[str, Any] = field(default_factory=dict)
    environment: dict[str, str] = field(default_factory=dict)
    own_process: bool = True

    @property
    def tensor_parallel_size(self) -> int:
        """Over how many cards the model is divided."""
        return self.engine.get("tensor_parallel_size", 1)

    @property
    def pipeline_parallel_size(self) -> int:
        """In how many stages the layers are run, one after another, each on cards of its own."""
        return self.engine.get("pipeline_parallel_size", 1)


# What holds for both: nothing is fetched, nothing is reported, vLLM runs its core in the engine's process (a step at a time
# is what the deadline needs), and sampling state stays in step with it (no scheduling ahead of the last token).
_COMMON_ENVIRONMENT = {
    **OFFLINE,
    "VLLM_NO_USAGE_STATS": "1",
    "DO_NOT_TRACK": "1",
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "TOKENIZERS_PARALLELISM": "false",
}
_COMMON_ENGINE = {
    "trust_remote_code": False,
    "load_format": "safetensors",
    # Folders of Mistral hold two layouts. What was checked, and trained on, is Hugging Face's.
    "config_format": "hf",
    "tokenizer_mode": "hf",
    "enable_prefix_caching": True,
    "async_scheduling": False,
    "disable_log_stats": True,
    # Log-probabilities after the answer format was applied: those of the options sum to one.
    "logprobs_mode": "processed_logprobs",
    "use_tqdm_on_load": False,
}

CPU = Profile(
    name="cpu",
    batch_size=MAX_BATCH_SIZE,
    max_model_len=4096,
    engine={
        **_COMMON_ENGINE,
        # No "dtype": the engine takes the one that the processor at hand multiplies fast.
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

# Chosen from the plan in docs/t4_plan.md (`python -m evaluation.t4_plan`; percentages are of track 5's limit). None of it was
# ever run on a T4. By the plan's assumptions the tracks take 98 to 113 % of their limits, which is more than the 85 % that
# were aimed at. Measured by the winning team's run, which is known to have fitted, it is at most 73 to 82 %.
T4X4 = Profile(
    name="t4x4",
    # All that the evaluator hands over at once: batches of 8 read the weights twice as often (98 % -> 105 %).
    batch_size=MAX_BATCH_SIZE,
    # The longest development question takes 1,100 tokens; sixteen of the longest task fit the cache, one of 4,096 too.
    max_model_len=4096,
    engine={
        **_COMMON_ENGINE,
        # SM 7.5 has no bfloat16. The quantisation is read off the checkpoint: AWQ, for which vLLM takes Marlin kernels.
        "dtype": "float16",
        # Two stages of two cards, or four stages, would spare all-reduces (98 % -> 90 %), the larger part of what is not
        # computing. But the winning run, the one proof that 72B fits at all, is about tensor parallelism; try it on the cards.
        "tensor_parallel_size": 4,
        "distributed_executor_backend": "mp",
        # Weights may lie on a network disk, which reads a file from its start to its end fastest.
        "safetensors_load_strategy": "prefetch",
        # Compiling 80 layers would take some 90 s of every run (8 % of track 2's 20 minutes) and give back as much on track 5
        # alone: decoding is 5 % of our time, since most answers are determined after one token.
        "enforce_eager": True,
        # FlashAttention needs SM 8.0 and FlashInfer is kept off Turing: Triton serves every card.
        "attention_backend": "TRITON_ATTN",
        # Of 14.6 GiB: weights 9.7, activations 0.5, workspaces 0.4, and 2.6 for 33,000 tokens of KV cache, where the longest
        # task fills 13,000. CUDA's context and NCCL come on top (0.5): vLLM looks at the card after they are made. So 1.0
        # stays free. It is needed: those two are assumed, and 0.9 GiB of them are possible.
        "gpu_memory_utilization": 0.90,
        "max_num_seqs": 16,
        # Most batches are one pass of this size. 512 would cost 1 % (12 % if weights are unpacked in every pass), 8,192
        # would gain 0.2 % and cost a quarter of the KV cache.
        "max_num_batched_tokens": 2048,
        # No NVLink: the custom all-reduce wants peer access that T4 hosts do not give.
        "disable_custom_all_reduce": True,
    },
    # Model Runner V2 refuses V1 logits processors; this keeps the runner that the CPU runs too. Without Dynamo nothing is
    # compiled at the first log-probabilities either. A step takes seconds: one of two minutes hangs, and vLLM fails it then
    # (after five by default), so that the engine can be restarted.
    environment={
        **_COMMON_ENVIRONMENT,
        "VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS": "120",
        # The one hang that is reported on hosts of this kind (g4dn.12xlarge) is NCCL's peer-to-peer transport. T4s have no
        # NVLink, so sums go through the host's memory anyway.
        "NCCL_P2P_DISABLE": "1",
        # The workers are on this machine: vLLM would look for an address that can be reached from outside.
        "VLLM_HOST_IP": "127.0.0.1",
        "VLLM_USE_V2_MODEL_RUNNER": "0",
        "VLLM_WORKER_MULTIPROC_METHOD": "spawn",
        "TORCHDYNAMO_DISABLE": "1",
    },
)

# Sums over two cards in place of four move two thirds of the bytes, and each stage makes half of them. A batch is read in
# small passes, so that the second stage works on one while the first reads the next.
T4X4_PP = replace(
    T4X4,
    name="t4x4-pp",
    engine={
        **T4X4.engine,
        "tensor_parallel_size": 2,
        "pipeline_parallel_size": 2,
        "max_num_batched_tokens": 256,
    },
)

PROFILES = {profile.name: profile for profile in (CPU, T4X4, T4X4_PP)}


def choose_profile(name: str | None) -> Profile:
    """Return the profile called `name`, by default `t4x4` where there is a GPU and `cpu` where not.

    Without a name, cards that PyTorch cannot use raise a `ShopBenchError`.
    """
    if name is None:
        return T4X4 if has_usable_cards() else CPU
    return PROFILES[name]
