"""Who may import whom (docs/architecture.md): the packages' borders, read off the source."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {"models", "submission", "evaluation", "training", "tools"}
VLLM_ADAPTERS = {
    "submission/engine.py",
    "submission/single_precision.py",
    "submission/decoding/logits_processor.py",
    "submission/decoding/logits_processor_v2.py",
}


def imported_modules(file: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
    return names


def sources(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


@pytest.mark.parametrize(
    ("package", "allowed"),
    [
        ("models", {"models", "submission"}),
        ("submission", {"submission"}),
        ("evaluation", {"evaluation", "submission", "models"}),
        ("tools", {"tools", "submission"}),
        ("shopbench", {"submission"}),
    ],
)
def test_packages_import_only_what_they_may(package: str, allowed: set[str]) -> None:
    for file in sources(package):
        used = {name.split(".")[0] for name in imported_modules(file)} & PACKAGES
        assert used <= allowed, f"{file.relative_to(ROOT)} imports {used - allowed}"


def test_only_the_adapters_of_the_submission_know_vllm() -> None:
    for package in ("models", "submission"):
        for file in sources(package):
            knows = any(name.split(".")[0] == "vllm" for name in imported_modules(file))
            assert not knows or str(file.relative_to(ROOT)) in VLLM_ADAPTERS, file


def test_evaluation_reaches_the_model_through_user_model_only() -> None:
    for file in [*sources("evaluation"), ROOT / "local_evaluation.py"]:
        reached = {name for name in imported_modules(file) if name.split(".")[0] == "models"}
        assert reached <= {"models.user_config"}, f"{file.relative_to(ROOT)} imports {reached}"
        assert not imported_modules(file) & {"submission.engine", "submission.decoding.logits_processor"}, file


def test_pictures_are_drawn_one_way() -> None:
    for package in ("submission", "models", "evaluation", "training", "tools", "benchmarks"):
        for file in sources(package):
            draws = any(name.split(".")[0] == "matplotlib" for name in imported_modules(file))
            assert not draws or file == ROOT / "evaluation/drawing.py", file


def test_the_submission_needs_no_package_of_the_evaluation_or_training() -> None:
    theirs = {
        "rouge_score",
        "sacrebleu",
        "sentence_transformers",
        "matplotlib",
        "trl",
        "peft",
        "datasets",
        "accelerate",
    }
    for package in ("models", "submission"):
        for file in sources(package):
            used = {name.split(".")[0] for name in imported_modules(file)} & theirs
            assert not used, f"{file.relative_to(ROOT)} imports {used}"


def commands() -> list[Path]:
    return sorted(file for file in (ROOT / "training").glob("*.py") if "run_command(main)" in file.read_text())


def imports_of_training(file: Path) -> set[str]:
    return {name for name in imported_modules(file) if name.split(".")[0] == "training"}


def test_a_command_imports_rooms_and_never_another_command() -> None:
    assert len(commands()) >= 11
    names = {f"training.{file.stem}" for file in commands()}
    for file in [*sources("training"), *sources("benchmarks")]:
        assert not imports_of_training(file) & names, f"{file.relative_to(ROOT)} imports a command"


@pytest.mark.parametrize("room", ["fine_tuning", "checkpoints", "awq"])
def test_of_the_data_the_model_side_imports_decontamination_alone(room: str) -> None:
    for file in sources(f"training/{room}"):
        reached = {name for name in imports_of_training(file) if name.startswith("training.data")}
        assert reached <= {"training.data.decontamination"}, f"{file.relative_to(ROOT)} imports {reached}"


def test_the_data_side_imports_nothing_of_the_model_side() -> None:
    for file in sources("training/data"):
        rooms = {name.split(".")[1] for name in imports_of_training(file)}
        assert rooms <= {"data", "recipe", "held_out_sets", "files", "command_line"}, (
            f"{file.relative_to(ROOT)} imports {rooms}"
        )


TEXTS = {".py", ".md", ".yaml", ".yml", ".json", ".toml", ".txt", ".sh", ".in", ".lock", ""}


def test_nothing_outside_of_the_tests_names_what_lies_beside_the_repository() -> None:
    folders = [
        ROOT / name for name in ("models", "submission", "evaluation", "training", "tools", "benchmarks", "docs")
    ]
    files = [file for folder in folders for file in folder.rglob("*") if "weights" not in file.parts]
    files += [*ROOT.glob("*"), *(ROOT / "requirements").glob("*"), ROOT / "data/README.md"]
    read = [file for file in files if file.is_file() and file.suffix in TEXTS]
    assert len(read) > 100
    for file in read:
        assert not re.search(r"\bshared/(data|facts|design)", file.read_text(encoding="utf-8")), file


def test_no_command_writes_into_the_documents_unless_it_is_told_to() -> None:
    """Numbers of somebody else's machine or model do not stand in the project's own documents by accident."""
    for file in [*sources("training"), *sources("evaluation"), *sources("benchmarks"), *sources("submission")]:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            path = node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""
            assert not re.match(r"(\./)?docs(/|$)", path), f"{file.relative_to(ROOT)} names {path!r}"
    for file in [*(ROOT / "training" / "recipes").glob("*.yaml"), ROOT / "Makefile"]:
        for line in file.read_text(encoding="utf-8").splitlines():
            assert "docs/" not in line.partition("#")[0], f"{file.name}: {line}"
