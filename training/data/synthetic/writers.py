"""Who writes: a model behind any OpenAI-compatible endpoint, or vLLM in this process.

Both answer a list of requests in any order, calling back as each one is done. A request may carry a JSON schema, which
the server's structured outputs enforce.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from submission.errors import ShopBenchError, one_line
from submission.model_folder import check_model
from submission.processor import dtype_on_cpu
from training.data.synthetic.endpoint import Endpoint
from training.data.synthetic.requests import Reply, WriterRequest, WriterSettings


class Writer(Protocol):
    """Something that answers requests."""

    def write(self, requests: Sequence[WriterRequest], done: Callable[[WriterRequest, Reply], None]) -> None:
        """Answer all requests, calling `done` for each as soon as its reply is there."""


def open_writer(settings: WriterSettings) -> Writer:
    """Return the writer that a recipe asks for; `ShopBenchError` where it names a model folder that is none."""
    if settings.kind == "endpoint":
        return Endpoint(settings)
    check_model(Path(settings.model))
    return LocalEngine(settings)


class LocalEngine:
    """A model folder in vLLM, loaded in this process when it is first asked; all requests of a call are one batch."""

    def __init__(self, settings: WriterSettings) -> None:
        self.settings = settings
        self._engine: Any = None

    def write(self, requests: Sequence[WriterRequest], done: Callable[[WriterRequest, Reply], None]) -> None:
        """Answer the requests in one batch of the engine."""
        import torch
        from vllm import LLM, SamplingParams
        from vllm.sampling_params import StructuredOutputsParams

        if self._engine is None:
            dtype = "auto"
            if not torch.cuda.is_available():
                dtype = dtype_on_cpu(Path(self.settings.model))
                # GiB. Left to itself, vLLM takes nearly all memory, and fails where that is not free.
                os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "2")
            try:
                self._engine = LLM(self.settings.model, dtype=dtype, enforce_eager=True)
            except Exception as error:
                raise ShopBenchError(
                    f"vLLM could not load the writer {self.settings.model}: {one_line(error)} (what it says above, and "
                    "whether other programs hold the memory, tells why)"
                ) from error
        parameters = [
            SamplingParams(
                temperature=1.0 if self.settings.temperature is None else self.settings.temperature,
                seed=request.seed,
                max_tokens=request.max_tokens + self.settings.thinking_tokens,
                structured_outputs=StructuredOutputsParams(json=request.schema) if request.schema else None,
            )
            for request in requests
        ]
        outputs = self._engine.chat([request.chat() for request in requests], parameters, use_tqdm=False)
        for request, output in zip(requests, outputs, strict=True):
            completion = output.outputs[0]
            tokens = len(output.prompt_token_ids) + len(completion.token_ids)
            done(request, Reply(completion.text, tokens, is_cut=completion.finish_reason == "length"))
