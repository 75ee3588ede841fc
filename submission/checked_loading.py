"""Loads the engine and asks it a few long questions: where half precision overflows, it is loaded again with other kernels.

Sums in half precision are as exact as 4 bits need, unless a partial sum leaves their range. Then every logit behind it
is no number. Kernels that add up in single precision do not overflow there, and the run goes on.
"""

import logging
import time
from collections.abc import Callable
from typing import Any, Protocol

from submission.accumulation import CHECKED, QUANTIZATION, SINGLE, with_sums_in
from submission.engine_guard import EngineLike
from submission.errors import ShopBenchError, one_line
from submission.profiles import Profile
from submission.quantisation import AWQ, quantisation_of

logger = logging.getLogger(__name__)


class AskedEngine(EngineLike, Protocol):
    """An engine that can be asked whether its numbers are numbers."""

    def count_not_finite(self, prompts: list[list[int]]) -> int:
        """Return for how many of `prompts` a logit was not finite."""


class CheckedLoading:
    """Loads engines of `profile` by `load`, as `accumulation` says; call it for an engine.

    The first engine is asked `prompts` if `accumulation` is `checked` and the profile computes in half precision. What was
    found out holds for every later engine. `config` is the content of the model's config.json.
    """

    def __init__(
        self,
        load: Callable[[Profile], AskedEngine],
        profile: Profile,
        accumulation: str,
        config: dict[str, Any],
        prompts: Callable[[], list[list[int]]],
    ) -> None:
        found = quantisation_of(config)
        quantisation = found.method if found else None
        if accumulation in QUANTIZATION:
            if quantisation != AWQ:
                raise ShopBenchError(
                    f"SHOPBENCH_ACCUMULATION={accumulation} is for AWQ checkpoints: this one "
                    + (f"is quantised with {quantisation!r}" if quantisation else "is not quantised")
                )
            profile = with_sums_in(accumulation, profile)
        self._load = load
        self._profile = profile
        self._quantisation = quantisation
        self._prompts = prompts
        # Other types have the range of single precision.
        self._ask = accumulation == CHECKED and profile.engine.get("dtype") == "float16"

    def __call__(self) -> AskedEngine:
        """Load an engine."""
        engine = self._load(self._profile)
        if not self._ask:
            return engine
        self._ask = False
        if self._is_finite(engine):
            return engine
        if self._quantisation != AWQ:
            logger.error("there are no other kernels for this model: its answers may be noise")
            return engine
        return self._loaded_again(engine)

    def _loaded_again(self, engine: AskedEngine) -> AskedEngine:
        logger.warning("the engine is loaded again with kernels that sum in single precision")
        try:
            engine.close()
        except Exception as error:
            logger.error("the first engine could not be closed: %s", one_line(error))
        first, self._profile = self._profile, with_sums_in(SINGLE, self._profile)
        try:
            engine = self._load(self._profile)
        except ShopBenchError as error:
            logger.error("with the other kernels it does not load, so it stays as it was: %s", one_line(error))
            self._profile = first
            return self._load(first)
        if not self._is_finite(engine):
            logger.error("the model itself leaves the range of half precision: its answers may be noise")
        return engine

    def _is_finite(self, engine: AskedEngine) -> bool:
        """Ask the engine; one that fails at it is the guard's business, who sees it fail at the first batch."""
        started = time.monotonic()
        try:
            prompts = self._prompts()
            strange = engine.count_not_finite(prompts)
        except Exception as error:
            logger.error("the engine failed on the questions that it is asked first: %s", one_line(error))
            return True
        if strange:
            logger.error("%d of %d long questions have logits that are not finite", strange, len(prompts))
        logger.info("%d long questions were asked in %.1f s", len(prompts), time.monotonic() - started)
        return not strange
