"""Chooses wise-ft's α on validation questions and draws the curve.

The one thing to know is the rule. Allowed is each α whose score on unseen tasks is not below the 95 % bootstrap
interval of α = 0. Of these the best mean of seen and unseen tasks is taken; of equals, the one nearer to the base.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from evaluation.drawing import new_figure, save_png
from evaluation.intervals import Interval
from evaluation.progress import steps
from evaluation.row_scores import interval
from submission.errors import ShopBenchError
from training.files import write_json
from training.fine_tuning.examples import read_questions
from training.fine_tuning.variant_scores import Asking, Variant, answer_questions, read_sets, write_sets

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class ValidationSets:
    """The questions that choose α: of tasks that were trained on, and of tasks that were not."""

    seen: Path
    unseen: Path


@dataclass(frozen=True)
class SweepPoint:
    """Validation scores at one α."""

    alpha: float
    seen: Interval
    unseen: Interval

    @property
    def mean(self) -> float:
        """Mean of the scores on seen and on unseen tasks."""
        return (self.seen.score + self.unseen.score) / 2


def parse_sweep(text: str) -> list[float]:
    """Return the α of `start:stop:step`, both ends included."""
    try:
        start, stop, step = (Decimal(part) for part in text.split(":"))
        if not 0 <= start <= stop <= 1 or step <= 0:
            raise ValueError
    except (InvalidOperation, ValueError) as error:
        raise ShopBenchError(
            f"sweep {text!r}: write start:stop:step with 0 <= start <= stop <= 1, like 0:1:0.1"
        ) from error
    return [float(start + index * step) for index in range(int((stop - start) / step) + 1)]


def choose_alpha(points: list[SweepPoint]) -> SweepPoint:
    """Return the point that the rule chooses; of equals, the one nearer to the base. The first point must be α = 0."""
    zero_shot = points[0]
    allowed = [point for point in points if point.unseen.score >= zero_shot.unseen.low]
    return max(allowed, key=lambda point: (point.mean, -point.alpha))


def sweep(alphas: list[float], evaluate: Callable[[float], tuple[Rows, Rows]], output: Path) -> SweepPoint:
    """Score every α by `evaluate` (α to scored rows of seen and unseen questions); write `sweep.json` and `sweep.png`.

    α = 0 is always evaluated, since the rule compares with it.
    """
    points = []
    for alpha in steps(sorted({0.0, *alphas}), "wise-ft sweep", "model"):
        seen, unseen = evaluate(alpha)
        points.append(SweepPoint(alpha, interval(seen), interval(unseen)))
    chosen = choose_alpha(points)
    _draw(points, chosen, output / "sweep.png")
    write_json(output / "sweep.json", {"alpha": chosen.alpha, "points": [asdict(point) for point in points]})
    return chosen


def sweep_with_engine(
    fine_tuned: Variant, validation: ValidationSets, alphas: list[float], output: Path, asking: Asking
) -> SweepPoint:
    """Run `sweep` with the real engine: `fine_tuned` at one α at a time is written, asked and removed."""
    questions = output / "questions.jsonl"
    seen, unseen = (read_questions(path, scored=True) for path in (validation.seen, validation.unseen))
    write_sets({"seen": seen, "unseen": unseen}, questions)

    def evaluate(alpha: float) -> tuple[Rows, Rows]:
        variant = replace(fine_tuned, alpha=alpha)
        sets = read_sets(answer_questions(variant, questions, output / f"alpha_{alpha:g}", asking))
        return sets["seen"], sets["unseen"]

    return sweep(alphas, evaluate, output)


def _draw(points: list[SweepPoint], chosen: SweepPoint, target: Path) -> None:
    figure = new_figure(7, 4)
    axes = figure.subplots()
    alphas = [point.alpha for point in points]
    for name, colour in (("seen", "tab:blue"), ("unseen", "tab:orange")):
        intervals: list[Interval] = [getattr(point, name) for point in points]
        axes.plot(alphas, [one.score for one in intervals], "o-", color=colour, label=f"{name} tasks", markersize=4)
        axes.fill_between(alphas, [i.low for i in intervals], [i.high for i in intervals], color=colour, alpha=0.15)
    axes.axhline(points[0].unseen.low, color="tab:orange", linewidth=0.8, linestyle="--", label="lower end at α = 0")
    axes.axvline(chosen.alpha, color="0.4", linewidth=0.8, linestyle=":", label=f"chosen: α = {chosen.alpha:g}")
    axes.set(xlabel="α (0: base, 1: fine-tuned)", ylabel="validation score, mean over tasks")
    axes.legend()
    save_png(figure, target)
