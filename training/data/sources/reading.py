"""Opens a public data set as a stream of rows, whatever it is published as.

A location is a hub id (`owner/name`, or `owner/name:configuration`), a file, a folder or a pattern of files. Files are
parquet, CSV or JSON lines (gzip too). Files are read in turns, so that a limit takes from all of them, not from the
first. The one thing to know: JSON lines travel as text and are parsed row by row. These sets mix types within a column
(a price is a number or "from 5.99"), which a table of typed columns cannot hold.
"""

import gc
import re
import zlib
from collections import deque
from collections.abc import Collection, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

from submission.errors import ShopBenchError
from submission.json_lines import from_line
from training.data.sources.cleaning import without_half_characters

Row = dict[str, Any]

LATEST = "main"
"""The branch of a hub set that is read where no revision is named."""

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+(?::[\w.-]+)?")
_SUFFIXES = {".parquet": "parquet", ".csv": "csv", ".jsonl": "json", ".json": "json"}
_BATCH = 1000
# Rows of one file until the next has its turn: neighbours stay together, as wrong answers of the same kind for each other.
_TURN = 100
# Each open file holds a batch. A set of more files has its later ones opened as earlier ones end.
_OPEN_FILES = 64
# Bytes of text that are held at once; the library's own 10 MB turn into ten times as much in rows.
_TEXT_CHUNK = 1 << 20


def local_files(location: str) -> list[Path]:
    """Return the files that a local location stands for, sorted, empty if it is none (a hub id or a mistake)."""
    path = Path(location)
    if path.is_file():
        return [path]
    if path.is_dir():
        return sorted(file for file in path.iterdir() if file.is_file() and _kind_of(file) is not None)
    anchor = Path(path.anchor) if path.anchor else Path()
    return sorted(file for file in anchor.glob(str(path.relative_to(path.anchor))) if file.is_file())


def is_on_hub(location: str) -> bool:
    """Whether a location is a hub id and no file or folder has its name."""
    return _HUB_ID.fullmatch(location) is not None and not local_files(location)


def open_rows(
    location: str | Sequence[str],
    columns: Collection[str],
    *,
    split: str = "train",
    revision: str = LATEST,
    limit: int | None = None,
) -> Iterator[Row]:
    """Stream the rows of `location` (or of several), each a dict with at least `columns`; files take turns.

    Rows of JSON lines that cannot be parsed come as `{"": line}`, so that the caller can count them; a later row that lacks
    one of the columns has None there. `limit` is how many rows are read of all files together. `split` and `revision` (a
    commit, a tag or a branch) are of what comes from the hub. Raises `ShopBenchError`
    where nothing is found or a column is missing, naming it and those that are there.
    """
    locations = [location] if isinstance(location, str) else list(location)
    if not locations:
        raise ShopBenchError("a source needs at least one location to read: it was given an empty list")
    files = [file for one in locations for file in (list(map(str, local_files(one))) or [one])]
    yield from islice(_in_turns([_open_one(file, columns, split, revision) for file in files]), limit)


def _in_turns(streams: list[Iterator[Row]]) -> Iterator[Row]:
    waiting = iter(streams)
    reading = deque(islice(waiting, _OPEN_FILES))
    while reading:
        stream = reading.popleft()
        rows = list(islice(stream, _TURN))
        yield from rows
        if len(rows) == _TURN:
            reading.append(stream)
        else:
            reading.extend(islice(waiting, 1))


def _open_one(location: str, columns: Collection[str], split: str, revision: str) -> Iterator[Row]:
    rows = _stream(location, split, revision)
    first = next(rows, None)
    if first is None:
        raise ShopBenchError(f"{location} holds no rows: check the file or the split ({split!r})")
    if "" in first:
        raise ShopBenchError(f"{location}: the first line is not a JSON object: {first[''][:80]!r}")
    missing = [column for column in columns if column not in first]
    if missing:
        raise ShopBenchError(
            f"{location} has no column {', '.join(map(repr, missing))}: it has {', '.join(map(repr, first)) or 'none'}"
        )
    yield first
    for row in rows:
        yield row if "" in row or all(column in row for column in columns) else {**dict.fromkeys(columns), **row}


