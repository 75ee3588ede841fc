"""Compares reports question by question: which questions they share, what changed, and by how much one is better.

The one thing to know: all other reports are compared with the first. Nothing but the reports is read.
"""

import string
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from evaluation.predictions import Row, count_origins
from evaluation.reports import Report
from evaluation.row_scores import Difference, Differences, differences
from submission.errors import ShopBenchError
from submission.tracks import track_by_challenge_id

# What may differ beside the model, by the path to it in a report.
_CONDITIONS = {
    "preset of the engine": ("profile",),
    "seed": ("seed",),
    "time limits": ("limits",),
    "settings": ("settings", "submission"),
    "commit": ("commit",),
    "machine": ("machine",),
    "versions": ("versions",),
}
# Where the model and its adapter lie is what is compared; how many questions are to come is said elsewhere.
_NO_CONDITION = ("model", "adapter", "questions")


@dataclass(frozen=True)
class Side:
    """One of the reports that are compared: its letter, and its rows of the questions that all of them share."""

    letter: str
    report: Report
    rows: list[Row]

    @property
    def time(self) -> dict[str, float]:
        """The report's timing, of all of its questions."""
        return self.report.content.get("timing", {})

    @cached_property
    def origins(self) -> dict[str, int] | None:
        """How many of the shared questions' answers are the model's, cut and fallbacks."""
        return count_origins(self.rows)


@dataclass(frozen=True)
class Change:
    """A question whose score changed, as the row of the first report and that of the other."""

    before: Row
    after: Row

    @property
    def gain(self) -> float:
        """By how much the score rose."""
        return float(self.after["score"]) - float(self.before["score"])


@dataclass(frozen=True)
class Pair:
    """The first report and another one."""

    first: Side
    other: Side
    found: Differences
    changes: list[Change]
    """The questions with another score, the largest gain first."""
    reworded: int
    """How many questions got another answer with the same score."""

    @property
    def better_tasks(self) -> int:
        """In how many tasks the other report has the higher score."""
        return sum(one.interval.score > 0 for one in self.found.tasks.values())

    @property
    def worse_tasks(self) -> int:
        """In how many tasks it has the lower score."""
        return sum(one.interval.score < 0 for one in self.found.tasks.values())


@dataclass(frozen=True)
class Comparison:
    """Two or more reports over the questions that they share."""

    sides: list[Side]
    pairs: list[Pair]
    remarks: list[str]
    """What a reader must know to judge the differences."""


def compare(reports: Sequence[Report]) -> Comparison:
    """Compare two or more reports; where no scored question is in all of them, a `ShopBenchError` says so."""
    if len(reports) < 2:
        raise ShopBenchError("a comparison needs two reports or more")
    if len(reports) > len(string.ascii_uppercase):
        raise ShopBenchError(f"at most {len(string.ascii_uppercase)} reports can be compared at once")
    indexed = [_by_question(report.rows) for report in reports]
    shared = [key for key in indexed[0] if all(key in other for other in indexed[1:])]
    scored = [key for key in shared if all(rows[key]["score"] is not None for rows in indexed)]
    if not scored:
        names = ", ".join(str(report.folder) for report in reports)
        raise ShopBenchError(f"{names} share no question that has a score in all of them")
    sides = [
        Side(letter, report, [rows[key] for key in scored])
        for letter, report, rows in zip(string.ascii_uppercase, reports, indexed, strict=False)
    ]
    remarks = [*_of_questions(reports, len(shared), len(scored)), *_of_conditions(reports)]
    return Comparison(sides, [_pair(sides[0], side) for side in sides[1:]], remarks)


def _by_question(rows: Sequence[Row]) -> dict[Hashable, Row]:
    """Return the rows by what makes a question the same in another report: all that is asked, and its truth.

    A question that is asked twice is told from its first occurrence.
    """
    seen: Counter[Hashable] = Counter()
    found: dict[Hashable, Row] = {}
    for row in rows:
        key = (row.get("track"), row["task_name"], row["metric"], row.get("question"), row["truth"])
        seen[key] += 1
        found[*key, seen[key]] = row
    return found


