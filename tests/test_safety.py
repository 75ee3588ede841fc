"""Nothing that is read can run: not a model's own code, not a text that looks like Python; and nothing is fetched."""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from evaluation.parsers import parse_response
from submission.chat_encoder import ChatEncoder
from submission.model_folder import EMBEDDED_MODEL
from submission.profiles import PROFILES
from submission.task_types import TaskType
from training.data.sources.ecinstruct import read_data

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("models", "submission", "evaluation", "training", "tools", "benchmarks")


def test_code_that_comes_with_a_model_is_not_run(tmp_path: Path) -> None:
    if not EMBEDDED_MODEL.is_dir():
        pytest.skip("the embedded model is not here: run `make models`")
    folder, mark = tmp_path / "model", tmp_path / "it_ran"
    folder.mkdir()
    for file in EMBEDDED_MODEL.iterdir():
        if file.suffix != ".safetensors":
            shutil.copy(file, folder)
    (folder / "own.py").write_text(f"open({str(mark)!r}, 'w').close()\nclass Own: pass\n")
    for name in ("config.json", "tokenizer_config.json"):
        content = json.loads((folder / name).read_text())
        content["auto_map"] = {"AutoConfig": "own.Own", "AutoTokenizer": ["own.Own", None]}
        (folder / name).write_text(json.dumps(content))
    ChatEncoder(folder)
    assert not mark.exists()


def test_no_call_trusts_code_from_elsewhere() -> None:
    values = []
    for file in (file for package in PACKAGES for file in (ROOT / package).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.keyword) and node.arg == "trust_remote_code":
                values.append((file, node.value))
            if isinstance(node, ast.Dict):
                pairs = zip(node.keys, node.values, strict=True)
                values += [
                    (file, value)
                    for key, value in pairs
                    if isinstance(key, ast.Constant) and key.value == "trust_remote_code"
                ]
    assert len(values) >= 4
    for file, value in values:
        assert isinstance(value, ast.Constant) and value.value is False, file


@pytest.mark.parametrize("profile", PROFILES.values(), ids=lambda profile: profile.name)
def test_every_preset_keeps_the_libraries_off_the_network(profile) -> None:
    wanted = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "HF_DATASETS_OFFLINE", "VLLM_NO_USAGE_STATS", "DO_NOT_TRACK")
    assert {name: profile.environment.get(name) for name in wanted} == dict.fromkeys(wanted, "1")


@pytest.mark.parametrize("text", ["__import__('pathlib').Path('{mark}').touch()", "[open('{mark}', 'w')]"])
def test_texts_that_look_like_python_are_not_evaluated(tmp_path: Path, text: str) -> None:
    mark = tmp_path / "it_ran"
    text = text.format(mark=mark)
    parse_response(TaskType.NAMED_ENTITY_RECOGNITION, text)
    read_data(text)
    assert not mark.exists()


ATTEMPTS = {
    "connect": "socket.create_connection(('198.51.100.7', 80))",
    "connect_ex": "socket.socket().connect_ex(('198.51.100.7', 80))",
    "getaddrinfo": "socket.getaddrinfo('models.example', 443)",
    "gethostbyname": "socket.gethostbyname('models.example')",
    "sendto": "socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('198.51.100.7', 53))",
    "urlopen": "urllib.request.urlopen('http://models.example/weights')",
}
SWALLOWED = """
import multiprocessing, pathlib, socket, sys, urllib.request
from tests.models.evaluator import block_network, report_attempts

def attempt():
    try:
        {code}
    except OSError:
        pass

if __name__ == "__main__":
    record = pathlib.Path(sys.argv[1])
    block_network(record)
    {run}
    report_attempts(record)
"""
HERE = "attempt()"
IN_A_WORKER = "(worker := multiprocessing.get_context('{method}').Process(target=attempt)).start(), worker.join()"


def attempted(tmp_path: Path, code: str, run: str) -> subprocess.CompletedProcess:
    script = tmp_path / "attempt.py"
    script.write_text(SWALLOWED.format(code=code, run=run))
    command = [sys.executable, str(script), str(tmp_path / "record")]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)


@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_a_swallowed_attempt_to_reach_the_network_is_reported(tmp_path: Path, attempt: str) -> None:
    finished = attempted(tmp_path, ATTEMPTS[attempt], HERE)
    assert finished.returncode == 1
    assert "the submission tried to reach:\nsocket." in finished.stderr
    assert "198.51.100.7" in finished.stderr or "models.example" in finished.stderr


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_attempts_of_worker_processes_are_reported(tmp_path: Path, method: str) -> None:
    finished = attempted(tmp_path, ATTEMPTS["getaddrinfo"], IN_A_WORKER.format(method=method))
    assert finished.returncode == 1 and "socket.getaddrinfo models.example in process" in finished.stderr


def test_processes_of_this_machine_may_talk_to_each_other(tmp_path: Path) -> None:
    code = "server = socket.create_server(('127.0.0.1', 0)); socket.create_connection(server.getsockname())"
    finished = attempted(tmp_path, code, f"{HERE}; socket.getaddrinfo('localhost', 80)")
    assert finished.returncode == 0, finished.stderr
