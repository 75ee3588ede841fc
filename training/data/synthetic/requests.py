"""What is asked of a writer and what it answers; the settings say which model writes, and how."""

import hashlib
import json
from dataclasses import asdict, dataclass
from typing import Any, Literal

from pydantic import Field, model_validator

from training.recipe import RecipeSection


class WriterSettings(RecipeSection):
    """Which model writes, and how.

    `endpoint` is a server at `base_url` that speaks OpenAI's protocol. Its key is read from the environment variable
    `api_key_variable`. `engine` is a model folder that vLLM loads here. Temperature, seed and `extra_body` are part of
    a request: a changed value makes it another one. `max_retries` attempts follow a failed one, each after a longer
    pause.

    Some endpoints want other requests. With `temperature: null` none is sent, with `send_seed: false` no seed.
    `token_limit` is the name of the limit.
    `extra_body` is sent along, such as `{chat_template_kwargs: {enable_thinking: false}}` for a vLLM server. A writer that
    thinks needs `thinking_tokens` on top of those that its reply may take.
    """

    kind: Literal["endpoint", "engine"] = "endpoint"
    model: str
    base_url: str = "http://127.0.0.1:8000/v1"
    api_key_variable: str = "OPENAI_API_KEY"
    temperature: float | None = Field(default=0.7, ge=0)
    send_seed: bool = True
    token_limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    thinking_tokens: int = Field(default=0, ge=0)
    extra_body: dict[str, Any] = Field(default_factory=dict)
    concurrency: int = Field(default=8, gt=0)
    timeout_s: float = Field(default=120, gt=0)
    max_retries: int = Field(default=6, ge=0)

    @model_validator(mode="after")
    def _check(self) -> "WriterSettings":
        if self.kind == "engine" and self.extra_body:
            raise ValueError("extra_body goes to an endpoint: there is none where kind is engine")
        return self


@dataclass(frozen=True)
class WriterRequest:
    """What is asked of a writer: chat messages, the JSON schema of the reply (None for free text), its budget, a seed."""

    messages: tuple[tuple[str, str], ...]
    schema: str | None
    max_tokens: int
    seed: int

    def key(self, settings: WriterSettings) -> str:
        """Return what names this request in the cache: a hash of all that decides a whole reply."""
        decisive = {**asdict(self), "model": settings.model, "temperature": settings.temperature}
        if settings.extra_body:
            decisive["extra_body"] = settings.extra_body
        return hashlib.sha256(json.dumps(decisive, sort_keys=True).encode()).hexdigest()

    def most_tokens(self, settings: WriterSettings) -> int:
        """How many tokens prompt, thought and reply may take: tokenizers of bytes need one a byte at most."""
        prompt = sum(len(content.encode()) + 8 for _, content in self.messages)
        return prompt + settings.thinking_tokens + self.max_tokens

    def chat(self) -> list[dict[str, str]]:
        """Return the messages as the protocol has them."""
        return [{"role": role, "content": content} for role, content in self.messages]


@dataclass(frozen=True)
class Reply:
    """What a writer answered, or why it refused; the tokens of prompt and reply; whether the reply was cut at its length."""

    text: str
    tokens: int
    refusal: str = ""
    is_cut: bool = False


def schema(**properties: Any) -> str:
    """Return the JSON schema of an object with these properties, all required and no others."""
    shape = {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}
    return json.dumps(shape)


# No lengths in schemas: a grammar that counts characters takes a server minutes to compile. They are checked afterwards.
TEXT = {"type": "string"}
