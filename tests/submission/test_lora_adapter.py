"""Adapters that are served: which base they belong to, what is refused before anything loads, and the logits they give."""

import json
import math
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, get_args

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from peft import PeftModel
from peft.tuners.tuners_utils import check_target_module_exists
from peft.utils.other import get_pattern_key
from safetensors.torch import load_file, save_file

from submission.adapter_config import CONFIG_FILE
from submission.answer_formats import Choice
from submission.deadline import Deadline
from submission.engine import Engine, Generation, Request
from submission.errors import ShopBenchError
from submission.lora_adapter import (
    SERVED_RANKS,
    WEIGHTS_FILE,
    LoraAdapter,
    base_shapes,
    find_base,
    open_adapter,
)
from submission.profiles import CPU
from tests.training.lora_fixtures import build_adapter, build_llama, load
from tests.training.tiny_models import needs_smollm2

Q0 = "base_model.model.model.layers.0.self_attn.q_proj"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_llama(tmp_path_factory.mktemp("served") / "base", dtype="float32")


@pytest.fixture(scope="module")
def adapter(base: Path) -> Path:
    return build_adapter(base, base.parent / "adapter")


def changed(adapter: Path, target: Path, **config: Any) -> Path:
    shutil.copytree(adapter, target)
    written = json.loads((adapter / CONFIG_FILE).read_text())
    (target / CONFIG_FILE).write_text(json.dumps({**written, **config}))
    return target


def complaint(adapter: Path, model: Path) -> str:
    with pytest.raises(ShopBenchError) as caught:
        open_adapter(adapter, model)
    return str(caught.value)


@needs_smollm2
def test_an_adapter_is_opened_on_its_base(adapter: Path, base: Path) -> None:
    opened = open_adapter(adapter, base)
    assert (opened.rank, opened.served_rank) == (4, 8)
    said = opened.as_json()
    assert said["folder"] == str(adapter) and said["trained_on"] == str(base) and len(said["sha256"]) == 64


@needs_smollm2
@pytest.mark.parametrize(
    ("layers", "message"), [(1, "another base"), (3, "lacks the factors of 1 of 3 modules")], ids=["fewer", "more"]
)
def test_an_adapter_of_another_base_is_refused(base: Path, tmp_path: Path, layers: int, message: str) -> None:
    other = build_llama(tmp_path / "other", layers=layers)
    assert message in complaint(build_adapter(base, tmp_path / "adapter", target_modules=["q_proj"]), other)


@needs_smollm2
def test_the_same_shapes_under_another_name_are_served_with_a_warning(
    adapter: Path, base: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    open_adapter(adapter, base)
    assert not caplog.records
    other = tmp_path / "elsewhere"
    other.symlink_to(build_llama(tmp_path / "tuned", seed=1))
    open_adapter(adapter, other)
    assert f"was trained on {base} and is served on {other}" in caplog.text


@needs_smollm2
@pytest.mark.parametrize(("rank", "served"), [(1, 1), (2, 8), (64, 64), (65, 128), (512, 512)])
def test_vllm_makes_room_for_the_next_rank_that_it_knows(base: Path, tmp_path: Path, rank: int, served: int) -> None:
    folder = build_adapter(base, tmp_path / "adapter", r=rank, target_modules=["q_proj"])
    assert LoraAdapter(folder).served_rank == served


@needs_smollm2
def test_a_rank_that_vllm_does_not_serve_is_to_be_merged(base: Path, tmp_path: Path) -> None:
    folder = build_adapter(base, tmp_path / "adapter", r=600, target_modules=["q_proj"])
    said = complaint(folder, base)
    assert "has rank 600, and vLLM serves adapters up to rank 512" in said
    assert f"`python -m training.merge --base {base} --adapter {folder} --output FOLDER`" in said


def test_the_ranks_are_those_of_vllm() -> None:
    from vllm.config.lora import MaxLoRARanks

    assert get_args(MaxLoRARanks) == SERVED_RANKS


@needs_smollm2
@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"r": 5}, "its configuration says rank 5"),
        ({"use_dora": True}, "use_dora"),
        ({"bias": "all"}, "trains biases"),
        ({"peft_type": "IA3"}, "is a IA3 adapter: only LORA adapters"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
    ],
)
def test_what_is_no_plain_adapter_is_refused(
    adapter: Path, base: Path, tmp_path: Path, config: dict[str, Any], message: str
) -> None:
    assert message in complaint(changed(adapter, tmp_path / "changed", **config), base)


