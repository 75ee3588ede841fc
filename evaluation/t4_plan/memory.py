"""The memory model: weights, activations and KV cache of one card, and the largest context that a batch may have."""

from dataclasses import dataclass

from evaluation.t4_plan.machine import Assumptions, Machine
from evaluation.t4_plan.model_shape import ModelShape
from evaluation.t4_plan.timing import Layout

_FP16_BYTES = 2


@dataclass(frozen=True)
class CardMemory:
    """Bytes on one card; `kv_cache` is what remains of the share of the card that the engine may use."""

    weights: float
    activations: float
    runtime: float
    kv_cache: float
    kv_bytes_per_token: float

    @property
    def kv_tokens(self) -> int:
        """How many tokens of context fit, over all sequences together; 0 where the model does not fit."""
        return max(0, int(self.kv_cache // self.kv_bytes_per_token))

    def longest_context(self, batch_size: int) -> int:
        """Tokens that each sequence of a batch may have at once."""
        return self.kv_tokens // batch_size


def activation_bytes(shape: ModelShape, layout: Layout) -> float:
    """Bytes of the largest tensors alive at once in a pass of `max_batched_tokens`, fp16 unless said otherwise.

    Per token: four copies of the hidden state (residual, normalised, output, all-reduce buffer), queries, keys and
    values, and gate, up and their product. Beside it the unpacked fp16 weight of the largest projection, should the
    kernel unpack before it multiplies, and two fp32 copies of the logits of a batch.
    """
    shards = layout.tensor_parallel
    mlp = shape.intermediate / shards
    attention = (shape.heads + 2 * shape.kv_heads) * shape.head_size / shards
    per_token = _FP16_BYTES * (4 * shape.hidden + attention + 3 * mlp)
    unpacked = _FP16_BYTES * shape.hidden * 2 * mlp if shape.bits < 16 else 0.0
    logits = 2 * 4 * layout.batch_size * shape.vocabulary
    return layout.max_batched_tokens * per_token + unpacked + logits


def card_memory(
    shape: ModelShape, layout: Layout, assumptions: Assumptions, utilisation: float, machine: Machine | None = None
) -> CardMemory:
    """Divide one card; `utilisation` is vLLM's `gpu_memory_utilization`, the share of it that the engine takes."""
    machine = machine or Machine()
    cards = layout.tensor_parallel * layout.pipeline_parallel
    weights = shape.weight_bytes / cards
    activations = activation_bytes(shape, layout)
    free = machine.card_bytes * utilisation - weights - activations - assumptions.runtime_bytes
    return CardMemory(weights, activations, assumptions.runtime_bytes, free, shape.kv_bytes_per_token / cards)
