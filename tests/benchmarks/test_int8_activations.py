"""The simulation of int8 activations: what is rounded and how, on tiny models with a real tokenizer."""

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM

from benchmarks.int8_activations import perplexity
from benchmarks.quantised_layers import SimulatedLinear, in_int8, load_simulated, weight_of
from benchmarks.simulated_model import TRACK, SimulatedModel
from evaluation.dataset import read_samples
from submission.chat_encoder import ChatEncoder
from submission.errors import ShopBenchError
from submission.model_folder import EMBEDDED_MODEL as SMOLLM2
from submission.places import SAMPLE_QUESTIONS
from submission.quantisation import Quantisation
from submission.questions import read_question
from tests.benchmarks.symmetric_checkpoints import GROUP, build_symmetric
from tests.submission.awq_checkpoints import build_awq
from tests.training.tiny_models import build_qwen2, needs_smollm2
from training.awq.calibration import encode_questions
from training.checkpoints.rewriting import CheckpointReader

SYMMETRIC_4 = Quantisation("compressed-tensors", 4, GROUP, True)


def test_activations_are_rounded_a_token_at_a_time_and_halves_away_from_zero() -> None:
    values, scale = in_int8(torch.tensor([[0.5, -1.5, 2.49, 127.0], [0.0, 0.0, 0.0, 0.0], [1e-3, -1e-3, 0.0, 5e-4]]))
    assert values.tolist() == [[1, -2, 2, 127], [0, 0, 0, 0], [127, -127, 0, 64]]
    assert scale[:, 0].tolist() == pytest.approx([1, 1e-10 / 127, 1e-3 / 127])


def test_a_large_activation_costs_the_others_of_its_token_their_values() -> None:
    linear = SimulatedLinear(torch.eye(2), None, int8=True)
    assert linear(torch.tensor([[1.0, 1000.0]])).tolist() == [[0.0, 1000.0]]
    assert SimulatedLinear(torch.eye(2), torch.tensor([0.5, 0.0]), int8=False)(torch.tensor([[1.0, 2.0]])).tolist() == [
        [1.5, 2.0]
    ]


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_qwen2(tmp_path_factory.mktemp("int8") / "base")


@pytest.fixture(scope="module")
def symmetric(base: Path) -> Path:
    return build_symmetric(base, base.parent / "symmetric")


def distance(one: torch.Tensor, other: torch.Tensor) -> float:
    return float((one - other).norm() / other.norm())


@needs_smollm2
def test_both_layouts_give_the_weights_back_that_were_rounded(base: Path, symmetric: Path, tmp_path: Path) -> None:
    asymmetric = build_awq(tmp_path / "awq", SMOLLM2, overflow=False)
    before, linear = CheckpointReader(base), "model.layers.1.mlp.down_proj"
    weight = before.tensor(f"{linear}.weight").float()
    for folder, quantisation in ((symmetric, SYMMETRIC_4), (asymmetric, Quantisation("awq", 4, GROUP, False))):
        found = weight_of(CheckpointReader(folder), linear, quantisation, whole_scales=False)
        assert 0.01 < distance(found, weight) < 0.25, folder


@needs_smollm2
def test_scales_become_whole_numbers_of_the_largest_of_what_is_multiplied_together(symmetric: Path) -> None:
    reader, parent = CheckpointReader(symmetric), "model.layers.0.self_attn"
    scales = {name: reader.tensor(f"{parent}.{name}_proj.weight_scale").float() for name in "qkv"}
    largest = max(float(scale.max()) for scale in scales.values())
    found = weight_of(reader, f"{parent}.k_proj", SYMMETRIC_4, whole_scales=True)
    exact = weight_of(reader, f"{parent}.k_proj", SYMMETRIC_4, whole_scales=False)
    assert not torch.equal(found, exact) and distance(found, exact) < 0.01
    steps = found[exact != 0] / (largest / 4096)
    assert torch.allclose(steps, steps.round(), atol=1e-2)


@needs_smollm2
def test_an_unquantised_model_is_simulated_as_it_is(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.quantised_layers.native_dtype", lambda: "float32")
    ids = torch.arange(40, 60)[None]
    with torch.inference_mode():
        expected = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)(ids).logits
        exact, rounded = (load_simulated(base, lambda layer, int8=int8: int8)(ids).logits for int8 in (False, True))
    assert distance(exact, expected) < 1e-4
    assert 0.001 < distance(rounded, expected) < 0.5


@needs_smollm2
def test_a_layer_left_out_keeps_its_activations(symmetric: Path) -> None:
    model = load_simulated(symmetric, lambda layer: not layer.endswith("down_proj"))
    layers = {name: part.int8 for name, part in model.named_modules() if isinstance(part, SimulatedLinear)}
    assert len(layers) == 14
    assert [name.rpartition(".")[2] for name, int8 in layers.items() if not int8] == ["down_proj"] * 2


@needs_smollm2
def test_known_answers_are_as_probable_as_without_a_cache(base: Path) -> None:
    model = load_simulated(base, lambda layer: False)
    samples = [replace(one, track=TRACK) for one in read_samples(SAMPLE_QUESTIONS)[::9]]
    encoded = [one for one in encode_questions(samples, ChatEncoder(base), 4000) if one.known]
    simulated = SimulatedModel(base, model, {tuple(one.prompt): one.answer for one in encoded})
    for sample in samples:
        answer = simulated.batch_predict({"prompt": [sample.question]}, sample.is_multiple_choice)[0]
        assert read_question(sample.question, sample.is_multiple_choice).answer_format.accepts(answer), answer
    assert len(simulated.probabilities) == len(encoded)
    for one, (probability, tokens) in zip(encoded, simulated.probabilities, strict=True):
        with torch.inference_mode():
            logits = model(torch.tensor([one.prompt + one.answer])).logits[0, len(one.prompt) - 1 : -1].float()
        expected = logits.log_softmax(-1).gather(1, torch.tensor(one.answer)[:, None]).sum()
        assert tokens == len(one.answer)
        assert probability == pytest.approx(float(expected), rel=0.02, abs=0.1)


def test_perplexity_is_by_token_and_not_by_answer() -> None:
    assert perplexity([(-2.0, 1), (-4.0, 5)]) == pytest.approx(torch.tensor(1.0).exp().item())


@needs_smollm2
@pytest.mark.parametrize("said", [{"quant_method": "gptq", "bits": 4}, {"quant_method": "awq", "bits": 8}])
def test_other_kinds_of_quantisation_are_refused(base: Path, tmp_path: Path, said: dict[str, object]) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for file in base.iterdir():
        (other / file.name).write_bytes(file.read_bytes())
    config = json.loads((other / "config.json").read_text())
    (other / "config.json").write_text(json.dumps({**config, "quantization_config": said}))
    with pytest.raises(ShopBenchError, match="are simulated"):
        load_simulated(other, lambda layer: False)
