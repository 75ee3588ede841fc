"""Constrained decoding in vLLM's second model runner ("Model Runner V2", the default on GPUs): its logits processor interface.

The runner keeps requests in slots and their tokens on the device, and does not wait for them: what was sampled last is
known to the device only. A form needs it, so a step with a form in it waits for one small copy.
Pass `submission.decoding.logits_processor_v2:AnswerFormatLogitsProcessor`, with forms as in `logits_processor`.
"""

from typing import TYPE_CHECKING

import torch
from vllm.sampling_params import SamplingParams
from vllm.tokenizers import cached_tokenizer_from_config
from vllm.v1.worker.gpu.sample.logits_processor import LogitsContext, LogitsProcessor, LogitsProcRequestState

from submission.decoding.masking import Masking, vocabulary_of
from submission.decoding.request_form import check_form, read_form
from submission.decoding.token_automaton import TokenAutomaton, TokenState

if TYPE_CHECKING:
    from vllm.config import VllmConfig


class _Slot:
    """One request: its automaton, the length of its prompt, and the state after the output tokens that were read."""

    __slots__ = ("automaton", "prompt_length", "read", "state")

    def __init__(self, automaton: TokenAutomaton, prompt_length: int) -> None:
        self.automaton = automaton
        self.prompt_length = prompt_length
        self.read = 0
        self.state = automaton.start


class AnswerFormatLogitsProcessor(LogitsProcessor):
    """Keeps each request's answer in its form, or favours the form's tokens where it is not enforced."""

    def __init__(self, vllm_config: "VllmConfig", req_states: LogitsProcRequestState) -> None:
        model_config = vllm_config.model_config
        vocabulary = vocabulary_of(model_config, cached_tokenizer_from_config(model_config))
        self._masking = Masking(vocabulary, req_states.device, req_states.device.type == "cuda")
        self._requests = req_states
        self._slots: dict[int, _Slot] = {}

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        """Refuse a form that cannot be built or kept to; `ValueError` says what is wrong with it."""
        check_form(sampling_params.extra_args, sampling_params.structured_outputs is not None)

    def add_request(self, req_idx: int, sampling_params: SamplingParams) -> bool:
        """Take over a slot, also for a request that was preempted; return whether its logits are changed."""
        self._slots.pop(req_idx, None)
        form = read_form(sampling_params.extra_args)
        if form is None:
            return False
        automaton = self._masking.automaton(form, sampling_params.all_stop_token_ids)
        self._slots[req_idx] = _Slot(automaton, int(self._requests.prompt_len.np[req_idx]))
        return True

    def apply(self, logits: torch.Tensor, ctx: LogitsContext) -> torch.Tensor:
        """Return the masked, or biased, rows of `logits` [rows, vocabulary]: in place, or a tensor of its own.

        Such a tensor holds until the next call. Under speculative decoding a request has a row for each draft token too.
        """
        if not any(slot in self._slots for slot in ctx.idx_mapping_np.tolist()):
            return logits
        layout = (ctx.expanded_idx_mapping, ctx.expanded_local_pos, ctx.input_ids, ctx.pos)
        on_host = torch.stack([part.long() for part in layout], dim=1).tolist()
        rows: list[tuple[int, TokenAutomaton, TokenState]] = []
        state: TokenState | None = None
        for row, (index, draft, token, position) in enumerate(on_host):
            slot = self._slots.get(index)
            if slot is None:
                continue
            if draft == 0:
                state = self._caught_up(slot, index, token, position + 1 - slot.prompt_length)
            else:
                assert state is not None
                state = slot.automaton.advance(state, token)
            rows.append((row, slot.automaton, state))
        return self._masking.apply(logits, rows)

    def _caught_up(self, slot: _Slot, index: int, token: int, written: int) -> TokenState:
        """Return the state after `written` output tokens, the last of which is `token`; during the prompt there are none."""
        if written < slot.read:
            slot.read, slot.state = 0, slot.automaton.start
        if written == slot.read + 1:
            missing = [token]
        elif written > slot.read:
            first = slot.prompt_length
            missing = self._requests.all_token_ids.gpu[index, first + slot.read : first + written].tolist()
        else:
            missing = []
        for token_id in missing:
            slot.state = slot.automaton.advance(slot.state, token_id)
        slot.read += len(missing)
        return slot.state
