"""SIGKILL at ten random moments of quantising a tiny model: the same command again gives the files of an undisturbed run.

`pytest -s` prints where the kills fell.
"""

import random
import sys
from pathlib import Path

import pytest

from submission.model_folder import ROOT
from tests.slow.killing import KILLS, contents, run
from tests.training.tiny_models import GROUP_SIZE, build_qwen2, needs_smollm2
from training.awq.backends import BACKENDS

AWQ_PYTHON = BACKENDS["autoawq"].python

SAMPLE = ROOT / "data/sample_questions.jsonl"


@needs_smollm2
@pytest.mark.skipif(
    not BACKENDS["autoawq"].python.is_file(), reason=f"{BACKENDS['autoawq'].python} is not there: run `make awq-env`"
)
def test_quantising_survives_kills(tmp_path: Path) -> None:
    few = tmp_path / "few.jsonl"
    few.write_text("".join(SAMPLE.read_text().splitlines(keepends=True)[::6]))
    base = build_qwen2(tmp_path / "base", layers=1)

    def command(output: Path) -> list[str]:
        return [
            *(sys.executable, "-m", "training.calibrate_awq", "--model", str(base), "--output", str(output)),
            *("--calibration", str(few), "--held-out", str(few), "--group-size", str(GROUP_SIZE)),
            *("--block", "128", "--max-blocks", "4", "--max-score-loss", "1", "--min-choice-agreement", "0"),
            *("--max-perplexity-ratio", "1.5"),
        ]

    seconds = run(command(tmp_path / "undisturbed"))
    expected = contents(tmp_path / "undisturbed")
    moments = random.Random(3)
    for trial in range(KILLS):
        output = tmp_path / f"killed{trial}"
        moment = moments.uniform(0.05, 1.0) * seconds
        # Alone too: what it has started must not go on and write into the folder of the run that follows.
        run(command(output), kill_after=moment, with_children=trial % 2 == 0)
        work = output.with_name(output.name + ".work")
        stage = ", ".join(sorted(path.name for path in work.glob("*"))) if work.is_dir() else "nothing"
        print(f"killed after {moment:.1f} of {seconds:.1f} s, with {stage} on disk")
        run(command(output))
        assert contents(output) == expected
        assert not work.exists()
