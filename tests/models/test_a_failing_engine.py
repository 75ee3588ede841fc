"""An engine that fails at every step: who made the answers is said, with and without constraints."""

import json
from pathlib import Path

import pytest

from models import shopbench_model
from models.user_config import UserModel
from submission.answer_formats import FreeText
from submission.model_folder import EMBEDDED_MODEL
from submission.questions import read_question
from tests.evaluation.report_fixtures import write_report


class FailsAlways:
    """Loads, and fails at each batch, as an engine does whose kernels the card refuses."""

    def __init__(self, *arguments: object) -> None:
        pass

    def generate(self, *arguments: object) -> None:
        raise RuntimeError("no kernel image is available for execution on the device")

    def close(self) -> None:
        pass


@pytest.mark.parametrize("constraints", ["on", "off"])
def test_no_answer_counts_as_the_models(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, constraints: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if not EMBEDDED_MODEL.is_dir():
        pytest.skip("the embedded model is not here: run `make models`")
    monkeypatch.setattr(shopbench_model, "EngineProcess", FailsAlways)
    monkeypatch.setenv("SHOPBENCH_CONSTRAINTS", constraints)
    monkeypatch.setenv("SHOPBENCH_PROFILE", "cpu")
    write_report(tmp_path, UserModel)
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["answers"] == {"model": 0, "cut": 0, "fallback": 72}
    assert "ONLY 0 OF 72 ANSWERS ARE THE MODEL'S" in capsys.readouterr().out
    for line in (tmp_path / "predictions.jsonl").read_text().splitlines():
        row = json.loads(line)
        form = read_question(row["question"], row["task_type"] == "multiple-choice").answer_format
        assert row["response"] == form.fallback() and (isinstance(form, FreeText) or form.accepts(row["response"]))
