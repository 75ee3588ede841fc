"""Files that are whole or absent: writing under a temporary name, content fingerprints, and markers of finished work.

The one thing to know: a process may be killed at any moment. So a name that a later stage looks for appears only by a
rename, when everything behind it is written.
"""

import hashlib
import json
import shutil
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from submission.errors import ShopBenchError
from submission.json_lines import from_line, to_line

_SAMPLED_FROM_BYTES = 64 << 20
_SAMPLES = 64
_SAMPLE_BYTES = 64 << 10


@contextmanager
def written_whole(target: Path) -> Iterator[Path]:
    """Yield a temporary path beside `target`; rename it to `target` when the block ends without an exception."""
    target.parent.mkdir(parents=True, exist_ok=True)
    temporary = target.with_name(target.name + ".tmp")
    yield temporary
    temporary.replace(target)


@contextmanager
def folder_written_whole(target: Path) -> Iterator[Path]:
    """Yield an empty temporary folder beside `target`; it takes the place of `target` when the block ends well."""
    temporary = target.with_name(target.name + ".tmp")
    remove(temporary)
    temporary.mkdir(parents=True)
    yield temporary
    remove(target)
    temporary.rename(target)


def refuse_to_replace(output: Path, *inputs: Path) -> None:
    """Raise a `ShopBenchError` where writing the folder `output` would delete one of the folders that it is made from."""
    for source in inputs:
        if source.resolve().is_relative_to(output.resolve()):
            raise ShopBenchError(f"{output} would replace {source}, which it is made from: name another output folder")


def remove(path: Path) -> None:
    """Remove a file or a folder if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_json(target: Path, data: Any) -> None:
    """Write `data` as indented JSON, whole or not at all."""
    with written_whole(target) as temporary:
        temporary.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_lines(target: Path, rows: Iterable[Any]) -> None:
    """Write plain data as JSON, one value a line, whole or not at all."""
    with written_whole(target) as temporary, temporary.open("wb") as file:
        file.writelines(map(to_line, rows))


def read_lines(path: Path) -> Iterator[Any]:
    """Yield the values of a file of lines that this project has written."""
    with path.open("rb") as lines:
        yield from map(from_line, lines)


def fingerprint(*paths: Path) -> str:
    """Return a hash of files and folders by relative name and content, as hexadecimal text.

    Of a file of 64 MiB or more, 64 blocks of 64 KiB spread over it are read instead of all: weights that differ at all
    differ everywhere, and reading 145 GB to learn that nothing changed would take longer than many a stage.
    """
    digest = hashlib.sha256()
    for path in paths:
        if not path.exists():
            raise ShopBenchError(f"there is no {path}")
        files = sorted(p for p in path.rglob("*") if p.is_file()) if path.is_dir() else [path]
        for file in files:
            size = file.stat().st_size
            digest.update(f"{file.relative_to(path) if path.is_dir() else file.name}\0{size}\0".encode())
            with file.open("rb") as opened:
                if size < _SAMPLED_FROM_BYTES:
                    digest.update(opened.read())
                    continue
                for index in range(_SAMPLES):
                    opened.seek((size - _SAMPLE_BYTES) * index // (_SAMPLES - 1))
                    digest.update(opened.read(_SAMPLE_BYTES))
    return digest.hexdigest()


def hash_of(data: Any) -> str:
    """Return a hash of plain data (settings), as hexadecimal text."""
    return hashlib.sha256(json.dumps(data, sort_keys=True, default=str).encode()).hexdigest()


def run_once(marker: Path, inputs_hash: str, work: Callable[[], object]) -> bool:
    """Do `work` unless `marker` says that it was done with the same inputs; return whether it was done now."""
    if marker.is_file() and marker.read_text().strip() == inputs_hash:
        return False
    marker.unlink(missing_ok=True)
    work()
    with written_whole(marker) as temporary:
        temporary.write_text(inputs_hash + "\n")
    return True
