"""Rewrites a safetensors checkpoint shard by shard, so that 72B parameters never have to fit in memory.

The one thing to know: shards are written into `OUTPUT.partial`, each under its final name only when it is whole, and
the folder is renamed to `OUTPUT` at the end. The same command after a kill goes on at the first missing shard. A tensor
that is not finite is named, and then nothing is left behind.
"""

import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file

from evaluation.progress import steps
from submission.errors import ShopBenchError
from submission.lora_adapter import ties_head
from submission.model_folder import check_safetensors, read_json, weight_files
from training.files import fingerprint, hash_of, remove, write_json, written_whole

HEAD = "lm_head.weight"
_EMBEDDING = "model.embed_tokens.weight"
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
        self.shapes: dict[str, tuple[int, ...]] = {}
        for shard in shard_files(folder):
            with safe_open(shard, framework="pt") as opened:
                for name in opened.keys():  # noqa: SIM118
                    self._shard_of[name] = shard
                    self.shapes[name] = tuple(opened.get_slice(name).get_shape())

    @property
    def names(self) -> set[str]:
        """The names of all tensors."""
        return set(self._shard_of)

    def tensor(self, name: str) -> torch.Tensor:
        """Return the tensor `name`; `KeyError` where there is none."""
        with safe_open(self._shard_of[name], framework="pt") as opened:
            return opened.get_tensor(name)


def has_own_head(reader: CheckpointReader) -> bool:
    """Whether a model stores a head that is not its embedding again."""
    if HEAD not in reader.names:
        return False
    return _EMBEDDING not in reader.names or not torch.equal(reader.tensor(HEAD), reader.tensor(_EMBEDDING))


def refuse_two_heads(reader: CheckpointReader) -> None:
    """Raise a `ShopBenchError` where the config ties the head to the embedding, and another head is stored beside it."""
    both = {HEAD, _EMBEDDING} <= reader.names
    if both and ties_head(reader.folder) and has_own_head(reader):
        raise ShopBenchError(
            f"{reader.folder} ties its head to the embedding and stores another {HEAD} beside it: vLLM takes the one, "
            "transformers the other. Remove the tensor, or set tie_word_embeddings to false in its config.json"
        )


def all_finite(tensor: torch.Tensor) -> bool:
    """Return whether no element is infinite or not a number, in the memory of the tensor alone."""
    if not tensor.is_floating_point() or tensor.numel() == 0:
        return True
    if tensor.element_size() == 1:
        tensor = tensor.float()
    return all(bool(torch.isfinite(end)) for end in torch.aminmax(tensor))


def save_tensors(tensors: dict[str, torch.Tensor], target: Path) -> None:
    """Write a safetensors file, whole or not at all, that other users can read."""
    with written_whole(target) as temporary:
        save_file(tensors, temporary, metadata={"format": "pt"})
        # safetensors writes for the owner alone; a server under another user must be able to read.
        temporary.chmod(0o644)


def rewrite_checkpoint(
    base: Path,
    output: Path,
    change: Callable[[str, torch.Tensor], torch.Tensor | None],
    inputs: Iterable[str],
    prepare: Callable[[Path], None],
    finish: Callable[[Path], None] = lambda folder: None,
) -> None:
    """Write `base` with every tensor passed through `change(name, tensor)` to `output`; None leaves a tensor out.

    Memory holds one shard at a time, as read and as written. `inputs` are texts that identify everything else that goes
    in (fingerprints, factors): shards of an interrupted run are kept only if they came from the same. `prepare` adds
    the other files (config, tokenizer) to the folder before the first shard. `finish` may look at the whole before it
    gets its name. What raises a `ShopBenchError` on the way leaves nothing behind.
    """
    shards = shard_files(base)
    refuse_two_heads(CheckpointReader(base))
    identity = hash_of([fingerprint(base), *inputs])
    partial = output.with_name(output.name + ".partial")
    identity_file = partial / "inputs.sha256"
    if not (identity_file.is_file() and identity_file.read_text() == identity):
        remove(partial)
        partial.mkdir(parents=True)
        with written_whole(identity_file) as temporary:
            temporary.write_text(identity)
    try:
        prepare(partial)
        for shard in steps(shards, f"Writing {output.name}", "shard"):
            if not (partial / shard.name).is_file():
                _rewrite_shard(shard, partial / shard.name, change)
        _write_index(base, partial)
        finish(partial)
    except ShopBenchError:
        remove(partial)
        raise
    identity_file.unlink()
    remove(output)
    partial.rename(output)


def _rewrite_shard(shard: Path, target: Path, change: Callable[[str, torch.Tensor], torch.Tensor | None]) -> None:
    tensors = {}
    with safe_open(shard, framework="pt") as opened:
        for name in opened.keys():  # noqa: SIM118
            tensor = opened.get_tensor(name)
            if not all_finite(tensor):
                raise ShopBenchError(f"{shard}: {name} holds numbers that are not finite: no model can be made of it")
            changed = change(name, tensor)
            if changed is None:
                continue
            if not all_finite(changed):
                raise ShopBenchError(
                    f"{name} would hold numbers that are not finite. {_largest(changed.dtype)} Convert the base to "
                    "bfloat16 if the update is meant, else look for the fault in what is merged"
                )
            tensors[name] = changed.contiguous()
    if tensors:
        save_tensors(tensors, target)


def _largest(dtype: torch.dtype) -> str:
    return f"The largest number in {str(dtype).removeprefix('torch.')} is {torch.finfo(dtype).max:,.6g}."


def _write_index(base: Path, partial: Path) -> None:
    """Copy the base's index, without the tensors that were left out."""
    if not (base / INDEX_FILE).is_file():
        return
    (partial / INDEX_FILE).unlink(missing_ok=True)
    written = CheckpointReader(partial)
    left_out = CheckpointReader(base).names - written.names
    if not left_out:
        shutil.copyfile(base / INDEX_FILE, partial / INDEX_FILE)
        return
    index = read_json(base / INDEX_FILE)
    index["weight_map"] = {name: file for name, file in index["weight_map"].items() if name not in left_out}
    index["metadata"] = {"total_size": sum(written.tensor(name).nbytes for name in written.names)}
    write_json(partial / INDEX_FILE, index)
