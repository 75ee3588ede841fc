"""Scores with intervals, and the section of the results that they are written into."""

import json
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from evaluation.metrics import aggregate
from evaluation.row_scores import difference, difference_over_tasks, interval, overall_score, task_scores
from submission.tracks import track_by_number
from tests.training.lora_fixtures import questions, samples, write_questions
from training import compare
from training.fine_tuning import variant_scores
from training.fine_tuning.tables import write_marked_section
from training.fine_tuning.variant_scores import read_sets, write_sets


def predictions(
    task: str, scores: list[Any], metric: str = "accuracy", track: str | None = None
) -> list[dict[str, Any]]:
    return [{"task_name": task, "metric": metric, "track": track, "score": score} for score in scores]


COUNTS = [{"tp": 1, "fp": 0, "fn": 2}, {"tp": 2, "fp": 1, "fn": 0}]


def test_scores_are_those_of_the_evaluation() -> None:
    rows = predictions("a", [1, 0, 1, 1]) + predictions("b", COUNTS, "micro f1") + predictions("c", [None])
    assert task_scores(rows) == {"a": 0.75, "b": pytest.approx(6 / 9)}
    assert overall_score(rows) == pytest.approx((0.75 + 6 / 9) / 2)
    assert aggregate("accuracy", [1, 0, 1, 1]) == 0.75


def test_overall_is_the_mean_over_tracks_of_the_mean_over_tasks() -> None:
    rows = (
        predictions("a", [1, 1], track="one") + predictions("b", [0], track="one") + predictions("c", [1], track="two")
    )
    assert overall_score(rows) == 0.75


def test_interval_holds_the_score_and_narrows_with_more_questions() -> None:
    few, many = interval(predictions("a", [0, 1] * 10)), interval(predictions("a", [0, 1] * 1000))
    assert few.low < few.score == many.score == 0.5 < few.high
    # 1.96 standard errors of 20 and of 2,000 coin tosses.
    assert few.high - few.low == pytest.approx(2 * 1.96 * 0.5 / 20**0.5, rel=0.2)
    assert many.high - many.low == pytest.approx(2 * 1.96 * 0.5 / 2000**0.5, rel=0.2)


def test_differences_are_paired() -> None:
    reference = predictions("a", [0, 1] * 50)
    better = predictions("a", [0.1, 1.0] * 50)
    found = difference(better, reference)
    assert found.score == pytest.approx(0.05)
    # Far narrower than two independent intervals of ± 0.1.
    assert 0 < found.low <= found.score <= found.high < 0.07
    assert difference(reference, reference).low == difference(reference, reference).high == 0


def test_other_tasks_would_give_a_wider_interval() -> None:
    reference = predictions("a", [0, 1] * 50) + predictions("b", [0, 1] * 50)
    better = predictions("a", [1, 1] * 50) + predictions("b", [0, 1] * 50)
    one, wider = difference(better, reference), difference_over_tasks(better, reference)
    assert one.score == wider.score == 0.25
    # Both tasks drawn are `b` in a quarter of the resamples, and then nothing is gained; both are `a` as often.
    assert wider.low == pytest.approx(0, abs=0.01) and wider.high == pytest.approx(0.5, abs=0.1)
    assert wider.low < one.low and one.high < wider.high
    # A single task cannot be drawn any other way.
    one, alone = difference(better[:100], reference[:100]), difference_over_tasks(better[:100], reference[:100])
    assert (alone.low, alone.high) == pytest.approx((one.low, one.high), abs=0.02)


