"""Says before loading whether a model can be divided over several cards, and by what it cannot.

Under tensor parallelism each card holds whole attention heads, whole quantisation groups of the MLP and an equal part
of the vocabulary. vLLM finds out halfway through loading; reading the config takes no time.
"""

from typing import Any

from submission.commands import as_typed
from submission.errors import ShopBenchError
from submission.quantisation import quantisation_of

# vLLM pads the vocabulary to a multiple of this before it divides it.
_VOCABULARY_PADDING = 64


def check_shardable(config: dict[str, Any], tensor_parallel: int, group_size: int | None = None) -> None:
    """Raise a `ShopBenchError` that lists all that keeps a model from being divided over `tensor_parallel` cards.

    `config` is the content of its config.json. `group_size` is that of a quantisation still to come; for a quantised
    model the config names it.
    """
    problems = _problems(config, tensor_parallel, group_size or _group_size(config))
    if problems:
        raise ShopBenchError(
            f"the model cannot be divided over {tensor_parallel} cards (tensor parallel size {tensor_parallel}): "
            + "; ".join(problems)
        )


def _group_size(config: dict[str, Any]) -> int | None:
    quantisation = quantisation_of(config)
    return quantisation.group_size if quantisation else None


def _problems(config: dict[str, Any], cards: int, group_size: int | None) -> list[str]:
    heads = config["num_attention_heads"]
    kv_heads = config.get("num_key_value_heads") or heads
    head_size = config.get("head_dim") or config["hidden_size"] // heads
    intermediate, vocabulary = config["intermediate_size"], config["vocab_size"]
    problems = []
    if heads % cards:
        problems.append(f"{heads} attention heads are no multiple of {cards}")
    if kv_heads % cards and cards % kv_heads:
        problems.append(f"{kv_heads} key-value heads neither divide nor are a multiple of {cards}")
    padded_vocabulary = -(-vocabulary // _VOCABULARY_PADDING) * _VOCABULARY_PADDING
    if padded_vocabulary % cards:
        problems.append(f"the vocabulary, padded to {padded_vocabulary:,}, is no multiple of {cards}")
    if group_size is None:
        if intermediate % cards:
            problems.append(f"the intermediate size {intermediate:,} is no multiple of {cards} ({_PADDING})")
        return problems
    if config["hidden_size"] % group_size:
        problems.append(f"the hidden size {config['hidden_size']:,} is no multiple of the group size {group_size}")
    if heads * head_size % (group_size * cards):
        problems.append(f"{heads} heads of size {head_size} are not a whole number of groups of {group_size} a card")
    if intermediate % (group_size * cards):
        groups = intermediate / group_size
        problems.append(
            f"the intermediate size {intermediate:,} is {groups:g} groups of {group_size}, "
            f"not a whole number a card ({_PADDING})"
        )
    return problems


_PADDING = f"pad it before quantising: {as_typed('training.awq.padding')}"
