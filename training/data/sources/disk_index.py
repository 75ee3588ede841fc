"""Rows on disk under a key: the joins of a build (query to product, review to product) without filling memory.

A SQLite file that appears when it is whole. Any number of processes may read it at the same time. The one thing to know:
keys come in the order of a hash, always the same, so the first of them are a sample of all. Published files are sorted by
locale or by kind, and a build reads no further than it has to.
"""

import hashlib
import json
import sqlite3
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from training.files import written_whole

_CACHE_KIB = 4 * 1024
_BITS = 1 << 27


class DiskIndex:
    """Rows (anything that JSON holds) by key; several rows may share one, and keep the order in which they came."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None

    def build(self, rows: Iterable[tuple[str, Any]]) -> None:
        """Write the index from (key, row) pairs."""
        with written_whole(self.path) as unfinished:
            unfinished.unlink(missing_ok=True)
            self._write(unfinished, rows)

    def _write(self, path: Path, rows: Iterable[tuple[str, Any]]) -> None:
        connection = sqlite3.connect(path)
        # Until the rename nothing is promised, so nothing needs a journal.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", f"cache_size=-{_CACHE_KIB}"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("CREATE TABLE rows (place INTEGER NOT NULL, key TEXT NOT NULL, row TEXT NOT NULL)")
        encoded = ((_place(key), key, json.dumps(row, ensure_ascii=False, separators=(",", ":"))) for key, row in rows)
        connection.executemany("INSERT INTO rows VALUES (?, ?, ?)", encoded)
        connection.execute("CREATE INDEX by_place ON rows (place, key)")
        connection.commit()
        connection.close()

    def get(self, key: str) -> list[Any]:
        """Return the rows under `key`, empty if there are none."""
        found = self._open().execute(
            "SELECT row FROM rows WHERE place = ? AND key = ? ORDER BY rowid", (_place(key), key)
        )
        return [json.loads(row) for (row,) in found]

    def groups(self) -> Iterator[tuple[str, list[Any]]]:
        """Iterate over all keys, well mixed but always in the same order, each with its rows."""
        ordered = self._open().execute("SELECT key, row FROM rows ORDER BY place, key, rowid")
        for key, rows in groupby(ordered, key=lambda pair: pair[0]):
            yield key, [json.loads(row) for _, row in rows]

    def _open(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(f"{self.path.resolve().as_uri()}?mode=ro", uri=True)
            self._connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
        return self._connection

    def __getstate__(self) -> dict[str, Any]:
        # A connection belongs to one process: each opens its own.
        return {"path": self.path, "_connection": None}


class KeysSeen:
    """Keys in a fixed 16 MB, however many: all that were added are in it, and of millions added a few others are too."""

    def __init__(self) -> None:
        self._bits = bytearray(_BITS // 8)

    def add(self, key: str) -> None:
        """Add a key."""
        place = _place(key) % _BITS
        self._bits[place // 8] |= 1 << place % 8

    def __contains__(self, key: str) -> bool:
        place = _place(key) % _BITS
        return bool(self._bits[place // 8] & 1 << place % 8)


def _place(key: str) -> int:
    return int.from_bytes(hashlib.blake2b(key.encode(), digest_size=8).digest(), "big", signed=True)
