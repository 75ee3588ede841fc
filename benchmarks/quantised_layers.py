"""The linear layers of quantised checkpoints as Marlin's kernels for SM 7.5 compute them, simulated in PyTorch.

The layouts are AutoAWQ's (GEMM) and compressed-tensors' (packed, symmetric). With int8 activations the kernels round three
things. Activations are rounded a token at a time, as vLLM's `_per_token_quant_int8` does: by 127 over the largest, half
away from zero. Scales become whole numbers of 1/4,096 of the layer's largest, as in `marlin_act_int8_process_scales`.
Their sums are exact in int32, which a product of small whole numbers is in floating point too.
"""

from collections.abc import Callable
from pathlib import Path

import torch
from torch.nn import functional
from transformers import AutoConfig, AutoModelForCausalLM, PreTrainedModel
from transformers.initialization import no_init_weights

from submission.errors import ShopBenchError
from submission.model_folder import check_model
from submission.processor import native_dtype
from submission.quantisation import AWQ, COMPRESSED_TENSORS, Quantisation, quantisation_of
from training.awq.checks import LAYER_LINEAR
from training.checkpoints.rewriting import CheckpointReader

_AUTOAWQ_ORDER = (0, 4, 1, 5, 2, 6, 3, 7)
"""Which of an int32's eight numbers stands for which column, lowest bits first."""
_FUSED = (("q_proj", "k_proj", "v_proj"), ("gate_proj", "up_proj"))
"""What vLLM multiplies as one layer."""
_SCALE_STEPS = 4096


def in_int8(activations: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Return activations [..., inputs] as whole numbers up to 127, and the scale of each token [..., 1]."""
    largest = activations.abs().amax(-1, keepdim=True).clamp(min=1e-10)
    scaled = activations * (127 / largest)
    return torch.trunc(scaled + 0.5 * scaled.sign()), largest / 127


class SimulatedLinear(torch.nn.Module):
    """A linear layer with rounded weights [outputs, inputs] and, where `int8`, rounded activations.

    Products are in the type that the processor multiplies fast, all else is in single precision.
    """

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None, int8: bool) -> None:
        super().__init__()
        self.weight = weight.to(getattr(torch, native_dtype()))
        self.bias = bias
        self.int8 = int8

    def forward(self, activations: torch.Tensor) -> torch.Tensor:
        """Return [..., outputs] of `activations` [..., inputs]."""
        if self.int8:
            values, scale = in_int8(activations)
            product = functional.linear(values.to(self.weight.dtype), self.weight).float() * scale
        else:
            product = functional.linear(activations.to(self.weight.dtype), self.weight).float()
        return product if self.bias is None else product + self.bias


def weight_of(
    reader: CheckpointReader, linear: str, quantisation: Quantisation | None, whole_scales: bool
) -> torch.Tensor:
    """Return the weight [outputs, inputs] of the layer `linear`; `whole_scales` rounds its scales as for int8."""
    if quantisation is None:
        return reader.tensor(f"{linear}.weight").float()
    group = quantisation.group_size
    assert group
    if quantisation.method == AWQ:
        zeros = _numbers(reader.tensor(f"{linear}.qzeros"), _AUTOAWQ_ORDER).repeat_interleave(group, 0)
        scales = reader.tensor(f"{linear}.scales").float().repeat_interleave(group, 0)
        return ((_numbers(reader.tensor(f"{linear}.qweight"), _AUTOAWQ_ORDER) - zeros) * scales).T
    values = _numbers(reader.tensor(f"{linear}.weight_packed"), range(8)) - 8
    scales = reader.tensor(f"{linear}.weight_scale").float()
    if whole_scales:
        unit = max(float(reader.tensor(f"{one}.weight_scale").max()) for one in _fused_with(linear)) / _SCALE_STEPS
        scales = (scales / unit).round() * unit
    return values * scales.repeat_interleave(group, 1)


def _numbers(packed: torch.Tensor, order: range | tuple[int, ...]) -> torch.Tensor:
    """Return the 4-bit numbers [rows, 8 * columns] of int32s [rows, columns]."""
    return ((packed[..., None] >> (4 * torch.tensor(order))) & 15).flatten(-2)


def _fused_with(linear: str) -> list[str]:
    parent, _, own = linear.rpartition(".")
    return [f"{parent}.{name}" for name in next((names for names in _FUSED if own in names), (own,))]


def load_simulated(folder: Path, int8: Callable[[str], bool]) -> PreTrainedModel:
    """Return the model in `folder` with its linear layers simulated; `int8` says by a layer's name which round activations.

    An unquantised model has the same layers, with its own weights.
    """
    config = check_model(folder)
    quantisation = quantisation_of(config)
    if quantisation and (quantisation.method not in (AWQ, COMPRESSED_TENSORS) or quantisation.bits != 4):
        raise ShopBenchError(
            f"{folder} is quantised with {quantisation.method}: AWQ and compressed-tensors are simulated"
        )
    if quantisation and quantisation.method == COMPRESSED_TENSORS and not quantisation.symmetric:
        raise ShopBenchError(f"{folder} has zero points in compressed-tensors' layout, which is not simulated")
    model = _unloaded(folder)
    reader = CheckpointReader(folder)
    linears = [name for name, part in model.named_modules() if LAYER_LINEAR.match(f"{name}.weight")]
    for name in linears:
        bias = reader.tensor(f"{name}.bias").float() if f"{name}.bias" in reader.names else None
        weight = weight_of(reader, name, quantisation, whole_scales=int8(name))
        model.set_submodule(name, SimulatedLinear(weight, bias, int8(name)))
    others = reader.names & set(model.state_dict())
    missing = model.load_state_dict({name: reader.tensor(name).float() for name in others}, strict=False).missing_keys
    model.tie_weights()
    if absent := set(missing) - set(model.all_tied_weights_keys):
        raise ShopBenchError(f"{folder} lacks {sorted(absent)[0]}")
    return model.eval()


def _unloaded(folder: Path) -> PreTrainedModel:
    config = AutoConfig.from_pretrained(folder)
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    with no_init_weights():
        return AutoModelForCausalLM.from_config(config, dtype=torch.float32)
