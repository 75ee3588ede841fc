"""Real questions, where they are: the development set and the public instruction set beside the repository."""

import json
from pathlib import Path
from typing import Any

import pytest

SHARED = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
SOURCES = SHARED / "sources"
"""Published rows of the public sources (see its README); a test that reads them skips where they are not."""


def _read(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def development_questions() -> list[dict[str, Any]]:
    """The 96 development questions, or skip."""
    file = SHARED / "shopbench_development.jsonl"
    if not file.is_file():
        pytest.skip(f"{file} is not on this machine")
    return _read(file)


def ec_guide_questions() -> dict[str, list[dict[str, Any]]]:
    """The questions of the public instruction set by file name, or skip."""
    folder = SHARED / "ec_guide"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not on this machine")
    return {file.stem: _read(file) for file in sorted(folder.glob("*.jsonl"))}
