"""A command looks at its arguments before it loads what takes seconds to load."""

import subprocess
import sys
from pathlib import Path

from tests.test_architecture import commands

_ROOT = Path(__file__).resolve().parents[2]
_SCRIPT = """
import contextlib, importlib, io, sys
for name in sys.argv[1:]:
    main = importlib.import_module(name).main
    for arguments in (["--help"], ["--no-such-option"]):
        with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
            try:
                main(arguments)
            except SystemExit:
                pass
            else:
                raise AssertionError(name)
    for package in ("torch", "transformers", "vllm", "datasets"):
        assert package not in sys.modules, f"{name} loads {package} before it looks at its arguments"
"""


def test_a_misspelt_option_is_named_before_anything_is_loaded() -> None:
    names = [f"training.{file.stem}" for file in commands()]
    assert "training.sft" in names and len(names) >= 11
    done = subprocess.run([sys.executable, "-c", _SCRIPT, *names], cwd=_ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
