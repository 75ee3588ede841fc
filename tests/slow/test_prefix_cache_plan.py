"""The plan's account of the prefix cache against the engine's own: the same prompts, the same tokens left to compute."""

from pathlib import Path

from evaluation.dataset import read_samples
from evaluation.t4_plan.__main__ import default_data
from evaluation.t4_plan.workload import PrefixCache, our_prompt
from submission.answer_formats import FreeText
from submission.chat_encoder import ChatEncoder
from submission.engine import Engine, Request
from submission.profiles import CPU
from tests.training.tiny_models import build_qwen2, needs_smollm2


class CountingEngine(Engine):
    """The engine, asked how many tokens of each prompt of a batch it has to compute."""

    def new_tokens(self, prompts: list[list[int]]) -> list[int]:
        for index, prompt in enumerate(prompts):
            parameters = self._sampling_params(Request(prompt, FreeText(1), 1))
            self._engine.add_request(str(index), {"prompt_token_ids": prompt}, parameters)
        cached: dict[str, int] = {}
        while len(cached) < len(prompts):
            cached |= {output.request_id: output.num_cached_tokens for output in self._engine.step()}
        return [len(prompt) - cached[str(index)] for index, prompt in enumerate(prompts)]


@needs_smollm2
def test_the_plan_counts_cached_tokens_as_the_engine_does(tmp_path: Path) -> None:
    model = build_qwen2(tmp_path / "model", layers=1)
    encoder = ChatEncoder(model)
    prompts = [our_prompt(encoder, sample).tokens for sample in read_samples(default_data())]
    engine = CountingEngine(model, CPU, seed=0, constrained=False)
    cache = PrefixCache(CPU.engine["block_size"])
    for begin in range(0, len(prompts), CPU.batch_size):
        batch = prompts[begin : begin + CPU.batch_size]
        assert engine.new_tokens(batch) == [cache.new_tokens(prompt) for prompt in batch]
