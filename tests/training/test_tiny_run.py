"""`make train-tiny`: its questions are built of what ships with the project, and are enough for its adapters."""

import json
from pathlib import Path

from evaluation.dataset import read_samples
from submission.model_folder import ROOT
from tests.training.tiny_models import needs_smollm2
from training import build_dataset
from training.files import read_lines
from training.recipe import Recipe, load_recipe

RECIPES = ROOT / "training" / "recipes"


@needs_smollm2
def test_two_hundred_questions_are_built_for_every_adapter(tmp_path: Path) -> None:
    held_out = tmp_path / "held_out"
    overrides = ["--set", f"output={tmp_path / 'tiny'}", f"held_out.folder={held_out}"]
    build_dataset.main(["--recipe", str(RECIPES / "data_tiny.yaml"), *overrides])
    rows = [row for shard in sorted((tmp_path / "tiny" / "data").iterdir()) for row in read_lines(shard)]
    assert 190 <= len(rows) <= 210
    tasks = {row["task_name"] for row in rows}
    recipe = load_recipe(RECIPES / "tiny.yaml", [], Recipe)
    for name, adapter in recipe.adapters.items():
        assert set(adapter.tasks) <= tasks, name
    counts = json.loads((held_out / "held_out.json").read_text())["questions"]
    assert not set(counts["test_unseen"]) & tasks
    asked = {row["question"] for row in rows}
    for name in ("validation_seen", "validation_unseen", "test_seen", "test_unseen"):
        samples = read_samples(held_out / f"{name}.jsonl", scored=True)
        assert len(samples) >= 8 and not asked & {sample.question for sample in samples}, name


def test_every_file_that_it_reads_is_part_of_the_project() -> None:
    for file in ("data_tiny.yaml", "tiny.yaml"):
        for path in (word.strip("[],") for word in (RECIPES / file).read_text().split()):
            if path.startswith(("tests/", "data/sample")):
                assert (ROOT / path).is_file(), path
