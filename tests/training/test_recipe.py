"""Recipes: all that ship can be read, every value can be overridden, every fault is named by its key."""

import re
from pathlib import Path

import pytest
import yaml
from accelerate import DistributedType
from accelerate.commands.config.config_args import load_config_from_file

from submission.errors import ShopBenchError
from submission.model_folder import ROOT
from training.awq.padding import check_after_padding
from training.data.recipe import DataRecipe
from training.data.synthetic.synthesis import SynthesisRecipe
from training.data.tasks import TASKS
from training.recipe import Recipe, RecipeSection, load_recipe

RECIPES = ROOT / "training" / "recipes"
DEMO = RECIPES / "cpu_demo.yaml"


@pytest.mark.parametrize(
    "file",
    [
        DEMO,
        *map(
            DEMO.with_name,
            ("tiny.yaml", "qwen_small.yaml", "qwen_demo.yaml", "qwen_demo_questions.yaml", "ensemble_demo.yaml"),
        ),
        *sorted(RECIPES.glob("track*.yaml")),
    ],
    ids=lambda file: file.stem,
)
def test_recipes_that_ship_are_whole(file: Path) -> None:
    recipe = load_recipe(file, [], Recipe)
    assert recipe.name == file.stem
    for name, adapter in recipe.adapters.items():
        assert recipe.sft_of(name).learning_rate > 0 and adapter.trained_on
    if file.stem.startswith("track"):
        assert len(recipe.adapters) == 4 and recipe.track == int(file.stem[-1])
        assert recipe.accelerate_config is not None and (ROOT / recipe.accelerate_config).is_file()
        assert recipe.wise_ft.alpha is not None
        assert {task for adapter in recipe.adapters.values() for task in adapter.tasks} <= TASKS.keys()
        assert sum(adapter.weight for adapter in recipe.adapters.values()) == pytest.approx(1)


def test_every_number_of_a_track_says_where_it_is_from() -> None:
    shared = (RECIPES / "qwen2_72b.yaml").read_text().partition("\nsft:\n")[2].partition("\ncombination:")[0]
    for line in [*shared.splitlines(), *(line for n in range(1, 6) for line in _weights(n))]:
        assert line == "  lora:" or re.search(r"# \[(ours|source)\]", line), line


def _weights(track: int) -> list[str]:
    lines = (RECIPES / f"track{track}.yaml").read_text().splitlines()
    found = [line for line in lines if line.startswith("    weight:")]
    assert len(found) == 4
    return found


# What decides how Qwen2.5-0.5B divides over cards, as its config.json says it.
HALF_BILLION = {
    "hidden_size": 896,
    "num_attention_heads": 14,
    "num_key_value_heads": 2,
    "intermediate_size": 4864,
    "vocab_size": 151_936,
}


def test_the_small_qwen_has_four_adapters_a_mean_of_them_and_groups_that_two_cards_share() -> None:
    recipe = load_recipe(RECIPES / "qwen_small.yaml", [], Recipe)
    assert len(recipe.adapters) == 4
    assert sum(adapter.weight for adapter in recipe.adapters.values()) == pytest.approx(1)
    assert {task for adapter in recipe.adapters.values() for task in adapter.emphasis} <= TASKS.keys()
    # Nobody is a specialist, and no two are the same.
    assert not any(adapter.tasks for adapter in recipe.adapters.values()) and recipe.ensemble.weights == "soup"
    assert len({recipe.seed_of(name) for name in recipe.adapters}) == 4
    assert recipe.awq is not None and recipe.awq.group_size is not None
    assert (recipe.awq.group_size, recipe.awq.tensor_parallel) == (64, 2)
    check_after_padding(HALF_BILLION, recipe.awq.group_size, recipe.awq.tensor_parallel)
    with pytest.raises(ShopBenchError, match="Groups of 64 would do"):
        check_after_padding(HALF_BILLION, 128, recipe.awq.tensor_parallel)


def test_the_small_qwen_sees_the_mixture_of_the_large_one() -> None:
    small, large = (load_recipe(RECIPES / f"data_{name}.yaml", [], DataRecipe) for name in ("qwen_small", "shopbench"))
    assert small.weights == large.weights and small.sources.keys() == large.sources.keys()
    assert small.held_out is not None and large.held_out is not None
    assert {*small.held_out.unseen_tasks} == {*large.held_out.unseen_tasks, "general_knowledge"}
    recipe = load_recipe(RECIPES / "qwen_small.yaml", [], Recipe)
    assert recipe.data.train == small.output / "data"
    assert {recipe.data.validation_seen, recipe.data.test_unseen} <= set(small.held_out.files)
    trained_on = {task for adapter in recipe.adapters.values() for task in adapter.emphasis}
    assert not trained_on & set(small.held_out.unseen_tasks)


