"""The environment that `make setup` builds: from lock files by their content, never through a link, with its reasons."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
MISSING = "no-such-package-anywhere==1.0 --hash=sha256:" + "0" * 64 + "\n"


def build(folder: Path, *locks: Path) -> subprocess.CompletedProcess[str]:
    """Run the script with pip's indexes shut, so that nothing is fetched."""
    environment = {**os.environ, "PYTHON": sys.executable, "PIP_NO_INDEX": "1", "TORCH_INDEX": "https://torch.invalid"}
    command = [str(ROOT / "tools" / "environment.sh"), str(folder), *map(str, locks)]
    return subprocess.run(command, env=environment, cwd=ROOT, capture_output=True, text=True, timeout=120)


def lock(folder: Path, name: str, content: str = "# nothing is needed\n") -> Path:
    file = folder / name
    file.write_text(content)
    return file


@pytest.mark.parametrize("target", ["there", "nowhere"])
def test_a_link_is_refused_and_what_it_points_to_stays(tmp_path: Path, target: str) -> None:
    (tmp_path / "there" / "bin").mkdir(parents=True)
    (tmp_path / "there" / "bin" / "python").write_text("another checkout's")
    (tmp_path / ".venv").symlink_to(tmp_path / target)
    finished = build(tmp_path / ".venv", lock(tmp_path, "one.lock"))
    assert finished.returncode == 2
    assert f"is a link to {tmp_path / target}" in finished.stderr and "rm " in finished.stderr
    assert (tmp_path / "there" / "bin" / "python").read_text() == "another checkout's"
    assert (tmp_path / ".venv").is_symlink()


def test_make_setup_refuses_a_link(tmp_path: Path) -> None:
    (tmp_path / "tools").mkdir()
    for name in ("Makefile", "tools/environment.sh"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    (tmp_path / "tools" / "environment.sh").chmod(0o755)
    (tmp_path / "other").mkdir()
    (tmp_path / ".venv").symlink_to("other")
    finished = subprocess.run(["make", "setup"], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert finished.returncode != 0 and ".venv is a link to other" in finished.stderr
    assert list((tmp_path / "other").iterdir()) == []


def test_what_counts_of_a_lock_file_is_its_content(tmp_path: Path) -> None:
    folder, file = tmp_path / "environment", lock(tmp_path, "one.lock")
    first = build(folder, file)
    assert first.returncode == 0, first.stderr
    assert "building" in first.stdout and f"installing {file}" in first.stdout
    os.utime(file, (2**31, 2**31))
    assert build(folder, file).stdout == ""
    (folder / "from_before").touch()
    lock(tmp_path, "one.lock", "# another content\n")
    os.utime(file, (0, 0))
    assert "building" in build(folder, file).stdout
    assert not (folder / "from_before").exists()


def test_every_failure_says_its_reason_and_leaves_nothing_that_looks_complete(tmp_path: Path) -> None:
    folder, file = tmp_path / "environment", lock(tmp_path, "torch-cpu.lock", MISSING)
    finished = build(folder, file)
    assert finished.returncode != 0
    assert finished.stderr.count("No matching distribution found for no-such-package-anywhere") == 2
    assert "trying PyTorch's own index, https://torch.invalid" in finished.stdout
    assert not (folder / "complete").exists()


def pins(file: Path) -> list[str]:
    return re.findall(r"^([a-z0-9][^ \\\n=]*==[^ \\\n]+)", file.read_text(encoding="utf-8"), re.M)


def test_qlora_on_a_cpu_takes_what_fine_tuning_on_gpus_does() -> None:
    on_gpus = pins(ROOT / "requirements" / "training-cuda.lock")
    others = {
        pin.split("==")[0] for name in ("cpu.lock", "torch-cpu.lock") for pin in pins(ROOT / "requirements" / name)
    }
    missing = [pin for pin in on_gpus if pin.split("==")[0] not in others]
    assert pins(ROOT / "requirements" / "qlora-cpu.lock") == missing
    assert {pin.split("==")[0] for pin in missing} >= {"bitsandbytes", "deepspeed"}


def test_requirements_txt_holds_the_pins_of_the_cuda_lock() -> None:
    locked = pins(ROOT / "requirements" / "inference-cuda.lock")
    assert len(locked) > 100 and pins(ROOT / "requirements.txt") == locked
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if not line.startswith("#")] == locked


def test_every_direct_requirement_of_the_submission_is_pinned() -> None:
    named = (ROOT / "requirements" / "inference-cuda.in").read_text(encoding="utf-8").splitlines()
    wanted = {re.split(r"[=\[ ]", line)[0] for line in named if line and not line.startswith("#")}
    assert wanted <= {pin.split("==")[0] for pin in pins(ROOT / "requirements.txt")}


def test_apt_txt_names_packages_that_the_image_installs_too() -> None:
    packages = (ROOT / "apt.txt").read_text(encoding="utf-8").split()
    assert "libnuma1" in packages
    assert set(packages) <= set((ROOT / "Dockerfile").read_text(encoding="utf-8").split())
