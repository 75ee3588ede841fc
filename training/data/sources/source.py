"""What every source has: named streams of units, and a way from a unit to a record or to the reason why there is none.

A unit is a raw row or a handful of joined ones. The main process of a build streams units (reading and no more), its
workers turn them into records (cleaning, joining). So the costly half runs on all cores.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

from training.data.licences import CHECK
from training.data.sources.reading import LATEST, is_on_hub, local_files
from training.data.sources.records import Record
from training.files import fingerprint, hash_of, remove, write_json

# What changes nothing about the rows that are read.
_WITHOUT_EFFECT = ("scratch", "licence")
_COMMIT = re.compile(r"[0-9a-f]{40}")


class Source:
    """A public data set as streams of records.

    `scratch` is a folder of its own for what has to be joined on disk. Subclasses take what locates their files, and
    `limit`, how many rows to read of each file set at most. A recipe may name another `licence` than that of the set as
    it is published. It may also name the `revision` (a commit, a tag or a branch) of what is read from the hub.
    """

    name: ClassVar[str]
    streams: ClassVar[dict[str, type]]
    licence: str = CHECK
    revision: str = LATEST

    def __init__(self, scratch: Path, limit: int | None = None) -> None:
        self.scratch = scratch
        self.limit = limit
        self._unusable: Counter[str] | None = None
        """What `prepare_once` returned: synthesis asks again for every stream."""

    def locations(self) -> list[str]:
        """Return the locations that the source reads, as its settings give them."""
        raise NotImplementedError

    def unpinned(self) -> list[str]:
        """Return the locations on the hub that are read at a branch or a tag, which may move, rather than at a commit."""
        return [] if _COMMIT.fullmatch(self.revision) else [one for one in self.locations() if is_on_hub(one)]

    def units(self, stream: str) -> Iterator[Any]:
        """Stream the units of one of the `streams`, in an order that is always the same."""
        raise NotImplementedError

    def record(self, stream: str, unit: Any, unusable: Counter[str]) -> Record | None:
        """Turn a unit into a record, or count in `unusable` why that cannot be done and return None."""
        raise NotImplementedError

    def prepare(self, unusable: Counter[str]) -> None:
        """Build what joins need on disk, counting rows that cannot be used; nothing to do for most sources."""

    def prepare_once(self) -> Counter[str]:
        """Prepare unless that was done already from the same files, and return how many rows could not be used, by reason."""
        if self._unusable is None:
            self._unusable = self._prepare_unless_done()
        return self._unusable

    def _prepare_unless_done(self) -> Counter[str]:
        done = self.scratch / "prepared.json"
        inputs = self._inputs()
        if done.exists():
            prepared = json.loads(done.read_text())
            if prepared["inputs"] == inputs:
                return Counter(prepared["unusable"])
        # An index that a killed build left whole has lost its counts: all of it is made anew.
        remove(self.scratch)
        self.scratch.mkdir(parents=True)
        unusable: Counter[str] = Counter()
        self.prepare(unusable)
        write_json(done, {"inputs": inputs, "unusable": unusable})
        return unusable

    def _inputs(self) -> str:
        """Return a hash of what `prepare` works with: the settings, the local files and the code of the sources."""
        settings = {name: value for name, value in vars(self).items() if name not in _WITHOUT_EFFECT and name[0] != "_"}
        files = [file for location in self.locations() for file in local_files(location)]
        code = sorted(Path(__file__).parent.glob("*.py"))
        return hash_of([settings, fingerprint(*files), fingerprint(*code)])


def as_list(location: str | list[str]) -> list[str]:
    """Return locations as a list, however a recipe wrote them."""
    return [location] if isinstance(location, str) else list(location)
