"""Keeps the recipe that a run began with, for the processes that the run starts hours later.

The one thing to know: what is kept is the recipe as it was understood, with `extends` and `--set` worked in. An edit of
the recipe's own file changes nothing in a run that goes on; it counts when the pipeline is started again.
"""

from pathlib import Path

import yaml

from submission.errors import ShopBenchError
from training.files import fingerprint, written_whole
from training.recipe import Recipe


def keep_recipe(recipe: Recipe) -> tuple[Path, str]:
    """Write `recipe` into its output folder, unless it lies there; return the file and the fingerprint of its content."""
    file = recipe.output / "done" / "recipe.yaml"
    content = yaml.safe_dump(recipe.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    if not (file.is_file() and file.read_text(encoding="utf-8") == content):
        with written_whole(file) as temporary:
            temporary.write_text(content, encoding="utf-8")
    return file, fingerprint(file)


def check_kept(file: Path, content: str) -> None:
    """Raise a `ShopBenchError` unless `file` still has the fingerprint `content`."""
    if not file.is_file() or fingerprint(file) != content:
        raise ShopBenchError(
            f"{file} is not the recipe any more that this run began with: it was edited, or another run has begun in "
            "the same folder. Start training.pipeline again with the recipe that is meant; what is done is not done twice"
        )
