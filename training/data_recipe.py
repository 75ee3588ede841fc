"""The recipe of a data set: which sources are read, how many examples of which task are wanted, what is removed.

The one thing to know: everything in it but `workers` and `output` decides which bytes come out.
"""

from pathlib import Path
from typing import Any

from pydantic import Field

from submission.errors import ShopBenchError
from training.files import fingerprint, hash_of
from training.recipe import Settings
from training.sources import Source, open_source
from training.sources.reading import local_files

_PACKAGE = Path(__file__).parent
_CODE = (_PACKAGE / "tasks", _PACKAGE / "sources", _PACKAGE.parent / "submission")


class DataRecipe(Settings):
    """A data set of about `examples` questions, mixed from tasks by weight.

    `sources` maps names to what each source needs (see `training.sources`); a task takes part if one of its sources does,
    with the weight that `weights` gives it, else `default_weight`; 0 leaves it out. `protected` are files of questions
    that no example may share a 13-gram of words with. Two questions of a task are near duplicates from a Jaccard
    similarity of `near_duplicate` on. With a `tokenizer` lengths are counted in its tokens, else in words.
    `extra_wordings` is a file that `training.synthesize` wrote.
    """

    name: str
    output: Path
    seed: int
    examples: int = Field(gt=0)
    workers: int = Field(gt=0)
    shard_examples: int = Field(default=20_000, gt=0)
    tokenizer: Path | None = None
    protected: list[Path]
    near_duplicate: float = Field(gt=0.1, le=0.95)
    sources: dict[str, dict[str, Any] | None]
    default_weight: float = Field(default=1.0, ge=0)
    weights: dict[str, float] = Field(default_factory=dict)
    extra_wordings: Path | None = None

    @property
    def building(self) -> Path:
        """The folder of a build that is not finished: what it continues from, and the result so far."""
        return self.output.with_name(self.output.name + ".building")

    @property
    def result(self) -> Path:
        """The folder that becomes `output` when everything is in it."""
        return self.building / "result"

    @property
    def work(self) -> Path:
        """The folder for what a killed build continues from."""
        return self.building / "work"

    def open_sources(self) -> dict[str, Source]:
        """Return the sources by name."""
        if not self.sources:
            raise ShopBenchError(f"recipe {self.name} names no sources")
        return {name: open_source(name, settings, self.work / "sources") for name, settings in self.sources.items()}

    def inputs_hash(self, sources: dict[str, Source]) -> str:
        """Return a hash of all that decides the result: the recipe, the local files that are read, and the code."""
        settings = self.model_dump(mode="json", exclude={"workers", "output"})
        locations = [location for source in sources.values() for location in source.locations()]
        files = [file for location in locations for file in local_files(location)]
        code = sorted(path for folder in _CODE for path in folder.rglob("*") if path.suffix in {".py", ".yaml"})
        named = [*self.protected, *([self.extra_wordings] if self.extra_wordings else [])]
        for path in named:
            if not path.is_file():
                raise ShopBenchError(f"recipe {self.name} names the file {path}, which does not exist")
        return hash_of([settings, fingerprint(*files, *named), fingerprint(*code)])
