"""What steers a run: read once, wrong values and unknown names named, the README's table in step with the fields."""

import logging
import re
import subprocess
import sys
from dataclasses import FrozenInstanceError, fields
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.errors import ShopBenchError
from submission.settings import VARIABLES, Settings

ROOT = Path(__file__).resolve().parents[2]


def test_nothing_set_leaves_the_defaults() -> None:
    assert Settings.from_environment({}) == Settings()


def test_every_field_is_read_from_its_variable() -> None:
    environment = {
        "SHOPBENCH_MODEL": "/m",
        "SHOPBENCH_PROFILE": "t4x4",
        "SHOPBENCH_TRACK": "3",
        "AICROWD_RUN_SEED": "7",
        "SHOPBENCH_TIME_LIMIT": "90.5",
        "SHOPBENCH_QUESTIONS": "12",
        "SHOPBENCH_CONSTRAINTS": "off",
        "SHOPBENCH_CALIBRATION": "off",
        "SHOPBENCH_ACCUMULATION": "float32",
        "SHOPBENCH_MINILM": "/a",
        "SHOPBENCH_MULTILINGUAL_MINILM": "/b",
        "SHOPBENCH_ADAPTER": "/c",
    }
    folders = (Path("/a"), Path("/b"), Path("/c"))
    expected = Settings(Path("/m"), "t4x4", 3, 7, 90.5, 12, False, False, "float32", *folders)
    assert Settings.from_environment(environment, strict=True) == expected
    assert [variable.name for variable in VARIABLES.values()] == list(environment)
    assert list(VARIABLES) == [field.name for field in fields(Settings)]


def test_settings_are_frozen() -> None:
    with pytest.raises(FrozenInstanceError):
        Settings().track = 2  # type: ignore[misc]


@pytest.mark.parametrize("text", ["off", "Off", "OFF", " off "])
def test_off_is_off_however_it_is_written(text: str) -> None:
    read = Settings.from_environment(dict.fromkeys(("SHOPBENCH_CONSTRAINTS", "SHOPBENCH_CALIBRATION"), text))
    assert not read.constraints and not read.calibration
    assert Settings.from_environment({"SHOPBENCH_TIME_LIMIT": text}).time_limit_s == float("inf")


@pytest.mark.parametrize(
    ("variable", "value", "says"),
    [
        ("SHOPBENCH_CONSTRAINTS", "no", "on or off"),
        ("SHOPBENCH_CALIBRATION", "0", "on or off"),
        ("SHOPBENCH_ACCUMULATION", "fp32", "choose one of checked, unchecked, float32, float32-down"),
        ("SHOPBENCH_PROFILE", "T4", "choose one of cpu, t4x4"),
        ("SHOPBENCH_TRACK", "²", "tracks are 1 to 5"),
        ("SHOPBENCH_TRACK", "0", "tracks are 1 to 5"),
        ("SHOPBENCH_TIME_LIMIT", "-1", "seconds, such as 1200, or off"),
        ("SHOPBENCH_TIME_LIMIT", "nan", "seconds, such as 1200, or off"),
        ("SHOPBENCH_TIME_LIMIT", "20m", "seconds, such as 1200, or off"),
        ("SHOPBENCH_QUESTIONS", "1.5", "whole number of questions"),
        ("SHOPBENCH_QUESTIONS", "9" * 5000, "whole number of questions"),
    ],
)
def test_a_wrong_value_is_named_with_what_to_write(variable: str, value: str, says: str) -> None:
    with pytest.raises(ShopBenchError, match=rf"^{variable}='{re.escape(value[:80])}' is not understood: .*{says}"):
        Settings.from_environment({variable: value})


@given(st.sampled_from([one.name for one in VARIABLES.values()]), st.text(max_size=12))
def test_any_text_is_read_or_named(variable: str, text: str) -> None:
    try:
        assert isinstance(Settings.from_environment({variable: text}), Settings)
    except ShopBenchError as error:
        assert str(error).startswith(variable)


@pytest.mark.parametrize(
    ("unknown", "nearest"),
    [
        ("SHOPBENCH_CONSTRAINT", "SHOPBENCH_CONSTRAINTS"),
        ("SHOPBENCH_TIMELIMIT", "SHOPBENCH_TIME_LIMIT"),
        ("SHOPBENCH_MODELS", "SHOPBENCH_MODEL"),
        ("SHOPBENCH_CALLIBRATION", "SHOPBENCH_CALIBRATION"),
        ("SHOPBENCH_track", "SHOPBENCH_TRACK"),
        ("SHOPBENCH_SEED", "AICROWD_RUN_SEED"),
    ],
)
def test_an_unknown_name_is_an_error_in_our_commands_and_logged_for_the_evaluator(
    unknown: str, nearest: str, caplog: pytest.LogCaptureFixture
) -> None:
    message = f"{unknown} is no setting: did you mean {nearest}?"
    with pytest.raises(ShopBenchError, match=re.escape(message)):
        Settings.from_environment({unknown: "x"}, strict=True)
    assert Settings.from_environment({unknown: "x"}) == Settings()
    assert [(record.levelno, record.message) for record in caplog.records] == [(logging.WARNING, message)]


def test_every_unknown_name_is_named() -> None:
    with pytest.raises(ShopBenchError, match=r"SHOPBENCH_TRAK.*SHOPBENCH_XYZ"):
        Settings.from_environment({"SHOPBENCH_XYZ": "", "SHOPBENCH_TRAK": "1"}, strict=True)


def test_the_containers_variables_and_those_of_others_are_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    others = {
        "SHOPBENCH_MEMORY": "8g",
        "SHOPBENCH_CPUS": "2",
        "SHOPBENCH_BUILD_ARGS": "off",
        "AICROWD_SUBMISSION": "1",
        "SHOPPING": "x",
    }
    assert Settings.from_environment(others, strict=True) == Settings()
    assert not caplog.records


def test_what_is_empty_is_not_set() -> None:
    names = [one.name for one in VARIABLES.values() if one.name.startswith("SHOPBENCH_")]
    assert Settings.from_environment(dict.fromkeys(names, ""), strict=True) == Settings()


@pytest.mark.parametrize(
    "command", [["local_evaluation.py"], ["-m", "training.split"], ["-m", "evaluation.check_submission"]]
)
def test_our_commands_end_with_code_2_at_an_unknown_name(command: list[str]) -> None:
    environment = {"PATH": "", "SHOPBENCH_MODLE": "/m"}
    arguments = ["--recipe", "training/recipes/cpu_demo.yaml"] if "training.split" in command else []
    finished = subprocess.run(
        [sys.executable, *command, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120
    )
    assert finished.returncode == 2
    assert "did you mean SHOPBENCH_MODEL?" in finished.stderr and "Traceback" not in finished.stderr


def test_the_readmes_table_has_a_row_for_every_field() -> None:
    rows = re.findall(r"^\| `((?:SHOPBENCH|AICROWD)_\w+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.M)
    assert rows == [variable.name for variable in VARIABLES.values()]


def test_nothing_else_of_the_submission_reads_these_variables() -> None:
    reading = re.compile(r"(?:environ(?:\.get)?|getenv)[\[(]\s*[\"'](?:SHOPBENCH_|AICROWD_RUN_SEED)")
    readers = [
        str(file.relative_to(ROOT))
        for package in ("models", "submission", "evaluation", "training")
        for file in (ROOT / package).rglob("*.py")
        if reading.search(file.read_text(encoding="utf-8"))
    ]
    assert readers == []
