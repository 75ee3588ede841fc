"""Answers questions through `ShopBenchModel` with a preset for cards, changed in nothing but the device, as JSON.

A script of its own, since vLLM's workers are spawned and an engine does not give its memory back.
usage: answer_over_processes.py TENSORxSTAGES QUESTIONS.json OUTPUT.json [DTYPE]
The model folder comes from SHOPBENCH_MODEL; the preset's own number format is float16.
"""

import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from submission import profiles
from submission.errors import ShopBenchError

# Settings that name a GPU's kernels or memory; the CPU has its own.
GPU_ONLY = ("quantization", "attention_backend", "gpu_memory_utilization")


def on_cpu(cards: int, stages: int = 1, dtype: str | None = None) -> profiles.Profile:
    """Return the preset for `stages` of `cards` groups of CPU threads each, in the place of cards.

    It computes in `dtype` where one is given.

    vLLM is looked at, and broken, from here: the engine runs in this process, its workers in theirs.
    """
    preset = profiles.T4X4 if stages == 1 else profiles.T4X4_PP
    engine = {key: value for key, value in preset.engine.items() if key not in GPU_ONLY}
    if dtype is not None:
        engine["dtype"] = dtype
    threads = "|".join(str(card % (os.cpu_count() or 1)) for card in range(cards * stages))
    device = {"VLLM_CPU_OMP_THREADS_BIND": threads, "VLLM_CPU_KVCACHE_SPACE": "1"}
    return replace(
        preset,
        engine={**engine, "tensor_parallel_size": cards, "pipeline_parallel_size": stages},
        environment={**preset.environment, **device},
        own_process=False,
    )


def make_intermediate_tensors(worker: Any) -> None:
    """Make what a later stage receives into.

    On cards the profiling pass makes it. vLLM's CPU worker leaves that pass out where nothing is compiled.
    """
    from vllm.distributed import get_pp_group

    runner = worker.model_runner
    if not get_pp_group().is_first_rank and runner.intermediate_tensors is None:
        runner.intermediate_tensors = runner.model.make_empty_intermediate_tensors(
            batch_size=runner.max_num_tokens, dtype=runner.model_config.dtype, device=runner.device
        )


def prepare_stages_after_loading() -> None:
    """Have every engine make its stages' intermediate tensors when it was loaded."""
    from submission.engine import Engine

    load = Engine.__init__

    def load_and_prepare(self: Engine, *arguments: Any, **keywords: Any) -> None:
        load(self, *arguments, **keywords)
        self._engine.collective_rpc(make_intermediate_tensors)

    Engine.__init__ = load_and_prepare  # type: ignore[method-assign]


def count_cached_tokens(counts: dict[str, int]) -> None:
    """Note of every request, in the order of answering, how many tokens of its prompt the prefix cache held."""
    from vllm.v1.engine.llm_engine import LLMEngine

    step = LLMEngine.step

    def counting(self: LLMEngine) -> Any:
        outputs = step(self)
        counts.update({output.request_id: output.num_cached_tokens for output in outputs})
        return outputs

    LLMEngine.step = counting  # type: ignore[method-assign]


def main() -> None:
    cards, stages = map(int, sys.argv[1].split("x"))
    questions, output = Path(sys.argv[2]), Path(sys.argv[3])
    preset = on_cpu(cards, stages, *sys.argv[4:])
    profiles.PROFILES[preset.name] = preset
    os.environ["SHOPBENCH_PROFILE"] = preset.name
    os.environ.update(preset.environment)
    if stages > 1:
        prepare_stages_after_loading()
    cached: dict[str, int] = {}
    count_cached_tokens(cached)
    from models.user_config import UserModel

    model = UserModel()
    rows = []
    for is_multiple_choice, prompts in json.loads(questions.read_text()):
        for begin in range(0, len(prompts), model.get_batch_size()):
            batch = {"prompt": prompts[begin : begin + model.get_batch_size()]}
            answers = model.batch_predict(batch, is_multiple_choice)
            for answer, details in zip(answers, model.last_answers, strict=True):
                rows.append({"answer": answer, "option_logprobs": details.option_logprobs})
    output.write_text(json.dumps({"rows": rows, "cached": [cached[key] for key in sorted(cached, key=int)]}))


if __name__ == "__main__":
    try:
        main()
    except ShopBenchError as error:
        sys.exit(str(error))
