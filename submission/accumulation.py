"""How the kernels of an AWQ model add up, as data: the words of the setting, and what vLLM is told for each.

vLLM's own kernels for AWQ add up in half precision on SM 7.5 (see `single_precision`).
"""

from dataclasses import replace

from submission.profiles import Profile

CHECKED, UNCHECKED, SINGLE, SINGLE_DOWN = "checked", "unchecked", "float32", "float32-down"
ACCUMULATIONS = (CHECKED, UNCHECKED, SINGLE, SINGLE_DOWN)

QUANTIZATION = {SINGLE: "awq-float32", SINGLE_DOWN: "awq-float32-down"}
"""What vLLM is told as `quantization`; `single_precision` registers the names."""


def with_sums_in(accumulation: str, profile: Profile) -> Profile:
    """Return `profile` with the kernels that sum in single precision, in all layers or as `accumulation` says."""
    return replace(profile, engine={**profile.engine, "quantization": QUANTIZATION[accumulation]})
