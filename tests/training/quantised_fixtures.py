"""A whole run of `training.calibrate_awq` on the tiny model, of either quantiser."""

from pathlib import Path

from submission.model_folder import ROOT
from tests.training.tiny_models import GROUP_SIZE, build_qwen2
from training.awq.quantising import stage
from training.calibrate_awq import main

SAMPLE = ROOT / "data/sample_questions.jsonl"


def quantise_tiny(folder: Path, name: str, *options: str) -> Path:
    """Quantise a tiny model, `folder/base`, to `folder/name`, and return that; `folder/staged` is what was padded."""
    build_qwen2(folder / "base", layers=1)
    few = folder / "few.jsonl"
    few.write_text("".join(SAMPLE.read_text().splitlines(keepends=True)[::12]))
    main(
        [
            *("--model", str(folder / "base"), "--output", str(folder / name), "--calibration", str(few)),
            *("--group-size", str(GROUP_SIZE), "--block", "128", "--max-blocks", "4", "--no-quality", *options),
        ]
    )
    stage(folder / "base", folder / "staged", GROUP_SIZE, 4)
    return folder / name
