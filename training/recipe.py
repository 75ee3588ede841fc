"""Recipes: YAML files that hold every number of a fine-tuning run, each of which the command line can override.

The one thing to know: `--set sft.learning_rate=1e-4` follows the keys of the YAML file. A key that no recipe has is an
error, so that a misspelt setting never passes unnoticed.
"""

import argparse
import re
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args, get_origin

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

from submission.errors import ShopBenchError
from submission.near_names import hint
from submission.places import SAMPLE_QUESTIONS, shipped


def _check_name(name: str) -> str:
    if not re.fullmatch(r"[\w-]+", name):
        raise ValueError(f"{name!r} becomes the name of a file or a folder: use letters, digits, '_' and '-' only")
    return name


FileName = Annotated[str, AfterValidator(_check_name)]
"""A name that becomes part of a path, and so must not lead out of its folder."""


class RecipeSection(BaseModel):
    """A section of a recipe. Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HeldOutCounts(RecipeSection):
    """How many questions of each task are held out, and the tasks that nothing is trained on (see `held_out_sets`)."""

    unseen_tasks: list[str]
    validation_per_task: int = Field(gt=0)
    test_per_task: int = Field(gt=0)

    @property
    def per_task(self) -> int:
        """How many questions of each task are held out."""
        return self.validation_per_task + self.test_per_task


class SplitSettings(HeldOutCounts):
    """How questions in ShopBench's shape are split by task into training, validation and test sets.

    `questions` are folders or files of JSONL, a single one or a list; `tasks` are those of their tasks that are taken
    (all where empty). `protected` is a file of questions of which no 13-gram may be trained on. Tasks in `unseen_tasks`
    are never trained on. With `derive_choices`, multiple-choice questions are made from training questions whose answers
    are words (`training.fine_tuning.derived_choices`) and added to them.
    """

    questions: Path | list[Path]
    protected: Path
    tasks: list[str] = []
    derive_choices: bool = False

    @property
    def sources(self) -> list[Path]:
        """The folders and files of questions."""
        return self.questions if isinstance(self.questions, list) else [self.questions]

    @property
    def files(self) -> dict[str, Path]:
        """What is read, by its keys in a recipe."""
        numbers = [f"[{number}]" for number in range(len(self.sources))] if len(self.sources) > 1 else [""]
        questions = {f"data.split.questions{at}": path for at, path in zip(numbers, self.sources, strict=True)}
        return {**questions, "data.split.protected": self.protected}


class DataSettings(RecipeSection):
    """Files or folders of questions: JSONL in ShopBench's shape, or TRL's prompt-completion rows as JSONL or Parquet.

    With `split`, `training.pipeline` makes all of them first. The validation sets choose training checkpoint and α,
    the test sets are for the report alone.
    """

    train: Path
    validation_seen: Path
    validation_unseen: Path
    test_seen: Path
    test_unseen: Path
    split: SplitSettings | None = None


class LoraSettings(RecipeSection):
    """The adapter's shape: rank, alpha (the update is scaled by alpha / rank), dropout and which modules it adapts."""

    rank: int = Field(gt=0)
    alpha: float = Field(gt=0)
    dropout: float = Field(ge=0, lt=1)
    target_modules: str | list[str]


class SftSettings(RecipeSection):
    """Supervised fine-tuning. `batch_size` counts the questions of one optimiser step, over all devices.

    `max_tokens` bounds prompt + answer: longer questions are left out, never cut. `evaluations` is how often a
    training checkpoint is written and evaluated on `validation_examples` questions of each set. `max_steps` ends training
    after so many optimiser steps, where the epochs hold more. `report_to` shows the run in TensorBoard or Weights & Biases.
    """

    learning_rate: float = Field(gt=0)
    lr_scheduler: str
    warmup_ratio: float = Field(ge=0, lt=1)
    weight_decay: float = Field(ge=0)
    max_grad_norm: float = Field(gt=0)
    epochs: float = Field(gt=0)
    max_steps: int | None = Field(default=None, gt=0)
    batch_size: int = Field(gt=0)
    per_device_batch_size: int = Field(gt=0)
    max_tokens: int = Field(gt=0)
    evaluations: int = Field(gt=0)
    validation_examples: int = Field(gt=0)
    dtype: Literal["auto", "bfloat16", "float32"]
    four_bit: bool
    gradient_checkpointing: bool
    attention: Literal["sdpa", "flash_attention_2", "flash_attention_3"]
    packing: bool
    data_workers: int = Field(gt=0)
    report_to: list[Literal["tensorboard", "wandb"]] = []
    lora: LoraSettings

    @field_validator("report_to", mode="before")
    @classmethod
    def _as_list(cls, value: Any) -> Any:
        if value is None or value == "none":
            return []
        return [value] if isinstance(value, str) else value

    @model_validator(mode="after")
    def _check(self) -> "SftSettings":
        if self.packing and not self.attention.startswith("flash"):
            raise ValueError("packing needs flash attention, which keeps packed questions apart: set packing to false")
        if self.batch_size % self.per_device_batch_size:
            raise ValueError("batch_size must be a multiple of per_device_batch_size")
        return self


