"""Rewrites a safetensors checkpoint shard by shard, so that 72B parameters never have to fit in memory.

The one thing to know: shards are written into `OUTPUT.partial`, each under its final name only when it is whole, and
the folder is renamed to `OUTPUT` at the end. The same command after a kill goes on at the first missing shard.
"""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from tqdm import tqdm

from submission.errors import ShopBenchError
from submission.model_folder import check_safetensors, weight_files
from training.files import fingerprint, hash_of, remove, written_whole

INDEX_FILE = "model.safetensors.index.json"
TOKENIZER_FILES = (
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "chat_template.jinja",
)


def shard_files(folder: Path) -> list[Path]:
    """Return the safetensors files of a checkpoint, all of them there and as long as their headers say."""
    if not folder.is_dir():
        raise ShopBenchError(f"there is no model folder {folder}: give the path of a downloaded checkpoint")
    files = weight_files(folder)
    for file in files:
        check_safetensors(file)
    return files


class CheckpointReader:
    """Reads single tensors of a checkpoint by name, whichever shard holds them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._shard_of: dict[str, Path] = {}
        for shard in shard_files(folder):
            with safe_open(shard, framework="pt") as opened:
                self._shard_of.update(dict.fromkeys(opened.keys(), shard))

    @property
    def names(self) -> set[str]:
        """The names of all tensors."""
        return set(self._shard_of)

    def tensor(self, name: str) -> torch.Tensor:
        """Return the tensor `name`; `KeyError` where there is none."""
        with safe_open(self._shard_of[name], framework="pt") as opened:
            return opened.get_tensor(name)


def rewrite_checkpoint(
    base: Path,
    output: Path,
    change: Callable[[str, torch.Tensor], torch.Tensor],
    inputs: Iterable[str],
    finish: Callable[[Path], None],
) -> None:
    """Write `base` with every tensor passed through `change(name, tensor)` to `output`.

    Memory holds one shard at a time, as read and as written. `inputs` are texts that identify everything else that
    goes in (fingerprints, factors): shards of an interrupted run are kept only if they came from the same. `finish`
    adds the other files (config, tokenizer) to the folder before it gets its name.
    """
    shards = shard_files(base)
    identity = hash_of([fingerprint(base), *inputs])
    partial = output.with_name(output.name + ".partial")
    identity_file = partial / "inputs.sha256"
    if not (identity_file.is_file() and identity_file.read_text() == identity):
        remove(partial)
        partial.mkdir(parents=True)
        with written_whole(identity_file) as temporary:
            temporary.write_text(identity)
    for shard in tqdm(shards, desc=f"writing {output.name}", unit="shard", disable=len(shards) == 1):
        if (partial / shard.name).is_file():
            continue
        with safe_open(shard, framework="pt") as opened:
            tensors = {name: change(name, opened.get_tensor(name)).contiguous() for name in opened.keys()}  # noqa: SIM118
        with written_whole(partial / shard.name) as temporary:
            save_file(tensors, temporary, metadata={"format": "pt"})
            # safetensors writes for the owner alone; a server under another user must be able to read.
            temporary.chmod(0o644)
        del tensors
    if (base / INDEX_FILE).is_file():
        shutil.copyfile(base / INDEX_FILE, partial / INDEX_FILE)
    finish(partial)
    identity_file.unlink()
    remove(output)
    partial.rename(output)
