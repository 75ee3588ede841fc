"""A full disk, played by a limit on the size of files: one line, nothing half-written, and the same command goes on."""

import resource
import subprocess
import sys
from pathlib import Path

from submission.model_folder import ROOT
from tests.training.lora_fixtures import build_adapter, build_llama


def run(command: list[str], room: int | None = None) -> subprocess.CompletedProcess:
    def limit() -> None:
        if room is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

    return subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, preexec_fn=limit, capture_output=True, text=True, timeout=120
    )


def check(command: list[str], output: Path, room: int) -> None:
    full = run(command, room)
    assert full.returncode == 2, full.stderr
    assert full.stderr.strip().splitlines()[-1].startswith("Error: no room on the disk")
    assert "Traceback" not in full.stderr
    assert not output.exists()
    assert run(command).returncode == 0
    assert output.exists()


def test_merging(tmp_path: Path) -> None:
    base = build_llama(tmp_path / "base")
    adapter = build_adapter(base, tmp_path / "adapter", r=2)
    output = tmp_path / "out"
    check(
        ["training.merge", "--base", str(base), "--adapter", str(adapter), "--output", str(output)], output, room=30_000
    )


def test_building_data(tmp_path: Path) -> None:
    output = tmp_path / "out"
    recipe = ROOT / "training" / "recipes" / "data_fixtures.yaml"
    check(["training.build_dataset", "--recipe", str(recipe), "--set", f"output={output}"], output, room=250_000)