class AdapterSettings(RecipeSection):
    """One adapter: the tasks it is trained on (all where empty), its weight in the ensemble, its own SFT values.

    `seed` is its own for its first weights and the order of its questions (else the recipe's). `share` is how much of each
    task it sees in a pass, `emphasis` how much more of some tasks: 2 is twice as often, 0.5 is half of their questions.
    """

    trained_on: str
    tasks: list[str] = []
    weight: float
    seed: int | None = None
    share: float = Field(default=1.0, gt=0, le=1)
    emphasis: dict[str, Annotated[float, Field(ge=0)]] = {}
    sft: dict[str, Any] = {}


Combination = Literal["cat", "linear", "svd"]
COMBINATIONS: tuple[str, ...] = get_args(Combination)
"""How adapters are combined, see `training.checkpoints.ensembling`."""


class EnsembleSettings(RecipeSection):
    """Where the ensemble's weights come from: `written` with the adapters, or a `soup` that the validation sets choose.

    `own_track` lets a soup look at the validation questions of the recipe's own track alone, and those that name none.
    """

    weights: Literal["written", "soup"] = "written"
    own_track: bool = False


class WiseFtSettings(RecipeSection):
    """α between base (0) and fine-tuned (1): given, or chosen by `sweep` (start:stop:step) on the validation sets."""

    alpha: float | None = Field(default=None, ge=0, le=1)
    sweep: str = "0:1:0.1"


class CompareSettings(RecipeSection):
    """What the variants are compared on: the development questions, and where the table goes.

    `constraints_only` asks every variant as it is served, and leaves out what constraints and calibration add. `brief`
    does so too, with the base and the merged model alone.
    """

    development: Path
    results: Path
    brief: bool = False
    constraints_only: bool = False


GROUP_SIZES = (128, 64, 32)


def _check_group_size(size: int | None) -> int | None:
    if size is not None and size not in GROUP_SIZES:
        raise ValueError(f"groups of {size} are not quantised: choose {', '.join(map(str, GROUP_SIZES))}")
    return size


class AwqSettings(RecipeSection):
    """How the merged model is padded and quantised for the cards that serve it.

    The keys are the options of `python -m training.calibrate_awq`, which shows what is said of each here.
    """

    calibration: str = Field(
        default="development",
        description="development: the competition's development questions; generic: as much prose that is not about "
        "shopping; or the path of other questions in ShopBench's shape",
    )
    tensor_parallel: int = Field(default=4, gt=0, description="cards that the checkpoint must divide over")
    group_size: Annotated[int | None, AfterValidator(_check_group_size)] = Field(
        default=None,
        description="weights that share a scale: 128, 64 or 32 (default: the largest that divides)",
    )
    block: int = Field(
        default=1024, gt=0, description="tokens of one calibration block; longer questions are cut to it"
    )
    max_blocks: int | None = Field(
        default=None, gt=0, description="blocks at most (default: all that the questions fill)"
    )
    parallel_blocks: int = Field(default=8, gt=0, description="blocks that pass a layer at once: bounds the memory")
    clip: bool = Field(default=False, description="also search for the best clipping (20 times slower on a CPU)")
    seed: int = Field(default=0, description="order of the calibration texts")
    backend: Literal["autoawq", "llmcompressor"] = Field(
        default="autoawq",
        description="what quantises: autoawq, or llmcompressor, which writes compressed-tensors",
    )
    symmetric: bool = Field(
        default=False,
        description="round without zero points (llmcompressor): what kernels with int8 activations take",
    )
    python: Path | None = Field(default=None, description="interpreter of the backend's environment (default: its own)")
    held_out: Path = Field(default=SAMPLE_QUESTIONS, description="questions on which the loss is measured")
    max_perplexity_ratio: float = Field(
        default=1.35, description="reject above: perplexity of known answers, after / before"
    )
    max_score_loss: float = Field(default=0.03, description="reject above: loss of overall score")
    min_choice_agreement: float = Field(
        default=0.8, description="reject below: share of equal greedy multiple-choice answers"
    )
    quality: bool = Field(default=True, description="compare with the unquantised model")

    @model_validator(mode="after")
    def _check_backend(self) -> "AwqSettings":
        if self.symmetric and self.backend != "llmcompressor":
            raise ValueError("symmetric: AutoAWQ rounds with zero points; add --backend llmcompressor")
        if self.clip and self.backend != "autoawq":
            raise ValueError("clip: llmcompressor does not search for clipping; leave it out or take autoawq")
        return self


