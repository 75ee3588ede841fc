"""A model gives the same answers over one and over several processes, as tensor parallel parts and as stages.

The model is a tiny random Qwen2 with the real tokenizer. For tensor parallelism `training.calibrate_awq` pads and quantises
it; an unpadded one is refused.
"""

import json
import math
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from evaluation.dataset import read_samples
from evaluation.t4_plan.__main__ import default_data
from submission.answer_formats import FreeText
from submission.model_folder import ROOT, read_json
from submission.questions import read_question
from submission.task_types import TaskType
from tests.training.tiny_models import GROUP_SIZE, PADDED, build_qwen2
from training.awq.backends import BACKENDS
from training.calibrate_awq import main

TOKENIZER = ROOT / "weights/Qwen2-tokenizer"
pytestmark = pytest.mark.skipif(not TOKENIZER.is_dir(), reason=f"{TOKENIZER} is not there: run `make models`")
AWQ_PYTHON = BACKENDS["autoawq"].python
needs_awq = pytest.mark.skipif(not AWQ_PYTHON.is_file(), reason=f"{AWQ_PYTHON} is not there: run `make awq-env`")


def quantised(folder: Path, tensor_parallel: int) -> Path:
    """Quantise a new tiny model for `tensor_parallel` cards and return the checkpoint's folder."""
    base = build_qwen2(folder / f"base-{tensor_parallel}", TOKENIZER, sharp=True)
    few = folder / "few.jsonl"
    few.write_text("".join((ROOT / "data/sample_questions.jsonl").read_text().splitlines(keepends=True)[::6]))
    output = folder / f"awq-{tensor_parallel}"
    main(
        [
            *("--model", str(base), "--output", str(output), "--calibration", str(few), "--no-quality"),
            *("--group-size", str(GROUP_SIZE), "--block", "128", "--max-blocks", "4"),
            *("--tensor-parallel", str(tensor_parallel)),
        ]
    )
    return output


def answer(model: Path, layout: str, questions: Path, output: Path, *dtype: str) -> subprocess.CompletedProcess[str]:
    script = Path(__file__).with_name("answer_over_processes.py")
    environment = {**os.environ, "SHOPBENCH_MODEL": str(model), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, script, layout, questions, output, *dtype]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)


def probabilities(logprobs: dict[str, float]) -> dict[str, float]:
    """Return the probability of each option: half precision decides little about the logarithm of an unlikely one."""
    return {option: math.exp(logprob) for option, logprob in logprobs.items()}


@pytest.fixture(scope="module")
def questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file of the evaluator's two kinds of batches: (is_multiple_choice, prompts)."""
    samples = read_samples(default_data())
    groups = [
        (is_choice, [s.question for s in samples if (s.task_type is TaskType.MULTIPLE_CHOICE) is is_choice])
        for is_choice in (True, False)
    ]
    file = tmp_path_factory.mktemp("questions") / "questions.json"
    file.write_text(json.dumps(groups))
    return file


@needs_awq
def test_answers_do_not_depend_on_the_number_of_processes(tmp_path: Path, questions: Path) -> None:
    model = quantised(tmp_path, 4)
    assert read_json(model / "config.json")["intermediate_size"] == PADDED
    answers = {}
    for cards in (1, 2, 4):
        done = answer(model, f"{cards}x1", questions, tmp_path / f"{cards}.json")
        assert done.returncode == 0, done.stderr[-3000:]
        answers[cards] = [row["answer"] for row in json.loads((tmp_path / f"{cards}.json").read_text())["rows"]]
    asked = [(text, choice) for choice, prompts in json.loads(questions.read_text()) for text in prompts]
    for (text, choice), given in zip(asked, answers[1], strict=True):
        assert read_question(text, choice).answer_format.accepts(given), (text, given)
    assert len(set(answers[1])) > 20
    for cards in (2, 4):
        different = [i for i, given in enumerate(answers[cards]) if given != answers[1][i]]
        print(f"{cards} processes: {len(different)} of {len(asked)} answers differ from those of one")
        # Partial sums in half precision are added in another order, which decides a near tie within tens of tokens of prose
        # once in a while; whatever has a form must be the same.
        assert all(isinstance(read_question(*asked[i]).answer_format, FreeText) for i in different)
        assert len(different) <= 0.02 * len(asked), [(asked[i][0], answers[1][i], answers[cards][i]) for i in different]


@needs_awq
def test_an_unpadded_checkpoint_is_refused_before_it_is_loaded(tmp_path: Path, questions: Path) -> None:
    model = quantised(tmp_path, 1)
    started = time.monotonic()
    done = answer(model, "4x1", questions, tmp_path / "none.json")
    assert done.returncode == 1
    assert "11 groups of 32" in done.stderr and "training.awq.padding" in done.stderr
    assert "Loading" not in done.stderr and time.monotonic() - started < 60
    assert not (tmp_path / "none.json").exists()


def test_stages_give_the_answers_probabilities_and_cached_tokens_of_one_process(
    tmp_path: Path, questions: Path
) -> None:
    model = build_qwen2(tmp_path / "model", TOKENIZER, layers=4, sharp=True)
    few = tmp_path / "few.json"
    few.write_text(json.dumps([(choice, prompts[:36]) for choice, prompts in json.loads(questions.read_text())]))
    asked = [(text, choice) for choice, prompts in json.loads(few.read_text()) for text in prompts]
    found = {}
    # In single precision, so that only a fault can make answers differ: in half precision the order in which partial sums
    # are added decides a near tie within the prose of a random model once in a while.
    for layout in ("1x1", "2x1", "1x2", "1x4", "2x2"):
        done = answer(model, layout, few, tmp_path / f"{layout}.json", "float32")
        assert done.returncode == 0, done.stderr[-3000:]
        found[layout] = json.loads((tmp_path / f"{layout}.json").read_text())
    alone = found.pop("1x1")
    assert len(alone["rows"]) == len(asked) and len({row["answer"] for row in alone["rows"]}) > 15
    for layout, other in found.items():
        pairs = list(zip(alone["rows"], other["rows"], strict=True))
        different = [i for i, (one, two) in enumerate(pairs) if one["answer"] != two["answer"]]
        print(f"{layout}: {len(asked) - len(different)} of {len(asked)} answers are those of one process")
        assert not different, (layout, [(asked[i][0], *(row["answer"] for row in pairs[i])) for i in different])
        for one, two in pairs:
            assert (one["option_logprobs"] is None) is (two["option_logprobs"] is None)
            if one["option_logprobs"]:
                assert probabilities(two["option_logprobs"]) == pytest.approx(
                    probabilities(one["option_logprobs"]), abs=1e-3
                )
        # Small passes of stages may find less of a prompt of the same batch cached, never something else.
        assert sum(other["cached"]) >= 0.8 * sum(alone["cached"]) > 0, layout
