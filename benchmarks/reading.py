"""How well questions are read, and how fast: right task types by source, expected loss, questions a second.

    python -m benchmarks.reading FILES                    rates and right types over the files, each as one source
    python -m benchmarks.reading --leave-one-out FILES    each source left out of the fit of the weights, then read
    python -m benchmarks.reading --fit FILES              fit the weights to all sources and write them

Besides FILES (public instructions, prompts by others) the last two know more wordings: `benchmarks/wordings`, those of
the tests, those of the tasks that are built, and neighbours (`benchmarks.reading_neighbours`). Files in
`benchmarks/wordings/kept_back` are never fitted to: each has a line of its own.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from benchmarks import reading_weights
from benchmarks.reading_neighbours import neighbour_sources
from benchmarks.reading_sources import KEPT_BACK, OWN_FILES, Example, Wording, built_sources, examples_of, sources_of
from submission import task_weights
from submission.instructions import read_instruction
from submission.questions import read_question
from submission.task_rules import Reading, TaskType
from submission.task_types import COSTS, classify_task, judge
from training.command_line import run_command

# So many neighbours of each ask, of this seed, are fitted to; the tests read those of another.
_NEIGHBOURS, _FITTED_SEED = 6, 0
# What is made up counts for half of what people wrote: there is far more of it, and it is all alike.
_NEIGHBOURS_COUNT = 0.5
# Measured and not fitted to: texts over lists are rare in ShopBench, and weights that know many make free text of every list
# whose instruction is not understood.
_UNFITTED = "neighbours: free text over a list"
_FREE = Reading.FREE
_CITED = {Reading.ENTITIES, Reading.PHRASE}


@dataclass
class Tally:
    """What became of the wordings of a source."""

    total: int = 0
    right: int = 0
    loss: float = 0.0
    free: int = 0
    free_forced: int = 0
    free_cited: int = 0
    entities: int = 0
    entities_found: int = 0
    mistakes: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, wording: Wording, weights: reading_weights.Weights) -> None:
        """Count one wording, read with `weights`."""
        self.total += 1
        true = wording.reading
        if true is None:
            self.right += classify_task(wording.text, True) is TaskType.MULTIPLE_CHOICE
            return
        found = judge(read_instruction(wording.text), weights).reading
        self.right += found.task_type is true.task_type
        if found is not true:
            self.loss += COSTS[true].get(found, 0.0)
            self.mistakes[true.value, found.value] += 1
        self.free += true is _FREE
        self.free_forced += true is _FREE and found is not _FREE
        self.free_cited += true is _FREE and found in _CITED
        self.entities += true is Reading.ENTITIES
        self.entities_found += true is Reading.ENTITIES and found is true

    def __iadd__(self, other: "Tally") -> "Tally":
        for name, value in vars(other).items():
            setattr(self, name, getattr(self, name) + value)
        return self

    def row(self, name: str) -> str:
        """Return the tally as a row of a table."""
        forced = f"{self.free_forced}/{self.free}" if self.free else "-"
        entities = f"{self.entities_found}/{self.entities}" if self.entities else "-"
        mistakes = ", ".join(f"{true} as {found} {count}" for (true, found), count in self.mistakes.most_common(3))
        return (
            f"| {name} | {self.right}/{self.total} | {self.right / self.total:.1%} | {self.loss / self.total:.4f} "
            f"| {forced} | {entities} | {mistakes} |"
        )


_HEADER = (
    "| source | right | share | expected loss | free text forced into a form | entity questions found | mistakes |\n"
    "| --- | --- | --- | --- | --- | --- | --- |"
)


def tally(wordings: list[Wording], weights: reading_weights.Weights) -> Tally:
    """Return what becomes of `wordings` when they are read with `weights`."""
    counted = Tally()
    for wording in wordings:
        counted.add(wording, weights)
    return counted


def table(sources: dict[str, list[Wording]], weights: Callable[[str], reading_weights.Weights]) -> Iterator[str]:
    """Return the rows of all sources, the worst of them and all together; `weights` are those to read a source with."""
    yield _HEADER
    whole, worst = Tally(), ("", 2.0)
    for name, wordings in sources.items():
        counted = tally(wordings, weights(name))
        yield counted.row(name)
        worst = min(worst, (name, counted.right / counted.total), key=lambda pair: pair[1])
        whole += counted
    yield whole.row("**all**")
    yield f"\nThe worst source is {worst[0]!r} with {worst[1]:.1%}."


_REFITTED = """Refitted without the source that is read: the weights of the rules. Written by hand and not taken back: the rules,
the kinds of words that they are made of, labels and lists. Some sources were in view then, so wordings that nobody looked at,
which are kept back, say more."""


def cost_table() -> Iterator[str]:
    """Return what a mistake costs, by what a question is (rows) and what it is read as."""
    yield "Cost of a mistake, as a share of the question's score (rows: what it is, columns: what it is read as):\n"
    yield "| | " + " | ".join(Reading) + " |\n| --- |" + " --- |" * len(Reading)
    for true, row in COSTS.items():
        yield f"| {true} | " + " | ".join(f"{row[found]:.1f}" if found in row else "-" for found in Reading) + " |"


def fitted_examples(name: str, wordings: list[Wording]) -> list[Example]:
    """Return the wordings of a source as the fit counts them."""
    examples = examples_of(wordings)
    if not name.startswith("neighbours: "):
        return examples
    # The fit takes square roots of counts.
    return [replace(example, count=example.count * _NEIGHBOURS_COUNT**2) for example in examples]


def leave_one_out(sources: dict[str, list[Wording]], kept_back: dict[str, list[Wording]]) -> Iterator[str]:
    """Return the table of all sources, each read with weights that were fitted without it, and those that are kept back."""
    examples = {name: fitted_examples(name, wordings) for name, wordings in sources.items()}

    everything = reading_weights.fit(examples.values())

    def without(left_out: str) -> reading_weights.Weights:
        return reading_weights.fit((found for name, found in examples.items() if name != left_out), everything)

    yield _REFITTED + "\n"
    yield from cost_table()
    yield ""
    yield from table(sources, without)
    yield f"\nKept back, read with the weights of the package:\n\n{_HEADER}"
    for name, wordings in kept_back.items():
        yield tally(wordings, task_weights.WEIGHTS).row(name)
    if not kept_back:
        yield f"| no file in {KEPT_BACK} | - | - | - | - | - | - |"


def best_rate(function: Callable[[str, bool], object], questions: list[tuple[str, bool]], passes: int) -> float:
    """Return questions a second in the fastest of `passes` passes."""
    fastest = float("inf")
    for _ in range(passes):
        started = time.process_time()
        for text, is_multiple_choice in questions:
            function(text, is_multiple_choice)
        fastest = min(fastest, time.process_time() - started)
    return len(questions) / fastest


def print_rates(wordings: list[Wording], passes: int) -> None:
    """Print how many questions are read a second, in processor time of one core."""
    questions = [(wording.text, wording.is_multiple_choice) for wording in wordings]
    print(f"{len(questions)} questions")
    print(f"classify_task: {best_rate(classify_task, questions, passes):,.0f} a second")
    with_form = best_rate(lambda *question: read_question(*question).answer_format, questions, passes)
    print(f"read_question with its answer format: {with_form:,.0f} a second")


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "files", nargs="*", type=Path, help="questions, one JSON object a line, or folders of such files"
    )
    parser.add_argument(
        "--passes", type=int, default=5, help="passes over the questions for rates (default: %(default)s)"
    )
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--leave-one-out", action="store_true", help="read each source with weights fitted without it")
    what.add_argument("--fit", action="store_true", help=f"fit the weights and write {task_weights.__name__}")
    options = parser.parse_args()
    if not options.leave_one_out and not options.fit:
        if not options.files:
            parser.error("name the files to read, or --leave-one-out")
        sources = sources_of(options.files)
        print("\n".join(table(sources, lambda name: task_weights.WEIGHTS)))
        print_rates([wording for wordings in sources.values() for wording in wordings], options.passes)
        return
    sources = sources_of([*OWN_FILES, *options.files]) | built_sources() | neighbour_sources(_FITTED_SEED, _NEIGHBOURS)
    unfitted = {_UNFITTED: sources.pop(_UNFITTED)}
    if options.leave_one_out:
        for line in leave_one_out(sources, sources_of([KEPT_BACK]) | unfitted):
            print(line, flush=True)
        return
    weights = reading_weights.fit(fitted_examples(name, wordings) for name, wordings in sources.items())
    reading_weights.write(weights, Path(task_weights.__file__))
    print(f"wrote {task_weights.__file__}: {sum(len(rules) for rules in weights.values())} rules")


if __name__ == "__main__":
    run_command(main)
