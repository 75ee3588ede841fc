"""Writes a result of the check as docs/t4_check.md."""

from typing import Any

_INTRODUCTION = """# The CUDA build on SM 7.5, looked at without a card

`make check-t4` makes this page and `t4_check.json` (minutes, 9 GB of disk for an environment of its own, no GPU).
The wheels are those of `requirements/inference-cuda.lock`. NVML and `torch.cuda` are made to speak of four T4s, the
driver's library and Triton's driver are stand-ins. So this says what is *chosen* and *compiled*. Nothing ran.

- vLLM holds machine code for SM 7.5 and takes Marlin's kernels for AWQ.
- Those kernels add up in half precision (`HMMA.1688.F16`). The engine therefore looks for overflows after loading
  (`submission/checked_loading.py`). `float32` and `float32-down` are its other kernels.
- Symmetric checkpoints (compressed-tensors) take Marlin too, with `VLLM_MARLIN_INPUT_DTYPE=int8` its int8 kernels.
- Attention is Triton's, within the 65,536 bytes of shared memory of a T4, without spills and without tensor cores.
- The runner is V1. V2, vLLM's default, refuses logits processors of our kind.

The command ends with code 1 if anything is not as the presets count on. A test in the default suite compares the
stored result with the presets and the lock file, so a change of either asks for a new run.
"""


def page(found: dict[str, Any]) -> str:
    """Return the page, with what was found as tables in Markdown."""
    return _INTRODUCTION + "\n" + tables(found) + "\n"


def tables(found: dict[str, Any]) -> str:
    """Return what was found as tables in Markdown."""
    lines = ["| package | version |", "| --- | --- |"]
    lines += [f"| {name} | {number} |" for name, number in found["versions"].items()]
    lines += ["", "| library | modules of machine code by architecture |", "| --- | --- |"]
    for library, by in found["architectures"].items():
        counts = ", ".join(
            f"**{name} {count}**" if name == "sm_75" else f"{name} {count}" for name, count in by.items()
        )
        lines.append(f"| {library} | {counts} |")
    lines += ["", "| Marlin for SM 7.5 | kernels | stages | multiplies and adds |", "| --- | --- | --- | --- |"]
    for kind, kernels in found["marlin"].items():
        stages, products = kernels["stages"], kernels["products"]
        lines.append(f"| {kind} | {kernels['kernels']} | {', '.join(map(str, stages))} | {', '.join(products)} |")
    lines += [
        "",
        "| preset, checkpoint, sums | quantisation | qkv, o, gate and up, down | attention | runner | executor |",
    ]
    lines.append("| --- | --- | --- | --- | --- | --- |")
    for case, chosen in found["chosen"].items():
        layers = list(chosen["linear layers"].values())
        shown = layers[0] + " (all four)" if len(set(layers)) == 1 else ", ".join(layers)
        rest = " | ".join(str(chosen[what]) for what in ("attention", "runner", "executor"))
        lines.append(f"| {case} | {chosen['quantisation']} | {shown} | {rest} |")
    columns = ("preset", "kernel", "shared memory", "registers", "spills", "tensor core instructions")
    lines += ["", "| " + " | ".join(columns) + " |", "| " + " | ".join("---" for _ in columns) + " |"]
    lines += ["| " + " | ".join(str(kernel[column]) for column in columns) + " |" for kernel in found["triton"]]
    return "\n".join(lines)