@needs_smollm2
def test_weights_that_are_damaged_or_change_nothing_are_refused(adapter: Path, base: Path, tmp_path: Path) -> None:
    tensors = load_file(adapter / WEIGHTS_FILE)
    cases = {
        "changes nothing": {
            key: torch.zeros_like(value) if "lora_B" in key else value for key, value in tensors.items()
        },
        "not finite": {**tensors, f"{Q0}.lora_A.weight": tensors[f"{Q0}.lora_A.weight"] * math.inf},
        f"lacks {Q0}.lora_B.weight": {key: value for key, value in tensors.items() if key != f"{Q0}.lora_B.weight"},
    }
    for message, held in cases.items():
        folder = changed(adapter, tmp_path / message[:7])
        save_file(held, folder / WEIGHTS_FILE, metadata={"format": "pt"})
        assert message in complaint(folder, base)
    cut = changed(adapter, tmp_path / "cut")
    (cut / WEIGHTS_FILE).write_bytes((adapter / WEIGHTS_FILE).read_bytes()[:-10])
    assert "copy or download it again" in complaint(cut, base)


@needs_smollm2
def test_what_is_no_adapter_is_called_what_it_is(adapter: Path, base: Path, tmp_path: Path) -> None:
    assert f"{base} is a whole model, not an adapter" in complaint(base, base)
    assert f"there is no adapter folder {tmp_path / 'none'}" in complaint(tmp_path / "none", base)
    assert f"did you mean {adapter}?" in complaint(adapter.parent, base)
    assert f"{tmp_path} holds no {CONFIG_FILE}" in complaint(tmp_path, base)


@needs_smollm2
def test_the_base_is_the_named_one_else_the_one_that_it_was_trained_on(
    adapter: Path, base: Path, tmp_path: Path
) -> None:
    assert find_base(None, adapter) == base
    assert find_base(tmp_path, adapter) == tmp_path
    lost = changed(adapter, tmp_path / "lost", base_model_name_or_path="Qwen/Qwen2-72B-Instruct")
    with pytest.raises(ShopBenchError, match=r"was trained on Qwen/Qwen2-72B-Instruct, which is no folder here: name"):
        find_base(None, lost)
    silent = changed(adapter, tmp_path / "silent", base_model_name_or_path=None)
    with pytest.raises(ShopBenchError, match=r"does not say what it was trained on: name its base with --model"):
        find_base(None, silent)


