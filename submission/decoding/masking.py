"""Keeps logits to the tokens that forms allow, or favours those; what vLLM's two interfaces have in common.

A step costs one gather and scatter of all allowed logits. For each row it costs a look-up, as long as another answer of
the same form went the same way before. Where every row is constrained, even filling the rest with -inf is saved: the
tensor that was masked in the last step takes the place of the logits, with what was written there undone. What samples
from it may change it, as long as -inf stays -inf, which scaling, penalties and top-k or top-p do.
"""

import logging
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from submission.answer_formats import AnswerFormat
from submission.decoding.automaton import TokenIds
from submission.decoding.token_automaton import TokenAutomaton, TokenState
from submission.decoding.vocabulary import Vocabulary
from submission.errors import ShopBenchError

logger = logging.getLogger(__name__)

FAVOUR_BIAS = 8.0
"""What a token gains, in logits, where its form favours it instead of forbidding the others (see benchmarks/spans.py)."""

_Places = tuple[torch.Tensor, torch.Tensor]
"""Rows and tokens of logits, [logits] each."""

_KEPT_FORMS = 512
_LARGEST_LOGIT = 1e30
"""Allowed logits are kept finite, and far enough from the limit that a low temperature leaves them so."""


class Masking:
    """Masks or biases the rows of logits, on one device, for one model."""

    def __init__(self, vocabulary: Vocabulary, device: torch.device, pin_memory: bool) -> None:
        self._vocabulary = vocabulary
        self._device = device
        self._pin_memory = pin_memory
        self._automaton = lru_cache(maxsize=_KEPT_FORMS)(self._build_automaton)
        self._masked = torch.empty(0, 0)
        """[requests, vocabulary], -inf but at `_written`."""
        self._written: _Places | None = None
        self._is_broken = False
        """Whether the last step's logits were not finite."""

    @property
    def kept_forms(self) -> int:
        """How many forms are kept for the next request that brings one of them."""
        return self._automaton.cache_info().currsize

    def automaton(self, form: AnswerFormat, stop_token_ids: set[int]) -> TokenAutomaton:
        """Return the automaton of a request that `stop_token_ids` end."""
        ends = tuple(sorted(token for token in stop_token_ids if token not in self._vocabulary.tokens))
        return self._automaton(form, ends or self._vocabulary.end_ids[:1])

    def apply(self, logits: torch.Tensor, rows: Sequence[tuple[int, TokenAutomaton, TokenState]]) -> torch.Tensor:
        """Return `logits` [rows, vocabulary] with some rows masked or biased: in place, or a tensor of its own.

        `rows` are those rows' numbers, each with its automaton and the state it is in. A tensor of its own holds until the
        next call.
        """
        enforced = [(row, state.token_ids) for row, automaton, state in rows if automaton.enforced]
        favoured = [(row, state.token_ids) for row, automaton, state in rows if not automaton.enforced]
        if enforced:
            places = self._places(enforced)
            largest = min(_LARGEST_LOGIT, torch.finfo(logits.dtype).max)
            kept = logits[places]
            self._watch(kept)
            kept = kept.nan_to_num_(nan=-largest).clamp_(-largest, largest)
            if len(enforced) == len(logits):
                return self._mask_all(logits, places, kept)
            for first, end in _runs([row for row, _ in enforced]):
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


def vocabulary_of(model_config: Any, tokenizer: Any) -> Vocabulary:
    """Return the vocabulary of a tokenizer; one that is larger than the model that vLLM configured is a `ShopBenchError`."""
    vocabulary = Vocabulary.from_tokenizer(tokenizer)
    width = model_config.get_vocab_size()
    if vocabulary.size > width:
        raise ShopBenchError(
            f"the tokenizer of {model_config.model} has {vocabulary.size} tokens but the model only {width}: they do not "
            "belong together"
        )
    return vocabulary


def _runs(indices: list[int]) -> Iterator[tuple[int, int]]:
    """Yield [first, end) of the runs of neighbours: filling a slice is several times faster than filling by index."""
    ordered = np.sort(indices)
    borders = np.flatnonzero(np.diff(ordered) != 1)
    yield from zip(ordered[[0, *(borders + 1)]].tolist(), (ordered[[*borders, -1]] + 1).tolist(), strict=True)
