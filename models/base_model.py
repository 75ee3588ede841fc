"""The evaluator's contract: what it calls on a submission, and what it hands over and expects back."""

import os
from typing import Any

from submission.errors import ShopBenchError

# What the starter kit takes where the evaluator sets no seed.
_DEFAULT_SEED = "773815"


def run_seed() -> int:
    """Return the seed of the run, which the evaluator sets as AICROWD_RUN_SEED for reproducible answers."""
    value = os.environ.get("AICROWD_RUN_SEED", _DEFAULT_SEED)
    if not value.isdecimal():
        raise ShopBenchError(f"AICROWD_RUN_SEED={value!r} is not a whole number from 0 on")
    return int(value)


class ShopBenchBaseModel:
    """A submission. The evaluator makes one without arguments, then asks for the batch size and for batches of answers."""

    def get_batch_size(self) -> int:
        """Return how many questions to hand over at a time, 1 to 16."""
        raise NotImplementedError

    def batch_predict(self, batch: dict[str, Any], is_multiple_choice: bool) -> list[str]:
        """Return one answer a prompt of `batch["prompt"]`, in order; a batch is all multiple choice or none of it is."""
        raise NotImplementedError
