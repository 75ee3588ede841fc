"""Every command that the training documents show: its options, recipes, keys and targets are those that there are."""

import contextlib
import importlib
import io
import re
import shlex
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest
from accelerate.commands.launch import launch_command_parser

from submission.model_folder import ROOT
from training.data.recipe import DataRecipe
from training.data.synthetic.synthesis import SynthesisRecipe
from training.recipe import Recipe, RecipeSection, load_recipe

DOCUMENTS = ("fine_tuning.md", "awq.md", "training_data.md")
RECIPE_KINDS: dict[str, type[RecipeSection]] = {"build_dataset": DataRecipe, "show_questions": DataRecipe}
RECIPE_KINDS["synthesize"] = SynthesisRecipe


class Command(NamedTuple):
    """A command as the words of a shell, and where it stands."""

    words: list[str]
    place: str


def commands() -> list[Command]:
    """Return the commands in the documents' blocks of code, those that go on in the next line as one."""
    found = []
    for name in DOCUMENTS:
        text = (ROOT / "docs" / name).read_text(encoding="utf-8")
        text = re.sub(r"\\\n\s*", " ", text)
        for line in text.splitlines():
            line = line.strip().removeprefix("time ")
            if re.match(r"(\.venv/bin/)?python -m (training|tools)\.|make [a-z]|accelerate launch |hf download ", line):
                for part in line.split(" && "):
                    found.append(Command(shlex.split(part, comments=True), f"{name}: {line[:80]}"))
    return found


@cache
def help_of(module: str) -> str:
    printed = io.StringIO()
    loaded = importlib.import_module(module)
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(printed), pytest.raises(SystemExit):
        patch.setattr(sys, "argv", [module, "--help"])
        loaded.main()
    return printed.getvalue()


def check_options(words: list[str], text: str, place: str) -> None:
    for option in (word.partition("=")[0] for word in words if word.startswith("-")):
        assert re.search(rf"(?<![\w-]){re.escape(option)}(?![\w-])", text), f"{place}: no option {option}"


def check_module(words: list[str], place: str) -> None:
    """Check `-m MODULE arguments…`."""
    module, arguments = words[1], words[2:]
    check_options(arguments, help_of(module), place)
    if "--recipe" not in arguments:
        return
    recipe = arguments[arguments.index("--recipe") + 1]
    assert (ROOT / recipe).is_file(), f"{place}: no {recipe}"
    overrides = [word for word in arguments if "=" in word and not word.startswith("-")]
    kind = RECIPE_KINDS.get(module.rpartition(".")[2], Recipe)
    loaded = load_recipe(ROOT / recipe, overrides, kind)
    if isinstance(loaded, Recipe) and "--adapter" in arguments:
        assert arguments[arguments.index("--adapter") + 1] in loaded.adapters, place


@pytest.mark.parametrize("command", [pytest.param(command, id=command.place) for command in commands()])
def test_a_command_in_the_documents_is_one_that_there_is(command: Command) -> None:
    words, place = command
    if words[0] == "make":
        target = re.escape(words[1])
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.M), f"{place}: no target {words[1]}"
    elif words[0] == "hf":
        text = subprocess.run(
            [Path(sys.executable).with_name("hf"), *words[1:2], "--help"], capture_output=True, text=True, check=True
        ).stdout
        check_options(words, text, place)
    elif words[0] == "accelerate":
        begin = words.index("-m")
        options = launch_command_parser().parse_args([*words[2:begin], "script"])
        assert (ROOT / options.config_file).is_file(), place
        check_module(words[begin:], place)
    elif words[0].endswith("python"):
        check_module(words[1:], place)


def test_the_way_to_the_served_model_is_whole() -> None:
    """From the environments to the pushed folder: no step of the page is one that the test passes over."""
    shown = " ".join(" ".join(command.words) for command in commands())
    steps = ("make gpu-env", "make awq-env", "hf download", "training.build_dataset", "accelerate launch")
    for step in (*steps, "training.pipeline --recipe training/recipes/track1.yaml", "make check-submission"):
        assert step in shown, step


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        (["-m", "training.merge", "--bse", "x"], "no option --bse"),
        (["-m", "training.sft", "--recipe", "training/recipes/none.yaml"], "no training/recipes/none.yaml"),
    ],
)
def test_a_command_that_there_is_not_is_found_out(words: list[str], fault: str) -> None:
    with pytest.raises(AssertionError, match=fault):
        check_module(words, "here")
