"""As what the questions were read: the types found against those given, and what was read from weak evidence.

The evaluator says of a batch only whether it is multiple choice. The other types are the model's finding, and a wrong one
makes a wrong form of answer.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from evaluation.tables import table
from submission.task_rules import TaskType

WEAK_EVIDENCE = 0.9
"""A reading that is less likely than this may well be another one."""

# How many questions are named in the text of a report; the rows of the predictions have all of them.
_MOST_NAMED = 20


def found_types(rows: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]] | None:
    """Return how many questions of each given type were read as which, None where the model does not tell."""
    counts: Counter[tuple[str, Any]] = Counter((row["task_type"], row.get("task_type_found")) for row in rows)
    if not counts or any(found is None for _, found in counts):
        return None
    matrix: dict[str, dict[str, int]] = {}
    for (given, found), count in sorted(counts.items()):
        matrix.setdefault(given, {})[found] = count
    return matrix


def weak_readings(rows: Iterable[Mapping[str, Any]]) -> list[int]:
    """Return the numbers of the questions whose form was chosen from weak evidence."""
    return [row["id"] for row in rows if row.get("confidence") is not None and row["confidence"] < WEAK_EVIDENCE]


def shown_readings(rows: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the lines of a report that show both, none where the model does not tell or nothing was read otherwise."""
    lines: list[str] = []
    matrix = found_types(rows)
    if matrix and any(given != found for given, by_found in matrix.items() for found in by_found):
        types = [str(kind) for kind in TaskType]
        types += sorted({found for by_found in matrix.values() for found in by_found} - set(types))
        cells = [(given, *(by_found.get(kind, 0) for kind in types)) for given, by_found in matrix.items()]
        lines += ["Questions by their type and by the type they were read as:", ""]
        lines += [*table(("given \\ found", *types), cells), ""]
    elif matrix:
        lines.append("Every question was read as the type that it is given.")
    if weak := weak_readings(rows):
        named = ", ".join(map(str, weak[:_MOST_NAMED])) + (", …" if len(weak) > _MOST_NAMED else "")
        lines.append(f"Read from weak evidence: {len(weak)} questions (numbers {named}).")
    return lines
