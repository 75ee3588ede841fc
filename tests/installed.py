"""The package as a user installs it: a wheel, built from a copy of the sources, in an environment of its own."""

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
_FOLDERS = ("models", "submission", "evaluation", "training", "tools", "shopbench", "requirements")
_FILES = ("pyproject.toml", "setup.py", "local_evaluation.py", "requirements.txt", "README.md", "LICENSE")


def build_wheel(folder: Path) -> Path:
    """Build the wheel below `folder`, as `pip install .` does; the sources are copied, since building writes beside them."""
    sources = folder / "sources"
    for name in _FOLDERS:
        shutil.copytree(ROOT / name, sources / name, ignore=shutil.ignore_patterns("__pycache__", "weights"))
    (sources / "data").mkdir()
    for name in (*_FILES, "data/sample_questions.jsonl"):
        shutil.copy(ROOT / name, sources / name)
    _pip("wheel", str(sources), "--no-deps", "--no-build-isolation", "-w", str(folder / "wheels"))
    (wheel,) = (folder / "wheels").glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Path:
    """Install `wheel` into a fresh environment in `folder` that sees this one's packages; return its command."""
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    (site,) = folder.glob("lib/python*/site-packages")
    (site / "this_environment.pth").write_text(sysconfig.get_path("purelib"))
    _pip("--python", str(python), "install", "--no-deps", "--no-index", str(wheel))
    return folder / "bin" / "shopbench"


def run(command: Path, *arguments: object, folder: Path, timeout: int = 120) -> subprocess.CompletedProcess[str]:
    """Run the installed command in `folder`, with nothing of the clone on its path and no settings."""
    environment = {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONPATH" and not name.startswith(("SHOPBENCH_", "AICROWD_"))
    }
    given = [str(command), *map(str, arguments)]
    return subprocess.run(given, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout)


def _pip(*arguments: str) -> None:
    finished = subprocess.run([sys.executable, "-m", "pip", "-q", *arguments], capture_output=True, text=True)
    assert finished.returncode == 0, finished.stdout + finished.stderr
