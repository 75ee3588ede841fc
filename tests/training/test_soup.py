"""The greedy soup: who is in, what is written down, and what it costs to run it again."""

import json
import subprocess
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evaluation.intervals import Interval
from submission.errors import ShopBenchError
from tests.training.lora_fixtures import questions, write_questions
from training.fine_tuning import soup, variant_scores
from training.fine_tuning.soup import Mixture, choose_members, ensemble_weights, greedy_soup
from training.recipe import Recipe, load_recipe

NAMES = ("a", "b", "c", "d")


def mixture(members: tuple[str, ...], seen: float, unseen: float) -> Mixture:
    return Mixture(members, Interval(seen, seen, seen), Interval(unseen, unseen, unseen))


def test_a_member_is_added_only_if_the_mean_of_both_scores_gains() -> None:
    scores = {
        ("a",): (0.4, 0.4),
        ("b",): (0.6, 0.4),
        ("c",): (0.3, 0.3),
        ("d",): (0.5, 0.45),
        ("b", "d"): (0.58, 0.46),  # more on unseen tasks than it loses on seen ones
        ("b", "d", "a"): (0.62, 0.42),  # no gain: the same mean
        ("b", "d", "c"): (0.7, 0.4),
    }
    best, tried = greedy_soup(NAMES, lambda members: mixture(members, *scores[members]))
    assert best.members == ("b", "d", "c")
    assert [one.members for one in tried] == list(scores)


subsets = [members for size in range(1, 5) for members in combinations(NAMES, size)]


@given(st.dictionaries(st.sampled_from(subsets), st.tuples(st.floats(0, 1), st.floats(0, 1))))
def test_a_soup_is_never_worse_than_its_best_member_on_what_chose_it(scores: dict[Any, tuple[float, float]]) -> None:
    def evaluate(members: tuple[str, ...]) -> Mixture:
        return mixture(members, *scores.get(tuple(sorted(members)), (0.5, 0.5)))

    best, tried = greedy_soup(NAMES, evaluate)
    assert best.mean == max(one.mean for one in tried) and len(tried) == 7


@pytest.fixture
def recipe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    """A recipe of three adapters, of whose means the one with `first` and `third` answers best."""

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        at = next(place for place, part in enumerate(command) if part.endswith("local_evaluation.py"))
        arguments = dict(zip(command[at + 1 :: 2], command[at + 2 :: 2], strict=False))
        output = Path(arguments["--output"])
        right = {"first": 5, "first+third": 9, "first+third+second": 7}.get(output.name, 3)
        rows = [json.loads(line) for line in Path(arguments["--data"]).read_text().splitlines()]
        scored = [{**row, "score": float(number % 10 < right)} for number, row in enumerate(rows)]
        write_questions(output / "predictions.jsonl", scored)
        (output / "report.json").write_text("{}")
        return subprocess.CompletedProcess(command, 0, "")

    def combine(base: Path, adapters: list[Path], weights: list[float], output: Path, combination: str) -> None:
        output.mkdir()
        (output / "weights").write_text(str(weights))

    monkeypatch.setattr(subprocess, "run", run)
    monkeypatch.setattr(soup, "combine_adapters", combine)
    monkeypatch.setattr(variant_scores, "write_interpolated", lambda base, fine_tuned, folder, alpha: folder.mkdir())
    (tmp_path / "base").mkdir()
    for kind in ("seen", "unseen"):
        write_questions(tmp_path / f"validation_{kind}.jsonl", questions("choice", 20))
    same = {"trained_on": "all", "weight": 0.3}
    overrides = [
        f"base_model={tmp_path / 'base'}",
        f"output={tmp_path / 'run'}",
        f"data.validation_seen={tmp_path / 'validation_seen.jsonl'}",
        f"data.validation_unseen={tmp_path / 'validation_unseen.jsonl'}",
        "ensemble.weights=soup",
        *(f"adapters.{name}=null" for name in ("mixture", "numbers", "text")),
        *(f"adapters.{name}={json.dumps(same)}" for name in ("first", "second", "third")),
    ]
    return load_recipe(Path("training/recipes/cpu_demo.yaml"), overrides, Recipe)


def test_the_choice_is_written_down_with_all_that_was_tried(recipe: Recipe) -> None:
    with pytest.raises(ShopBenchError, match=r"not chosen yet: there is no .*soup\.json; run training\.pipeline"):
        ensemble_weights(recipe)
    choose_members(recipe)
    # Second and third alone are equal, so the first named of them comes first: with `first` it scores no more than that alone.
    found = json.loads((recipe.output / "soup" / "soup.json").read_text())
    assert found["weights"] == {"first": 0.5, "second": 0.0, "third": 0.5}
    assert [one["members"] for one in found["tried"]] == [
        ["first"],
        ["second"],
        ["third"],
        ["first", "second"],
        ["first", "third"],
    ]
    assert found["tried"][-1]["seen"]["score"] == 0.9
    assert ensemble_weights(recipe) == [0.5, 0.0, 0.5]
    assert not list((recipe.output / "soup").glob("*.adapter"))


def test_what_was_asked_is_not_asked_again(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    choose_members(recipe)
    before = (recipe.output / "soup" / "soup.json").read_bytes()
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: pytest.fail("asked again"))
    choose_members(recipe)
    assert (recipe.output / "soup" / "soup.json").read_bytes() == before


def test_the_own_track_alone_chooses_where_that_is_wanted(recipe: Recipe, tmp_path: Path) -> None:
    tracks = {"choice": "understanding-shopping-concepts", "retrieval": "shopping-knowledge-reasoning"}
    rows = [
        {**row, "track": f"amazon-kdd-cup-24-{track}"} for task, track in tracks.items() for row in questions(task, 10)
    ]
    write_questions(recipe.data.validation_seen, rows)
    own = recipe.model_copy(update={"track": 2, "ensemble": recipe.ensemble.model_copy(update={"own_track": True})})
    choose_members(own)
    asked = [json.loads(line) for line in (own.output / "soup" / "questions.jsonl").read_text().splitlines()]
    # Ten of the own track, and the twenty unseen ones, which name none.
    assert {row["task_name"] for row in asked} == {"seen/retrieval", "unseen/choice"} and len(asked) == 30
    with pytest.raises(ShopBenchError, match=r"no questions of track 3: set ensemble\.own_track to false"):
        choose_members(own.model_copy(update={"track": 3}))


def test_weights_as_written_stay_what_they_are() -> None:
    recipe = load_recipe(Path("training/recipes/cpu_demo.yaml"), [], Recipe)
    assert ensemble_weights(recipe) == [0.6, 0.4, 0.4]
