"""The time model: what one batch costs in prefill, all-reduces, decoding and overhead, and what a track adds up to.

Prefill is bound by FLOPs, or by reading the weights if a chunk is small. Decoding is bound by the bytes of the weights
and the KV cache. No pass is shorter than the host takes to launch its kernels. Under tensor parallelism every layer
sums two hidden states over the cards, and without NVLink that sum travels through PCIe: for a 72B model it is the
second largest part of a prefill.

Not counted, since each is below one percent: the hidden states that a pipeline's stages hand on, and the arithmetic of
attention in a decoding step.
"""

import math
from dataclasses import dataclass, field, fields

from evaluation.t4_plan.machine import Assumptions, Machine
from evaluation.t4_plan.model_shape import ModelShape

_LAYERS_OF_LAUNCH_S = 80
"""Of how many layers `Assumptions.launch_s` speaks."""


@dataclass(frozen=True)
class TaskLoad:
    """One task as the cards see it: means per question, in tokens.

    `new_tokens` are what has to be prefilled (prompt minus cached prefix), `context` is the whole prompt.
    `decode_steps` are the steps after the first token that a batch of this task takes; its longest answer decides.
    """

    name: str
    multiple_choice: bool
    new_tokens: float
    context: float
    decode_steps: float
    questions: float = 0.0


@dataclass(frozen=True)
class Layout:
    """How batches are made and cards are used; `tensor_parallel × pipeline_parallel` is the number of cards.

    `int8_activations` says that linear layers multiply int8 with 4 bits. `tensor_core_attention` says that attention
    runs on tensor cores. vLLM's attention of 2024 did so on these cards, the Triton kernel of today does not.
    """

    batch_size: int = 16
    max_batched_tokens: int = 2048
    tensor_parallel: int = 4
    pipeline_parallel: int = 1
    int8_activations: bool = False
    tensor_core_attention: bool = False

    @property
    def cards(self) -> int:
        """The number of cards."""
        return self.tensor_parallel * self.pipeline_parallel


@dataclass(frozen=True)
class Seconds:
    """Where the time goes, in seconds."""

    loading: float = 0.0
    prefill: float = 0.0
    all_reduce: float = 0.0
    decode: float = 0.0
    overhead: float = 0.0

    @property
    def total(self) -> float:
        """All parts together."""
        return sum(self.parts().values())

    def parts(self) -> dict[str, float]:
        """Return the parts by name."""
        return {item.name: getattr(self, item.name) for item in fields(self)}

    def __add__(self, other: "Seconds") -> "Seconds":
        return Seconds(
            *(mine + theirs for mine, theirs in zip(self.parts().values(), other.parts().values(), strict=True))
        )

    def times(self, factor: float) -> "Seconds":
        """Scale every part."""
        return Seconds(*(factor * part for part in self.parts().values()))


