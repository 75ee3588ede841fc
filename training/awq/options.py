"""What is quantised and how: the settings of a recipe's section `awq`, which are the options of the command line too."""

import argparse
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError
from pydantic.fields import FieldInfo

from submission.commands import as_typed
from submission.errors import ShopBenchError
from training.recipe import AwqSettings


@dataclass(frozen=True)
class Quantisation:
    """The folder of a merged model, the folder for its AWQ checkpoint, and how the one becomes the other."""

    model: Path
    output: Path
    settings: AwqSettings


def parse_options(arguments: list[str] | None = None, description: str | None = None) -> Quantisation:
    """Read the command line; a `ShopBenchError` names the option whose value cannot be used."""
    parser = argparse.ArgumentParser(
        prog=as_typed("training.calibrate_awq"),
        description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--model", type=Path, required=True, help="folder of the merged model (safetensors)")
    parser.add_argument("--output", type=Path, required=True, help="folder to write the AWQ checkpoint to")
    for name, field in AwqSettings.model_fields.items():
        _add_option(parser, name, field)
    given = vars(parser.parse_args(arguments))
    model, output = given.pop("model"), given.pop("output")
    try:
        return Quantisation(model, output, AwqSettings.model_validate(given))
    except ValidationError as error:
        faults = [_fault(fault["loc"], fault["msg"].removeprefix("Value error, ")) for fault in error.errors()]
        raise ShopBenchError("; ".join(faults)) from error


def _fault(place: tuple[int | str, ...], message: str) -> str:
    """Return a message with the option in front; one about several options names them itself."""
    return f"--{str(place[0]).replace('_', '-')}: {message}" if place else f"--{message}"


def _add_option(parser: argparse.ArgumentParser, name: str, field: FieldInfo) -> None:
    """Add the option of one setting; what is not given stays out, so that the default stands in the settings alone."""
    option = name.replace("_", "-")
    text = (field.description or "").replace("%", "%%")
    if field.annotation is bool:
        asked, action, text = ("no-", "store_false", f"do not {text}") if field.default else ("", "store_true", text)
        parser.add_argument(f"--{asked}{option}", dest=name, action=action, default=argparse.SUPPRESS, help=text)
    else:
        known = "" if field.default is None else f" (default: {field.default})"
        parser.add_argument(f"--{option}", default=argparse.SUPPRESS, metavar="VALUE", help=text + known)
