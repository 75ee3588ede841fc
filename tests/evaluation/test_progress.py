"""What is seen of a run: at a terminal, in a file, quiet and verbose."""

import logging
import os
import pty
import re
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from evaluation import progress
from evaluation.progress import Detail, bar, steps, waiting

ROOT = Path(__file__).resolve().parents[2]

CODE = """
import logging, sys, time, warnings
from evaluation.progress import Detail, bar, show_log, waiting
detail = Detail[sys.argv[1]]
show_log(detail)
theirs = logging.getLogger("library")
theirs.propagate = False
theirs.addHandler(logging.StreamHandler(sys.stdout))
with waiting("Loading", detail):
    logging.getLogger("submission.x").info("reading")
with bar(4, "Answering", "question", detail) as shown:
    for number in range(4):
        shown.update(1)
        logging.getLogger("submission.x").warning("strange")
        theirs.error("of a library")
        logging.getLogger("evaluation.x").info("a batch")
"""


def run_at_a_terminal(detail):
    """Run the code above at a pseudo-terminal and return all that came there."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    arguments = [sys.executable, "-c", CODE, detail]
    process = subprocess.Popen(arguments, cwd=ROOT, stdin=theirs, stdout=theirs, stderr=theirs, close_fds=True)
    os.close(theirs)
    written = b""
    while True:
        try:
            part = os.read(ours, 65536)
        except OSError:  # the last writer is gone
            break
        if not part:
            break
        written += part
    os.close(ours)
    assert process.wait(timeout=60) == 0, written
    return written.decode()


def screen(written):
    """Return the lines as a terminal shows them in the end: a carriage return writes over what was there."""
    lines = []
    for line in written.replace("\r\n", "\n").split("\n"):
        shown = ""
        for part in line.split("\r"):
            shown = (part + shown[len(part) :]).rstrip()
        lines.append(shown)
    return lines


def test_log_lines_do_not_tear_the_bar():
    lines = [line for line in screen(run_at_a_terminal("USUAL")) if line]
    assert lines[0] == "Loading" and lines[1] == "reading" and lines[2].startswith("Loading: done in 0.")
    assert lines[3:-1] == ["Warning: strange", "of a library"] * 4
    assert lines[-1].startswith("Answering: 100%|") and "4/4" in lines[-1]


def test_quiet_shows_warnings_alone():
    assert [line for line in screen(run_at_a_terminal("QUIET")) if line] == ["Warning: strange", "of a library"] * 4


def test_verbose_shows_who_says_what_and_when():
    text = "\n".join(screen(run_at_a_terminal("VERBOSE")))
    assert re.search(r"^\d{4}-.* evaluation\.x: a batch$", text, re.M)
    assert re.search(r"^Warning: \d{4}-.* submission\.x: strange$", text, re.M)


def test_without_a_terminal_there_is_a_line_every_so_often(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    with bar(6, "Answering", "question", Detail.USUAL, initial=2) as shown:
        shown.set_postfix_str("ranking", refresh=False)
        for _ in range(2):
            shown.update(2)
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(" questions, ")[0] for line in lines] == ["Answering: 4 of 6", "Answering: 6 of 6"]
    assert re.fullmatch(r".*question/s, 00:0\d so far, 00:0\d left, ranking", lines[0])


def test_without_a_terminal_what_has_no_known_total_is_counted(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.0)
    assert list(steps(iter("abc"), "Building", "question")) == list("abc")
    lines = capsys.readouterr().err.splitlines()
    assert [line.partition(",")[0] for line in lines] == [f"Building: {number} questions" for number in (1, 2, 3)]
    assert not any("\r" in line or "?" in line.partition("so far")[2] for line in lines)


def test_without_a_terminal_the_last_line_says_how_far_it_came(capsys):
    with pytest.raises(ValueError):
        for number in steps(range(10), "Writing", "shard"):
            if number == 4:
                raise ValueError
    assert [line.partition(",")[0] for line in capsys.readouterr().err.splitlines()] == ["Writing: 4 of 10 shards"]
    assert list(steps([], "Writing", "shard")) == [] and capsys.readouterr().err == ""


def test_without_a_terminal_there_is_no_line_more_often(capsys):
    with bar(100, "Answering", "question", Detail.USUAL) as shown:
        for _ in range(100):
            shown.update(1)
    assert len(capsys.readouterr().err.splitlines()) <= 2


def test_what_takes_long_says_that_it_goes_on(capsys, monkeypatch):
    monkeypatch.setattr(progress, "LINE_EVERY_S", 0.01)
    with waiting("Loading", Detail.USUAL):
        while "Loading: 0 s so far" not in (seen := capsys.readouterr().err):
            pass
    assert capsys.readouterr().err.splitlines()[-1].startswith("Loading: done in 0.") and seen


def test_what_fails_is_not_said_to_be_done(capsys):
    with pytest.raises(ValueError), waiting("Loading", Detail.USUAL):
        raise ValueError
    assert capsys.readouterr().err == "Loading\n"
    assert not logging.root.handlers or all(
        type(one).__name__ != "_TqdmLoggingHandler" for one in logging.root.handlers
    )
