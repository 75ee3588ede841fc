"""Who writes: a model behind any OpenAI-compatible endpoint, or vLLM in this process.

Both answer a list of requests in any order, calling back as each one is done. A request may carry a JSON schema, which
the server's structured outputs enforce. Back-off on full or failing servers is the client library's.
"""

import asyncio
import hashlib
import json
import os
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, Protocol

from pydantic import Field

from submission.errors import ShopBenchError
from submission.model_folder import check_model
from submission.processor import dtype_on_cpu
from training.recipe import Settings


class WriterSettings(Settings):
    """Which model writes, and how.

    `endpoint` is a server at `base_url` that speaks OpenAI's protocol (the key is read from the environment variable
    `api_key_variable`), `engine` a model folder that vLLM loads here. Temperature and seed are part of a request, so a
    changed value asks anew. `max_retries` attempts follow a failed one, each after a longer pause.
    """

    kind: Literal["endpoint", "engine"] = "endpoint"
    model: str
    base_url: str = "http://127.0.0.1:8000/v1"
    api_key_variable: str = "OPENAI_API_KEY"
    temperature: float = Field(default=0.7, ge=0)
    concurrency: int = Field(default=8, gt=0)
    timeout_s: float = Field(default=120, gt=0)
    max_retries: int = Field(default=6, ge=0)


@dataclass(frozen=True)
class Request:
    """What is asked of a writer: chat messages, the JSON schema of the reply (None for free text), its budget, a seed."""

    messages: tuple[tuple[str, str], ...]
    schema: str | None
    max_tokens: int
    seed: int

    def key(self, settings: WriterSettings) -> str:
        """Return what names this request in the cache: a hash of all that decides the reply."""
        decisive = {**asdict(self), "model": settings.model, "temperature": settings.temperature}
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    @property
    def most_tokens(self) -> int:
        """How many tokens prompt and reply may take: tokenizers of bytes need one a byte at most."""
        return sum(len(content.encode()) + 8 for _, content in self.messages) + self.max_tokens

    def chat(self) -> list[dict[str, str]]:
        """Return the messages as the protocol has them."""
        return [{"role": role, "content": content} for role, content in self.messages]


@dataclass(frozen=True)
class Reply:
    """What a writer answered, or why it refused; and the tokens of prompt and reply."""

    text: str
    tokens: int
    refusal: str = ""


class Writer(Protocol):
    """Something that answers requests."""

    def write(self, requests: Sequence[Request], done: Callable[[Request, Reply], None]) -> None:
        """Answer all requests, calling `done` for each as soon as its reply is there."""


def open_writer(settings: WriterSettings) -> Writer:
    """Return the writer that a recipe asks for; `ShopBenchError` where it names a model folder that is none."""
    if settings.kind == "endpoint":
        return Endpoint(settings)
    check_model(Path(settings.model))
    return LocalEngine(settings)


class Endpoint:
    """A server that speaks OpenAI's chat protocol, asked `concurrency` requests at a time."""

    def __init__(self, settings: WriterSettings) -> None:
        self.settings = settings

    def write(self, requests: Sequence[Request], done: Callable[[Request, Reply], None]) -> None:
        """Answer the requests; a server that stays away after all retries is a `ShopBenchError`."""
        asyncio.run(self._write(requests, done))

    async def _write(self, requests: Sequence[Request], done: Callable[[Request, Reply], None]) -> None:
        import openai

        settings = self.settings
        free = asyncio.Semaphore(settings.concurrency)
        client = openai.AsyncOpenAI(
            base_url=settings.base_url,
            api_key=os.environ.get(settings.api_key_variable, "none"),
            timeout=settings.timeout_s,
            max_retries=settings.max_retries,
        )

        async def answer(request: Request) -> None:
            async with free:
                done(request, await self._ask(client, request))

        async with client:
            tasks = [asyncio.create_task(answer(request)) for request in requests]
            try:
                await asyncio.gather(*tasks)
            except openai.APIError as error:
                raise ShopBenchError(
                    f"the writer at {settings.base_url} does not answer ({type(error).__name__}: {error}): check that it "
                    "is up and serves the model, then run this again; what it answered is kept"
                ) from error
            finally:
                # Where one has failed, the others are still asking.
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)

    async def _ask(self, client: Any, request: Request) -> Reply:
        import openai

        options: dict[str, Any] = {}
        if request.schema is not None:
            json_schema = {"name": "reply", "schema": json.loads(request.schema), "strict": True}
            options["response_format"] = {"type": "json_schema", "json_schema": json_schema}
        try:
            completion = await client.chat.completions.create(
                model=self.settings.model,
                messages=request.chat(),
                max_tokens=request.max_tokens,
                temperature=self.settings.temperature,
                seed=request.seed,
                **options,
            )
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            return Reply("", 0, refusal=f"{type(error).__name__}: {error}")
        if not getattr(completion, "choices", None):
            raise ShopBenchError(
                f"{self.settings.base_url} does not answer as OpenAI's protocol has it, with choices: is its path right (/v1)?"
            )
        tokens = completion.usage.total_tokens if completion.usage else request.most_tokens
        return Reply(completion.choices[0].message.content or "", tokens)


class LocalEngine:
    """A model folder in vLLM, loaded in this process when it is first asked; all requests of a call are one batch."""

    def __init__(self, settings: WriterSettings) -> None:
        self.settings = settings
        self._engine: Any = None

    def write(self, requests: Sequence[Request], done: Callable[[Request, Reply], None]) -> None:
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
            self._engine = LLM(self.settings.model, dtype=dtype, enforce_eager=True)
        parameters = [
            SamplingParams(
                temperature=self.settings.temperature,
                seed=request.seed,
                max_tokens=request.max_tokens,
                structured_outputs=StructuredOutputsParams(json=request.schema) if request.schema else None,
            )
            for request in requests
        ]
        outputs = self._engine.chat([request.chat() for request in requests], parameters, use_tqdm=False)
        for request, output in zip(requests, outputs, strict=True):
            completion = output.outputs[0]
            done(request, Reply(completion.text, len(output.prompt_token_ids) + len(completion.token_ids)))
