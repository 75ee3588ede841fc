"""What the kernel counts when a control group runs out of memory, in a real one where one can be made."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from submission import memory_limit

# Version 1's limit and counter, or version 2's.
_GROUPS = [
    (Path("/sys/fs/cgroup/memory"), "memory.limit_in_bytes", "memory.oom_control"),
    (Path("/sys/fs/cgroup"), "memory.max", "memory.events"),
]


@pytest.fixture
def group(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    for root, limit, counter in _GROUPS:
        folder = root / "shopbench-test"
        try:
            folder.mkdir()
        except OSError:
            continue
        try:
            (folder / limit).write_text(str(64 << 20))
        except OSError:
            folder.rmdir()
            continue
        monkeypatch.setattr(memory_limit, "_COUNTERS", (folder / counter,))
        yield folder
        folder.rmdir()
        return
    pytest.skip("no control group with a memory limit can be made here: it takes root")


def test_a_process_over_the_limit_is_counted(group: Path) -> None:
    assert memory_limit.count_killed() == 0
    wants_more = (
        "import sys; from pathlib import Path; Path(sys.argv[1]).write_text('0'); bytes(range(256)) * (1 << 20)"
    )
    done = subprocess.run([sys.executable, "-c", wants_more, str(group / "cgroup.procs")])
    assert done.returncode == -9
    assert memory_limit.count_killed() == 1


def test_where_nobody_counts_nobody_was_killed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    strange = tmp_path / "memory.events"
    strange.write_text("max\n")
    monkeypatch.setattr(memory_limit, "_COUNTERS", (tmp_path / "none", strange))
    assert memory_limit.count_killed() == 0
