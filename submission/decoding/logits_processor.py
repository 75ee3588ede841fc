"""Constrained decoding in vLLM's first model runner: the only module that knows its logits processor interface.

Pass its import path to the engine, `LLM(logits_processors=[LOGITS_PROCESSOR])`, and a form with each request, as plain
data: `SamplingParams(extra_args={"answer_format": format_to_dict(form)})`. Requests without one, and free text, are
left alone. Every worker process builds its own. The second model runner takes `logits_processor_v2`.
"""

from typing import TYPE_CHECKING

import torch
from vllm.sampling_params import SamplingParams
from vllm.tokenizers import cached_tokenizer_from_config
from vllm.v1.sample.logits_processor import BatchUpdate, LogitsProcessor, MoveDirectionality

from submission.decoding.masking import Masking, vocabulary_of
from submission.decoding.request_form import check_form, read_form
from submission.decoding.token_automaton import TokenAutomaton

if TYPE_CHECKING:
    from vllm.config import VllmConfig

LOGITS_PROCESSOR = f"{__name__}:AnswerFormatLogitsProcessor"


class _Row:
    """One request of the batch: its automaton, its live list of output tokens, and what of it was read."""

    __slots__ = ("automaton", "output", "read", "state")

    def __init__(self, automaton: TokenAutomaton, output: list[int]) -> None:
        self.automaton = automaton
        self.output = output
        self.state = automaton.start
        self.read: list[int] = []

    def catch_up(self) -> None:
        """Read what was written since the last step; from the start where tokens were taken back."""
        if self.output[: len(self.read)] != self.read:
            self.state = self.automaton.start
            self.read.clear()
        for token_id in self.output[len(self.read) :]:
            if token_id < 0:  # A placeholder of asynchronous scheduling, to be filled in later.
                break
            self.state = self.automaton.advance(self.state, token_id)
            self.read.append(token_id)


class AnswerFormatLogitsProcessor(LogitsProcessor):
    """Keeps each request's answer in its form, or favours the form's tokens where it is not enforced."""

    def __init__(self, vllm_config: "VllmConfig", device: torch.device, is_pin_memory: bool) -> None:
        model_config = vllm_config.model_config
        vocabulary = vocabulary_of(model_config, cached_tokenizer_from_config(model_config))
        self._masking = Masking(vocabulary, device, is_pin_memory)
        self._rows: dict[int, _Row] = {}

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        """Refuse a form that cannot be built or kept to; `ValueError` says what is wrong with it."""
        check_form(sampling_params.extra_args, sampling_params.structured_outputs is not None)

    def is_argmax_invariant(self) -> bool:
        """Return False: the likeliest token changes where it is not in the form."""
        return False

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        """Follow the batch: requests that left, came, and changed places, in this order."""
        if batch_update is None:
            return
        rows = self._rows
        for index in batch_update.removed:
            rows.pop(index, None)
        for index, params, _, output in batch_update.added:
            rows.pop(index, None)
            form = read_form(params.extra_args)
            if form is not None:
                rows[index] = _Row(self._masking.automaton(form, params.all_stop_token_ids), output)
        for source, target, direction in batch_update.moved:
            moved, replaced = rows.pop(source, None), rows.pop(target, None)
            if moved is not None:
                rows[target] = moved
            if replaced is not None and direction == MoveDirectionality.SWAP:
                rows[source] = replaced

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """Return the masked, or biased, rows of `logits` [requests, vocabulary]: in place, or a tensor of its own.

        Such a tensor holds until the next call.
        """
        if not self._rows:
            return logits
        for row in self._rows.values():
            row.catch_up()
        return self._masking.apply(logits, [(index, row.automaton, row.state) for index, row in self._rows.items()])
