"""SIGKILL at ten random moments of an evaluation in the real engine: `--resume` gives the answers and the scores of an
undisturbed run.

The model is the embedded one. `pytest -s` prints where the kills fell.
"""

import json
import random
import sys
from pathlib import Path
from typing import Any

import pytest

from submission.model_folder import EMBEDDED_MODEL, ROOT
from tests.slow.killing import KILLS, run

pytestmark = pytest.mark.skipif(not EMBEDDED_MODEL.is_dir(), reason=f"{EMBEDDED_MODEL} is not there: run `make models`")


def command(output: Path) -> list[str]:
    return [sys.executable, str(ROOT / "local_evaluation.py"), "--output", str(output), "--resume"]


def outcome(output: Path) -> tuple[list[Any], Any]:
    """Return every answer of a report, and all of the report, but the seconds and the date."""
    answers = [json.loads(line) for line in (output / "predictions.jsonl").read_text().splitlines()]
    report = json.loads((output / "report.json").read_text())
    del report["timing"], report["date"]
    for answer in answers:
        del answer["seconds"]
    return answers, report


def test_an_evaluation_survives_kills(tmp_path: Path) -> None:
    seconds = run(command(tmp_path / "undisturbed"))
    expected = outcome(tmp_path / "undisturbed")
    moments = random.Random(4)
    for trial in range(KILLS):
        output = tmp_path / f"killed{trial}"
        moment = moments.uniform(0.5, 1.0) * seconds
        run(command(output), kill_after=moment, with_children=True)
        journal = output / "journal.jsonl"
        batches = len(journal.read_text().splitlines()) if journal.is_file() else 0
        print(f"killed after {moment:.1f} of {seconds:.1f} s, {batches} lines in the journal")
        run(command(output))
        assert outcome(output) == expected
