"""A real engine whose process stops in the middle of a run is ended and loaded again, on the clock, in its own process."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from submission.questions import read_question
from tests.models.test_user_model import ROOT, answers_of, evaluator
from tools.tiny_qwen2 import TOKENIZER, build_tiny_qwen2

pytestmark = pytest.mark.skipif(not TOKENIZER.is_dir(), reason="Qwen2's tokenizer is not here: run `make models`")
TIMES = 12
QUESTIONS = [
    ["Which colour has a ripe tomato?\n0. red\n1. blue\n2. grey\n3. white\nAnswer: ", True],
    ["Rank the products, the best first.\n1. mug\n2. cup\n3. jar\n4. pan\nOutput a permutation of 1 to 4:", False],
]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_tiny_qwen2(tmp_path_factory.mktemp("model") / "qwen2")


def test_a_process_that_stops_costs_the_batches_it_is_waited_for(tmp_path: Path, model: Path) -> None:
    finished = evaluator(tmp_path, QUESTIONS, "--then-stop", str(TIMES), SHOPBENCH_MODEL=str(model))
    undisturbed = answers_of(finished)["answers"][-1]
    lines = [json.loads(line[8:]) for line in finished.stdout.splitlines() if line.startswith("ANSWERS ")][1:]
    answers = [answer for line in lines for answer in line["answers"]]
    assert len(answers) == TIMES and all(line["seconds"][0] < 10 for line in lines)
    form = read_question(*QUESTIONS[-1]).answer_format
    assert all(map(form.accepts, answers))
    print(f"{answers.count(undisturbed)} of {TIMES} answers are those of before\n{finished.stderr[-2000:]}")
    assert answers[0] == form.fallback() and answers[-1] == undisturbed
    assert "a step of the engine does not return: the engine is ended" in finished.stderr
    assert "the engine was restarted" in finished.stderr and "Traceback" not in finished.stderr


def left_in_shared_memory(before: set[Path]) -> list[Path]:
    """Return the blocks of Python's shared memory that are new and that no process uses: others may run beside this.

    vLLM's own `vllm_dist_*-cpushm_*`, of workers on a CPU, stay behind with and without a process of its own.
    """
    maps = "".join(_text(file) for file in Path("/proc").glob("[0-9]*/maps"))
    new = set(Path("/dev/shm").glob("psm_*")) - before
    return [block for block in new if block.name not in maps]


def _text(file: Path) -> str:
    try:
        return file.read_text()
    except OSError:  # a process that has ended
        return ""


def test_workers_of_an_engine_in_its_process_answer_the_same_and_end_with_it(tmp_path: Path, model: Path) -> None:
    shared = set(Path("/dev/shm").iterdir())
    found = [
        evaluator(tmp_path, QUESTIONS, "--cards", "2", *own, SHOPBENCH_MODEL=str(model))
        for own in ([], ["--own-process"])
    ]
    here, there = (answers_of(finished)["answers"] for finished in found)
    assert here == there
    commands = list(map(_text, Path("/proc").glob("[0-9]*/cmdline")))
    assert not [command for command in commands if str(tmp_path) in command or "VLLM::Worker" in command]
    assert not left_in_shared_memory(shared)


PROGRAM = """
import sys, time
from models.user_config import UserModel

model = UserModel()
print(model.batch_predict({"prompt": [sys.argv[1]]}, True), flush=True)
model.engine._restart(3600.0)
time.sleep(float(sys.argv[2]))
"""


@pytest.mark.parametrize("after_s", ["0.2", "1", "3"])
def test_a_program_that_ends_while_a_real_engine_is_loading_ends_well(model: Path, after_s: str) -> None:
    environment = {"SHOPBENCH_MODEL": str(model), "SHOPBENCH_PROFILE": "cpu", "PATH": "/usr/bin:/bin"}
    command = [sys.executable, "-c", PROGRAM, QUESTIONS[0][0], after_s]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, (done.returncode, done.stderr[-2000:])
