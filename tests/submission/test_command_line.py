"""What all commands do alike: errors in one style, readers that leave, Ctrl-C."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from submission.command_line import run_command
from submission.errors import ShopBenchError

ROOT = Path(__file__).resolve().parents[2]

WORK = """
import pathlib, sys
from submission.command_line import run_command
from submission.errors import ShopBenchError

def main():
    for number in range(20_000):
        print(number, "ä")
        print("working", file=sys.stderr)
    pathlib.Path(sys.argv[1]).write_text("done")
    if len(sys.argv) > 2:
        raise ShopBenchError(sys.argv[2])
    return 3

run_command(main)
"""


def run(command: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["bash", "-o", "pipefail", "-c", command], cwd=ROOT, capture_output=True, text=True, timeout=300
    )


@pytest.mark.parametrize(("pipe", "fault", "code"), [("|", "", 3), ("2>&1 |", "", 3), ("2>&1 |", "'no such'", 2)])
def test_work_goes_on_when_its_reader_leaves(tmp_path: Path, pipe: str, fault: str, code: int) -> None:
    (tmp_path / "work.py").write_text(WORK)
    done = run(f"PYTHONPATH=. {sys.executable} {tmp_path / 'work.py'} {tmp_path / 'result'} {fault} {pipe} head -1")
    assert done.returncode == code and (tmp_path / "result").read_text() == "done"
    assert "BrokenPipe" not in done.stderr and "Exception" not in done.stderr
    assert done.stdout in ("0 ä\n", "working\n")


@pytest.mark.parametrize(
    "command", ["evaluation.check_submission", "evaluation.history {reports}", "tools.fetch_models --help"]
)
def test_commands_have_their_own_exit_code_in_a_pipe(tmp_path: Path, command: str) -> None:
    command = f"{sys.executable} -m {command.format(reports=tmp_path)}"
    alone, piped = run(command), run(f"{command} | true")
    assert alone.returncode == piped.returncode
    assert "BrokenPipe" not in piped.stderr and "Traceback" not in piped.stderr


def test_an_error_is_one_message_below_what_was_printed(capfd: pytest.CaptureFixture[str]) -> None:
    def fails() -> None:
        print("so far")
        raise ShopBenchError("there is no such thing")

    with pytest.raises(SystemExit) as ended:
        run_command(fails)
    assert ended.value.code == 2
    assert capfd.readouterr() == ("so far\n", "Error: there is no such thing\n")


def test_an_interrupt_says_what_the_command_has_to_say(capfd: pytest.CaptureFixture[str]) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    with pytest.raises(SystemExit) as ended:
        run_command(interrupted, "Interrupted: --resume continues")
    assert ended.value.code == 130
    assert capfd.readouterr().err == "\nInterrupted: --resume continues\n"


def test_errors_have_one_style() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    sources = [name for name in listed if name.endswith((".py", ".sh")) or name == "Makefile"]
    assert len(sources) > 100
    for name in sources:
        if not name.startswith("tests/"):
            found = re.findall(r"""["'](?:error|ERROR): .*""", (ROOT / name).read_text(encoding="utf-8"))
            assert not found, f"{name}: {found[0]}: errors begin with Error:"
