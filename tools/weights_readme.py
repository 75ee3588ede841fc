"""Keeps `weights/README.md`, which says of each model folder beside it what it is and where it comes from."""

import re
from pathlib import Path

_HEAD = "# Model files\n\nBrought by commands in `tools/`; git ignores this folder.\n"


def describe(weights: Path, name: str, text: str) -> None:
    """Write the section on the folder `name`, in place of an older one; the sections of others stay as they are."""
    file = weights / "README.md"
    old = file.read_text(encoding="utf-8") if file.is_file() else _HEAD
    kept = re.sub(rf"^## {re.escape(name)}\n.*?(?=^## |\Z)", "", old, flags=re.M | re.S)
    temporary = file.with_name("README.md.tmp")
    temporary.write_text(f"{kept.rstrip()}\n\n## {name}\n\n{text.strip()}\n", encoding="utf-8")
    temporary.replace(file)
