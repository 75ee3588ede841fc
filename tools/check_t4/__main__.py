"""Checks without a card what the CUDA build does on 4 × T4: machine code, the engine's configuration, Triton's kernels.

Run it in the environment of the CUDA lock file (`make check-t4`). What it finds is written to docs/t4_check.json and
docs/t4_check.md, and compared with what the presets count on: exit code 1 where they differ.
"""

import argparse
import json
import os
import sys
import tempfile
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from submission.command_line import run_command
from submission.errors import ShopBenchError
from tools.check_t4.expected import LOCK, PAGE, RESULT, card_presets, lock_hash, problems
from tools.check_t4.page import page, tables

_PACKAGES = ("vllm", "torch", "triton", "nvidia-nccl-cu13", "transformers")


def check() -> dict[str, Any]:
    """Return everything that was found."""
    versions = {name: _version(name) for name in _PACKAGES}
    from tools.check_t4.fake_cards import pretend

    pretend()
    from submission.profiles import PROFILES
    from tools.check_t4.configuration import CASES, configure
    from tools.check_t4.machine_code import architectures, marlin_kernels
    from tools.check_t4.triton_kernels import compile_kernels

    found: dict[str, Any] = {"lock": lock_hash(), "versions": versions, "presets": card_presets()}
    _say("looking into the libraries")
    found |= {"architectures": architectures(), "marlin": marlin_kernels(), "chosen": {}, "triton": []}
    for case in CASES:
        _say(f"configuring {case}")
        found["chosen"][str(case)] = configure(case)
    for name in found["presets"]:
        _say(f"compiling Triton's kernels for {name}")
        kernels, seconds = compile_kernels(PROFILES[name])
        found["triton"] += [{"preset": name, **kernel} for kernel in kernels]
        _say(f"{len(kernels)} kernels in {seconds:.0f} s")
    return found


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        raise ShopBenchError(f"{package} is not in this environment: run `make check-t4`, which builds one") from None


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def main() -> None:
    """Run the command line."""
    argparse.ArgumentParser(prog="python -m tools.check_t4", description=__doc__).parse_args()
    # Compiled anew: what a start costs is part of the question.
    with tempfile.TemporaryDirectory() as cache:
        os.environ["TRITON_CACHE_DIR"] = cache
        found = check()
    for file, content in ((RESULT, json.dumps(found, indent=1, ensure_ascii=False) + "\n"), (PAGE, page(found))):
        written = file.with_suffix(".tmp")
        written.write_text(content, encoding="utf-8")
        written.replace(file)
    print(tables(found))
    if wrong := problems(found):
        sys.exit("not what the presets count on:\n" + "\n".join(f"- {problem}" for problem in wrong))
    print(f"\nall as the presets count on, with {LOCK.name} {found['lock'][:12]}")


if __name__ == "__main__":
    run_command(main)
