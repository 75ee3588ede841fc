"""Answers questions through `ShopBenchModel` with the `t4x4` preset, changed in nothing but the device, as JSON.

A script of its own, since vLLM's workers are spawned and an engine does not give its memory back.
usage: answer_with_tensor_parallel.py CARDS QUESTIONS.json OUTPUT.json   (the model folder comes from SHOPBENCH_MODEL)
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

from submission import profiles
from submission.errors import ShopBenchError

# Settings that name a GPU's kernels or memory; the CPU has its own.
GPU_ONLY = ("quantization", "attention_backend", "gpu_memory_utilization")


def on_cpu(cards: int) -> profiles.Profile:
    """Return `t4x4` for `cards` groups of CPU threads instead of cards."""
    preset = profiles.T4X4
    engine = {key: value for key, value in preset.engine.items() if key not in GPU_ONLY}
    threads = "|".join(str(card % (os.cpu_count() or 1)) for card in range(cards))
    device = {"VLLM_CPU_OMP_THREADS_BIND": threads, "VLLM_CPU_KVCACHE_SPACE": "1"}
    return replace(
        preset,
        engine={**engine, "tensor_parallel_size": cards},
        environment={**preset.environment, **device},
    )


def main() -> None:
    cards, questions, output = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    profiles.PROFILES["t4x4"] = on_cpu(cards)
    os.environ["SHOPBENCH_PROFILE"] = "t4x4"
    from models.user_config import UserModel

    model = UserModel()
    answers: list[str] = []
    for is_multiple_choice, prompts in json.loads(questions.read_text()):
        for begin in range(0, len(prompts), model.get_batch_size()):
            batch = {"prompt": prompts[begin : begin + model.get_batch_size()]}
            answers += model.batch_predict(batch, is_multiple_choice)
    output.write_text(json.dumps(answers))


if __name__ == "__main__":
    try:
        main()
    except ShopBenchError as error:
        sys.exit(str(error))
