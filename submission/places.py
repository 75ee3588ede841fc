"""Where things lie: the code with what ships beside it, and the folder that a user works in.

In a clone both are the clone. Installed, the code is a package that nothing is written into: models, questions and reports
belong to the folder that a command is given in.
"""

from pathlib import Path

INSTALLED = __name__ != "submission.places"
"""Whether this is the package `shopbench` that `pip install .` makes, in which every folder of the clone is a part."""

CODE = Path(__file__).resolve().parent.parent
"""Holds the code, the sample questions and the recipes."""

ROOT = Path.cwd() if INSTALLED else CODE
"""Holds the user's `weights`, `models/weights`, `data`, `reports` and `aicrowd.json`."""

SAMPLE_QUESTIONS = CODE / "data" / "sample_questions.jsonl"


def shipped(path: Path) -> Path:
    """Return `path` or, installed, what ships under that name where the folder that one works in has nothing there."""
    beside_the_code = CODE / path
    return beside_the_code if INSTALLED and not path.exists() and beside_the_code.exists() else path
