"""A model of noise over every public question: whatever the logits are, the answers are valid."""

from collections import Counter
from pathlib import Path

import pytest

from evaluation.parsers import is_unparsable, parse_response
from models.user_config import UserModel
from submission.questions import read_question
from tests.shared_data import development_questions, ec_guide_questions
from tools.tiny_qwen2 import TOKENIZER, build_tiny_qwen2


def test_every_public_question_is_answered_in_its_form(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not TOKENIZER.is_dir():
        pytest.skip("Qwen2's tokenizer is not here: run `make models`")
    rows = [*development_questions(), *(row for rows in ec_guide_questions().values() for row in rows)]
    monkeypatch.setenv("SHOPBENCH_MODEL", str(build_tiny_qwen2(tmp_path / "model")))
    monkeypatch.setenv("SHOPBENCH_PROFILE", "cpu")
    monkeypatch.setenv("SHOPBENCH_TRACK", "5")
    model = UserModel()
    forms: Counter[str] = Counter()
    for is_multiple_choice in (True, False):
        group = [row for row in rows if (row["task_type"] == "multiple-choice") is is_multiple_choice]
        for start in range(0, len(group), 16):
            batch = group[start : start + 16]
            prompts = [row["input_field"] for row in batch]
            answers = model.batch_predict({"prompt": prompts}, is_multiple_choice)
            for row, prompt, answer in zip(batch, prompts, answers, strict=True):
                form = read_question(prompt, is_multiple_choice).answer_format
                forms[form.name] += 1
                assert form.accepts(answer), (form.name, answer, prompt[-200:])
                assert not is_unparsable(parse_response(row["task_type"], answer)), (row["task_type"], answer)
    assert sum(forms.values()) == len(rows) > 6000
    assert len(forms) == 5