def test_overrides_reach_every_level() -> None:
    adapter = next(iter(load_recipe(DEMO, [], Recipe).adapters))
    overrides = ["sft.learning_rate=1e-4", "sft.lora.rank=8", f"adapters.{adapter}.sft.epochs=5", "output=elsewhere"]
    overrides += ["wise_ft.sweep=0:1:0.5", "wise_ft.alpha=null"]
    recipe = load_recipe(DEMO, overrides, Recipe)
    assert recipe.sft.learning_rate == 1e-4 and recipe.sft.lora.rank == 8
    assert recipe.sft_of(adapter).epochs == 5 and recipe.sft_of(adapter).lora.rank == 8
    assert recipe.wise_ft.sweep == "0:1:0.5" and recipe.wise_ft.alpha is None
    assert recipe.data.train == Path("elsewhere/data/train.jsonl")


def test_the_output_folder_is_put_into_the_paths_of_every_section() -> None:
    overrides = [
        "output=elsewhere",
        "compare.results={output}/results.md",
        "awq.held_out={output}/data/test_seen.jsonl",
    ]
    recipe = load_recipe(DEMO, overrides, Recipe)
    assert recipe.compare is not None and recipe.compare.results == Path("elsewhere/results.md")
    assert recipe.awq is not None and recipe.awq.held_out == Path("elsewhere/data/test_seen.jsonl")


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("sft.learning_rte=1e-4", "sft.learning_rte: Extra inputs are not permitted"),
        ("sft.learning_rte=1e-4", "did you mean learning_rate?"),
        ("Sft.epochs=1", "Sft: Extra inputs are not permitted: did you mean sft?"),
        ("sft.lora.rnk=1", "sft.lora.rnk: Extra inputs are not permitted: did you mean rank?"),
        ("adapters.mixture.weigth=1", "adapters.mixture.weigth: Extra inputs are not permitted: did you mean weight?"),
        (
            "adapters.mixture.sft.lora.rnk=1",
            "adapters.mixture.sft.lora.rnk: Extra inputs are not permitted: did you mean",
        ),
        ("adapters.mixture.sft.batch_size=7", "  adapters.mixture.sft: batch_size must be a multiple of"),
        ("compare.breif=1", "compare.breif: Extra inputs are not permitted: did you mean brief?"),
        ("compare.zzz=1", "compare.zzz: Extra inputs are not permitted: there are development, results, brief"),
        ("sft.learning_rate=fast", "sft.learning_rate: Input should be a valid number"),
        ("sft.learning_rate=-1", "sft.learning_rate: Input should be greater than 0"),
        ("combination=sum", "combination"),
        ("adapters.new.weight=1", "adapters.new.trained_on: Field required"),
        ("adapters=1", "adapters: Input should be a valid dictionary"),
        ("sft", "write key.key=value"),
    ],
)
def test_faults_are_named_by_their_key(override: str, message: str) -> None:
    with pytest.raises(ShopBenchError) as fault:
        load_recipe(DEMO, [override], Recipe)
    assert message in str(fault.value)


@pytest.mark.parametrize("file", sorted((ROOT / "training" / "accelerate").glob("*.yaml")), ids=lambda file: file.stem)
def test_accelerate_reads_its_configurations(file: Path) -> None:
    config = load_config_from_file(str(file))
    assert config.distributed_type is DistributedType.DEEPSPEED and config.deepspeed_config["zero_stage"] == 3
    # Every process takes as many questions, whatever the number of machines.
    batch_size = load_recipe(RECIPES / "track1.yaml", [], Recipe).sft.batch_size
    assert batch_size % config.num_processes == 0


def test_files_that_are_no_recipe(tmp_path: Path) -> None:
    with pytest.raises(ShopBenchError, match="no recipe"):
        load_recipe(tmp_path / "none.yaml", [], Recipe)
    with pytest.raises(ShopBenchError, match=r"no recipe .*/cpu_dem\.yaml: did you mean cpu_demo\.yaml\?$"):
        load_recipe(RECIPES / "cpu_dem.yaml", [], Recipe)
    for content, message in (("a: [", "not valid YAML"), ("text", "no settings"), ("a: 1", "name: Field required")):
        (tmp_path / "recipe.yaml").write_text(content)
        with pytest.raises(ShopBenchError, match=message):
            load_recipe(tmp_path / "recipe.yaml", [], Recipe)