class Recipe(RecipeSection):
    """A whole run, from questions to a merged model and, with `awq`, to the checkpoint that the cards serve.

    `{output}` in a path of `data`, `compare` or `awq` stands for the run's output folder.
    """

    name: FileName
    track: int = Field(ge=1, le=5)
    base_model: Path
    output: Path
    seed: int
    accelerate_config: Annotated[Path, AfterValidator(shipped)] | None = None
    data: DataSettings
    sft: SftSettings
    adapters: dict[FileName, AdapterSettings]
    combination: Combination = "cat"
    ensemble: EnsembleSettings = EnsembleSettings()
    wise_ft: WiseFtSettings
    compare: CompareSettings | None = None
    awq: AwqSettings | None = None

    @model_validator(mode="before")
    @classmethod
    def _place_paths(cls, values: dict[str, Any]) -> dict[str, Any]:
        output = str(values.get("output"))

        def placed(section: dict[str, Any]) -> dict[str, Any]:
            return {
                key: value.replace("{output}", output) if isinstance(value, str) else value
                for key, value in section.items()
            }

        sections = {key: values[key] for key in ("data", "compare", "awq") if isinstance(values.get(key), dict)}
        return {**values, **{key: placed(section) for key, section in sections.items()}}

    @model_validator(mode="after")
    def _check(self) -> "Recipe":
        if not self.adapters:
            raise ValueError("a recipe needs at least one adapter")
        for name in self.adapters:
            try:
                self.sft_of(name)
            except ValidationError as error:
                faults = (_fault(SftSettings, fault, f"adapters.{name}.sft") for fault in error.errors())
                raise ValueError("\n  ".join(faults)) from error
        return self

    def sft_of(self, adapter: str) -> SftSettings:
        """Return the SFT settings of one adapter: the recipe's, with the adapter's own values over them."""
        if adapter not in self.adapters:
            raise ShopBenchError(
                f"recipe {self.name} has no adapter {adapter!r}: {hint(adapter, self.adapters, 'it has')}"
            )
        return SftSettings.model_validate(_merged(self.sft.model_dump(), self.adapters[adapter].sft))

    def seed_of(self, adapter: str) -> int:
        """Return the seed that one adapter is trained with."""
        own = self.adapters[adapter].seed
        return self.seed if own is None else own

    def adapter_folder(self, adapter: str) -> Path:
        """Return the folder that the trained adapter goes to."""
        return self.output / "adapters" / adapter


