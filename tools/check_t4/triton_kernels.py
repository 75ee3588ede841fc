"""Compiles vLLM's Triton kernels for SM 7.5 without a card, as a start of the preset does, and reads off what they need.

The kernels are launched by vLLM's own functions, with its own shapes; Triton's driver is replaced by one that compiles
and launches nothing. What is compiled stays in Triton's cache folder.
"""

import re
import tempfile
import time
from collections.abc import Callable
from typing import Any

import torch

from submission.profiles import Profile
from tools.check_t4.fake_cards import CAPABILITY, MULTIPROCESSORS, SHARED_MEMORY
from tools.check_t4.machine_code import cuobjdump
from tools.check_t4.model import BLOCK_SIZE, HEAD_SIZE, HEADS, KV_HEADS, VOCABULARY

_SEGMENTS = 16


class _Utilities:
    """What Triton asks of a device; `load_binary` notes of each kernel what its machine code needs."""

    def __init__(self, noted: list[dict[str, Any]]) -> None:
        self._noted = noted

    def get_device_properties(self, device: int) -> dict[str, int]:
        """Return what limits a kernel."""
        return {"max_shared_mem": SHARED_MEMORY, "multiprocessor_count": MULTIPROCESSORS, "warpSize": 32}

    def load_binary(self, name: str, code: bytes, shared: int, device: int) -> tuple[int, int, int, int, int]:
        """Note what a kernel needs; return handles, registers, spills and threads."""
        with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
            file.write(code)
            file.flush()
            needs, instructions = cuobjdump("-res-usage", file.name), cuobjdump("-sass", file.name)
        self._noted.append(
            {
                "kernel": name,
                "shared memory": shared,
                "registers": int(re.findall(r"REG:(\d+)", needs)[0]),
                "spills": len(re.findall(r"\bSTL\b", instructions)),
                "tensor core instructions": len(re.findall(r"\bHMMA\b", instructions)),
            }
        )
        return 1, 1, 0, 0, 1024


class CompilingDriver:
    """A driver of Triton for a T4 that is not there."""

    def __init__(self) -> None:
        self.noted: list[dict[str, Any]] = []
        self.utils = _Utilities(self.noted)

    def launcher_cls(self, source: Any, metadata: Any) -> Callable[..., None]:
        """Return what launches a kernel: nothing."""
        return lambda *arguments, **keywords: None

    def get_current_target(self) -> Any:
        """Return what is compiled for."""
        from triton.backends.compiler import GPUTarget

        return GPUTarget("cuda", 10 * CAPABILITY[0] + CAPABILITY[1], 32)

    def get_current_device(self) -> int:
        """Return the only device."""
        return 0

    def get_current_stream(self, device: int) -> int:
        """Return the only stream."""
        return 0

    def get_active_torch_device(self) -> torch.device:
        """Return PyTorch's name of the device."""
        return torch.device("cuda:0")

    @classmethod
    def is_active(cls) -> bool:
        """Whether the driver may be used."""
        return True


def compile_kernels(profile: Profile) -> tuple[list[dict[str, Any]], float]:
    """Compile what a start under `profile` compiles; return what each kernel needs, and the seconds that it took."""
    from triton.runtime import driver

    compiling = CompilingDriver()
    driver.set_active(compiling)
    started = time.monotonic()
    heads, kv_heads = HEADS // profile.tensor_parallel_size, KV_HEADS // profile.tensor_parallel_size
    _write_cache(kv_heads)
    for sequences, length in ((2, 8), (profile.batch_size, 1)):
        _attend(profile, heads, kv_heads, sequences, length)
    _map_slots(profile)
    _sample(profile)
    return compiling.noted, time.monotonic() - started


def _cache(kv_heads: int) -> tuple[torch.Tensor, torch.Tensor]:
    blocks = torch.zeros(64, kv_heads, BLOCK_SIZE, 2 * HEAD_SIZE, dtype=torch.float16)
    keys, values = blocks.transpose(1, 2).split(HEAD_SIZE, dim=-1)
    return keys, values


def _write_cache(kv_heads: int) -> None:
    from vllm.v1.attention.ops.triton_reshape_and_cache_flash import triton_reshape_and_cache_flash

    new = torch.zeros(8, kv_heads, HEAD_SIZE, dtype=torch.float16)
    one = torch.ones(1)
    triton_reshape_and_cache_flash(new, new, *_cache(kv_heads), torch.zeros(8, dtype=torch.int64), "auto", one, one)


def _attend(profile: Profile, heads: int, kv_heads: int, sequences: int, length: int) -> None:
    """Attend as a pass does that reads prompts (`length` tokens a sequence), or one that writes (1)."""
    from vllm.v1.attention.ops.triton_unified_attention import unified_attention

    query = torch.zeros(sequences * length, heads, HEAD_SIZE, dtype=torch.float16)
    keys, values = _cache(kv_heads)
    scales = torch.ones(1).expand(sequences, kv_heads)
    unified_attention(
        q=query,
        k=keys,
        v=values,
        out=torch.zeros_like(query),
        cu_seqlens_q=torch.zeros(sequences + 1, dtype=torch.int32),
        max_seqlen_q=length,
        seqused_k=torch.ones(sequences, dtype=torch.int32),
        max_seqlen_k=length,
        softmax_scale=HEAD_SIZE**-0.5,
        causal=True,
        window_size=(-1, -1),
        block_table=torch.zeros(sequences, profile.max_model_len // BLOCK_SIZE, dtype=torch.int32),
        softcap=0,
        q_descale=None,
        k_descale=scales,
        v_descale=scales,
        seq_threshold_3D=128 // kv_heads,
        num_par_softmax_segments=_SEGMENTS,
        softmax_segm_output=torch.zeros(sequences, heads, _SEGMENTS, HEAD_SIZE),
        softmax_segm_max=torch.zeros(sequences, heads, _SEGMENTS),
        softmax_segm_expsum=torch.zeros(sequences, heads, _SEGMENTS),
    )


def _map_slots(profile: Profile) -> None:
    from vllm.v1.worker.block_table import _COMPUTE_SLOT_MAPPING_KERNEL

    blocks, tokens = profile.max_model_len // BLOCK_SIZE, profile.engine["max_num_batched_tokens"]
    _COMPUTE_SLOT_MAPPING_KERNEL(
        num_reqs=2,
        num_tokens=8,
        max_num_tokens=tokens,
        query_start_loc=torch.zeros(3, dtype=torch.int32),
        positions=torch.zeros(8, dtype=torch.int64),
        block_table=torch.zeros(profile.batch_size, blocks, dtype=torch.int32),
        block_table_stride=blocks,
        slot_mapping=torch.zeros(tokens, dtype=torch.int64),
        kv_cache_block_size=BLOCK_SIZE,
        total_cp_world_size=1,
        total_cp_rank=0,
        cp_kv_cache_interleave_size=1,
    )


def _sample(profile: Profile) -> None:
    """Compile the sampler that vLLM measures memory with; our answers are greedy and do without."""
    from vllm.model_executor.warmup.jit_warmup_triton_helper import TritonWarmupTensor as Tensor
    from vllm.v1.sample.ops.topk_topp_triton import _topk_topp

    real, integer = Tensor(torch.float32), Tensor(torch.int32)
    logits = Tensor(torch.float32, shape=(profile.batch_size, VOCABULARY), strides=(VOCABULARY, 1))
    _topk_topp(logits, real, real, real, integer, real, float("-inf"), MULTIPROCESSORS)
