"""Which questions of a file are asked: those of a track, of some tasks or types, and not all of them where one is in a hurry."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from evaluation.dataset import Sample
from submission.errors import ShopBenchError
from submission.near_names import hint
from submission.tracks import Track, track_by_number

ALL_AROUND = track_by_number(5)


@dataclass(frozen=True)
class Subset:
    """What is asked: `limit` is a number of questions of each task, `first` one of questions in all; empty or None: all."""

    track: Track | None = None
    tasks: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    limit: int | None = None
    first: int | None = None

    def of_track(self, samples: Sequence[Sample], data: Path) -> list[Sample]:
        """Return the questions of the track, and those that name none; tracks 1 to 4 leave out those of the others."""
        if self.track in (None, ALL_AROUND):
            return list(samples)
        kept = [sample for sample in samples if sample.track in (None, self.track)]
        if not kept:
            raise ShopBenchError(f"{data} holds no questions of track {self.track.number}")
        return kept

    def part(self, samples: Sequence[Sample]) -> list[Sample]:
        """Return what is to be asked of the questions of the track, in their order."""
        check_names("task", self.tasks, (sample.task_name for sample in samples))
        check_names("task type", self.types, (sample.task_type for sample in samples))
        kept = [
            sample
            for sample in samples
            if (not self.tasks or sample.task_name in self.tasks) and (not self.types or sample.task_type in self.types)
        ]
        if not kept:
            raise ShopBenchError("no question is of these tasks and of these types at once")
        if self.limit is not None:
            kept = _first_of_each_task(kept, self.limit)
        return kept[: self.first]


def check_names(kind: str, names: Sequence[str], known: Iterable[str]) -> None:
    """Raise a `ShopBenchError` for the first name that no question has."""
    there = list(dict.fromkeys(known))
    for name in names:
        if name not in there:
            raise ShopBenchError(f"there are no questions of the {kind} {name!r}: {hint(name, there)}")


def _first_of_each_task(samples: Sequence[Sample], limit: int) -> list[Sample]:
    taken: Counter[str] = Counter()
    kept = []
    for sample in samples:
        taken[sample.task_name] += 1
        if taken[sample.task_name] <= limit:
            kept.append(sample)
    return kept