def _pair(first: Side, other: Side) -> Pair:
    pairs = list(zip(first.rows, other.rows, strict=True))
    changes = [Change(before, after) for before, after in pairs if before["score"] != after["score"]]
    reworded = sum(
        before["score"] == after["score"] and before["response"] != after["response"] for before, after in pairs
    )
    ordered = sorted(changes, key=lambda change: -change.gain)
    return Pair(first, other, differences(other.rows, first.rows), ordered, reworded)


def _of_questions(reports: Sequence[Report], shared: int, scored: int) -> Iterator[str]:
    counts = [len(report.rows) for report in reports]
    if any(count != shared for count in counts):
        asked = ", ".join(
            f"{count:,} in {letter}" for count, letter in zip(counts, string.ascii_uppercase, strict=False)
        )
        yield f"The reports hold different questions ({asked}): the {shared:,} that all share are compared."
    if scored < shared:
        yield f"{shared - scored:,} shared questions have no score in one of the reports and are left out."
    for report, letter in zip(reports, string.ascii_uppercase, strict=False):
        for line in report.content.get("warnings", []):
            yield f"{letter}: {line}"


def _of_conditions(reports: Sequence[Report]) -> Iterator[str]:
    for label, path in _CONDITIONS.items():
        values = [_at(report.content, path) for report in reports]
        keys = sorted({key for value in values for key in value if key not in _NO_CONDITION})
        differing = [key for key in keys if any(value.get(key) != values[0].get(key) for value in values)]
        if differing:
            sides = zip(string.ascii_uppercase, values, strict=False)
            shown = "; ".join(f"{letter}: {_shown(value, differing)}" for letter, value in sides)
            yield f"Not only the model differs, also the {label} ({shown})."
    for report, letter in zip(reports, string.ascii_uppercase, strict=False):
        if report.content.get("clean") is False:
            yield f"{letter} was made by code with changes that are not in its commit."


def _at(content: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    value: Any = content
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {"": value}


def _shown(value: dict[str, Any], keys: Sequence[str]) -> str:
    return ", ".join(f"{key} {str(value.get(key))[:80]}".strip() for key in keys)


def groups_of(found: Differences) -> dict[str, Difference]:
    """Return the differences over several tasks, by what they are called."""
    groups = {"overall (mean over the tracks)": found.overall}
    tracks = {track_by_challenge_id(name) if name else None: one for name, one in found.tracks.items()}
    for track, one in sorted(tracks.items(), key=lambda pair: pair[0].number if pair[0] else 0):
        groups[f"track {track.number} {track.name}" if track else "no track named"] = one
    return groups | {f"type {kind}": one for kind, one in sorted(found.types.items())}


def in_words(pair: Pair) -> str:
    """Return what a comparison comes to in a sentence: who is better, by how much, and how sure that is."""
    overall, tasks = pair.found.overall, len(pair.found.tasks)
    other, first = pair.other.letter, pair.first.letter
    counts = f"better in {pair.better_tasks} of {tasks} tasks, worse in {pair.worse_tasks}"
    low, high = overall.interval.low, overall.interval.high
    amount = f"{abs(overall.interval.score):.3f}"
    if low > 0 or high < 0:
        word, bounds = ("better", (low, high)) if low > 0 else ("worse", (-high, -low))
        return f"{other} is {word} than {first} by {amount} [{bounds[0]:.3f}, {bounds[1]:.3f}], {shown_p(overall)}; {counts}."
    if not pair.changes:
        return f"{other} and {first} score the same on every question."
    word = "more" if overall.interval.score >= 0 else "less"
    return (
        f"{other} and {first} cannot be told apart: {other} scores {amount} {word}, which chance alone could give "
        f"[{low:+.3f}, {high:+.3f}], {shown_p(overall)}; {counts}."
    )


def shown_p(found: Difference) -> str:
    """Return a p-value as it is written."""
    return f"p = {found.p:.3f}" if found.p >= 0.001 else "p < 0.001"