def test_sets_travel_in_one_file(tmp_path: Path) -> None:
    first, second, third = samples("choice", 3)
    sets = {"seen": [replace(first, task_name="a/b")], "unseen": [second, replace(third, task_name="d")]}
    write_sets(sets, tmp_path / "all.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert read_sets(rows) == {name: [sample.row() for sample in found] for name, found in sets.items()}


def test_held_out_sets_are_means_over_tasks_whatever_their_tracks(tmp_path: Path) -> None:
    tracks = [track_by_number(1), None]
    of_tracks = [replace(one, track=track) for one, track in zip(samples("choice", 2), tracks, strict=True)]
    write_sets({"development": of_tracks, "unseen": of_tracks}, tmp_path / "all.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    kept = {name: [row.get("track") for row in found] for name, found in read_sets(rows).items()}
    assert kept == {"development": [tracks[0].challenge_id, None], "unseen": [None, None]}


def test_section_is_replaced_and_the_rest_stays(tmp_path: Path) -> None:
    file = tmp_path / "results.md"
    write_marked_section(file, "one", "first")
    file.write_text(file.read_text() + "\nWritten by hand.\n")
    write_marked_section(file, "two", "second")
    write_marked_section(file, "one", "changed")
    text = file.read_text()
    assert text.startswith("# Results\n") and "first" not in text
    assert text.index("changed") < text.index("Written by hand.") < text.index("second")
    write_marked_section(file, "one", "changed")
    assert file.read_text() == text


@pytest.fixture
def evaluations(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Stand in for `local_evaluation.py` with answers that are right where constrained, twice as often calibrated.

    The list gets the switches of every run: constraints, calibration.
    """
    runs: list[tuple[str, str]] = []

    def run(command: list[str], env: dict[str, str], **_: Any) -> subprocess.CompletedProcess[str]:
        at = next(place for place, part in enumerate(command) if part.endswith("local_evaluation.py"))
        assert Path(command[at]).is_file()
        arguments = dict(zip(command[at + 1 :: 2], command[at + 2 :: 2], strict=False))
        assert "SHOPBENCH_ADAPTER" not in env
        constraints, calibration = env["SHOPBENCH_CONSTRAINTS"], env.get("SHOPBENCH_CALIBRATION", "on")
        runs.append((constraints, calibration))
        every = {("on", "on"): 1, ("on", "off"): 2}.get((constraints, calibration), 1000)
        rows = [json.loads(line) for line in Path(arguments["--data"]).read_text().splitlines()]
        scored = [
            {"task_name": row["task_name"], "metric": row["metric"], "track": None, "score": float(number % every == 0)}
            for number, row in enumerate(rows)
        ]
        output = Path(arguments["--output"])
        write_questions(output / "predictions.jsonl", scored)
        (output / "report.json").write_text("{}")
        return subprocess.CompletedProcess(command, 0, "")

    monkeypatch.setattr(subprocess, "run", run)
    # What somebody's shell sets does not change what is compared.
    monkeypatch.setenv("SHOPBENCH_CALIBRATION", "off")
    monkeypatch.setenv("SHOPBENCH_ADAPTER", "/somebodys/adapter")
    # No weights are needed where nobody is asked.
    monkeypatch.setattr(variant_scores, "write_interpolated", lambda base, fine_tuned, folder, alpha: folder.mkdir())
    return runs


def arguments_in(tmp_path: Path) -> list[str]:
    """Write what the demo's comparison reads, in small; return the arguments of the command."""
    for name in ("development", "test_seen", "test_unseen"):
        write_questions(tmp_path / f"{name}.jsonl", questions("choice", 20))
    for folder in ("base", "run/adapters/mixture", "run/adapters/numbers", "run/adapters/text", "run/ensemble"):
        (tmp_path / folder).mkdir(parents=True)
    overrides = {
        "base_model": tmp_path / "base",
        "output": tmp_path / "run",
        "wise_ft.alpha": 0,
        "data.test_seen": tmp_path / "test_seen.jsonl",
        "data.test_unseen": tmp_path / "test_unseen.jsonl",
        "compare.development": tmp_path / "development.jsonl",
        "compare.results": tmp_path / "results.md",
    }
    arguments = ["--recipe", "training/recipes/cpu_demo.yaml"]
    for key, value in overrides.items():
        arguments += ["--set", f"{key}={value}"]
    return arguments


def test_table_shows_every_variant_and_what_calibration_adds(
    tmp_path: Path, evaluations: list[tuple[str, str]]
) -> None:
    arguments = arguments_in(tmp_path)
    compare.main(arguments)
    table = (tmp_path / "results.md").read_text()
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines() if line[:2] == "| "]
    scores = [row[:3] for row in rows if row[1] in ("on", "on, uncalibrated", "off")]
    names = [
        "zero-shot",
        "adapter mixture",
        "adapter numbers",
        "adapter text",
        "fine-tuned, ensemble",
        "wise-ft, α = 0",
    ]
    assert {name for name, _, _ in scores} == set(names)
    for name, constraints, development in scores:
        expected = {"on": 1.0, "on, uncalibrated": 0.5, "off": 0.05}[constraints]
        assert float(development.split()[0]) == expected, (name, constraints)
    calibrated = {name for name, constraints, _ in scores if constraints == "on, uncalibrated"}
    assert calibrated == {"zero-shot", "wise-ft, α = 0"}
    added = [row for row in rows if len(row) == 4 and row[0] != "variant"]
    assert {row[0] for row in added} == calibrated and all(row[1].startswith("+0.500 [") for row in added)
    assert len(evaluations) == len(scores) == 14
    against = {row[0]: row[1:] for row in rows if len(row) == 7}
    assert set(against) == {"ensemble against", "zero-shot", "adapter mixture", "adapter numbers", "adapter text"}
    assert against["adapter text"] == ["+0.000 [+0.000, +0.000]", "[+0.000, +0.000]"] * 3

    compare.main(arguments)
    assert len(evaluations) == 14 and (tmp_path / "results.md").read_text() == table


def test_a_brief_comparison_asks_the_base_and_the_merged_model_alone(
    tmp_path: Path, evaluations: list[tuple[str, str]]
) -> None:
    compare.main([*arguments_in(tmp_path), "--set", "compare.brief=true"])
    assert evaluations == [("on", "on"), ("on", "on")]
    text = (tmp_path / "results.md").read_text()
    assert "| zero-shot | on |" in text and "| wise-ft, α = 0 | on |" in text
    assert "adapter mixture" not in text and "calibration" not in text
    picture = tmp_path / "images" / "cpu_demo_scores.png"
    assert picture.is_file() and f"(images/{picture.name})" in text


def test_a_soup_is_compared_with_the_mean_of_all_its_candidates(
    tmp_path: Path, evaluations: list[tuple[str, str]]
) -> None:
    arguments = [*arguments_in(tmp_path), "--set", "ensemble.weights=soup", "compare.constraints_only=true"]
    (tmp_path / "run" / "uniform").mkdir()
    compare.main(arguments)
    text = (tmp_path / "results.md").read_text()
    assert "| uniform mean | on |" in text and "| uniform mean | +0.000" in text
    # As they are served, and in no other way.
    assert set(evaluations) == {("on", "on")} and len(evaluations) == 7
    assert "calibration" not in text
