"""Adapters that are more, or less, than base + s · B · A: exact or refused by name, and nothing is written."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

from submission.adapter_config import CONFIG_FILE
from submission.errors import ShopBenchError
from submission.lora_adapter import WEIGHTS_FILE
from submission.model_folder import check_model
from tests.training.lora_fixtures import build_adapter, build_llama, load
from tests.training.tiny_models import needs_smollm2
from training.awq.padding import pad_model
from training.awq.quantising import stage
from training.checkpoints.ensembling import combine_adapters
from training.checkpoints.lora import LoraUpdate
from training.checkpoints.merging import interpolate_checkpoints, merge_adapter, write_interpolated
from training.checkpoints.rewriting import INDEX_FILE, CheckpointReader

pytestmark = needs_smollm2

Tensors = dict[str, torch.Tensor]
ATTENTION, MLP = ("q_proj", "k_proj", "v_proj", "o_proj"), ("gate_proj", "up_proj", "down_proj")
Q0 = "base_model.model.model.layers.0.self_attn.q_proj"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_llama(tmp_path_factory.mktemp("faults") / "base", dtype="float32")


@pytest.fixture(scope="module")
def adapter(base: Path) -> Path:
    return build_adapter(base, base.parent / "adapter")


def changed(
    adapter: Path, target: Path, tensors: Callable[[Tensors], Tensors] = lambda held: held, **config: Any
) -> Path:
    """Copy an adapter with other tensors or another configuration."""
    shutil.copytree(adapter, target)
    save_file(tensors(load_file(adapter / WEIGHTS_FILE)), target / WEIGHTS_FILE, metadata={"format": "pt"})
    written = json.loads((adapter / CONFIG_FILE).read_text())
    (target / CONFIG_FILE).write_text(json.dumps({**written, **config}))
    return target


def refused(base: Path, adapter: Path, good: Path, work: Path, message: str) -> None:
    """Merge, wise-ft and ensemble all refuse the adapter with one message, and leave nothing behind."""
    attempts = [
        lambda: merge_adapter(base, adapter, work / "out"),
        lambda: write_interpolated(base, adapter, work / "out", 0.5),
        lambda: combine_adapters(base, [good, adapter], [0.5, 0.5], work / "out"),
        lambda: combine_adapters(base, [adapter, good], [0.5, 0.5], work / "out"),
    ]
    before = sorted(work.iterdir())
    for attempt in attempts:
        with pytest.raises(ShopBenchError, match=message):
            attempt()
    assert sorted(work.iterdir()) == before


@pytest.mark.parametrize(
    ("config", "way_out"),
    [
        ({"init_lora_weights": "pissa"}, "pissa.*path_initial_model_for_weight_conversion"),
        ({"init_lora_weights": "pissa_niter_4"}, "pissa_niter_4.*path_initial_model_for_weight_conversion"),
        ({"init_lora_weights": "PiSSA"}, "path_initial_model_for_weight_conversion"),
        ({"init_lora_weights": "olora"}, "olora.*path_initial_model_for_weight_conversion"),
        ({"init_lora_weights": "corda"}, "corda.*path_initial_model_for_weight_conversion"),
        ({"init_lora_weights": "lora_ga"}, "lora_ga.*path_initial_model_for_weight_conversion"),
        ({"init_lora_weights": "loftq"}, "loftq.*base that LoftQ wrote"),
        ({"init_lora_weights": "of next year"}, "of next year"),
        ({"use_dora": True}, "use_dora.*merge_and_unload"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save.*merge_and_unload"),
        ({"trainable_token_indices": [1, 2]}, "trainable_token_indices.*merge_and_unload"),
        ({"trainable_token_indices": {"embed_tokens": [1]}}, "trainable_token_indices"),
        ({"bias": "lora_only"}, "bias='lora_only'.*merge_and_unload"),
        ({"lora_bias": True}, "lora_bias"),
        ({"fan_in_fan_out": True}, "fan_in_fan_out"),
        ({"layer_replication": [[0, 2], [1, 2]]}, "layer_replication.*plain LoRA"),
        ({"target_parameters": ["mlp.experts.gate_up_proj"]}, "target_parameters"),
        ({"alora_invocation_tokens": [1, 2]}, "alora_invocation_tokens.*tokens after its invocation"),
        ({"alora_invocation_tokens": []}, "alora_invocation_tokens"),
        ({"arrow_config": {"top_k": 2}}, "arrow_config.*for each token"),
        ({"kasa_config": {}}, "kasa_config"),
        ({"monteclora_config": {"num_samples": 8}}, "monteclora_config"),
        ({"velora_config": {"num_groups": 2}}, "velora_config.*merge_and_unload"),
        ({"use_qalora": True}, "use_qalora"),
        ({"use_bdlora": {"nblocks": 2}}, "use_bdlora"),
        ({"megatron_config": {"hidden_size": 64}}, "megatron_config"),
        ({"a_variant_of_tomorrow": 1}, "a_variant_of_tomorrow"),
        ({"peft_type": "LOHA"}, "LOHA"),
        ({"r": None}, "r is None"),
        ({"r": 8}, r"q_proj.*rank 8|rank 8"),
        ({"rank_pattern": {"q_proj": 2}}, "rank 2"),
        ({"lora_alpha": float("nan")}, "lora_alpha|not valid JSON"),
        ({"alpha_pattern": {"(": 3}}, "no regular expression"),
        ({"target_modules": "("}, "no regular expression"),
        ({"target_modules": None}, "target_modules"),
        ({"target_modules": sorted(".*qproj")}, "does not name"),
        ({"target_modules": ["q_proj"]}, "does not name"),
        ({"exclude_modules": ["q_proj"]}, "q_proj.*does not name"),
        ({"target_modules": [*ATTENTION, *MLP], "layers_to_transform": [1]}, r"layers\.0.*does not name"),
    ],
)
def test_what_is_not_base_plus_low_rank_update_is_refused_by_name(
    tmp_path: Path, base: Path, adapter: Path, config: dict[str, Any], way_out: str
) -> None:
    refused(base, changed(adapter, tmp_path / "bad", **config), adapter, tmp_path, way_out)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        (lambda held: {}, "holds no tensors.*zero3_save_16bit_model"),
        (lambda held: {name: torch.zeros(0) for name in held}, r"is empty, \(0,\).*zero3_save_16bit_model"),
        (lambda held: {name: t for name, t in held.items() if "lora_A" in name}, "lacks .*lora_B.*zero3_save"),
        (lambda held: {name: t for name, t in held.items() if "lora_B" in name}, "lacks .*lora_A.*zero3_save"),
        (lambda held: {name: t for name, t in held.items() if "layers.0" in name}, "lacks the factors of 7 of 14"),
        (lambda held: {name: t for name, t in held.items() if Q0 not in name}, "factors of 1 of 14.*layers.0.*q_proj"),
        (lambda held: {**held, f"{Q0}.lora_B.weight": torch.zeros(64)}, "shape"),
        (lambda held: {**held, f"{Q0}.lora_B.weight": torch.zeros(63, 4)}, "another base"),
        (
            lambda held: {name: torch.zeros_like(t) if "lora_B" in name else t for name, t in held.items()},
            "every update",
        ),
        (lambda held: {**held, f"{Q0}.lora_A.weight": torch.full((4, 64), torch.nan)}, f"{Q0}.lora_A.*not finite"),
        (lambda held: {**held, f"{Q0}.lora_B.weight": torch.full((64, 4), torch.inf)}, f"{Q0}.lora_B.*not finite"),
        (lambda held: {**held, "base_model.model.lm_head.weight": torch.zeros(2, 2)}, "lm_head"),
        (
            lambda held: {name.replace(".weight", ".default.weight"): t for name, t in held.items()},
            "adapter's name 'default'.*save_pretrained",
        ),
        (lambda held: {f"base_model.model.{name}": t for name, t in held.items()}, "base_model.*does not have"),
    ],
)
def test_a_file_that_is_not_whole_is_refused(
    tmp_path: Path, base: Path, adapter: Path, tensors: Callable[[Tensors], Tensors], message: str
) -> None:
    refused(base, changed(adapter, tmp_path / "bad", tensors), adapter, tmp_path, message)


def test_a_pickled_adapter_is_refused_with_the_way_to_convert_it(tmp_path: Path, base: Path, adapter: Path) -> None:
    bad = Path(shutil.copytree(adapter, tmp_path / "bad"))
    (bad / WEIGHTS_FILE).unlink()
    refused(base, bad, adapter, tmp_path, f"has no {WEIGHTS_FILE}.*not written whole")
    torch.save(load_file(adapter / WEIGHTS_FILE), bad / "adapter_model.bin")
    refused(base, bad, adapter, tmp_path, "adapter_model.bin is pickled.*safe_serialization=True")


def test_all_linear_leaves_out_what_is_excluded(tmp_path: Path, base: Path, adapter: Path) -> None:
    excluding = {"target_modules": "all-linear", "exclude_modules": ["q_proj"]}
    refused(base, changed(adapter, tmp_path / "more", **excluding), adapter, tmp_path, "q_proj.*does not name")
    without_q = changed(
        *(adapter, tmp_path / "exact", lambda held: {name: t for name, t in held.items() if "q_proj" not in name}),
        **excluding,
    )
    merge_adapter(base, without_q, tmp_path / "merged")


@pytest.mark.parametrize("alpha", [float("nan"), float("inf")])
def test_an_alpha_that_is_no_number_is_refused(tmp_path: Path, base: Path, adapter: Path, alpha: float) -> None:
    with pytest.raises(ShopBenchError, match=r"alpha is (nan|inf)"):
        merge_adapter(base, adapter, tmp_path / "out", alpha)
    assert not list(tmp_path.iterdir())


def test_an_ensemble_whose_weights_leave_nothing_is_refused(tmp_path: Path, base: Path, adapter: Path) -> None:
    with pytest.raises(ShopBenchError, match="combined update is zero"):
        combine_adapters(base, [adapter], [1e-45], tmp_path / "out")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("inside", ["", "inner"])
def test_what_goes_in_is_never_replaced(tmp_path: Path, base: Path, adapter: Path, inside: str) -> None:
    model = Path(shutil.copytree(base, tmp_path / "model" / inside))
    member = Path(shutil.copytree(adapter, tmp_path / "member" / inside))
    attempts = [
        lambda: merge_adapter(model, member, tmp_path / "model"),
        lambda: merge_adapter(model, member, tmp_path / "member"),
        lambda: interpolate_checkpoints(model, model, tmp_path / "model", 0.5),
        lambda: combine_adapters(base, [adapter, member], [1, 1], tmp_path / "member"),
        lambda: pad_model(model, tmp_path / "model", 256),
    ]
    for attempt in attempts:
        with pytest.raises(ShopBenchError, match="would replace"):
            attempt()
    assert (model / "model.safetensors").is_file() and (member / WEIGHTS_FILE).is_file()


def test_what_lies_beside_the_checkpoint_is_not_part_of_it(tmp_path: Path, base: Path, adapter: Path) -> None:
    model = Path(shutil.copytree(base, tmp_path / "model"))
    other = {"layers.0.attention.wq.weight": torch.zeros(4, 4)}
    save_file(other, model / "consolidated.safetensors", metadata={"format": "pt"})
    merge_adapter(model, adapter, tmp_path / "merged")
    assert [file.name for file in (tmp_path / "merged").glob("*.safetensors")] == ["model.safetensors"]
    interpolate_checkpoints(model, tmp_path / "merged", tmp_path / "between", 0.5)
    with pytest.raises(ShopBenchError, match=r"consolidated\.safetensors beside model\.safetensors.*another folder"):
        check_model(model)
    check_model(tmp_path / "between")


def test_a_single_nan_is_found(tmp_path: Path, base: Path, adapter: Path) -> None:
    def one_nan(held: Tensors) -> Tensors:
        held[f"{Q0}.lora_A.weight"][2, 5] = torch.nan
        return held

    bad = changed(adapter, tmp_path / "bad", one_nan)
    refused(base, bad, adapter, tmp_path, f"{Q0}.lora_A.*not finite")
    write_interpolated(base, bad, tmp_path / "model", 0.0)
    assert (tmp_path / "model" / "model.safetensors").read_bytes() == (base / "model.safetensors").read_bytes()


def test_an_update_that_does_not_fit_the_bases_type_is_named(tmp_path: Path) -> None:
    half = build_llama(tmp_path / "half", dtype="float16")
    adapter = build_adapter(half, tmp_path / "adapter", lora_alpha=4_000_000, target_modules=["q_proj"])
    with pytest.raises(ShopBenchError, match=r"layers\.0.*q_proj.*not finite.*float16 is 65,504.*bfloat16"):
        merge_adapter(half, adapter, tmp_path / "merged")
    assert {path.name for path in tmp_path.iterdir()} == {"half", "adapter"}


def test_an_update_that_rounds_away_is_refused(tmp_path: Path, adapter: Path) -> None:
    base = build_llama(tmp_path / "base")
    with pytest.raises(ShopBenchError, match=r"changes not one weight.*bfloat16"):
        merge_adapter(base, adapter, tmp_path / "merged", alpha=1e-12)
    assert {path.name for path in tmp_path.iterdir()} == {"base"}


def with_tensors(model: Path, target: Path, change: Callable[[Tensors], Tensors]) -> Path:
    shutil.copytree(model, target)
    save_file(change(load_file(model / "model.safetensors")), target / "model.safetensors", metadata={"format": "pt"})
    return target


@pytest.mark.parametrize("broken", ["base", "fine-tuned"])
def test_a_model_that_is_not_finite_is_named(tmp_path: Path, base: Path, adapter: Path, broken: str) -> None:
    def one_nan(held: Tensors) -> Tensors:
        held["model.norm.weight"][3] = torch.nan
        return held

    bad = with_tensors(base, tmp_path / "bad", one_nan)
    with pytest.raises(ShopBenchError, match=r"/bad.*model\.norm\.weight.*not finite"):
        if broken == "base":
            merge_adapter(bad, adapter, tmp_path / "out")
        else:
            interpolate_checkpoints(base, bad, tmp_path / "out", 0.5)
    assert {path.name for path in tmp_path.iterdir()} == {"bad"}
    if broken == "fine-tuned":
        write_interpolated(base, bad, tmp_path / "out", 0)
        assert (tmp_path / "out" / "model.safetensors").read_bytes() == (base / "model.safetensors").read_bytes()


def test_weights_that_are_no_numbers_are_refused(tmp_path: Path, base: Path, adapter: Path) -> None:
    for weight in (float("nan"), float("inf")):
        with pytest.raises(ShopBenchError, match="not all numbers"):
            combine_adapters(base, [adapter, adapter], [1, weight], tmp_path / "out")
    with pytest.raises(ShopBenchError, match="too large"):
        combine_adapters(base, [adapter, adapter], [1e300, 1], tmp_path / "out")
    assert not list(tmp_path.iterdir())


def test_heads_and_embeddings_that_are_tied_are_not_updated(tmp_path: Path, base: Path, adapter: Path) -> None:
    head = build_adapter(base, tmp_path / "head", target_modules=["q_proj", "lm_head"])
    refused(
        base,
        head,
        adapter,
        tmp_path,
        r"lm_head.*no LoRA weight of a linear layer.*linear layers alone.*save_embedding_layers=False",
    )
    # As PEFT writes it with save_embedding_layers=False.
    head = changed(head, tmp_path / "bare", lambda held: {name: t for name, t in held.items() if ".lora_" in name})
    refused(base, head, adapter, tmp_path, r"lm_head, which .* ties")
    stored = with_tensors(base, tmp_path / "stored", lambda held: {**held, HEAD: held[EMBEDDING].clone()})
    with pytest.raises(ShopBenchError, match=r"lm_head, which .* ties"):
        merge_adapter(stored, head, tmp_path / "out")
    embedding = build_adapter(base, tmp_path / "embedding", target_modules=["q_proj", "embed_tokens"])
    refused(base, embedding, adapter, tmp_path, "embed_tokens.*no LoRA weight of a linear layer")


EMBEDDING, HEAD = "model.embed_tokens.weight", "lm_head.weight"


@pytest.mark.parametrize("shard", ["5GB", "40KB"])
@pytest.mark.parametrize("storing", ["base", "fine-tuned", "both"])
def test_a_tied_head_that_one_model_also_stores_is_left_out(tmp_path: Path, shard: str, storing: str) -> None:
    models = {
        name: build_llama(tmp_path / name, dtype="float32", seed=seed, shard=shard)
        for seed, name in enumerate(("base", "fine-tuned"))
    }
    for name in models if storing == "both" else [storing]:
        store_head(models[name])
    interpolate_checkpoints(models["base"], models["fine-tuned"], tmp_path / "out", 0.25)
    start, end, found = (CheckpointReader(folder) for folder in (*models.values(), tmp_path / "out"))
    assert (HEAD in found.names) == (storing == "both")
    expected = torch.lerp(start.tensor(EMBEDDING), end.tensor(EMBEDDING), 0.25)
    torch.testing.assert_close(found.tensor(EMBEDDING), expected)
    model = load(tmp_path / "out")
    torch.testing.assert_close(model.lm_head.weight.data, expected)
    if (tmp_path / "out" / INDEX_FILE).is_file():
        index = json.loads((tmp_path / "out" / INDEX_FILE).read_text())
        assert index["weight_map"].keys() == found.names
        if storing == "base":
            assert index["metadata"]["total_size"] == sum(found.tensor(name).nbytes for name in found.names)


def store_head(model: Path, factor: float = 1.0) -> None:
    """Store the embedding again as the head, in a shard of its own where there are several."""
    index = model / INDEX_FILE
    if not index.is_file():
        held = load_file(model / "model.safetensors")
        save_file({**held, HEAD: held[EMBEDDING] * factor}, model / "model.safetensors", metadata={"format": "pt"})
        return
    head = CheckpointReader(model).tensor(EMBEDDING) * factor
    save_file({HEAD: head}, model / "model-head.safetensors", metadata={"format": "pt"})
    content = json.loads(index.read_text())
    content["weight_map"][HEAD] = "model-head.safetensors"
    index.write_text(json.dumps(content))


def with_config(model: Path, target: Path, **config: Any) -> Path:
    shutil.copytree(model, target)
    written = json.loads((target / "config.json").read_text())
    (target / "config.json").write_text(json.dumps({**written, **config}))
    return target


def test_a_tied_model_never_gets_a_head_of_its_own(tmp_path: Path, base: Path, adapter: Path) -> None:
    tied, untied = (
        shutil.copytree(base, tmp_path / "tied"),
        with_config(base, tmp_path / "untied", tie_word_embeddings=False),
    )
    store_head(tied)
    store_head(untied, factor=2.0)
    with pytest.raises(ShopBenchError, match=r"only .*/untied has a head.*do not match"):
        interpolate_checkpoints(tied, untied, tmp_path / "out", 0.5)
    interpolate_checkpoints(untied, tied, tmp_path / "out", 0.5)
    # vLLM takes the embedding for the head of such a model, transformers the head.
    split = with_config(untied, tmp_path / "split", tie_word_embeddings=True)
    for pair in ((split, tied), (tied, split), (untied, split), (split, untied)):
        with pytest.raises(ShopBenchError, match=r"/split ties its head.*stores another.*tie_word_embeddings"):
            interpolate_checkpoints(*pair, tmp_path / "none", 0.5)
    attempts = [
        lambda: merge_adapter(split, adapter, tmp_path / "none"),
        lambda: pad_model(split, tmp_path / "none", 256),
        lambda: stage(split, tmp_path / "none", 32, 1),
    ]
    for attempt in attempts:
        with pytest.raises(ShopBenchError, match=r"/split ties its head.*stores another"):
            attempt()
    assert not (tmp_path / "none").exists()
    model, end = load(tmp_path / "out"), load(base)
    expected = 1.5 * end.model.embed_tokens.weight
    torch.testing.assert_close(model.lm_head.weight.data, expected.data)


def test_another_head_does_not_match(tmp_path: Path, base: Path) -> None:
    other = shutil.copytree(base, tmp_path / "other")
    store_head(other, factor=2.0)
    for pair in ((base, other), (other, base)):
        with pytest.raises(ShopBenchError, match=r"other has a head.*do not match"):
            interpolate_checkpoints(*pair, tmp_path / "out", 0.5)


@pytest.mark.parametrize("init", ["pissa", "olora"])
def test_the_way_out_of_a_changed_base_leads_to_the_trained_model(tmp_path: Path, base: Path, init: str) -> None:
    settings = {"r": 4, "lora_alpha": 4, "target_modules": ["q_proj", "up_proj"], "init_lora_weights": init}
    model = get_peft_model(load(base), LoraConfig(task_type="CAUSAL_LM", **settings))
    model.peft_config["default"].init_lora_weights = True
    model.save_pretrained(tmp_path / "initial")
    model.peft_config["default"].init_lora_weights = init
    generator = torch.Generator().manual_seed(5)
    for name, parameter in model.named_parameters():
        if "lora_" in name:
            parameter.data += torch.randn(parameter.shape, generator=generator) * 0.1
    model.save_pretrained(tmp_path / "trained")
    with pytest.raises(ShopBenchError, match=init):
        merge_adapter(base, tmp_path / "trained", tmp_path / "merged")
    model.save_pretrained(tmp_path / "plain", path_initial_model_for_weight_conversion=str(tmp_path / "initial"))
    merge_adapter(base, tmp_path / "plain", tmp_path / "merged")
    expected = dict(model.merge_and_unload().named_parameters())
    for name, ours in load(tmp_path / "merged").named_parameters():
        torch.testing.assert_close(ours, expected[name], rtol=1e-3, atol=1e-4, msg=name)


@pytest.mark.parametrize(
    "settings",
    [
        {"init_lora_weights": "gaussian"},
        {"init_lora_weights": "orthogonal"},
        {"init_lora_weights": "mica"},
        {"target_modules": r".*\.(q|down)_proj"},
        {"target_modules": ["q_proj", "up_proj"], "layers_to_transform": 1},
        {"target_modules": ["q_proj", "up_proj"], "layers_to_transform": [0], "layers_pattern": "layers"},
        {"exclude_modules": r".*layers\.0\..*"},
        {"use_rslora": True, "rank_pattern": {r"layers\.1\..*_proj": 2}, "alpha_pattern": {r".*\.mlp\.up_proj": 3}},
        {"rank_pattern": {"^model.layers.0.mlp.up_proj": 6}},
    ],
)
def test_what_is_kept_is_what_peft_merges(tmp_path: Path, base: Path, settings: dict[str, Any]) -> None:
    adapter = build_adapter(base, tmp_path / "adapter", **settings)
    merge_adapter(base, adapter, tmp_path / "merged")
    expected = dict(PeftModel.from_pretrained(load(base), adapter).merge_and_unload().named_parameters())
    for name, ours in load(tmp_path / "merged").named_parameters():
        torch.testing.assert_close(ours, expected[name], rtol=1e-4, atol=1e-5, msg=name)
    assert LoraUpdate(adapter).names