@needs_smollm2
def test_an_awq_base_has_the_shapes_that_it_was_made_from(base: Path, tmp_path: Path) -> None:
    """The layout alone: weights of AWQ's shapes, as AutoAWQ packs them ([in, out / 8] for 4 bits)."""
    packed = tmp_path / "awq"
    shutil.copytree(base, packed)
    tensors = load_file(base / "model.safetensors")
    for name in [name for name, tensor in tensors.items() if tensor.dim() == 2 and ".layers." in name]:
        out, width = tensors.pop(name).shape
        tensors[name.replace(".weight", ".qweight")] = torch.zeros(width, out // 8, dtype=torch.int32)
    save_file(tensors, packed / "model.safetensors")
    config = json.loads((base / "config.json").read_text())
    for method in ("awq", "gptq"):
        written = {**config, "quantization_config": {"quant_method": method, "bits": 4}}
        (packed / "config.json").write_text(json.dumps(written))
        if method == "awq":
            assert base_shapes(packed) == base_shapes(base)
        else:
            with pytest.raises(ShopBenchError, match="quantised with 'gptq'"):
                base_shapes(packed)


_PARTS = st.sampled_from(
    ["q_proj", "proj", "self_attn", "layers", "0", "1", "12", "model", "experts", "mlp", "lm_head"]
)
_NAMES = st.lists(_PARTS, min_size=1, max_size=6).map(".".join)
_PATTERNS = st.sampled_from(
    [r".*\.q_proj", r"model\..*", r".*layers\.1\..*", r"lm_head", r".*(mlp|self_attn).*", "q_proj"]
)


@settings(max_examples=300, deadline=None)
@given(
    module=_NAMES,
    targets=st.lists(_NAMES | _PARTS, min_size=1, max_size=3) | _PATTERNS,
    excluded=st.none() | st.just([]) | st.lists(_PARTS, max_size=2) | _PATTERNS,
    layers=st.none() | st.just([]) | st.integers(0, 1) | st.lists(st.sampled_from([0, 1, 12]), min_size=1, max_size=2),
    pattern=st.none() | st.just([]) | st.sampled_from(["layers", "experts", "model"]) | st.just(["experts", "layers"]),
)
def test_what_is_adapted_is_what_peft_adapts(
    module: str, targets: Any, excluded: Any, layers: Any, pattern: Any
) -> None:
    config = {
        "target_modules": targets,
        "exclude_modules": excluded,
        "layers_to_transform": layers,
        "layers_pattern": pattern,
    }
    ours = LoraAdapter.__new__(LoraAdapter)
    ours.config = config
    assert ours.targets(module) == bool(
        check_target_module_exists(SimpleNamespace(**config, target_parameters=None), module)
    )


@settings(max_examples=200, deadline=None)
@given(module=_NAMES, pattern=st.dictionaries(_NAMES | _PARTS | _PATTERNS, st.integers(1, 9), max_size=4))
def test_a_modules_own_rank_is_the_one_that_peft_gives_it(module: str, pattern: dict[str, int]) -> None:
    ours = LoraAdapter.__new__(LoraAdapter)
    ours.config = {"rank_pattern": pattern}
    assert ours._of_module("rank_pattern", module, 0) == pattern.get(get_pattern_key(pattern.keys(), module), 0)


@pytest.fixture(scope="module")
def uneven(base: Path) -> Path:
    """Ranks and scalings that differ by module are the hard case: vLLM packs q, k and v into one."""
    return build_adapter(
        base,
        base.parent / "uneven",
        r=6,
        lora_alpha=24,
        use_rslora=True,
        rank_pattern={"k_proj": 3, r"layers\.1\.mlp\.up_proj": 9},
        alpha_pattern={"v_proj": 60},
    )


@pytest.fixture(scope="module")
def engine(base: Path, uneven: Path) -> Iterator[Engine]:
    profile = replace(CPU, engine={**CPU.engine, "dtype": "float32"})
    loaded = Engine(base, profile, 0, constrained=True, adapter=open_adapter(uneven, base))
    yield loaded
    loaded.close()


PROMPT = [1, 4093, 198, 2683, 314, 260, 1187, 30]


def asked(prompt: list[int]) -> Request:
    return Request(prompt, Choice((0, 1, 2, 3)), 8, num_logprobs=4)


@needs_smollm2
def test_the_served_adapter_gives_the_log_probabilities_that_peft_gives(
    engine: Engine, base: Path, uneven: Path
) -> None:
    generations = [Generation()]
    engine.generate([asked(PROMPT)], generations, Deadline(600))
    ids = {str(digit): _id_of(base, str(digit)) for digit in range(4)}

    def expected(model: torch.nn.Module) -> dict[str, float]:
        with torch.no_grad():
            logits = model(input_ids=torch.tensor([PROMPT])).logits[0, -1].float()
        chosen = torch.log_softmax(logits[list(ids.values())], dim=0)
        return dict(zip(ids, chosen.tolist(), strict=True))

    found = {text: generations[0].logprobs[text] for text in ids}
    assert found == pytest.approx(expected(PeftModel.from_pretrained(load(base), uneven)), abs=1e-3)
    assert found != pytest.approx(expected(load(base)), abs=1e-1)


@needs_smollm2
def test_a_question_that_vllm_refuses_is_left_unanswered_and_the_others_are_not(
    engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    generations = [Generation() for _ in range(3)]
    too_long = PROMPT * 600
    engine.generate([asked(PROMPT), asked(too_long), asked(PROMPT)], generations, Deadline(600))
    assert [generation.done for generation in generations] == [True, False, True]
    assert caplog.text.count("vLLM refuses a question") == 1


def _id_of(model: Path, text: str) -> int:
    return json.loads((model / "tokenizer.json").read_text())["model"]["vocab"][text]
