"""2,000 awkward questions through the whole submission, on a real engine with a random model: all answered, in order."""

from pathlib import Path

import pytest

from models.shopbench_model import ShopBenchModel, readable_text
from submission.questions import read_question
from tests.awkward_questions import awkward_question
from tools.tiny_qwen2 import TOKENIZER, build_tiny_qwen2

QUESTIONS = 2_000


def test_all_are_answered_in_order(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if not TOKENIZER.is_dir():
        pytest.skip("Qwen2's tokenizer is not here: run `make models`")
    monkeypatch.setenv("SHOPBENCH_MODEL", str(build_tiny_qwen2(tmp_path / "model")))
    monkeypatch.setenv("SHOPBENCH_PROFILE", "cpu")
    monkeypatch.setenv("SHOPBENCH_TRACK", "5")
    monkeypatch.setenv("SHOPBENCH_TIME_LIMIT", "off")
    model = ShopBenchModel()
    generated = 0
    questions = [awkward_question(seed) for seed in range(QUESTIONS)]
    for flag in (True, False):
        group = [text for text, is_multiple_choice in questions if is_multiple_choice is flag]
        for start in range(0, len(group), 16):
            batch = group[start : start + 16]
            answers = model.batch_predict({"prompt": list(batch)}, flag)
            assert len(answers) == len(batch)
            for text, answer, details in zip(batch, answers, model.last_answers, strict=True):
                form = read_question(readable_text(text), flag).answer_format
                assert form.accepts(answer), (text[:300], form.name, answer)
                assert details.answer == answer
                generated += bool(details.raw_text)
    # Nothing was lost in the engine: all were generated, none fell back for want of a generation.
    assert generated == QUESTIONS