@dataclass(frozen=True)
class TimeModel:
    """Predicts seconds for one model on one machine under one set of assumptions and one layout."""

    shape: ModelShape
    assumptions: Assumptions
    layout: Layout
    machine: Machine = field(default_factory=Machine)

    def loading(self) -> Seconds:
        """Start-up and reading all weights from disk."""
        return Seconds(loading=self.assumptions.start_up_s + self.shape.weight_bytes / self.assumptions.load_bandwidth)

    def _all_reduce(self, tokens: float) -> float:
        """Seconds of the all-reduces of one pass of `tokens`: a ring moves 2(t−1)/t of the data over each link."""
        cards = self.layout.tensor_parallel
        if cards == 1:
            return 0.0
        moved = self.shape.all_reduce_bytes_per_token * tokens * 2 * (cards - 1) / cards
        latency = self.shape.all_reduces_per_step * self.assumptions.all_reduce_latency_s
        return latency + moved / self.assumptions.bus_bandwidth

    def _read(self, size: float) -> float:
        """Seconds to read `size` bytes that lie spread over the cards of one tensor-parallel group."""
        rate = self.machine.memory_bandwidth * self.assumptions.bandwidth_efficiency
        return size / self.layout.tensor_parallel / rate

    def unpacking_efficiency(self, tokens: float) -> float:
        """Return the share of fp16 speed that is left if a pass of `tokens` first unpacks its 4-bit weights to fp16.

        Unpacking reads the packed weights and writes fp16 ones; the product reads them back while it computes.
        """
        compute = self.shape.linear_flops(tokens) / self.layout.tensor_parallel
        compute /= self.machine.peak_flops * self.assumptions.matmul_efficiency
        unpack = self._read(self.shape.layer_bytes + 2 * self.shape.layer_parameters)
        return compute / (compute + unpack)

    def _launch(self) -> float:
        """Seconds in which the host launches one pass of all layers, whichever cards they lie on."""
        return self.assumptions.launch_s * self.shape.layers / _LAYERS_OF_LAUNCH_S

    def _linear_rate(self) -> float:
        """FLOP/s of a card in the linear layers of a large pass."""
        rate = self.machine.peak_flops * self.assumptions.matmul_efficiency
        if self.shape.bits < 16:
            rate *= self.assumptions.awq_efficiency
        if self.layout.int8_activations:
            rate *= self.assumptions.int8_speed_up
        return rate

    def _attention_rate(self) -> float:
        """FLOP/s of a card in attention."""
        if self.layout.tensor_core_attention:
            return self.machine.peak_flops * self.assumptions.matmul_efficiency
        return self.assumptions.attention_flops

    def prefill(self, new_tokens: float, context: float, sequences: float = 1) -> Seconds:
        """Time to prefill `new_tokens` of `sequences` prompts, in chunks of at most `max_batched_tokens`.

        `context` is the length of a whole prompt. A new token attends to all before it: on average to the cached ones and
        to half of the new ones. Under pipeline parallelism of p stages, m chunks take m + p − 1 turns of a stage.
        """
        if new_tokens <= 0:
            return Seconds()
        stages = self.layout.pipeline_parallel
        chunks = math.ceil(new_tokens / self.layout.max_batched_tokens)
        chunk = new_tokens / chunks
        seen = context - min(context, new_tokens / sequences) / 2
        linear = self.shape.linear_flops(chunk) / self._linear_rate()
        attention = self.shape.attention_flops(chunk, seen) / self._attention_rate()
        cards = self.layout.tensor_parallel
        compute = max(linear / cards, self._read(self.shape.layer_bytes)) + attention / cards
        summing = self._all_reduce(chunk)
        waiting = max(0.0, self._launch() - compute - summing)
        turns = (chunks + stages - 1) / stages
        return Seconds(
            prefill=turns * compute,
            all_reduce=turns * summing,
            overhead=turns * waiting + chunks * self.assumptions.step_overhead_s,
        )

    def decode(self, steps: float, sequences: float, context: float) -> Seconds:
        """Time of `steps` decoding steps of a batch: each reads weights and KV cache once, and all-reduces."""
        step = self._read(self.shape.decode_bytes + sequences * context * self.shape.kv_bytes_per_token)
        summing = self._all_reduce(sequences)
        waiting = max(0.0, self._launch() - step - summing)
        return Seconds(
            decode=steps * step,
            all_reduce=steps * summing,
            overhead=steps * (waiting + self.assumptions.step_overhead_s),
        )

    def batch(self, task: TaskLoad) -> Seconds:
        """Time of one full batch of a task's questions."""
        size = self.layout.batch_size
        prefill = self.prefill(size * task.new_tokens, task.context, size)
        decode = self.decode(task.decode_steps, size, task.context)
        return prefill + decode + Seconds(overhead=self.assumptions.evaluator_overhead_s)

    def task(self, task: TaskLoad) -> Seconds:
        """Time of all questions of a task, in full batches."""
        return self.batch(task).times(task.questions / self.layout.batch_size)
