"""What building the package takes beyond pyproject.toml: the clone's folders become parts of one package, `shopbench`.

In a clone they stand at the top, since the evaluator imports `models.user_config` there. On other people's path names
such as `models`, `data` and `tools` would be in the way. So `submission` is installed as `shopbench.submission`, and
imports of it say so. Nothing but the names in import statements differs from the sources.
"""

import ast
import shutil
from pathlib import Path

from setuptools import setup
from setuptools.command.build_py import build_py
from setuptools.command.editable_wheel import editable_wheel

PACKAGE = "shopbench"
FOLDERS = ("models", "submission", "evaluation", "training", "tools")
SCRIPT = "local_evaluation"
RENAMED = {*FOLDERS, SCRIPT}
DATA = ("*.yaml", "*.json", "*.html", "*.js", "*.css", "*.jinja")
OWN_DATA = {"shopbench.data": ["sample_questions.jsonl"], "shopbench.requirements": ["models.lock", "models-qwen.lock"]}


def in_one_package(source: str) -> str:
    """Return Python source with its imports of the clone's folders changed to those of the package's parts."""
    lines = source.splitlines(keepends=True)
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.partition(".")[0] in RENAMED:
                    raise ValueError(f"`import {alias.name}` binds a name of the clone: write `from … import …`")
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").partition(".")[0] in RENAMED:
            line = lines[node.lineno - 1]
            changed = line.replace(f"from {node.module}", f"from {PACKAGE}.{node.module}", 1)
            if changed == line:
                raise ValueError(f"line {node.lineno}: the module is not beside its `from`")
            lines[node.lineno - 1] = changed
    return "".join(lines)


def code_folders() -> dict[str, str]:
    """Return all folders that hold code or its data, by the name of the package that each becomes."""
    inner = (folder for name in FOLDERS for folder in [Path(name), *Path(name).rglob("*")] if folder.is_dir())
    weights = Path("models", "weights")
    kept = [f for f in inner if f.name != "__pycache__" and f != weights and weights not in f.parents]
    return {".".join([PACKAGE, *folder.parts]): folder.as_posix() for folder in kept}


class BuildPackage(build_py):
    """Copies the modules, with their imports changed, into an emptied folder."""

    def run(self) -> None:
        """Build; what an earlier build left would become part of this one."""
        shutil.rmtree(self.build_lib, ignore_errors=True)
        super().run()

    def find_package_modules(self, package: str, package_dir: str) -> list[tuple[str, str, str]]:
        """Return the modules of a package as (package, name, file)."""
        found = super().find_package_modules(package, package_dir)
        return [*found, (PACKAGE, SCRIPT, f"{SCRIPT}.py")] if package == PACKAGE else found

    def build_module(self, module: str, module_file: str, package: str) -> tuple[str, bool]:
        """Copy a module."""
        target, copied = super().build_module(module, module_file, package)
        written = Path(target)
        written.write_text(in_one_package(written.read_text(encoding="utf-8")), encoding="utf-8")
        return target, copied


class EditableClone(editable_wheel):
    """`pip install -e .`: the clone itself on the path, whose folders then stand at the top there too."""

    def run(self) -> None:
        """Build the wheel that points at the clone."""
        self.distribution.package_dir = {}
        self.distribution.packages = [PACKAGE, *FOLDERS]
        self.distribution.py_modules = [SCRIPT]
        super().run()


folders = code_folders()
setup(
    packages=[PACKAGE, *folders, *OWN_DATA],
    package_dir={**folders, **{name: name.partition(".")[2] for name in OWN_DATA}},
    package_data={**{name: list(DATA) for name in folders}, **OWN_DATA},
    include_package_data=False,
    cmdclass={"build_py": BuildPackage, "editable_wheel": EditableClone},
)
