"""What the evaluator hands over or sets, however odd, costs at most the form of one question, and nothing is fetched."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from models import shopbench_model
from models.user_config import UserModel
from submission import questions
from submission.answer_formats import Choice, FreeText
from submission.engine import Generation, Request
from submission.model_folder import EMBEDDED_MODEL
from submission.reading_guard import read_guarded, readable_text
from submission.settings import Settings
from submission.task_types import TaskType

ROOT = Path(__file__).resolve().parent.parent.parent
BEWILDERING = "Extract the brand from the bewildering query 'a shoe'."


class SaysOne:
    """An engine that answers "1" to everything."""

    def generate(self, requests: list[Request], deadline: object) -> list[Generation]:
        return [Generation("1", 1, done=True, finished=True) for _ in requests]


def bewilder(monkeypatch: pytest.MonkeyPatch, function: str) -> None:
    """Let a function of the reading fail for texts with the word "bewildering"."""
    read = getattr(questions, function)

    def bewildered(text: str, **arguments: bool) -> object:
        if "bewildering" in text:
            raise RecursionError("injected: lost in the text")
        return read(text, **arguments)

    monkeypatch.setattr(questions, function, bewildered)


@pytest.mark.parametrize(
    ("function", "is_multiple_choice", "form"),
    [
        ("option_numbers", True, Choice((0, 1, 2, 3))),
        ("read_instruction", False, FreeText(questions.PROSE_TOKENS)),
        # The body is looked for only when the form is made: reading is not over before that.
        ("body_of", False, FreeText(questions.PROSE_TOKENS)),
    ],
)
def test_a_question_that_cannot_be_read_gets_a_default_form(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, function: str, is_multiple_choice: bool, form
) -> None:
    bewilder(monkeypatch, function)
    question = read_guarded(BEWILDERING, is_multiple_choice)
    assert question.text == BEWILDERING and question.answer_format == form
    assert question.task_type is (TaskType.MULTIPLE_CHOICE if is_multiple_choice else TaskType.GENERATION)
    assert len(caplog.records) == 1 and "lost in the text" in caplog.text


@pytest.mark.parametrize(("function", "is_multiple_choice"), [("option_numbers", True), ("body_of", False)])
def test_the_batch_is_answered_around_a_question_that_cannot_be_read(
    monkeypatch: pytest.MonkeyPatch, function: str, is_multiple_choice: bool
) -> None:
    if not EMBEDDED_MODEL.is_dir():
        pytest.skip("the embedded model is not here: run `make models`")
    monkeypatch.setattr(shopbench_model, "GuardedEngine", lambda *arguments: SaysOne())
    bewilder(monkeypatch, function)
    prompts = ["Which?\n0. a\n1. b", BEWILDERING, "Explain what a shoe is."]
    assert UserModel().batch_predict({"prompt": prompts}, is_multiple_choice) == ["1"] * 3


class Unprintable:
    """Something that cannot be printed."""

    def __str__(self) -> str:
        raise RuntimeError("injected: cannot be printed")


@pytest.mark.parametrize("kind", ["a number of 5,000 digits", "an object whose __str__ fails"])
def test_what_cannot_be_printed_is_an_empty_text(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    assert readable_text(10**5000 if kind.startswith("a number") else Unprintable()) == ""
    assert "cannot be printed" in caplog.text


@pytest.mark.parametrize(
    ("value", "seed"), [("7", 7), ("", 773815), ("1.0", 773815), ("-3", 773815), ("²", 773815), ("9" * 5000, 773815)]
)
def test_a_seed_that_is_none_does_not_end_the_run(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, value: str, seed: int
) -> None:
    monkeypatch.setenv("AICROWD_RUN_SEED", value)
    assert Settings.from_environment().seed == seed
    assert ("AICROWD_RUN_SEED" in caplog.text) == (value != "7")


def test_nothing_is_fetched_from_the_import_on() -> None:
    # huggingface_hub reads its variables once, when it is imported: hence a process of its own, with none of them set.
    program = (
        "import models.user_config, transformers, huggingface_hub.constants as hub\n"
        "assert hub.HF_HUB_OFFLINE and transformers.utils.hub.is_offline_mode()"
    )
    clean = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "TRANSFORMERS_"))}
    finished = subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=clean, capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr[-2000:]
