"""Says whether this folder could be pushed to the competition: one line for each thing that is right, doubtful or wrong.

The one thing to know: no weights are loaded. Configs and headers are read, the chat template is tried, and the entry
point is imported with the network shut. Git is asked what it would push, and the time limit is predicted by
`evaluation.t4_plan`.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from evaluation.t4_plan.__main__ import build, default_data
from submission.chat_encoder import ChatEncoder
from submission.command_line import run_command
from submission.commands import as_typed
from submission.context import fit_context
from submission.decoding.token_bytes import tokenizer_kind
from submission.errors import ShopBenchError
from submission.model_folder import SUBMITTED_MODEL, check_model, read_json
from submission.places import ROOT
from submission.profiles import T4X4
from submission.settings import Settings
from submission.sharding import check_shardable
from submission.tracks import Track, track_by_challenge_id, track_by_number

MAX_BYTES = 200e9
LFS_THRESHOLD = 10 * 2**20
"""Files from this size on must go through Git LFS; the competition's Git server refuses larger ones."""
PLACEHOLDER = "your-aicrowd-username"

# Runs in a process of its own: any attempt to reach the network ends the import.
_IMPORT_OFFLINE = """
import sys

def refuse(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        raise SystemExit(f"the import reaches for the network ({event} {arguments[-1] if arguments else ''})")

sys.addaudithook(refuse)
from models.user_config import UserModel
for name in ("get_batch_size", "batch_predict"):
    if not callable(getattr(UserModel, name, None)):
        raise SystemExit(f"models/user_config.py: UserModel has no method {name}")
"""


class Verdict(StrEnum):
    """How a finding counts: only `FAIL` keeps the folder from being pushed."""

    OK = "ok"
    DOUBT = "doubt"
    FAIL = "FAIL"


@dataclass(frozen=True)
class Finding:
    """One line of the answer."""

    verdict: Verdict
    text: str

    def __str__(self) -> str:
        return f"{self.verdict:<5} {self.text}"


def _ok(text: str) -> Finding:
    return Finding(Verdict.OK, text)


def _fail(text: str) -> Finding:
    return Finding(Verdict.FAIL, text)


def _challenge(root: Path) -> dict[str, Any]:
    if not (root / "aicrowd.json").is_file():
        raise ShopBenchError(
            f"there is no aicrowd.json in {root}; run this in the root of the clone that you would push"
        )
    return read_json(root / "aicrowd.json")


def check_challenge(root: Path, track: Track | None) -> Iterator[Finding]:
    """Check `aicrowd.json`: its keys, their types, and that it names `track` where one is asked for."""
    data = _challenge(root)
    kinds: dict[str, tuple[type, str]] = {
        "challenge_id": (str, "a text"),
        "authors": (list, "a list of user names"),
        "gpu": (bool, "true"),
        "description": (str, "a text"),
    }
    for key, (kind, wanted) in kinds.items():
        if not isinstance(data.get(key), kind) or data[key] in ("", []):
            yield _fail(f"aicrowd.json: {key!r} is {data.get(key)!r}; write {wanted}")
    if data.get("gpu") is False:
        yield _fail('aicrowd.json: "gpu" is false, so the run would get no cards; write true')
    if PLACEHOLDER in (data.get("authors") or []):
        yield _fail(f"aicrowd.json: 'authors' still holds {PLACEHOLDER!r}; write your user name")
    found = track_by_challenge_id(str(data.get("challenge_id")))
    if track and found is not track:
        yield _fail(f"aicrowd.json is for track {found.number}, not {track.number}; write {track.challenge_id}")
    else:
        yield _ok(f"aicrowd.json is for track {found.number}, {found.name}")


def check_weights(model: Path) -> Iterator[Finding]:
    """Check that the model folder is complete, holds no LFS pointers, and divides over the cards."""
    if not model.is_dir():
        yield _fail(f"there is no {model}; put your checkpoint there ({as_typed('training.calibrate_awq')} makes one)")
        return
    config = check_model(model)
    check_shardable(config, T4X4.engine["tensor_parallel_size"])
    if not config.get("quantization_config"):
        yield Finding(Verdict.DOUBT, f"{model} is not quantised; for 4 × T4 make it with training.calibrate_awq")
    size = sum(file.stat().st_size for file in model.rglob("*") if file.is_file())
    yield _ok(f"the model in {model} is whole, {size / 1e9:.1f} GB, and divides over the cards")


def check_template(model: Path) -> Iterator[Finding]:
    """Check that the chat template takes the submission's messages, and that answers can be constrained."""
    encoder = ChatEncoder(model)
    tokenizer_kind(encoder.tokenizer)
    if encoder.system_refusal:
        yield Finding(
            Verdict.DOUBT,
            f"the chat template takes no system message ({encoder.system_refusal}); it is put in front of the user's, so "
            "fine-tune the model through this template too",
        )
    else:
        yield _ok("the chat template takes a system message and a question, and answers can be constrained")


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", root, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ShopBenchError(f"git {arguments[0]} fails in {root}: {done.stderr.strip()}; is it a Git repository?")
    return done.stdout


