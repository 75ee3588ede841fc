"""A checkpoint whose sums overflow in half precision is found out before the first question, and answered all the same.

The real engine and its workers run; only Marlin's sums on SM 7.5 are a stand-in (tests/submission/half_precision_sums.py).
"""

import subprocess
from pathlib import Path

import pytest

from tests.models.test_user_model import answers_of, evaluator
from tests.slow.test_engine_faults import check_forms
from tests.submission.awq_checkpoints import build_awq
from tools.tiny_qwen2 import TOKENIZER

pytestmark = pytest.mark.skipif(not TOKENIZER.is_dir(), reason="Qwen2's tokenizer is not here: run `make models`")
QUESTIONS = [
    ["Which of these is a kettle?\n0. lamp\n1. kettle\n2. mat\n3. rope\nOutput:", True],
    ["Which of these is blue?\n0. navy mat\n1. red mat\n2. sand\n3. black rope\nOutput:", True],
    ["Rank these by how well they suit rain.\n1. umbrella\n2. mat\n3. lamp\n4. coat\n5. rope\nOutput:", False],
    ["Explain in a sentence why a kettle is useful.", False],
]
FOUND = "4 of 4 long questions have logits that are not finite"
AGAIN = "loaded again with kernels that sum in single precision"


@pytest.fixture(scope="module")
def overflowing(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_awq(tmp_path_factory.mktemp("overflowing") / "model", TOKENIZER, overflow=True)


def run(folder: Path, model: Path, *arguments: str, **environment: str) -> subprocess.CompletedProcess:
    finished = evaluator(folder, QUESTIONS, "--cards", "1", *arguments, SHOPBENCH_MODEL=str(model), **environment)
    assert "Traceback" not in finished.stderr, finished.stderr[-3000:]
    return finished


def test_an_overflow_is_found_and_the_answers_are_those_of_sums_in_single_precision(
    tmp_path: Path, overflowing: Path
) -> None:
    right = run(tmp_path, overflowing)
    assert FOUND not in right.stderr
    expected = answers_of(right)["answers"]
    check_forms(QUESTIONS, expected)

    rescued = run(tmp_path, overflowing, "--half-precision-sums")
    assert FOUND in rescued.stderr and AGAIN in rescued.stderr
    assert answers_of(rescued)["answers"] == expected

    unchecked = run(tmp_path, overflowing, "--half-precision-sums", SHOPBENCH_ACCUMULATION="unchecked")
    assert AGAIN not in unchecked.stderr
    answers = answers_of(unchecked)["answers"]
    check_forms(QUESTIONS, answers)
    assert answers != expected

    forced = run(tmp_path, overflowing, "--half-precision-sums", SHOPBENCH_ACCUMULATION="float32")
    assert FOUND not in forced.stderr and AGAIN not in forced.stderr
    assert answers_of(forced)["answers"] == expected


def test_sums_that_stay_in_range_keep_the_kernels(tmp_path: Path) -> None:
    model = build_awq(tmp_path / "model", TOKENIZER, overflow=False)
    finished = run(tmp_path, model, "--half-precision-sums")
    assert FOUND not in finished.stderr and AGAIN not in finished.stderr
    check_forms(QUESTIONS, answers_of(finished)["answers"])
