"""The simulation of int8 activations from its command to its table, on a tiny model."""

from pathlib import Path

import pytest

from benchmarks.int8_activations import INT8, SYMMETRIC, UNQUANTISED, main
from submission.places import SAMPLE_QUESTIONS
from tests.benchmarks.symmetric_checkpoints import build_symmetric
from tests.training.tiny_models import build_qwen2, needs_smollm2


@needs_smollm2
def test_variants_stand_side_by_side_and_a_second_run_measures_nothing_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    base = build_qwen2(tmp_path / "base")
    symmetric = build_symmetric(base, tmp_path / "symmetric")
    few = tmp_path / "few.jsonl"
    lines = SAMPLE_QUESTIONS.read_text().splitlines(keepends=True)
    few.write_text("".join([line for line in lines if "multiple-choice" in line][::9]))
    command = [
        "--model",
        str(base),
        "--symmetric",
        str(symmetric),
        "--data",
        str(few),
        "--output",
        str(tmp_path / "out"),
    ]
    main(command)
    printed = capsys.readouterr().out
    rows = [
        line for line in printed.splitlines() if line.startswith((f"| {UNQUANTISED}", f"| {SYMMETRIC}", f"| {INT8}"))
    ]
    assert len(rows) == 3 and rows[0].count("|") == 9
    written = (tmp_path / "out/few-int8/report.json").stat().st_mtime_ns
    main(command)
    assert (tmp_path / "out/few-int8/report.json").stat().st_mtime_ns == written
    assert rows[2] in capsys.readouterr().out
