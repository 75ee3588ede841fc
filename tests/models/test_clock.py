"""What the clock does to answers: nothing while nobody watches it, and never without saying so where somebody does.

A real engine with a tiny random model, whose steps a test delays as a busy machine would.
"""

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from evaluation.ask import ask
from evaluation.question_view import view
from models.shopbench_model import ShopBenchModel
from models.user_config import UserModel
from submission import deadline
from submission.answer_formats import FreeText
from submission.answers import make_answer
from submission.deadline import Deadline, batch_deadline
from submission.engine import Generation, Request
from submission.profiles import CPU, PROFILES
from submission.questions import read_question
from submission.settings import Settings
from submission.time_budget import STAGES, TimeBudget
from tests.submission.decoding_fixtures import tokenizer_folder
from tools.tiny_qwen2 import build_tiny_qwen2

PROMPTS = [
    "Explain what a colander is.",
    "Rank the products by relevance, the best first.\n1. mug\n2. cup\n3. jar\n4. pan\nOutput a permutation of 1 to 4:",
    "Extract the brand from the query 'red acme shoes size 7'.",
]
DELAY_S = 0.02


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopBenchModel]:
    folder = build_tiny_qwen2(tmp_path_factory.mktemp("model") / "qwen2", tokenizer_folder("Qwen2"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(PROFILES, "cpu", replace(CPU, own_process=False))
        for name, value in {"MODEL": folder, "PROFILE": "cpu", "TRACK": 5, "TIME_LIMIT": "off"}.items():
            patch.setenv(f"SHOPBENCH_{name}", str(value))
        yield UserModel()


@pytest.fixture
def busy(model: ShopBenchModel, monkeypatch: pytest.MonkeyPatch) -> None:
    """Delay every step, and let the evaluator give a batch less time than its steps take."""
    engine = model.engine._engine._engine  # type: ignore[union-attr]
    step = engine.step

    def delayed() -> object:
        time.sleep(DELAY_S)
        return step()

    monkeypatch.setattr(engine, "step", delayed)
    monkeypatch.setattr(deadline, "SECONDS_PER_QUESTION", 10 * DELAY_S / len(PROMPTS))


def answers(model: ShopBenchModel) -> list[str]:
    return model.batch_predict({"prompt": PROMPTS}, False)


@pytest.fixture(scope="module")
def idle_answers(model: ShopBenchModel) -> list[str]:
    return answers(model)


def test_a_busy_machine_answers_the_same_off_the_clock(
    model: ShopBenchModel, idle_answers: list[str], busy: None
) -> None:
    assert answers(model) == idle_answers
    assert not any(answer.cut for answer in model.last_answers)
    assert max(answer.tokens for answer in model.last_answers) > 20


def test_with_a_clock_what_is_cut_is_said(
    model: ShopBenchModel, idle_answers: list[str], busy: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model, "time_budget", TimeBudget.of_run(model.track, Settings()))
    cut = answers(model)
    assert cut[0] != idle_answers[0] and model.last_answers[0].cut
    for answer, text, whole in zip(model.last_answers, cut, idle_answers, strict=True):
        assert answer.answer == text
        assert answer.cut or text == whole


def test_an_answer_tells_where_it_came_from(model: ShopBenchModel, idle_answers: list[str]) -> None:
    assert answers(model) == idle_answers
    for prompt, answer in zip(PROMPTS, model.last_answers, strict=True):
        assert answer.prompt is not None and answer.prompt_tokens == len(answer.prompt_token_ids)
        assert answer.prompt.startswith("<|im_start|>system\n") and f"\n{prompt}<|im_end|>" in answer.prompt
        assert answer.prompt.endswith("<|im_start|>assistant\n")
        assert answer.tokens > 0 < answer.seconds < 60
        assert not answer.fallback and not answer.calibrated
    model.batch_predict({"prompt": ["Which?\n0. a\n1. b"]}, True)
    (choice,) = model.last_answers
    assert choice.calibrated and set(choice.option_logprobs or {}) == {"0", "1"}
    assert choice.raw_text in ("0", "1") and choice.answer in ("0", "1")


def test_a_question_of_ones_own_is_shown_as_one_of_a_report(model: ShopBenchModel) -> None:
    shown = view(ask(model, "Which of these is a fruit?\n0. hammer\n1. pear"))
    assert "multiple-choice" in shown.splitlines()[0]
    assert "form: choice, one of 0, 1 (the question's list); at most 1 token" in shown
    assert "<|im_start|>assistant" in shown and "LOG-PROBABILITIES OF THE OPTIONS" in shown
    assert "TRUTH" not in shown and "1 token, " in shown
    shown = view(ask(model, "Explain in a sentence what a pear is.", is_multiple_choice=False))
    assert "multiple-choice" not in shown and "form: free_text" in shown


QUESTION = read_question("Explain what a colander is.", False)
FULL, HALVED, UNASKED = STAGES[0], STAGES[1], STAGES[4]
LOOKED_AT = Generation("A bowl with holes", 4, done=True, finished=True)


@pytest.mark.parametrize(
    ("generation", "stage", "asked", "cut", "completed", "fallback"),
    [
        (LOOKED_AT, FULL, True, False, False, False),
        (LOOKED_AT, HALVED, True, False, False, False),
        (Generation("A bowl with", 48, done=True), FULL, True, False, True, False),
        (Generation("A bowl with", 24, done=True), HALVED, True, True, True, False),
        (Generation("A bowl", 2, cut=True), FULL, True, True, True, False),
        (Generation(cut=True), FULL, True, True, False, True),
        (Generation(), UNASKED, False, True, False, True),
        # What the tokenizer or the engine failed at is no matter of the clock.
        (Generation(), FULL, False, False, False, True),
        (Generation(), FULL, True, False, False, True),
    ],
)
def test_what_the_clock_did_is_told_from_what_failed(
    generation: Generation, stage: object, asked: bool, cut: bool, completed: bool, fallback: bool
) -> None:
    request = Request([1, 2], FreeText(48), 48) if asked else None
    answer = make_answer(QUESTION, request, generation, stage, str, True)  # type: ignore[arg-type]
    assert (answer.cut, answer.completed, answer.fallback) == (cut, completed, fallback)
    assert QUESTION.answer_format.accepts(answer.answer)
    assert (answer.prompt is not None) is asked


def test_without_an_end_of_the_run_a_batch_has_none() -> None:
    for endless in (batch_deadline(16, float("inf")), Deadline(float("inf")).earlier()):
        assert endless.left() == float("inf") and not endless.passed() and endless.timeout() is None
    assert batch_deadline(1, 5.0).timeout() == pytest.approx(5, abs=0.5)
