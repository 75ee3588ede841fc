"""The evaluator's contract: what it calls on a submission, and what it hands over and expects back."""

import logging
import os
import re
from typing import Any

logger = logging.getLogger(__name__)

# What the starter kit takes where the evaluator sets no seed.
_DEFAULT_SEED = 773815
# NumPy takes seeds of 32 bits.
_SEED = re.compile(r"[0-9]{1,9}|[1-3][0-9]{9}")


def run_seed() -> int:
    """Return the seed of the run, which the evaluator sets as AICROWD_RUN_SEED for reproducible answers.

    A seed that is none is no reason to lose the run: it is logged and the default taken.
    """
    value = os.environ.get("AICROWD_RUN_SEED")
    if value is None:
        return _DEFAULT_SEED
    if not _SEED.fullmatch(value):
        logger.warning("AICROWD_RUN_SEED=%.40r is no whole number of 32 bits: %d is taken", value, _DEFAULT_SEED)
        return _DEFAULT_SEED
    return int(value)


class ShopBenchBaseModel:
    """A submission. The evaluator makes one without arguments, then asks for the batch size and for batches of answers."""

    def get_batch_size(self) -> int:
        """Return how many questions to hand over at a time, 1 to 16."""
        raise NotImplementedError

    def batch_predict(self, batch: dict[str, Any], is_multiple_choice: bool) -> list[str]:
        """Return one answer a prompt of `batch["prompt"]`, in order; a batch is all multiple choice or none of it is."""
        raise NotImplementedError
