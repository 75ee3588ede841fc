"""Constrained decoding in vLLM: the only module that knows vLLM's logits processor interface (V1, batch-level).

Pass its import path to the engine, `LLM(logits_processors=[LOGITS_PROCESSOR])`, and a form with each request, as plain
data: `SamplingParams(extra_args={"answer_format": format_to_dict(form)})`. Requests without one, and free text, are
left alone. Every worker process builds its own.
"""

import logging
from collections.abc import Iterator
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from vllm.sampling_params import SamplingParams
from vllm.tokenizers import cached_tokenizer_from_config
from vllm.v1.sample.logits_processor import BatchUpdate, LogitsProcessor, MoveDirectionality

from submission.answer_formats import AnswerFormat, FreeText, format_from_dict
from submission.decoding.automaton import TokenIds
from submission.decoding.token_automaton import TokenAutomaton
from submission.decoding.vocabulary import Vocabulary
from submission.errors import ShopBenchError

if TYPE_CHECKING:
    from vllm.config import VllmConfig

logger = logging.getLogger(__name__)

LOGITS_PROCESSOR = f"{__name__}:AnswerFormatLogitsProcessor"

EXTRA_ARG = "answer_format"
"""The key of a request's form in `SamplingParams.extra_args`."""

FAVOUR_BIAS = 8.0
"""What a token gains, in logits, where its form favours it instead of forbidding the others (see benchmarks/spans.py)."""

_Places = tuple[torch.Tensor, torch.Tensor]
"""Rows and tokens of logits, [logits] each."""

_KEPT_FORMS = 512
_LARGEST_LOGIT = 1e30
"""Allowed logits are kept finite, and far enough from the limit that a low temperature leaves them so."""


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
    """Keeps each request's answer in its form, or favours the form's tokens where it is not enforced.

    A step costs one gather and scatter of all allowed logits. For each row it costs a look-up, as long as another
    answer of the same form went the same way before. Where every row is constrained, even filling the rest with -inf is
    saved: the tensor that was masked in the last step takes the place of the logits, with what was written there
    undone. What samples from it may change it, as long as -inf stays -inf, which scaling, penalties and top-k or top-p
    do.
    """

    def __init__(self, vllm_config: "VllmConfig", device: torch.device, is_pin_memory: bool) -> None:
        self._vocabulary = Vocabulary.from_tokenizer(cached_tokenizer_from_config(vllm_config.model_config))
        width = vllm_config.model_config.get_vocab_size()
        if self._vocabulary.size > width:
            raise ShopBenchError(
                f"the tokenizer of {vllm_config.model_config.model} has {self._vocabulary.size} tokens but the "
                f"model only {width}: they do not belong together"
            )
        self._device = device
        self._pin_memory = is_pin_memory
        self._rows: dict[int, _Row] = {}
        self._automaton = lru_cache(maxsize=_KEPT_FORMS)(self._build_automaton)
        self._masked = torch.empty(0, 0)
        """[requests, vocabulary], -inf but at `_written`."""
        self._written: _Places | None = None
        self._is_broken = False
        """Whether the last step's logits were not finite."""

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        """Refuse a form that cannot be built; `ValueError` says what is wrong with it."""
        try:
            _read_form(sampling_params)
        except ValueError as error:
            raise ValueError(f"extra_args[{EXTRA_ARG!r}]: {error}") from error

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
            form = _read_form(params)
            if form is not None:
                ends = tuple(
                    sorted(token for token in params.all_stop_token_ids if token not in self._vocabulary.tokens)
                )
                rows[index] = _Row(self._automaton(form, ends or self._vocabulary.end_ids[:1]), output)
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
        enforced: list[tuple[int, TokenIds]] = []
        favoured: list[tuple[int, TokenIds]] = []
        for index, row in self._rows.items():
            row.catch_up()
            (enforced if row.automaton.enforced else favoured).append((index, row.state.token_ids))
        if enforced:
            places = self._places(enforced)
            largest = min(_LARGEST_LOGIT, torch.finfo(logits.dtype).max)
            kept = logits[places]
            self._watch(kept)
            kept = kept.nan_to_num_(nan=-largest).clamp_(-largest, largest)
            if len(enforced) == len(logits):
                return self._mask_all(logits, places, kept)
            for first, end in _runs([index for index, _ in enforced]):
                logits[first:end].fill_(-torch.inf)
            logits[places] = kept
        if favoured:
            places = self._places(favoured)
            logits[places] += FAVOUR_BIAS
        return logits

    def _watch(self, logits: torch.Tensor) -> None:
        """Log when logits begin to be no numbers (an overflow in half precision is one cause), and not at every step."""
        is_broken = not bool(logits.isfinite().all())
        if is_broken and not self._is_broken:
            logger.error("the model's logits are not finite: allowed tokens are drawn as if they were level")
        self._is_broken = is_broken

    def _mask_all(self, logits: torch.Tensor, places: _Places, kept: torch.Tensor) -> torch.Tensor:
        masked = self._masked
        same_kind = (masked.dtype, masked.device, masked.shape[1]) == (logits.dtype, logits.device, logits.shape[1])
        if not same_kind or len(masked) < len(logits):
            self._masked = masked = torch.full_like(logits, -torch.inf, memory_format=torch.contiguous_format)
        elif self._written is not None:
            masked[self._written] = -torch.inf
        masked[places] = kept
        self._written = places
        return masked[: len(logits)]

    def _build_automaton(self, form: AnswerFormat, end_ids: tuple[int, ...]) -> TokenAutomaton:
        return TokenAutomaton(form, self._vocabulary, end_ids)

    def _places(self, rows: list[tuple[int, TokenIds]]) -> _Places:
        """Return where the listed tokens' logits are, on the device."""
        token_ids = [tokens for _, tokens in rows]
        lengths = [len(tokens) for tokens in token_ids]
        places = torch.empty((2, sum(lengths)), dtype=torch.int64, pin_memory=self._pin_memory)
        np.concatenate([np.repeat([index for index, _ in rows], lengths), *token_ids], out=places.view(-1).numpy())
        row, token = places.to(self._device, non_blocking=True)
        return row, token


def _runs(indices: list[int]) -> Iterator[tuple[int, int]]:
    """Yield [first, end) of the runs of neighbours: filling a slice is several times faster than filling by index."""
    ordered = np.sort(indices)
    borders = np.flatnonzero(np.diff(ordered) != 1)
    yield from zip(ordered[[0, *(borders + 1)]].tolist(), (ordered[[*borders, -1]] + 1).tolist(), strict=True)


def _read_form(params: SamplingParams) -> AnswerFormat | None:
    """Return the form that constrains a request, None where nothing does."""
    data = (params.extra_args or {}).get(EXTRA_ARG)
    if data is None:
        return None
    form = format_from_dict(data)
    return None if isinstance(form, FreeText) else form
