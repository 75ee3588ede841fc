"""Says what it is that was given in place of a model folder, and what to do with it."""

import difflib
import json
import re
from pathlib import Path

from submission.commands import as_typed
from submission.near_names import hint

_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_GGUF = b"GGUF"


def what_it_is(path: Path) -> str | None:
    """Return a sentence about a path that is no folder of a model, None where nothing speaks against it."""
    if path.is_file():
        return _what_the_file_is(path)
    if not path.is_dir():
        return _what_is_missing(path)
    if (path / "config.json").is_file():
        return None
    if (path / "adapter_config.json").is_file():
        base = _base_of(path / "adapter_config.json")
        return (
            f"{path} is a LoRA adapter{f' of {base}' if base else ''}, not a model: serve it with --adapter {path}, "
            f"or merge it with `{as_typed('training.merge')} --base {base or 'BASE'} --adapter {path} --output FOLDER`, and name "
            "that folder"
        )
    if files := sorted(path.glob("*.gguf")):
        return _what_the_file_is(files[0])
    if inner := sorted(file.parent for pattern in ("*", "snapshots/*") for file in path.glob(f"{pattern}/config.json")):
        one = f"did you mean {inner[-1]}?"
        return f"{path} is no model folder itself: " + (one if len(inner) == 1 else hint("", inner, "in it are"))
    return None


def _what_the_file_is(file: Path) -> str:
    with file.open("rb") as opened:
        start = opened.read(len(_GGUF))
    if start == _GGUF or file.suffix.lower() == ".gguf":
        return (
            f"{file} is a GGUF file, which is not served here: name the folder of the checkpoint that it was made from, or "
            f"unpack it with Transformers, from_pretrained({str(file.parent)!r}, gguf_file={file.name!r}) and "
            "save_pretrained(FOLDER), model and tokenizer"
        )
    if (file.parent / "config.json").is_file():
        return f"{file} is a file of a model: name its folder, {file.parent}"
    return f"{file} is a file: a model is a folder in the layout of a Hugging Face checkpoint; unpack it if it is an archive"


def _what_is_missing(path: Path) -> str:
    name = path.as_posix()
    address = re.match(r"https?:/+[^/]+/(?P<name>[\w.-]+/[\w.-]+)", name)
    if address or (_HUB_NAME.fullmatch(name) and not path.parent.exists()):
        hub_name = address.group("name") if address else name
        return (
            f"{hub_name} is a name on the Hugging Face hub, not a folder, and nothing is fetched while answering: bring it "
            f"with `hf download {hub_name} --local-dir FOLDER`, and name that folder"
        )
    siblings = [other.name for other in path.parent.iterdir() if other.is_dir()] if path.parent.is_dir() else []
    close = difflib.get_close_matches(path.name, siblings, n=1)
    advice = f"did you mean {path.parent / close[0]}?" if close else "check SHOPBENCH_MODEL or --model"
    return f"there is no model folder {path}: {advice}"


def _base_of(config: Path) -> str | None:
    try:
        base = json.loads(config.read_text(encoding="utf-8")).get("base_model_name_or_path")
    except (ValueError, AttributeError):
        return None
    return str(base) if base else None
