"""Each pattern that reads questions, compiled by `re` and by `regex`: which of the two finds its matches faster.

    python -m benchmarks.reading_patterns FILES

Both go through the same texts, one after the other, and the fastest of several passes counts. Printed are the ratios of
processor times, above 1 where `regex` is slower: for searching whole texts, and for matching at the beginning of lines.
The package compiles a pattern with `regex` where that is no slower for what the pattern is used for.
"""

import argparse
import importlib
import re
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import regex

from benchmarks.reading_sources import sources_of
from training.command_line import run_command

MODULES = (
    *("asked_count", "instructions", "item_numbers", "languages", "numbered_lists", "options", "question_text"),
    *("questions", "word_kinds"),
)


def patterns() -> list[tuple[str, str, int]]:
    """Return name, pattern and flags of what the modules that read questions compile, whichever library does; each once."""
    found: dict[str, tuple[str, str, int]] = {}
    for module in MODULES:
        for name, value in vars(importlib.import_module(f"submission.{module}")).items():
            if isinstance(value, re.Pattern | regex.Pattern):
                flags = (re.I if value.flags & int(re.I) else 0) | (re.M if value.flags & int(re.M) else 0)
                found.setdefault(value.pattern, (f"{module}.{name}", value.pattern, int(flags)))
    return list(found.values())


def best(function: Callable[[], object], passes: int) -> float:
    """Return the processor seconds of the fastest of `passes` calls."""
    fastest = float("inf")
    for _ in range(passes):
        started = time.process_time()
        function()
        fastest = min(fastest, time.process_time() - started)
    return fastest


def _compiled(pattern: str, flags: int) -> tuple[Any, Any] | None:
    try:
        return re.compile(pattern, flags), regex.compile(pattern, flags)
    except re.error:
        return None  # Scripts by name: only one of them knows these.


def _search(pattern: Any, texts: list[str]) -> None:
    for text in texts:
        for _ in pattern.finditer(text):
            pass


def _match(pattern: Any, lines: list[str]) -> None:
    for line in lines:
        pattern.match(line)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "files", nargs="+", type=Path, help="questions, one JSON object a line, or folders of such files"
    )
    parser.add_argument("--passes", type=int, default=3, help="passes over the texts (default: %(default)s)")
    options = parser.parse_args()
    texts = [wording.text for wordings in sources_of(options.files).values() for wording in wordings]
    lines = [line for text in texts for line in text.split("\n")]
    print(f"{len(texts)} texts, {len(lines)} lines\n\n| pattern | searching | matching lines |\n| --- | --- | --- |")
    uses = ((_search, texts), (_match, lines))
    for name, pattern, flags in patterns():
        pair = _compiled(pattern, flags)
        if pair is None:
            print(f"| {name} | `regex` alone knows it | |", flush=True)
            continue
        searching, matching = ([best(partial(use, one, parts), options.passes) for one in pair] for use, parts in uses)
        print(f"| {name} | {searching[1] / searching[0]:.2f} | {matching[1] / matching[0]:.2f} |", flush=True)


if __name__ == "__main__":
    run_command(main)