def _stream(location: str, split: str, revision: str) -> Iterator[Row]:
    path = Path(location)
    if path.is_file() and _kind_of(path) == "parquet":
        return _parquet_rows(location)
    import datasets  # loading it takes seconds, and the worker processes of a build never need it

    # Its own bars count files, not rows; the build shows one of its own.
    datasets.disable_progress_bars()
    # It tells the hub of every file that is opened, local ones too, and waits for an answer.
    datasets.config.HF_UPDATE_DOWNLOAD_COUNTS = False
    if not path.is_file() and "://" not in location:
        if not _HUB_ID.fullmatch(location):
            raise ShopBenchError(
                f"{location} does not exist: give a file, a folder, a pattern or a hub id (owner/name)"
            )
        name, _, configuration = location.partition(":")
        return _rows(location, _load(location, name, configuration or None, split=split, revision=revision))
    file = str(path.resolve()) if path.is_file() else location
    kind = _kind_of(path)
    if kind is None:
        raise ShopBenchError(f"{location}: a file must be parquet, CSV or JSON lines (.gz too)")
    if kind == "parquet":
        return _rows(location, _load(location, "parquet", data_files=file))
    if kind == "csv":
        return _csv_rows(location, file)
    if file.endswith(".json") and _is_json_array(path):
        return _rows(location, _load(location, "json", data_files=file))
    return _json_lines(location, _load(location, "text", data_files=file, chunksize=_TEXT_CHUNK))


def _load(location: str, *arguments: Any, split: str = "train", **options: Any) -> Any:
    import datasets

    try:
        return datasets.load_dataset(*arguments, split=split, streaming=True, **options)
    except Exception as error:  # the library raises dozens of kinds here, all of them about this location
        reason = str(error).strip().split("\n")[0]
        raise ShopBenchError(f"{location} cannot be read ({type(error).__name__}: {reason})") from error


def _rows(location: str, dataset: Any) -> Iterator[Row]:
    """Iterate in batches of arrow rows, several times faster than row by row."""
    tables = iter(dataset.with_format("arrow").iter(batch_size=_BATCH))
    try:
        for table in _checked(location, tables):
            yield from table.to_pylist()
    except GeneratorExit:
        # Its threads hold parts of a Parquet stream in circles: what is left of it when Python ends aborts the process.
        tables.close()
        del tables
        gc.collect()
        raise


def _parquet_rows(location: str) -> Iterator[Row]:
    """Iterate over a local file in one thread, which nothing outlives; one batch of it is in memory."""
    from pyarrow import parquet

    def batches() -> Iterator[Any]:
        with parquet.ParquetFile(location, pre_buffer=False) as file:
            yield from file.iter_batches(batch_size=_BATCH, use_threads=False)

    for batch in _checked(location, batches()):
        yield from batch.to_pylist()


def _checked(location: str, tables: Iterator[Any]) -> Iterator[Any]:
    """Pass tables on, naming the location where they cannot be read."""
    try:
        yield from tables
    except (ValueError, OSError, EOFError, zlib.error) as error:
        reason = str(error).strip().split("\n")[0]
        raise ShopBenchError(f"{location} is broken or cut off ({type(error).__name__}: {reason})") from error


def _csv_rows(location: str, file: str) -> Iterator[Row]:
    """Read every CSV value as text: a guessed number type would take leading zeros off an ASIN."""
    import datasets

    header = next(_rows(location, _load(location, "csv", data_files=file, keep_default_na=False)), None)
    if header is None:
        return iter(())
    features = datasets.Features({column: datasets.Value("string") for column in header})
    return _rows(location, _load(location, "csv", data_files=file, features=features, keep_default_na=False))


def _json_lines(location: str, dataset: Any) -> Iterator[Row]:
    for row in _rows(location, dataset):
        line = row["text"].lstrip("\ufeff").strip()
        if line:
            yield _parse(line)


def _parse(line: str) -> Row:
    try:
        row = from_line(line)
    except ValueError:
        return {"": line}
    if not isinstance(row, dict):
        return {"": line}
    return without_half_characters(row) if "\\ud" in line.lower() else row


def _is_json_array(path: Path) -> bool:
    with path.open(encoding="utf-8-sig") as file:
        return file.read(64).lstrip().startswith("[")


def _kind_of(path: Path) -> str | None:
    suffixes = [suffix for suffix in path.suffixes if suffix not in (".gz", ".zst")]
    return _SUFFIXES.get(suffixes[-1]) if suffixes else None