def check_repository(root: Path, model: Path) -> Iterator[Finding]:
    """Check what Git would push: the weights among it, its size, and that large files go through LFS."""
    pushed = {Path(name) for name in _git(root, "ls-files", "-z", "--cached").split("\0") if name}
    weights = {file.relative_to(root) for file in model.glob("*") if file.is_relative_to(root)}
    if weights and not weights <= pushed:
        forgotten = sorted(weights - pushed)
        yield _fail(f"Git does not track {forgotten[0]} ({len(forgotten)} such); run git add -f {forgotten[0].parent}")
    if not model.is_relative_to(root):
        yield _fail(f"the weights in {model} lie outside the repository; move them to models/weights")
    sizes = {name: (root / name).stat().st_size for name in sorted(pushed | weights) if (root / name).is_file()}
    large = [name for name, size in sizes.items() if size >= LFS_THRESHOLD]
    for name in large:
        if not _git(root, "check-attr", "filter", "--", str(name)).strip().endswith(": lfs"):
            yield _fail(
                f"{name} is {sizes[name] / 2**20:.0f} MiB outside LFS; run git lfs track {name}, then add it again"
            )
        elif name in pushed and int(_git(root, "cat-file", "-s", f":{name}")) >= LFS_THRESHOLD:
            # Added when git-lfs was not installed: the pattern is there, but the content itself lies in Git.
            yield _fail(
                f"{name} lies in Git itself though LFS has a pattern for it; run git rm --cached {name}, then add it again"
            )
    if large and shutil.which("git-lfs") is None:
        yield _fail("git-lfs is not installed, so large files would be pushed as they are; install it")
    total = sum(sizes.values())
    if total >= MAX_BYTES:
        yield _fail(f"{total / 1e9:.0f} GB is over the limit of {MAX_BYTES / 1e9:.0f} GB; quantise the model")
    else:
        yield _ok(f"{len(sizes)} files, {total / 1e9:.2f} GB of {MAX_BYTES / 1e9:.0f} GB")


def check_entry_point(root: Path) -> Iterator[Finding]:
    """Import `models.user_config.UserModel` as the evaluator does, without network."""
    command = [sys.executable, "-c", _IMPORT_OFFLINE]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False, env={**os.environ})
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        yield _fail(f"models/user_config.py cannot be imported without network: {last}; fix the import")
    else:
        yield _ok("models.user_config.UserModel imports without network")


def check_limits(model: Path, track: Track, data: Path) -> Iterator[Finding]:
    """Predict memory and time on 4 × T4; only a prediction whose good end misses the limit is a failure."""
    context = fit_context(T4X4, model).max_model_len
    if context < T4X4.max_model_len:
        text = (
            f"the model reads {context:,} tokens where the profile has {T4X4.max_model_len:,}; longer questions are cut"
        )
        yield Finding(Verdict.DOUBT, text)
    planner, workloads, _ = build(model_config=model, data=data, tokenizer=model, settings=[], questions=None)
    memory = planner.memory(T4X4.engine["gpu_memory_utilization"])
    if memory.kv_tokens < context:
        yield _fail(
            f"{memory.kv_tokens:,} tokens of KV cache fit on the cards, one question may take {context:,}; "
            "use a smaller or a quantised model"
        )
    else:
        yield _ok(f"the model leaves room for {memory.kv_tokens:,} tokens of KV cache on the cards (predicted)")
    limit = track.time_limit_s
    low, high = planner.range(workloads.ours, track.number)
    nominal = planner.seconds(workloads.ours, track.number).total
    text = (
        f"track {track.number} takes {nominal / 60:.0f} minutes of {limit / 60:.0f}, "
        f"{low / 60:.0f} to {high / 60:.0f} (predicted)"
    )
    if low > limit:
        yield _fail(f"{text}; use a smaller model, see {as_typed('evaluation.t4_plan')}")
    elif high > limit:
        yield Finding(Verdict.DOUBT, f"{text}; time one track on the cards, see {as_typed('evaluation.t4_plan')}")
    else:
        yield _ok(text)


def findings(root: Path, model: Path, track: Track | None, data: Path) -> Iterator[Finding]:
    """Run every check; one that meets something unreadable ends with that, and the others still run."""
    steps: list[Callable[[], Iterator[Finding]]] = [
        lambda: check_challenge(root, track),
        lambda: check_weights(model),
        lambda: check_repository(root, model),
        lambda: check_entry_point(root),
    ]
    if (model / "config.json").is_file() and (model / "tokenizer.json").is_file():
        steps.append(lambda: check_template(model))
        steps.append(lambda: check_limits(model, track or _track_of(root), data))
    said = set()
    for step in steps:
        try:
            yield from step()
        except ShopBenchError as error:
            # What keeps two checks from their work is one thing to fix.
            if str(error) not in said:
                yield _fail(str(error).replace("\n", " "))
            said.add(str(error))


def _track_of(root: Path) -> Track:
    return track_by_challenge_id(str(_challenge(root).get("challenge_id")))


def main(arguments: list[str] | None = None) -> int:
    """Print the findings and return the exit code: 0 where nothing failed, 2 otherwise."""
    parser = argparse.ArgumentParser(prog=as_typed("evaluation.check_submission"), description=__doc__)
    parser.add_argument("--track", type=int, choices=range(1, 6), help="the track that aicrowd.json should name")
    parser.add_argument("--model", type=Path, default=SUBMITTED_MODEL, help="model folder (default: models/weights)")
    parser.add_argument("--data", type=Path, help="questions that the time is predicted from (default: development)")
    options = parser.parse_args(arguments)
    Settings.from_environment(strict=True)
    track = track_by_number(options.track) if options.track else None
    failed = 0
    for finding in findings(ROOT, options.model.resolve(), track, options.data or default_data()):
        print(finding)
        failed += finding.verdict is Verdict.FAIL
    print("ready to push" if not failed else f"not ready: {failed} to fix")
    return 2 if failed else 0


if __name__ == "__main__":
    run_command(main)
