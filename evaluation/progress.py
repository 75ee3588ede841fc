"""What somebody sees of a long run: the log, a bar at a terminal, and a line every so often where there is no terminal.

The one thing to know: everything here goes to standard error, so that what a command found out can be sent elsewhere.
"""

import logging
import os
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sized
from contextlib import contextmanager
from enum import IntEnum
from typing import Protocol, TypeVar

from tqdm import tqdm
from tqdm.contrib.logging import logging_redirect_tqdm

LINE_EVERY_S = 15.0
_LINE = "{desc}: {n_fmt} of {total_fmt} {unit}s, {rate_fmt}, {elapsed} so far, {remaining} left{postfix}"
_LINE_WITHOUT_TOTAL = "{desc}: {n_fmt} {unit}s, {rate_fmt}, {elapsed} so far{postfix}"

T = TypeVar("T")


class Detail(IntEnum):
    """How much is shown: warnings and what was found, also what is being done, or everything that is logged."""

    QUIET = 0
    USUAL = 1
    VERBOSE = 2


class _Format(logging.Formatter):
    """Says what is wrong before it says what, and nothing before what is only being done."""

    def format(self, record: logging.LogRecord) -> str:
        text = super().format(record)
        return text if record.levelno <= logging.INFO else f"{record.levelname.capitalize()}: {text}"


def show_log(detail: Detail) -> None:
    """Show this process's log at the terminal: our own packages' in as much detail as is asked for, others' if `VERBOSE`."""
    handler = logging.StreamHandler()
    verbose = detail is Detail.VERBOSE
    handler.setFormatter(_Format("%(asctime)s %(name)s: %(message)s" if verbose else "%(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.INFO if verbose else logging.WARNING)
    logging.captureWarnings(True)
    if verbose:
        os.environ.setdefault("VLLM_LOGGING_LEVEL", "INFO")
    elif detail is Detail.USUAL:
        for package in ("models", "submission"):
            logging.getLogger(_own(package)).setLevel(logging.INFO)


def _own(package: str) -> str:
    """Return what a package of ours is called, in a clone or installed as a part of one."""
    return __name__.removesuffix("evaluation.progress") + package


class Bar(Protocol):
    """What progress is told to."""

    def update(self, n: int = 1) -> object:
        """Count `n` more as done."""

    def set_postfix_str(self, s: str, refresh: bool) -> None:
        """Show `s` behind the counts, at once only if `refresh`."""


class Lines:
    """Shows what a bar shows, in lines that a file can hold: at most one in `LINE_EVERY_S`, and one at the end."""

    def __init__(self, total: int | None, desc: str, unit: str, initial: int) -> None:
        self._total, self._unit, self._initial, self._what = total, unit, initial, desc
        self._done, self._postfix = initial, ""
        self._started = self._said_at = time.monotonic()
        self._said = initial

    def update(self, n: int = 1) -> None:
        """Count `n` more as done."""
        self._done += n
        if time.monotonic() - self._said_at >= LINE_EVERY_S or self._done == self._total:
            self._say()

    def set_postfix_str(self, s: str, refresh: bool) -> None:
        """Show `s` in later lines."""
        self._postfix = s

    def close(self) -> None:
        """Say how far it came, if that was not said yet."""
        if self._said != self._done:
            self._say()

    def _say(self) -> None:
        self._said, self._said_at = self._done, time.monotonic()
        text = tqdm.format_meter(
            self._done,
            self._total or 0,
            self._said_at - self._started,
            prefix=self._what,
            unit=self._unit,
            bar_format=_LINE_WITHOUT_TOTAL if self._total is None else _LINE,
            postfix=self._postfix,
            initial=self._initial,
        )
        # A rate is aligned for a bar.
        _say(text.replace(",  ", ", "))


@contextmanager
def bar(
    total: int | None, description: str, unit: str, detail: Detail = Detail.USUAL, initial: int = 0
) -> Iterator[Bar]:
    """Yield a bar to be updated; lines that are logged meanwhile stand above it. None: nobody knows the `total`."""
    if detail is not Detail.QUIET and not at_terminal():
        lines = Lines(total, description, unit, initial)
        try:
            yield lines
        finally:
            lines.close()
        return
    with (
        tqdm(total=total, desc=description, unit=unit, initial=initial, disable=detail is Detail.QUIET) as made,
        logging_redirect_tqdm(loggers=_loggers_to_the_terminal()),
    ):
        yield made


def steps(of: Iterable[T], description: str, unit: str, total: int | None = None) -> Iterator[T]:
    """Yield what `of` yields, and show how far that is."""
    with bar(len(of) if total is None and isinstance(of, Sized) else total, description, unit) as shown:
        for one in of:
            yield one
            shown.update()


def at_terminal() -> bool:
    """Whether somebody watches, who can be shown a bar; elsewhere its carriage returns would fill a file."""
    return sys.stderr.isatty()


def _loggers_to_the_terminal() -> list[logging.Logger]:
    """Return the loggers that write there by themselves: libraries give handlers to theirs."""
    named = [one for one in logging.root.manager.loggerDict.values() if isinstance(one, logging.Logger)]
    return [logger for logger in (logging.root, *named) if any(map(_is_at_the_terminal, logger.handlers))]


def _is_at_the_terminal(handler: logging.Handler) -> bool:
    return isinstance(handler, logging.StreamHandler) and handler.stream in (sys.stdout, sys.stderr)


@contextmanager
def waiting(what: str, detail: Detail) -> Iterator[None]:
    """Say that something is being done that shows no progress by itself, that it still is, and how long it took."""
    if detail is Detail.QUIET:
        yield
        return
    started, over = time.monotonic(), threading.Event()

    def keep_saying() -> None:
        while not over.wait(LINE_EVERY_S):
            _say(f"{what}: {time.monotonic() - started:.0f} s so far")

    _say(what)
    thread = threading.Thread(target=keep_saying, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
    _say(f"{what}: done in {time.monotonic() - started:.1f} s")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)
