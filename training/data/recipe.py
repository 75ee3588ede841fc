"""The recipe of a data set: which sources are read, how many examples of which task are wanted, what is removed.

The one thing to know: everything in it but `workers` and `output` decides which bytes come out.
"""

import argparse
import hashlib
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from submission.errors import ShopBenchError
from training.data.licences import is_permissive
from training.data.sources import Source, open_source
from training.data.sources.reading import local_files
from training.files import fingerprint, hash_of
from training.held_out_sets import HELD_OUT_SETS
from training.recipe import FileName, HeldOutCounts, RecipeSection, add_recipe_arguments, load_recipe, where_from

# All the code that decides which bytes come out: that which makes data, that which reads and asks questions.
_ROOT = Path(__file__).resolve().parents[2]
_CODE = (_ROOT / "training" / "data", _ROOT / "submission", _ROOT / "evaluation/dataset.py")


class HeldOut(HeldOutCounts):
    """What is kept for evaluation, of the same sources and tasks: `training.build_dataset` makes it first.

    `share` of the records of each stream (ready-made questions excepted) is asked about there and nowhere else. Every
    task's last wording is used there and nowhere else, so that no instruction is shared with the training questions.
    `unseen_tasks` are not trained on at all. `folder` gets a JSONL file in ShopBench's shape for each of
    `HELD_OUT_SETS`.
    """

    folder: Path
    share: float = Field(gt=0, lt=0.5)

    @property
    def files(self) -> list[Path]:
        """The files of the four sets."""
        return [self.folder / f"{name}.jsonl" for name in HELD_OUT_SETS]


class DataRecipe(RecipeSection):
    """A data set of about `examples` questions, mixed from tasks by weight.

    `sources` maps names to what each source needs (see `training.data.sources`); a task takes part if one of its sources does,
    with the weight that `weights` gives it, else `default_weight`; 0 leaves it out. `protected` are files of questions
    that no example may share a 13-gram of words with; `wording_from` softens that (see `training.data.decontamination`);
    a recipe that sets it says why. With `held_out` evaluation questions are made first, and are protected as well;
    `part` is then set by the build, not by a recipe. Two questions of a task are near duplicates from a Jaccard
    similarity of `near_duplicate` on. With a `tokenizer` lengths are counted in its tokens, else in words.
    `extra_wordings` is a file that `training.synthesize` wrote. `licences: permissive` leaves the sources out whose
    licence asks for more than its mention, or has to be read first ("check").
    """

    name: FileName
    output: Path
    seed: int
    examples: int = Field(gt=0)
    workers: int = Field(gt=0)
    shard_examples: int = Field(default=20_000, gt=0)
    tokenizer: Path | None = None
    protected: list[Path]
    wording_from: int = Field(default=0, ge=0)
    held_out: HeldOut | None = None
    part: Literal["training", "held-out"] = "training"
    near_duplicate: float = Field(gt=0.1, le=0.95)
    sources: dict[FileName, dict[str, Any] | None]
    licences: Literal["all", "permissive"] = "all"
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

    @property
    def all_protected(self) -> list[Path]:
        """The files of all questions that no example may share a 13-gram with."""
        if self.held_out is None or self.part == "held-out":
            return self.protected
        return [*self.protected, *self.held_out.files]

    def is_asked_about(self, stream: str, key: str) -> bool:
        """Whether a record ("source/stream" and its key) may be asked about in this part of the data."""
        if self.held_out is None or stream.startswith("shopbench/"):
            return True
        digest = hashlib.blake2b(f"{self.seed}/{stream}/{key}".encode(), digest_size=8).digest()
        is_held_out = int.from_bytes(digest, "big") < self.held_out.share * 2**64
        return is_held_out is (self.part == "held-out")

    def wordings(self, wordings: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of a task's wordings that this part of the data is asked in."""
        if self.held_out is None:
            return wordings
        return wordings[-1:] if self.part == "held-out" else wordings[:-1]

    def open_sources(self) -> dict[str, Source]:
        """Return the sources by name, those left out whose licence is not wanted."""
        opened = self.open_all_sources()
        kept = {name: source for name, source in opened.items() if self._is_licensed(source)}
        if not kept:
            named = ", ".join(f"{name} ({source.licence})" for name, source in opened.items())
            raise ShopBenchError(f"recipe {self.name}: none of its sources has a permissive licence: {named}")
        return kept

    def _is_licensed(self, source: Source) -> bool:
        return self.licences == "all" or is_permissive(source.licence)

    def open_all_sources(self) -> dict[str, Source]:
        """Return the sources by name, whatever their licence."""
        if not self.sources:
            raise ShopBenchError(f"recipe {self.name} names no sources")
        return {name: open_source(name, settings, self.work / "sources") for name, settings in self.sources.items()}

    def inputs_hash(self, sources: dict[str, Source]) -> str:
        """Return a hash of all that decides the result: the recipe, the local files that are read, and the code."""
        settings = self.model_dump(mode="json", exclude={"workers", "output"})
        locations = [location for source in sources.values() for location in source.locations()]
        files = [file for location in locations for file in local_files(location)]
        code = sorted(path for room in _CODE for path in (room, *room.rglob("*")) if path.suffix in {".py", ".yaml"})
        named = [("protected", path) for path in self.all_protected]
        named += [("extra_wordings", self.extra_wordings)] if self.extra_wordings else []
        named += [("tokenizer", self.tokenizer / "tokenizer.json")] if self.tokenizer else []
        for key, path in named:
            if not path.is_file():
                raise ShopBenchError(
                    f"recipe {self.name}: {key} names the file {path}, which does not exist{where_from(path)}"
                )
        return hash_of([settings, fingerprint(*files, *(path for _, path in named)), fingerprint(*code)])


def add_data_recipe_arguments(parser: argparse.ArgumentParser, *, needs_recipe: bool = True) -> None:
    """Add what every command that reads a data recipe takes."""
    add_recipe_arguments(parser, needs_recipe=needs_recipe)
    parser.add_argument(
        "--licences",
        choices=("all", "permissive"),
        help="permissive leaves out the sources whose licence asks for more than its mention (default: the recipe's)",
    )


def data_recipe(options: argparse.Namespace) -> DataRecipe:
    """Load the recipe that these arguments name."""
    licences = [f"licences={options.licences}"] if options.licences else []
    return load_recipe(options.recipe, [*options.overrides, *licences], DataRecipe)
