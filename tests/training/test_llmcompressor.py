"""llmcompressor behind the same border as AutoAWQ: a symmetric checkpoint, its checks, and what it is refused for."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from submission.errors import ShopBenchError
from submission.model_folder import read_json
from submission.quantisation import Quantisation, quantisation_of
from tests.training.quantised_fixtures import SAMPLE, quantise_tiny
from tests.training.tiny_models import GROUP_SIZE, PADDED, build_qwen2, needs_smollm2
from training.awq.backends import BACKENDS
from training.awq.checks import check_readers, check_weights
from training.awq.options import parse_options
from training.awq.quantising import REPORT
from training.calibrate_awq import main
from training.checkpoints.rewriting import CheckpointReader

BACKEND = BACKENDS["llmcompressor"]
needs_llmcompressor = pytest.mark.skipif(
    not BACKEND.python.is_file(), reason=f"{BACKEND.python} is not there: run `make llmcompressor-env`"
)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--symmetric"], "--symmetric: .*--backend llmcompressor"),
        (["--backend", "llmcompressor", "--clip"], "--clip: .*autoawq"),
        (["--backend", "gptq"], "--backend: .*autoawq"),
    ],
)
def test_options_that_do_not_go_together_are_named(options: list[str], message: str) -> None:
    with pytest.raises(ShopBenchError, match=f"^{message}"):
        parse_options(["--model", "model", "--output", "out", *options])


@needs_smollm2
def test_a_missing_environment_is_named_with_its_command(tmp_path: Path) -> None:
    base = build_qwen2(tmp_path / "base", layers=1)
    nowhere = tmp_path / "python"
    options = ["--backend", "llmcompressor", "--symmetric", "--python", str(nowhere), "--no-quality"]
    with pytest.raises(ShopBenchError, match=r"llmcompressor's environment is not there .*make llmcompressor-env"):
        main(["--model", str(base), "--output", str(tmp_path / "out"), "--calibration", str(SAMPLE), *options])


@pytest.fixture(scope="module")
def quantised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run on the tiny model; its parent holds the model it was made from."""
    return quantise_tiny(
        tmp_path_factory.mktemp("llmcompressor"), "symmetric", "--backend", "llmcompressor", "--symmetric"
    )


def unpacked(reader: CheckpointReader, name: str) -> torch.Tensor:
    """Return the float weight (outputs, inputs) of a linear layer in compressed-tensors' packed format."""
    packed = reader.tensor(f"{name}.weight_packed")
    values = ((packed[..., None] >> torch.arange(0, 32, 4)) & 15).flatten(-2) - 8
    return values * reader.tensor(f"{name}.weight_scale").float().repeat_interleave(GROUP_SIZE, 1)


@needs_smollm2
@needs_llmcompressor
def test_the_quantised_layers_compute_what_the_padded_ones_do(quantised: Path) -> None:
    base, result = CheckpointReader(quantised.parent / "staged"), CheckpointReader(quantised)
    config = read_json(quantised / "config.json")
    assert quantisation_of(config) == Quantisation("compressed-tensors", 4, GROUP_SIZE, True)
    assert config["intermediate_size"] == PADDED and config["dtype"] == "float16"
    report = read_json(quantised / REPORT)
    assert report["backend"] == "llmcompressor" and report["symmetric"] is True
    prefix = "model.layers.0"
    for norm, linear in (
        ("input_layernorm", "self_attn.q_proj"),
        ("input_layernorm", "self_attn.v_proj"),
        ("post_attention_layernorm", "mlp.gate_proj"),
    ):
        # AWQ moves a factor from the norm into the columns of the layers after it: only their product stays.
        before = base.tensor(f"{prefix}.{linear}.weight").float() * base.tensor(f"{prefix}.{norm}.weight").float()
        after = unpacked(result, f"{prefix}.{linear}") * result.tensor(f"{prefix}.{norm}.weight").float()
        print(linear, (before - after).norm() / before.norm())
        assert (before - after).norm() / before.norm() < 0.15, linear
    down = unpacked(result, f"{prefix}.mlp.down_proj")
    assert down.shape[1] == PADDED and torch.isfinite(down).all()


@needs_smollm2
@needs_llmcompressor
def test_a_damaged_checkpoint_is_found_out(quantised: Path, tmp_path: Path) -> None:
    staged = quantised.parent / "staged"
    check_weights(staged, quantised, GROUP_SIZE, BACKEND, symmetric=True)
    check_readers(quantised.parent / "base", quantised, BACKEND.python, BACKEND)
    with pytest.raises(ShopBenchError, match="no AWQ quantization_config"):
        check_readers(quantised.parent / "base", quantised, BACKEND.python)
    tensors = load_file(quantised / "model.safetensors")
    scale = "model.layers.0.mlp.up_proj.weight_scale"
    infinite = tensors[scale].clone()
    infinite[0, 0] = torch.inf
    for damage, message in (
        ({name: tensor for name, tensor in tensors.items() if not name.endswith("k_proj.weight_shape")}, "lacks 1 of"),
        ({**tensors, scale: infinite}, "not finite"),
        ({**tensors, scale: tensors[scale][:-1].clone()}, "has the shape"),
        ({**tensors, "model.layers.0.mlp.up_proj.weight_zero_point": tensors[scale].clone()}, "does not account for"),
    ):
        save_file(damage, tmp_path / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(ShopBenchError, match=message):
            check_weights(staged, tmp_path, GROUP_SIZE, BACKEND, symmetric=True)
