"""The tables on a larger mixture: who is compared with whom, on which questions."""

from typing import Any

from benchmarks.larger_mixture import section
from training.fine_tuning.tables import ON, SETS, ZERO_SHOT


def answered(*scores: float) -> list[dict[str, Any]]:
    return [{"task_name": "choice", "metric": "accuracy", "track": None, "score": score} for score in scores * 10]


def test_the_larger_mixture_is_held_against_the_own_tasks_question_by_question() -> None:
    scores = {ZERO_SHOT: (0, 0), "own": (0, 1), "larger": (0.25, 1)}
    predictions = {(name, ON): dict.fromkeys(SETS, answered(*values)) for name, values in scores.items()}
    predictions["larger", ON]["unseen"] = answered(0, 0.5)
    table = [row for row in section(predictions, "own", "larger") if row.startswith("|")]
    rows = [[cell.strip() for cell in row[1:-1].split("|")] for row in table]
    cells = {row[0]: row[1:] for row in rows if len(row) == 4}
    assert cells[""] == ["development (20 questions)", "seen (20 questions)", "unseen (20 questions)"]
    assert [cell.split()[0] for cell in cells["larger"]] == ["0.625", "0.625", "0.250"]
    assert [cell.split()[0] for cell in cells["own against zero-shot"]] == ["+0.500"] * 3
    assert [cell.split()[0] for cell in cells["larger against own"]] == ["+0.125", "+0.125", "-0.250"]
    # Paired: the difference is 0.25 or nothing, so its interval cannot be as wide as that of either score.
    low, high = (float(part.strip("[],")) for part in cells["larger against own"][0].split()[1:])
    assert 0 < low < 0.125 < high < 0.25
    assert ["development", "choice", "0.000", "0.500", "0.625"] in rows
