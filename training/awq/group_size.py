"""Chooses how many weights share a scale in a quantised model: the largest group that divides it over the cards.

The one thing to know: each card holds whole groups of the attention's output projection, whose inputs are divided over
the cards. 14 heads of 64 are 7 groups of 128, which two cards cannot share, and 14 groups of 64, which they can.
"""

from typing import Any

from submission.errors import ShopBenchError
from training.recipe import GROUP_SIZES


def largest_group_size(config: dict[str, Any], cards: int = 1) -> int:
    """Return the largest usual group size that divides every linear layer over `cards` (the MLP's inputs are padded).

    Where none divides over that many cards, it is the largest on one card: the check that follows names what is in the
    way. Raises a `ShopBenchError` where no group divides the model at all.
    """
    heads = config["num_attention_heads"]
    attention = heads * (config.get("head_dim") or config["hidden_size"] // heads)
    dividing = [size for size in GROUP_SIZES if config["hidden_size"] % size == 0 and attention % size == 0]
    if not dividing:
        raise ShopBenchError(
            f"a hidden size of {config['hidden_size']} and {attention} attention channels divide into none of the "
            f"groups {', '.join(map(str, GROUP_SIZES))}: this model cannot be quantised in groups"
        )
    return next((size for size in dividing if attention % (size * cards) == 0), dividing[0])
