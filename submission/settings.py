"""All that steers a run from outside: one frozen value, read from the environment once and handed along from there.

What a variable says wrongly raises a `ShopBenchError`. A name that nobody knows is an error in our own commands
(`strict`) and a warning where the evaluator imports us: there a typo must not lose a run.
"""

import difflib
import logging
import os
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from submission.accumulation import ACCUMULATIONS, CHECKED
from submission.errors import ShopBenchError
from submission.profiles import PROFILES
from submission.tracks import TRACKS

logger = logging.getLogger(__name__)

_PREFIX = "SHOPBENCH_"
# What the starter kit takes where the evaluator sets no seed.
_DEFAULT_SEED = 773815
# NumPy takes seeds of 32 bits.
_SEED = re.compile(r"[0-9]{1,9}|[1-3][0-9]{9}")
_SECONDS = re.compile(r"[0-9]{1,9}(\.[0-9]{1,9})?")
_COUNT = re.compile(r"[0-9]{1,9}")
# Variables of `docker_run.sh`, which hands them to Docker: known, and of no meaning here.
_OF_THE_CONTAINER = ("SHOPBENCH_MEMORY", "SHOPBENCH_CPUS", "SHOPBENCH_BUILD_ARGS")


def _read_profile(text: str) -> str | None:
    return text if text in PROFILES else None


def _read_accumulation(text: str) -> str | None:
    return text if text in ACCUMULATIONS else None


def _read_track(text: str) -> int | None:
    return next((track.number for track in TRACKS if str(track.number) == text), None)


def _read_seed(text: str) -> int:
    """Return the seed; one that is none is no reason to lose the run, since the evaluator sets it."""
    if not _SEED.fullmatch(text):
        logger.warning("AICROWD_RUN_SEED=%.40r is no whole number of 32 bits: %d is taken", text, _DEFAULT_SEED)
        return _DEFAULT_SEED
    return int(text)


def _read_time_limit(text: str) -> float | None:
    if text.lower() == "off":
        return float("inf")
    return float(text) if _SECONDS.fullmatch(text) else None


def _read_count(text: str) -> int | None:
    return int(text) if _COUNT.fullmatch(text) else None


def _read_switch(text: str) -> bool | None:
    return {"on": True, "off": False}.get(text.lower())


def _read_folder(text: str) -> Path | None:
    try:
        return Path(text).expanduser()
    except RuntimeError:
        # `~name` of a user that this machine does not have.
        return None


@dataclass(frozen=True)
class Settings:
    """What a run is told from outside. None: nothing was said, and the default of the README's table holds.

    `time_limit_s` is in seconds and infinite for `off`. `adapter` is the folder of a LoRA adapter. The two before it are
    folders of sentence encoders.
    """

    model: Path | None = None
    profile: str | None = None
    track: int | None = None
    seed: int = _DEFAULT_SEED
    time_limit_s: float | None = None
    questions: int | None = None
    constraints: bool = True
    calibration: bool = True
    accumulation: str = CHECKED
    minilm: Path | None = None
    multilingual_minilm: Path | None = None
    adapter: Path | None = None

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] | None = None, *, strict: bool = False) -> "Settings":
        """Read the settings from `environment`, by default the process's own.

        A `SHOPBENCH_` variable that is empty counts as not set. Unknown ones are logged, or raise if `strict`.
        """
        environment = os.environ if environment is None else environment
        if unknown := list(_unknown(environment)):
            if strict:
                raise ShopBenchError("; ".join(unknown))
            for line in unknown:
                logger.warning("%s", line)
        values = {}
        for setting, variable in VARIABLES.items():
            text = environment.get(variable.name)
            if text is None or (not text.strip() and variable.name.startswith(_PREFIX)):
                continue
            values[setting] = variable.read(text.strip())
            if values[setting] is None:
                raise ShopBenchError(f"{variable.name}={text[:80]!r} is not understood: {variable.wanted}")
        return cls(**values)


@dataclass(frozen=True)
class Variable:
    """An environment variable: `read` returns None for what is not `wanted`, which finishes the error's sentence."""

    name: str
    read: Callable[[str], Any]
    wanted: str


VARIABLES: dict[str, Variable] = {
    "model": Variable("SHOPBENCH_MODEL", _read_folder, "write a model folder; ~name needs a user of that name"),
    "profile": Variable("SHOPBENCH_PROFILE", _read_profile, f"choose one of {', '.join(PROFILES)}"),
    "track": Variable("SHOPBENCH_TRACK", _read_track, f"the tracks are 1 to {len(TRACKS)}"),
    "seed": Variable("AICROWD_RUN_SEED", _read_seed, "write a whole number of 32 bits"),
    "time_limit_s": Variable("SHOPBENCH_TIME_LIMIT", _read_time_limit, "write seconds, such as 1200, or off"),
    "questions": Variable("SHOPBENCH_QUESTIONS", _read_count, "write a whole number of questions"),
    "constraints": Variable("SHOPBENCH_CONSTRAINTS", _read_switch, "write on or off"),
    "calibration": Variable("SHOPBENCH_CALIBRATION", _read_switch, "write on or off"),
    "accumulation": Variable("SHOPBENCH_ACCUMULATION", _read_accumulation, f"choose one of {', '.join(ACCUMULATIONS)}"),
    "minilm": Variable("SHOPBENCH_MINILM", _read_folder, "write a folder"),
    "multilingual_minilm": Variable("SHOPBENCH_MULTILINGUAL_MINILM", _read_folder, "write a folder"),
    "adapter": Variable("SHOPBENCH_ADAPTER", _read_folder, "write the folder of a LoRA adapter"),
}
"""By field of `Settings`: the variable that it is read from."""


def _unknown(environment: Mapping[str, str]) -> Iterator[str]:
    known = [*(variable.name for variable in VARIABLES.values()), *_OF_THE_CONTAINER]
    for name in sorted(environment):
        if name.startswith(_PREFIX) and name not in known:
            yield f"{name} is no setting: did you mean {_nearest(name, known)}?"


def _nearest(name: str, known: list[str]) -> str:
    """Return the known name most like `name`; the prefix, which all share, says nothing, nor does the case."""
    asked = name.removeprefix(_PREFIX).upper()
    return max(known, key=lambda other: difflib.SequenceMatcher(None, asked, other.removeprefix(_PREFIX)).ratio())
