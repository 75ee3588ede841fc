"""Whose licence lets everybody use what is made of a source, which sources are left out, and which state of a hub set is read."""

import json
from pathlib import Path
from typing import Any

import pytest

from submission.errors import ShopBenchError
from training import build_dataset
from training.data.building import build
from training.data.licences import is_permissive
from training.data.recipe import DataRecipe
from training.data.sources import open_source
from training.data.sources.reading import is_on_hub
from training.data.wanted import wanted_tasks
from training.recipe import load_recipe

ROOT = Path(__file__).parent.parent.parent
FIXTURES = ROOT / "training" / "recipes" / "data_fixtures.yaml"
FULL = FIXTURES.with_name("data_shopbench.yaml")
PERMISSIVE = {"esci", "ecinstruct", "mmlu", "knowledge"}


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.mark.parametrize(
    "licence",
    ["MIT", "mit", "Apache-2.0", "apache 2.0", "CC BY 4.0", "cc-by-4.0", "CC0 1.0", "CC0-1.0", "BSD-3-Clause", "ODC-By-1.0",
     "ISC", "CDLA-Permissive-2.0", "Unlicense"],
)  # fmt: skip
def test_licences_that_ask_for_a_mention_only(licence: str) -> None:
    assert is_permissive(licence)


@pytest.mark.parametrize(
    "licence",
    ["check", "", "CC BY-NC 4.0", "cc-by-nc-4.0", "CC BY-SA 4.0", "CC BY-ND 4.0", "GPL-3.0", "AGPL-3.0-only", "unknown", "other",
     "proprietary", "MIT, data: check", "not MIT", "llama3", "OpenRAIL"],
)  # fmt: skip
def test_all_other_licences(licence: str) -> None:
    assert not is_permissive(licence)


def test_sources_have_the_licences_of_their_publishers(tmp_path: Path) -> None:
    full = load_recipe(FULL, [], DataRecipe).open_sources()
    assert {name: source.licence for name, source in full.items()} == {
        "esci": "Apache-2.0",
        "amazon_m2": "check",
        "amazon_reviews": "check",
        "ecinstruct": "CC BY 4.0",
        "mmlu": "MIT",
        "alpaca": "CC BY-NC 4.0",
        "knowledge": "Apache-2.0",
    }
    # The recipe has the last word, about ready-made questions the only one.
    files = {"files": [{"path": "x.jsonl", "task": "t", "track": 1}]}
    assert open_source("shopbench", files, tmp_path).licence == "check"
    assert open_source("shopbench", {**files, "licence": "Apache-2.0"}, tmp_path).licence == "Apache-2.0"
    with pytest.raises(ShopBenchError, match="source mmlu: licence must be a text, not None"):
        open_source("mmlu", {"questions": "x", "licence": None}, tmp_path)


def test_permissive_leaves_the_others_out_and_the_card_says_which(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "dataset"
    build_dataset.main(
        [
            "--recipe",
            str(FIXTURES),
            "--licences",
            "permissive",
            "--set",
            f"output={output}",
            "examples=200",
            "workers=1",
        ]
    )
    rows = [json.loads(line) for file in (output / "data").iterdir() for line in file.read_text().splitlines()]
    assert {row["source"] for row in rows} == PERMISSIVE
    report = json.loads((output / "build.json").read_text())
    assert set(report["licences"]) == PERMISSIVE and report["recipe"]["licences"] == "permissive"
    card = (output / "README.md").read_text()
    counts = {name: sum(row["source"] == name for row in rows) for name in PERMISSIVE}
    assert f"| ecinstruct | {counts['ecinstruct']} | CC BY 4.0 |" in card.splitlines()
    assert "amazon_m2 (check), amazon_reviews (check), alpaca (CC BY-NC 4.0)" in card


def test_all_sources_stand_in_the_card_with_their_licence(tmp_path: Path) -> None:
    weights = {"general_instruction": 1, "general_knowledge": 1, "review_rating": 1}
    values = [f"output={tmp_path / 'dataset'}", "examples=30", "workers=1", "default_weight=0", f"weights={weights}"]
    made = load_recipe(FIXTURES, values, DataRecipe)
    build(made)
    card = (made.output / "README.md").read_text()
    assert "| source | examples | licence |" in card and "Left out" not in card
    for line in ("| alpaca | 10 | CC BY-NC 4.0 |", "| amazon_reviews | 10 | check |", "| mmlu | 10 | MIT |"):
        assert line in card


def test_the_weights_of_tasks_that_are_left_out_are_no_mistake() -> None:
    made = load_recipe(FULL, ["licences=permissive"], DataRecipe)
    tasks = wanted_tasks(made, made.open_sources())
    assert "query_product_ranking" in tasks and not {"also_bought", "general_instruction"} & set(tasks)
    with pytest.raises(ShopBenchError, match="names the task 'also_baught'"):
        wrong = load_recipe(FULL, ["licences=permissive", "weights.also_baught=2"], DataRecipe)
        wanted_tasks(wrong, wrong.open_sources())


def test_nothing_left_is_an_error_that_names_the_licences(tmp_path: Path) -> None:
    made = load_recipe(FIXTURES, ["licences=permissive"], DataRecipe)
    made = made.model_copy(
        update={"sources": {"alpaca": made.sources["alpaca"], "amazon_m2": made.sources["amazon_m2"]}}
    )
    with pytest.raises(ShopBenchError, match=r"permissive licence: alpaca \(CC BY-NC 4.0\), amazon_m2 \(check\)"):
        made.open_sources()


def test_hub_sets_have_a_revision_that_can_be_overridden(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = load_recipe(FULL, [], DataRecipe)
    for name, source in made.open_sources().items():
        if any(map(is_on_hub, source.locations())):
            assert "revision" in (made.sources[name] or {}) and source.unpinned()
        else:
            assert not source.unpinned(), "files as published have no revision"
    commit = "0123456789abcdef" * 2 + "01234567"
    pinned = load_recipe(FULL, [f"sources.mmlu.revision={commit}"], DataRecipe).open_sources()["mmlu"]
    assert pinned.revision == commit and not pinned.unpinned()
    asked: list[Any] = []

    # The hub is out of reach: what would be asked of it is looked at.
    def load_dataset(*arguments: Any, **options: Any) -> Any:
        asked.append((arguments, options["revision"], options["split"]))
        raise OSError("out of reach")

    monkeypatch.setattr("datasets.load_dataset", load_dataset)
    with pytest.raises(ShopBenchError, match="cais/mmlu:all cannot be read"):
        next(pinned.units("questions"))
    assert asked == [(("cais/mmlu", "all"), commit, "auxiliary_train")]


def test_a_hub_set_that_may_change_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = load_recipe(FIXTURES, [f"output={tmp_path / 'd'}", "sources.mmlu.questions=cais/mmlu:all"], DataRecipe)
    made = made.model_copy(update={"protected": [tmp_path / "nowhere.jsonl"]})
    with pytest.raises(ShopBenchError, match="nowhere"):
        build(made)
    made = made.model_copy(update={"protected": [], "default_weight": 0.0})
    with pytest.raises(ShopBenchError, match="no task a weight"):
        build(made)
    said = capsys.readouterr().out
    assert said == (
        "mmlu: cais/mmlu:all is read from the hub at 'main', which may change: pin a commit with "
        "--set sources.mmlu.revision=…\n"
    )
