"""How fast training data are built, how that scales with workers, and whether memory grows with the sources.

`python -m benchmarks.build_rate --copies 60 600 --workers 1 2` repeats the fixtures (each copy with names of its own,
so that its questions are no duplicates). It builds each data set in a process of its own, and prints a table.
"""

import argparse
import csv
import json
import multiprocessing
import random
import resource
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from training.data.building import build
from training.data.recipe import DataRecipe
from training.data.sources.ecinstruct import read_data
from training.recipe import load_recipe

_FIXTURES = Path("tests/training/fixtures")
_RECIPE = Path("training/recipes/data_fixtures.yaml")
# Columns that join rows: a copy gets ids of its own.
_IDS = ("product_id", "query_id", "id", "next_item", "asin", "parent_asin", "user_id")
_TEXTS = ("query", "product_title", "title", "text", "question", "instruction", "input")
_SYLLABLES = (
    "ba",
    "co",
    "du",
    "fe",
    "gi",
    "ha",
    "jo",
    "ku",
    "la",
    "mo",
    "ne",
    "pi",
    "ra",
    "so",
    "tu",
    "va",
    "we",
    "xi",
)


def main() -> None:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.build_rate", description=__doc__)
    parser.add_argument("--copies", type=int, nargs="+", default=[60, 600], help="how often the fixtures are repeated")
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2], help="numbers of worker processes to try")
    parser.add_argument("--examples", type=int, default=40_000, help="examples wanted of every build")
    options = parser.parse_args()
    print(
        "| rows of the sources | workers | examples | seconds | examples a second | largest worker, MB | main process, MB |"
    )
    print("| --- | --- | --- | --- | --- | --- | --- |")
    with TemporaryDirectory() as folder:
        for copies in options.copies:
            data = Path(folder) / f"copies-{copies}"
            rows = _repeat(_FIXTURES, data, copies)
            for workers in options.workers:
                recipe = _recipe(data, Path(folder) / f"built-{copies}-{workers}", workers, options.examples)
                figures = _measured(recipe)
                print(
                    f"| {rows:,} | {workers} | {figures['examples']:,} | {figures['seconds']:.1f} "
                    f"| {figures['examples'] / figures['seconds']:.0f} | {figures['worker_mb']:.0f} | {figures['main_mb']:.0f} |",
                    flush=True,
                )


def _repeat(source: Path, target: Path, copies: int) -> int:
    """Write every fixture file `copies` times over into one file; return how many rows there are in all."""
    count = 0
    for path in sorted(source.rglob("*.*")):
        rows, header = _read(path)
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        with copy.open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, header) if header else None
            if writer:
                writer.writeheader()
            for number in range(copies):
                for row in rows:
                    changed = _changed(row, number)
                    count += 1
                    if writer:
                        writer.writerow(changed)
                    else:
                        file.write(
                            (changed if isinstance(changed, str) else json.dumps(changed, ensure_ascii=False)) + "\n"
                        )
    return count


def _read(path: Path) -> tuple[list[Any], list[str]]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".csv":
        reader = csv.DictReader(text.splitlines())
        return list(reader), list(reader.fieldnames or [])
    if text.startswith("["):
        return json.loads(text), []
    return [_parsed(line) for line in text.splitlines()], []


def _parsed(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return line


def _changed(row: Any, number: int) -> Any:
    """Return a row with ids and a made-up name of its own, the same for all rows of a copy that belong together."""
    if number == 0 or isinstance(row, str):
        return row
    changed = dict(row)
    for column in _IDS:
        if isinstance(row.get(column), str):
            changed[column] = f"{row[column]}{number:X}"
        elif isinstance(row.get(column), int):
            changed[column] = row[column] + 10_000 * number
    if isinstance(row.get("prev_items"), str):
        changed["prev_items"] = row["prev_items"].replace("' '", f"{number:X}' '").replace("']", f"{number:X}']")
    for column in _TEXTS:
        text = row.get(column)
        if isinstance(text, str) and text:
            changed[column] = _named(read_data(text), _name(f"{number}/{text}"))
    return changed


def _named(value: Any, name: str) -> Any:
    """Return a text with a name in front of it; in data that are written as text, every text of them, as JSON again."""
    return f"{name} {value}" if isinstance(value, str) else json.dumps(_each_named(value, name))


def _each_named(value: Any, name: str) -> Any:
    if isinstance(value, dict):
        return {key: _each_named(item, name) for key, item in value.items()}
    if isinstance(value, list):
        return [_each_named(item, name) for item in value]
    return f"{value} {name}" if isinstance(value, str) and value else value


def _name(seed: str) -> str:
    return "".join(random.Random(seed).choices(_SYLLABLES, k=4)).capitalize()


def _recipe(data: Path, output: Path, workers: int, examples: int) -> DataRecipe:
    recipe = load_recipe(_RECIPE, [f"workers={workers}", f"examples={examples}", f"output={output}"], DataRecipe)
    sources = json.loads(json.dumps(recipe.sources).replace(str(_FIXTURES), str(data)))
    return recipe.model_copy(update={"sources": sources, "near_duplicate": 0.95, "shard_examples": 5000})


def _measured(recipe: DataRecipe) -> dict[str, float]:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_build, args=(recipe, sender))
    process.start()
    sender.close()
    figures = receiver.recv()
    process.join()
    return figures


def _build(recipe: DataRecipe, sender: Any) -> None:
    start = time.perf_counter()
    report = build(recipe)
    seconds = time.perf_counter() - start
    # In KiB on Linux, of the largest child. A process that was started starts from what its parent had, so this is an upper
    # bound for workers, and the status file is asked for this process itself.
    worker = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    status = Path("/proc/self/status").read_text().splitlines()
    main = int(next(line for line in status if line.startswith("VmHWM")).split()[1]) / 1024
    sender.send({"examples": report["examples"], "seconds": seconds, "worker_mb": worker, "main_mb": main})


if __name__ == "__main__":
    main()
