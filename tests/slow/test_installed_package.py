"""The installed command with the real small model, from an empty folder: evaluate, look, ask."""

import json
from pathlib import Path

import pytest

from tests.installed import ROOT, build_wheel, install, run

MODEL = ROOT / "weights" / "SmolLM2-135M-Instruct"


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("package")
    return install(build_wheel(folder), folder / "environment")


def test_questions_are_evaluated_in_an_empty_folder(command: Path, tmp_path: Path) -> None:
    result = run(command, "evaluate", "--first", 5, "--model", MODEL, folder=tmp_path, timeout=600)
    assert result.returncode == 0, result.stderr
    report = json.loads((tmp_path / "reports" / "latest" / "report.json").read_text())
    assert report["versions"]["shopbench"] == "0.1.0" and report["commit"] is None
    rows = [json.loads(line) for line in (tmp_path / "reports/latest/predictions.jsonl").read_text().splitlines()]
    assert len(rows) == 5 and not any(row["fallback"] for row in rows)
    shown = run(command, "show", "reports/latest", "--id", rows[0]["id"], folder=tmp_path)
    assert shown.returncode == 0 and rows[0]["response"] in shown.stdout


def test_a_question_is_asked(command: Path, tmp_path: Path) -> None:
    question = "Which of these is a fruit?\\n0. apple\\n1. hammer\\nAnswer:"
    result = run(command, "ask", "--model", MODEL, question, folder=tmp_path, timeout=600)
    assert result.returncode == 0, result.stderr
    assert "multiple choice" in result.stdout.lower()
