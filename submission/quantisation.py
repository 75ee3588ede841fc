"""What a model's config says of its quantisation, in AutoAWQ's and in compressed-tensors' spelling."""

from dataclasses import dataclass
from typing import Any

AWQ, COMPRESSED_TENSORS = "awq", "compressed-tensors"


@dataclass(frozen=True)
class Quantisation:
    """The method by its name in the config, bits of a weight, weights that share a scale, and whether zero stays zero.

    What the config does not say is None. Of several groups of layers the first counts.
    """

    method: str
    bits: int | None
    group_size: int | None
    symmetric: bool | None


def quantisation_of(config: dict[str, Any]) -> Quantisation | None:
    """Return the quantisation of a model by the content of its config.json, None where it has none."""
    said = config.get("quantization_config")
    if not said:
        return None
    method = str(said.get("quant_method", ""))
    if method == COMPRESSED_TENSORS:
        weights = next((group.get("weights") or {} for group in (said.get("config_groups") or {}).values()), {})
        return Quantisation(method, weights.get("num_bits"), weights.get("group_size"), weights.get("symmetric"))
    zero_point = said.get("zero_point")
    symmetric = None if zero_point is None else not zero_point
    return Quantisation(method, said.get("bits"), said.get("group_size"), symmetric)
