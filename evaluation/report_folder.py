"""Where reports lie: a folder for each evaluation, `latest` pointing at the newest, none replaced unless that is asked for."""

import json
import os
import re
import time
from pathlib import Path
from typing import Any

from evaluation.journal import FILE_NAME as JOURNAL
from evaluation.journal import differences
from submission.errors import ShopBenchError

REPORT = "report.json"
_LATEST = "latest"


def new_folder(reports: Path, model: Path) -> Path:
    """Return a folder below `reports`, not made yet, that is named after the time and the model."""
    name = re.sub(r"[^\w.-]+", "-", model.resolve().name) or "model"
    stem = f"{time.strftime('%Y-%m-%d_%H-%M-%S')}-{name}"
    numbered = (reports / (stem if number == 1 else f"{stem}-{number}") for number in range(1, 1000))
    return next(folder for folder in numbered if not folder.exists())


def folder_to_resume(reports: Path) -> Path:
    """Return the folder of the newest interrupted evaluation below `reports`, else of the latest finished one."""
    journals = sorted(reports.glob(f"*/{JOURNAL}"), key=lambda file: file.stat().st_mtime)
    if journals:
        return journals[-1].parent
    if (reports / _LATEST / REPORT).is_file():
        return (reports / _LATEST).resolve()
    raise ShopBenchError(f"there is nothing to resume: {reports} holds no evaluation; name its folder with --output")


def point_latest(folder: Path) -> None:
    """Let `latest` beside `folder` point at it; a folder of that name, which somebody made, stays and is named."""
    link = folder.parent / _LATEST
    if link.is_dir() and not link.is_symlink():
        print(f"{link} is a folder and stays as it is: rename it, and the next evaluation puts a link there")
        return
    temporary = folder.parent / f".{_LATEST}.{os.getpid()}"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(folder.name)
    temporary.replace(link)


def is_finished(folder: Path, identity: dict[str, Any], *, resume: bool, overwrite: bool) -> bool:
    """Return whether a report is there that `resume` asks for; raise `ShopBenchError` where one would be replaced.

    `identity` is what was and is evaluated. An evaluation that was to replace a report and was interrupted goes on.
    """
    file = folder / REPORT
    if not file.is_file() or overwrite:
        return False
    if not resume:
        raise ShopBenchError(
            f"{folder} holds a finished report: choose another --output, or replace it with --overwrite"
        )
    if (folder / JOURNAL).is_file():
        return False
    _check_same(folder, _read(file).get("identity"), identity)
    return True


def _read(file: Path) -> dict[str, Any]:
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except ValueError as error:
        raise ShopBenchError(f"{file} is not a report: {error}; replace it with --overwrite") from error
    return content if isinstance(content, dict) else {}


def _check_same(folder: Path, found: Any, expected: dict[str, Any]) -> None:
    if not isinstance(found, dict):
        return
    if changes := differences(found, expected):
        raise ShopBenchError(
            f"{folder} holds a finished report of another evaluation: {changes}. Choose another --output, or replace it "
            "with --overwrite"
        )
