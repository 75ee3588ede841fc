"""The memory model: what one card holds while it loads and while it answers, and the largest context of a batch."""

from dataclasses import dataclass

from evaluation.t4_plan.machine import Assumptions, Machine
from evaluation.t4_plan.model_shape import ModelShape
from evaluation.t4_plan.timing import Layout

_FP16_BYTES = 2
_INT32_BYTES = 4


@dataclass(frozen=True)
class CardMemory:
    """Bytes on one card; `kv_cache` is what remains of the share of the card that the engine may use.

    `context` lies outside of that share, and `kept_free` is what is left when both are full. `conversion` is needed
    beside the weights while they are loaded, when nothing but the context is there yet.
    """

    card: float
    context: float
    weights: float
    activations: float
    workspace: float
    conversion: float
    kv_cache: float
    kv_bytes_per_token: float
    kept_free: float

    @property
    def kv_tokens(self) -> int:
        """How many tokens of context fit, over all sequences together; 0 where the model does not fit."""
        return max(0, int(self.kv_cache // self.kv_bytes_per_token))

    def longest_context(self, batch_size: int) -> int:
        """Tokens that each sequence of a batch may have at once."""
        return self.kv_tokens // batch_size

    @property
    def left_while_loading(self) -> float:
        """Bytes that are free at the peak of loading; below zero the model cannot be loaded."""
        return self.card - self.context - self.workspace - self.weights - self.conversion


def activation_bytes(shape: ModelShape, layout: Layout) -> float:
    """Bytes of the largest tensors alive at once in a pass of `max_batched_tokens`, fp16 unless said otherwise.

    Per token: four copies of the hidden state (residual, normalised, output, all-reduce buffer), queries, keys and
    values, and gate, up and their product. Beside it stand two fp32 copies of a batch's logits. So does the unpacked
    fp16 weight of the largest projection, should the kernel unpack before it multiplies.
    """
    shards = layout.tensor_parallel
    mlp = shape.intermediate / shards
    attention = (shape.heads + 2 * shape.kv_heads) * shape.head_size / shards
    per_token = _FP16_BYTES * (4 * shape.hidden + attention + 3 * mlp)
    unpacked = _FP16_BYTES * shape.hidden * 2 * mlp if shape.bits < 16 else 0.0
    logits = 2 * 4 * layout.batch_size * shape.vocabulary
    return layout.max_batched_tokens * per_token + unpacked + logits


def conversion_bytes(shape: ModelShape, layout: Layout) -> float:
    """Bytes beside the weights while they are repacked for Marlin, a projection at a time; the largest is gate and up.

    Each is packed anew. AWQ's are unpacked to int32 before, twice at the peak (`_convert_awq_to_standard_format` in
    vLLM's `auto_awq`); symmetric ones, which int8 activations need, are not.
    """
    if shape.bits == 16:
        return 0.0
    largest = 2 * shape.hidden * shape.intermediate / layout.tensor_parallel
    unpacked = 0 if layout.int8_activations else 2 * _INT32_BYTES
    return largest * (unpacked + shape.bits / 8)


def card_memory(
    shape: ModelShape, layout: Layout, assumptions: Assumptions, utilisation: float, machine: Machine | None = None
) -> CardMemory:
    """Divide one card; `utilisation` is vLLM's `gpu_memory_utilization`, the share of it that the engine takes."""
    card = (machine or Machine()).card_bytes
    weights = shape.weight_bytes / layout.cards
    activations = activation_bytes(shape, layout)
    return CardMemory(
        card=card,
        context=assumptions.context_bytes,
        weights=weights,
        activations=activations,
        workspace=assumptions.workspace_bytes,
        conversion=conversion_bytes(shape, layout),
        kv_cache=card * utilisation - weights - activations - assumptions.workspace_bytes,
        kv_bytes_per_token=shape.kv_bytes_per_token / layout.cards,
        kept_free=card * (1 - utilisation) - assumptions.context_bytes,
    )
