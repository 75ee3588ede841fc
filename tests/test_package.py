"""`pip install .`: one package, `shopbench`, and one command, which work in any folder."""

import ast
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from submission.commands import COMMANDS
from tests.evaluation.report_fixtures import write_report
from tests.installed import ROOT, build_wheel, install, run

OF_THE_CLONE = {"models", "submission", "evaluation", "training", "tools", "local_evaluation", "data", "benchmarks"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    return build_wheel(tmp_path_factory.mktemp("build"))


@pytest.fixture(scope="module")
def command(wheel, tmp_path_factory):
    return install(wheel, tmp_path_factory.mktemp("environment"))


def test_the_wheel_holds_one_package_and_its_data(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert {re.sub(r".*\.dist-info$", "dist-info", name.split("/")[0]) for name in names} == {"shopbench", "dist-info"}
    inside = {name.removeprefix("shopbench/") for name in names}
    assert {"data/sample_questions.jsonl", "requirements/models.lock", "local_evaluation.py"} <= inside
    for folder in ("models", "submission", "evaluation", "training"):
        files = (file for file in (ROOT / folder).rglob("*") if file.is_file())
        expected = {file.relative_to(ROOT).as_posix() for file in files if file.suffix not in (".pyc", ".txt", ".in")}
        assert {name for name in expected if not name.startswith("models/weights/")} <= inside, folder
    assert not [name for name in inside if "weights/" in name or name.startswith(("tests", "benchmarks"))]


def test_imports_name_the_package_and_nothing_else_differs_from_the_sources(wheel):
    archive = zipfile.ZipFile(wheel)
    for name in archive.namelist():
        if not name.endswith(".py"):
            continue
        built = archive.read(name).decode()
        own = name.removeprefix("shopbench/")
        source = ROOT / (own if own.split("/")[0] in OF_THE_CLONE or own == "local_evaluation.py" else name)
        assert built.replace("from shopbench.", "from ") == source.read_text(encoding="utf-8"), name
        for node in ast.walk(ast.parse(built)):
            modules = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            modules += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            assert not {module.split(".")[0] for module in modules} & OF_THE_CLONE, f"{name}, line {node.lineno}"


def test_every_verb_runs_the_command_that_its_name_says(command, tmp_path):
    listed = run(command, "--help", folder=tmp_path)
    assert listed.returncode == 0
    for verb, described in COMMANDS.items():
        assert re.search(rf"^  {verb} +{re.escape(described.help)}$", listed.stdout, re.M)
    for verb in ("evaluate", "show", "check-submission", "fetch-models"):
        shown = run(command, verb, "--help", folder=tmp_path)
        assert shown.returncode == 0 and shown.stdout.startswith(f"usage: shopbench {verb} "), shown.stderr
    assert run(command, "--version", folder=tmp_path).stdout == "shopbench 0.1.0\n"


def test_a_verb_that_is_not_there_is_named_with_the_nearest(command, tmp_path):
    result = run(command, "evalute", folder=tmp_path)
    assert (result.returncode, result.stderr) == (
        2,
        "Error: there is no verb 'evalute': did you mean evaluate?\n",
    )
    assert run(command, folder=tmp_path).returncode == 2


def test_in_a_clone_the_same_verbs_run_the_modules():
    result = subprocess.run(
        [sys.executable, "-m", "shopbench", "history", "-h"], cwd=ROOT, capture_output=True, text=True
    )
    assert result.returncode == 0 and result.stdout.startswith("usage: python -m evaluation.history ")
    for described in COMMANDS.values():
        path = ROOT / described.module.replace(".", "/")
        assert path.with_suffix(".py").is_file() or (path / "__main__.py").is_file()


def test_reports_are_those_of_the_folder_that_one_works_in(command, tmp_path):
    write_report(tmp_path / "reports" / "one")
    result = run(command, "history", folder=tmp_path)
    assert result.returncode == 0 and "one" in result.stdout, result.stderr


def test_recipes_ship_and_errors_name_the_installed_command(command, tmp_path):
    result = run(command, "split", "--recipe", "training/recipes/cpu_demo.yaml", folder=tmp_path)
    assert result.returncode == 2 and "there is no data/ec_guide" in result.stderr
    missing = run(command, "split", "--recipe", "training/recipes/none.yaml", folder=tmp_path)
    assert missing.returncode == 2 and "there is no recipe training/recipes/none.yaml" in missing.stderr
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text('{"base_model_name_or_path": "base"}')
    result = run(command, "evaluate", "--model", "adapter", folder=tmp_path)
    assert result.returncode == 2 and "`shopbench merge --base base --adapter adapter" in result.stderr


def test_without_a_model_the_installed_command_says_how_to_bring_one(command, tmp_path):
    result = run(command, "ask", "Which one? 0. a 1. b", folder=tmp_path)
    assert result.returncode == 2
    assert f"there is no model folder {tmp_path}/weights/SmolLM2-135M-Instruct" in result.stderr
    assert "run `shopbench fetch-models` to bring it" in result.stderr


def test_a_package_that_is_missing_is_named_with_what_brings_it(wheel, tmp_path):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    command = [
        sys.executable,
        "-I",
        "-S",
        "-c",
        f"import sys; sys.path.append({str(tmp_path)!r}); import runpy; "
        "sys.argv = ['shopbench', 'pipeline']; runpy.run_module('shopbench', run_name='__main__')",
    ]
    result = subprocess.run(command, capture_output=True, text=True)
    assert result.returncode == 2 and result.stderr.count("\n") == 1, result.stderr
    assert re.search(r"pipeline needs the package \w+, .* `pip install '\.\[training\]'` in a clone", result.stderr)


def test_what_the_package_needs_is_what_the_requirements_say(wheel):
    (name,) = (name for name in zipfile.ZipFile(wheel).namelist() if name.endswith("/METADATA"))
    metadata = zipfile.ZipFile(wheel).read(name).decode()
    needed = re.findall(r"^Requires-Dist: (\S+)(?:; extra == \"(\w+)\")?$", metadata, re.M)
    for line in Path(ROOT / "requirements.txt").read_text().splitlines():
        assert line.startswith("#") or (line, "") in needed
    assert ("rouge-score", "") in needed
    assert any(package.startswith("trl==") and extra == "training" for package, extra in needed)