OUTSIDE = ["../../x", "a/b", "/etc", "..", ".", "", "a\\b", ".hidden", "two words", "a\nb", "a\x00b"]


@pytest.mark.parametrize("name", OUTSIDE)
def test_names_that_become_files_and_folders_lead_nowhere_else(tmp_path: Path, name: str) -> None:
    settings = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    for fault, changed in [
        (f"adapters.{name}", {**settings, "adapters": {name: next(iter(settings["adapters"].values()))}}),
        ("name", {**settings, "name": name}),
    ]:
        (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(changed), encoding="utf-8")
        with pytest.raises(ShopBenchError, match="becomes the name of a file or a folder") as raised:
            load_recipe(tmp_path / "recipe.yaml", [], Recipe)
        assert f"  {fault}" in str(raised.value)


@pytest.mark.parametrize("name", ["mixture", "track_1", "r-16", "überblick", "7"])
def test_plain_names_are_taken(tmp_path: Path, name: str) -> None:
    settings = yaml.safe_load(DEMO.read_text(encoding="utf-8"))
    settings["adapters"] = {name: next(iter(settings["adapters"].values()))}
    (tmp_path / "recipe.yaml").write_text(yaml.safe_dump(settings), encoding="utf-8")
    recipe = load_recipe(tmp_path / "recipe.yaml", [], Recipe)
    assert recipe.adapter_folder(name).parent == recipe.output / "adapters"


@pytest.mark.parametrize("parent", ["../cpu_demo.yaml", "/etc/cpu_demo.yaml", "..", ["cpu_demo.yaml"], 3])
def test_a_recipe_extends_one_beside_it(tmp_path: Path, parent: object) -> None:
    (tmp_path / "inner").mkdir()
    (tmp_path / "cpu_demo.yaml").write_text(DEMO.read_text(encoding="utf-8"), encoding="utf-8")
    recipe = tmp_path / "inner" / "recipe.yaml"
    recipe.write_text(yaml.safe_dump({"extends": parent}), encoding="utf-8")
    with pytest.raises(ShopBenchError, match=r"recipe\.yaml: extends .* is not the name of a recipe beside it"):
        load_recipe(recipe, [], Recipe)


def test_recipes_that_extend_each_other_are_named(tmp_path: Path) -> None:
    (tmp_path / "one.yaml").write_text("extends: two.yaml", encoding="utf-8")
    (tmp_path / "two.yaml").write_text("extends: one.yaml", encoding="utf-8")
    with pytest.raises(ShopBenchError, match=r"one\.yaml extends itself, by way of one\.yaml, two\.yaml"):
        load_recipe(tmp_path / "one.yaml", [], Recipe)


@pytest.mark.parametrize(
    ("content", "message"), [(None, "cannot be read: Is a directory"), (b"name: \xff", "is not valid YAML: .*utf-8")]
)
def test_what_is_no_text_is_one_clear_error(tmp_path: Path, content: bytes | None, message: str) -> None:
    recipe = tmp_path / "recipe.yaml"
    if content is None:
        recipe.mkdir()
    else:
        recipe.write_bytes(content)
    with pytest.raises(ShopBenchError, match=rf"recipe\.yaml {message}"):
        load_recipe(recipe, [], Recipe)


def test_an_override_that_is_no_yaml_is_named() -> None:
    with pytest.raises(ShopBenchError, match=r"--set sft\.epochs=\[1: the value is not valid YAML"):
        load_recipe(DEMO, ["sft.epochs=[1"], Recipe)


@pytest.mark.parametrize(
    ("file", "kind"), [("data_fixtures.yaml", DataRecipe), ("synthesize_local.yaml", SynthesisRecipe)]
)
def test_names_and_sources_of_data_recipes_stay_in_their_folders(file: str, kind: type[RecipeSection]) -> None:
    for override, fault in [("name=../out", "name: "), ('sources={"../esci": {}}', "sources.../esci")]:
        with pytest.raises(ShopBenchError, match="becomes the name of a file or a folder") as raised:
            load_recipe(DEMO.with_name(file), [override], kind)
        assert f"  {fault}" in str(raised.value)


def test_a_recipe_of_another_kind_is_refused_in_a_few_lines() -> None:
    with pytest.raises(ShopBenchError) as refused:
        load_recipe(Path("training/recipes/cpu_demo.yaml"), [], DataRecipe)
    lines = str(refused.value).splitlines()
    assert "  sft: Extra inputs are not permitted" in lines
    assert [": there are " in line for line in lines].count(True) == 1 and ": there are name, output" in lines[-1]
