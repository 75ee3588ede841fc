"""The pipeline goes on to the checkpoint that the cards serve, and asks before it trains whether there can be one."""

from pathlib import Path

import pytest

from submission.errors import ShopBenchError
from submission.model_folder import read_json
from submission.sharding import check_shardable
from tests.training.lora_fixtures import questions, write_questions
from tests.training.test_calibrate_awq import needs_awq
from tests.training.test_pipeline import recipe_file  # noqa: F401  (a fixture)
from tests.training.tiny_models import needs_smollm2
from training import pipeline, steps
from training.awq.quantising import REPORT
from training.fine_tuning.supervised import train_adapter
from training.recipe import Recipe, load_recipe


def with_awq(recipe: Path, **settings: object) -> list[str]:
    given = [f"awq.{key}={value}" for key, value in settings.items()]
    return ["--recipe", str(recipe), "--set", *given]


@pytest.mark.parametrize("track", [1, 2, 3, 4, 5])
def test_every_track_recipe_ends_in_what_four_cards_serve(track: int) -> None:
    recipe = load_recipe(Path(f"training/recipes/track{track}.yaml"), [], Recipe)
    assert recipe.awq is not None and recipe.awq.tensor_parallel == 4


@needs_smollm2
def test_a_model_that_cannot_be_divided_is_refused_before_it_is_trained(recipe_file: Path) -> None:  # noqa: F811
    with pytest.raises(ShopBenchError, match="attention heads are no multiple of 7"):
        pipeline.main(with_awq(recipe_file, tensor_parallel=7, group_size=32))
    assert not (recipe_file.parent / "run").exists()


@needs_smollm2
@needs_awq
def test_the_pipeline_ends_in_a_quantised_checkpoint_once(
    recipe_file: Path,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(steps, "_train", lambda recipe, kept, content, adapter: train_adapter(recipe, adapter))
    calibration = recipe_file.parent / "calibration.jsonl"
    write_questions(calibration, questions("choice", 20, seed=7))
    arguments = with_awq(
        recipe_file, calibration=calibration, tensor_parallel=2, group_size=32, block=128, max_blocks=2, quality=False
    )
    pipeline.main(arguments)
    checkpoint = recipe_file.parent / "run/awq"
    check_shardable(read_json(checkpoint / "config.json"), 2)
    assert read_json(checkpoint / REPORT)["calibration"] == str(calibration)
    made = (checkpoint / "model.safetensors").stat().st_mtime_ns
    capsys.readouterr()
    pipeline.main(arguments)
    assert capsys.readouterr().out.count("done before with the same inputs") == 4
    assert (checkpoint / "model.safetensors").stat().st_mtime_ns == made
