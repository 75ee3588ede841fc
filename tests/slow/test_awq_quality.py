"""The quality check in the real engine: it rejects with numbers, keeps its work, and sees a wrong RoPE base."""

import json
from pathlib import Path

import pytest

from submission.chat_encoder import ChatEncoder
from submission.errors import ShopBenchError
from submission.model_folder import EMBEDDED_MODEL, ROOT, read_json
from tests.training.tiny_models import GROUP_SIZE, build_qwen2, needs_smollm2
from training.awq.backends import BACKENDS
from training.awq.calibration import encode_questions
from training.awq.quality import LossLimits, compare, measure
from training.awq.quantising import REPORT
from training.calibrate_awq import main
from training.checkpoints.portable import portable_config
from training.fine_tuning.examples import read_questions

AWQ_PYTHON = BACKENDS["autoawq"].python

SAMPLE = ROOT / "data/sample_questions.jsonl"


def some_questions(folder: Path, step: int) -> Path:
    file = folder / "some.jsonl"
    file.write_text("".join(SAMPLE.read_text().splitlines(keepends=True)[::step]))
    return file


@needs_smollm2
@pytest.mark.skipif(
    not BACKENDS["autoawq"].python.is_file(), reason=f"{BACKENDS['autoawq'].python} is not there: run `make awq-env`"
)
def test_a_rejected_checkpoint_is_kept_and_not_quantised_again(tmp_path: Path) -> None:
    few = some_questions(tmp_path, 6)
    output = tmp_path / "awq"
    arguments = [
        *("--model", str(build_qwen2(tmp_path / "base", layers=1)), "--output", str(output)),
        *("--calibration", str(few), "--held-out", str(few), "--group-size", str(GROUP_SIZE)),
        *("--block", "128", "--max-blocks", "4", "--max-score-loss", "1", "--min-choice-agreement", "0"),
    ]
    with pytest.raises(ShopBenchError, match=r"perplexity of known answers went from .* where 0\.5 is allowed"):
        main([*arguments, "--max-perplexity-ratio", "0.5"])
    assert not output.exists()
    weights = tmp_path / "awq.work/quantised/model.safetensors"
    made = weights.stat().st_mtime_ns
    main([*arguments, "--max-perplexity-ratio", "1.5"])
    assert (output / "model.safetensors").stat().st_mtime_ns == made
    report = read_json(output / REPORT)
    assert report["perplexity_after"] / report["perplexity_before"] < 1.5
    assert not (tmp_path / "awq.work").exists()


@needs_smollm2
def test_a_wrong_rope_base_is_found_out(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    for file in EMBEDDED_MODEL.iterdir():
        (wrong / file.name).symlink_to(file)
    config = portable_config(read_json(EMBEDDED_MODEL / "config.json"))
    assert config["rope_theta"] == 100_000.0
    config |= {"rope_theta": 10_000.0, "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0}}
    (wrong / "config.json").unlink()
    (wrong / "config.json").write_text(json.dumps(config))

    held_out = some_questions(tmp_path, 3)
    questions = encode_questions(read_questions(held_out), ChatEncoder(EMBEDDED_MODEL), 4000)
    before, after = (
        measure(folder, held_out, questions, tmp_path / f"measured-{folder.name}") for folder in (EMBEDDED_MODEL, wrong)
    )
    violations = compare(before, after).violations(LossLimits(1.35, 0.03, 0.8))
    print(compare(before, after))
    assert any("perplexity" in violation for violation in violations)
