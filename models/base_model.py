"""The evaluator's contract: what it calls on a submission, and what it hands over and expects back."""

from typing import Any


class ShopBenchBaseModel:
    """A submission. The evaluator makes one without arguments, then asks for the batch size and for batches of answers."""

    def get_batch_size(self) -> int:
        """Return how many questions to hand over at a time, 1 to 16."""
        raise NotImplementedError

    def batch_predict(self, batch: dict[str, Any], is_multiple_choice: bool) -> list[str]:
        """Return one answer a prompt of `batch["prompt"]`, in order; a batch is all multiple choice or none of it is."""
        raise NotImplementedError