def _merged(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return `base` with the values of `over`: sections are merged, and a section that `over` sets to null is left out."""
    merged = dict(base)
    for key, value in over.items():
        if not isinstance(merged.get(key), dict):
            merged[key] = value
        elif value is None:
            del merged[key]
        else:
            merged[key] = _merged(merged[key], value) if isinstance(value, dict) else value
    return merged


def _read_yaml(path: Path, extending: tuple[Path, ...] = ()) -> dict[str, Any]:
    """Read a recipe; with `extends: FILE` its values stand over those of a recipe beside it."""
    if path in extending:
        raise ShopBenchError(f"{path} extends itself, by way of {', '.join(file.name for file in extending)}")
    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ShopBenchError(f"there is no recipe {path}{_recipes_beside(path)}") from error
    except OSError as error:
        raise ShopBenchError(f"{path} cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise ShopBenchError(f"{path} is not valid YAML: {error}") from error
    if not isinstance(data, dict):
        raise ShopBenchError(f"{path} holds no settings")
    parent = data.pop("extends", None)
    if parent is None:
        return data
    if not isinstance(parent, str) or parent in ("", "..") or Path(parent).name != parent:
        raise ShopBenchError(f"{path}: extends {parent!r} is not the name of a recipe beside it")
    return _merged(_read_yaml(path.parent / parent, (*extending, path)), data)


def _recipes_beside(path: Path) -> str:
    beside = sorted(file.name for file in path.parent.glob("*.yaml"))
    return f": {hint(path.name, beside, 'beside it are')}" if beside else ""


# YAML 1.1 would read a sweep like 0:1:0.1 as a number to the base of sixty, and a path in {output} as a mapping.
_AS_WRITTEN = re.compile(r"[\d.]+(:[\d.]+)+$|\{output\}")
AnySettings = TypeVar("AnySettings", bound=RecipeSection)


def load_recipe(path: Path, overrides: list[str], kind: type[AnySettings]) -> AnySettings:
    """Read a YAML recipe as `kind`, with `key.key=value` overrides (values in YAML); faults are named by key."""
    data = _read_yaml(shipped(path))
    for override in overrides:
        keys, separator, value = override.partition("=")
        if not separator:
            raise ShopBenchError(f"--set {override}: write key.key=value")
        try:
            section: Any = value if _AS_WRITTEN.match(value) else yaml.safe_load(value)
        except yaml.YAMLError as error:
            raise ShopBenchError(f"--set {override}: the value is not valid YAML: {error}") from error
        for key in reversed(keys.split(".")):
            section = {key: section}
        data = _merged(data, section)
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        faults = [_fault(kind, fault) for fault in error.errors()]
        raise ShopBenchError(f"{path} cannot be used:\n" + "\n".join(_without_repetition(faults))) from error


def _fault(kind: type[RecipeSection], fault: Any, inside: str = "") -> str:
    """Return a fault in words, by its key; of a key that is not known, with the nearest one that is."""
    place, said = fault["loc"], fault["msg"].removeprefix("Value error, ")
    if fault["type"] == "extra_forbidden" and (section := _section(kind, place[:-1])):
        said = f"{said}: {hint(place[-1], section.model_fields)}"
    key = ".".join(filter(None, (inside, *map(str, place))))
    return f"{key}: {said}" if key else said


def _without_repetition(faults: list[str]) -> list[str]:
    """Indent faults; of those in a row that end in the same list of known names, only the last keeps it."""
    lists = [fault.rpartition(": there are ")[2] if ": there are " in fault else "" for fault in faults]
    return [
        f"  {fault.removesuffix(f': there are {names}')}" if names and names == following else f"  {fault}"
        for fault, names, following in zip(faults, lists, [*lists[1:], ""], strict=True)
    ]


def _section(annotation: Any, place: tuple[str | int, ...]) -> type[RecipeSection] | None:
    """Return what the settings at a place of a recipe are an instance of, None where they are none."""
    if isinstance(annotation, type) and issubclass(annotation, RecipeSection):
        if not place:
            return annotation
        field = annotation.model_fields.get(str(place[0]))
        return _section(field.annotation, place[1:]) if field else None
    if get_origin(annotation) is dict:
        return _section(get_args(annotation)[1], place[1:]) if place else None
    found = (_section(part, place) for part in get_args(annotation))
    return next((section for section in found if section), None)


def check_files(named: dict[str, Path]) -> None:
    """Raise a `ShopBenchError` for the first file or folder that is absent; `named` has them by their keys in the recipe."""
    for key, path in named.items():
        if not path.exists():
            raise ShopBenchError(
                f"{key}: there is no {path}; name what you have with --set {key}=PATH{where_from(path)}"
            )


def where_from(path: Path) -> str:
    """Return how an error about an absent file ends: a fresh clone has none of the public sets in `data/`."""
    return "; data/README.md says where it comes from" if path.parts[:1] == ("data",) else ""


def add_recipe_arguments(parser: argparse.ArgumentParser, *, needs_recipe: bool = True) -> None:
    """Add `--recipe` and `--set` to a command's parser."""
    parser.add_argument("--recipe", type=Path, required=needs_recipe, help="YAML recipe, see training/recipes")
    parser.add_argument(
        "--set",
        nargs="+",
        action="extend",
        default=[],
        metavar="KEY=VALUE",
        dest="overrides",
        help="override recipe values, e.g. --set sft.learning_rate=1e-4 adapters.mixture.weight=0.5",
    )
