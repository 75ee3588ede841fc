"""The page about a run: what the steps have left, with pictures that are there, and text that is only text."""

import json
import re
from pathlib import Path
from typing import Any

from training.files import write_json, write_lines
from training.fine_tuning.page import write_page
from training.fine_tuning.score_picture import draw_scores
from training.recipe import Recipe, load_recipe

SCORE = {"score": 0.5, "low": 0.25, "high": 0.75}


def row(question: str, response: str, score: float) -> dict[str, Any]:
    known = {"task_name": "seen/a", "metric": "accuracy", "track": None, "task_type": "multiple-choice", "truth": "1"}
    return {"id": 1, "question": question, "response": response, "score": score, **known}


def finished_run(output: Path, *overrides: str) -> Recipe:
    """Write what a run leaves behind: two reports, their comparison, one adapter's losses."""
    given = [f"output={output}", "wise_ft.alpha=0.5", "adapters.numbers=null", "adapters.text=null", *overrides]
    recipe = load_recipe(Path("training/recipes/cpu_demo.yaml"), given, Recipe)
    answers = {
        "zero-shot-on": [("Gained <b>?", "0", 0.0), ("Lost?", "1", 1.0), ("Same?", "1", 1.0)],
        "wise-ft_α_0.5-on": [("Gained <b>?", "1", 1.0), ("Lost?", "0", 0.0), ("Same?", "1", 1.0)],
    }
    for name, rows in answers.items():
        write_json(output / "compare" / name / "report.json", {"tasks": {}, "model": name})
        write_lines(output / "compare" / name / "predictions.jsonl", [row(*one) for one in rows])
    comparison = [
        {"variant": variant, "constraints": "on", "development": SCORE, "seen": SCORE, "unseen": SCORE}
        for variant in ("zero-shot", "wise-ft, α = 0.5")
    ]
    write_json(output / "compare" / "comparison.json", comparison)
    draw_scores(comparison, output / "compare" / "scores.png")
    log = [{"step": 3, "eval_seen_loss": 2.5}, {"step": 6, "eval_seen_loss": 2.125}]
    write_json(output / "adapters" / "mixture" / "training.json", {"best_step": 6, "log": log})
    (output / "adapters" / "mixture" / "loss.png").touch()
    return recipe


def test_the_page_shows_what_the_steps_have_left(tmp_path: Path) -> None:
    recipe = finished_run(tmp_path / "run")
    page = write_page(recipe, 0.5)
    text = page.read_text()
    assert page == tmp_path / "run" / "index.html"
    assert "1 questions were answered better after fine-tuning, 1 worse" in text
    assert "Gained &lt;b&gt;?" in text and "Lost?" in text and "Same?" not in text
    assert text.count("0.500 [0.250, 0.750]") == 6 and "2.125" in text
    pictures = re.findall(r'src="([^"]+)"', text)
    assert pictures == ["compare/scores.png", "adapters/mixture/loss.png"]
    assert all((page.parent / picture).is_file() for picture in pictures)
    assert "not quantised" in text and "α = 0.5 was given" in text


def test_the_page_shows_what_the_quantised_model_was_made_with(tmp_path: Path) -> None:
    recipe = finished_run(tmp_path / "run", "awq.tensor_parallel=1")
    write_json(recipe.output / "awq" / "quantisation.json", {"group_size": 64, "inputs": "fingerprint"})
    text = write_page(recipe, 0.5).read_text()
    assert "<td>group_size</td><td>64</td>" in text and "fingerprint" not in text


def test_the_page_shows_the_curve_with_its_intervals(tmp_path: Path) -> None:
    recipe = finished_run(tmp_path / "run", "wise_ft.alpha=null")
    points = [{"alpha": alpha, "seen": {**SCORE, "score": 0.4 + alpha / 5}, "unseen": SCORE} for alpha in (0.0, 0.5)]
    write_json(recipe.output / "wise_ft" / "sweep.json", {"alpha": 0.5, "points": points})
    (recipe.output / "wise_ft" / "sweep.png").touch()
    text = write_page(recipe, 0.5).read_text()
    assert "α = 0.5 was chosen on the validation questions" in text and 'src="wise_ft/sweep.png"' in text
    assert "<tr><td>0.5</td><td>0.500 [0.250, 0.750]</td><td>0.500 [0.250, 0.750]</td></tr>" in text
    assert "<tr><td>0</td><td>0.400 [0.250, 0.750]</td>" in text


def test_the_page_shows_what_the_soup_has_tried(tmp_path: Path) -> None:
    recipe = finished_run(tmp_path / "run", "ensemble.weights=soup")
    tried = [{"members": ["mixture"], "seen": SCORE, "unseen": {**SCORE, "score": 0.625}}]
    write_json(recipe.output / "soup" / "soup.json", {"weights": {"mixture": 0.25}, "tried": tried})
    text = write_page(recipe, 0.5).read_text()
    assert "<td>mixture</td><td>0.500 [0.250, 0.750]</td><td>0.625 [0.250, 0.750]</td>" in text
    # The weight that was chosen, not the one that the recipe has.
    assert "<td>0.25</td><td>6</td>" in text and "<td>0.6</td>" not in text


def test_a_page_is_written_again_without_a_trace_of_the_older_one(tmp_path: Path) -> None:
    recipe = finished_run(tmp_path / "run")
    first = write_page(recipe, 0.5).read_text()
    comparison = json.loads((recipe.output / "compare" / "comparison.json").read_text())
    write_json(recipe.output / "compare" / "comparison.json", comparison[:1])
    assert write_page(recipe, 0.5).read_text() != first
    assert not list(recipe.output.glob("*.tmp"))
