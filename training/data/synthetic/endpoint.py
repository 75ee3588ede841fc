"""A writer behind any server that speaks OpenAI's chat protocol, and what servers do instead of answering.

Back-off on full or failing servers is the client library's. Gateways say with status 200 that the model behind them has
failed: such an answer gets the status that it should have had, before the client library looks at it.
"""

import asyncio
import json
import os
import re
from collections.abc import Callable, Sequence
from typing import Any

from submission.errors import ShopBenchError
from training.data.sources.cleaning import clean
from training.data.synthetic.requests import Reply, WriterRequest, WriterSettings

# What a message of a server may take in an error, in characters: HTML pages are long.
_MOST_SHOWN = 300
_OK, _FIRST_ERROR, _BAD_GATEWAY = 200, 400, 502
# What gateways call a reply that has reached its length.
_CUT = ("length", "max_tokens", "max_output_tokens", "model_length")
_ERROR_STATUS = re.compile(r"[45]\d\d")
_SENT_STATUS = "shopbench_sent_status"


class Endpoint:
    """A server that speaks OpenAI's chat protocol, asked `concurrency` requests at a time."""

    def __init__(self, settings: WriterSettings) -> None:
        self.settings = settings

    def write(self, requests: Sequence[WriterRequest], done: Callable[[WriterRequest, Reply], None]) -> None:
        """Answer the requests; a server that stays away or fails after all retries is a `ShopBenchError`."""
        asyncio.run(self._write(requests, done))

    async def _write(self, requests: Sequence[WriterRequest], done: Callable[[WriterRequest, Reply], None]) -> None:
        import openai

        settings = self.settings
        free = asyncio.Semaphore(settings.concurrency)
        client = openai.AsyncOpenAI(
            base_url=settings.base_url,
            api_key=os.environ.get(settings.api_key_variable, "none"),
            timeout=settings.timeout_s,
            max_retries=settings.max_retries,
            http_client=openai.DefaultAsyncHttpxClient(event_hooks={"response": [_give_failures_their_status]}),
        )

        async def answer(request: WriterRequest) -> None:
            async with free:
                done(request, await self._ask(client, request))

        async with client:
            tasks = [asyncio.create_task(answer(request)) for request in requests]
            try:
                await asyncio.gather(*tasks)
            except openai.APIStatusError as error:
                sent = error.response.extensions.get(_SENT_STATUS, error.status_code)
                if sent < _FIRST_ERROR and _is_another_protocol(error.response.content):
                    raise ShopBenchError(
                        f"{settings.base_url} does not answer as OpenAI's protocol has it, with choices: is its path right "
                        f"(/v1)? It answers {clean(error.response.text)[:_MOST_SHOWN]!r}"
                    ) from error
                raise ShopBenchError(
                    f"the writer at {settings.base_url} fails (status {sent}: {_message(error.body)}): fix what it says, or "
                    "base_url if that is no server's /v1, then run this again; what it answered is kept"
                ) from error
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

    async def _ask(self, client: Any, request: WriterRequest) -> Reply:
        import openai

        try:
            completion = await client.chat.completions.create(**self._arguments(request))
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            return Reply("", 0, refusal=f"{type(error).__name__}: {_message(error.body)}")
        tokens = getattr(completion.usage, "total_tokens", None)
        # A server that does not count is thought to have taken all that it may.
        counted = tokens if isinstance(tokens, int) and tokens > 0 else request.most_tokens(self.settings)
        return _reply(completion.choices[0], counted)

    def _arguments(self, request: WriterRequest) -> dict[str, Any]:
        settings = self.settings
        arguments: dict[str, Any] = {
            "model": settings.model,
            "messages": request.chat(),
            settings.token_limit: request.max_tokens + settings.thinking_tokens,
        }
        if settings.send_seed:
            arguments["seed"] = request.seed
        if settings.temperature is not None:
            arguments["temperature"] = settings.temperature
        if settings.extra_body:
            arguments["extra_body"] = settings.extra_body
        if request.schema is not None:
            json_schema = {"name": "reply", "schema": json.loads(request.schema), "strict": True}
            arguments["response_format"] = {"type": "json_schema", "json_schema": json_schema}
        return arguments


def _reply(choice: Any, tokens: int) -> Reply:
    message = choice.message
    content = _text(message.content)
    is_cut = str(choice.finish_reason).lower() in _CUT
    if not content and getattr(message, "refusal", None):
        return Reply("", tokens, refusal=str(message.refusal))
    if not content and choice.finish_reason == "content_filter":
        return Reply("", tokens, refusal="the server's content filter")
    if not content:
        thought = _text(getattr(message, "reasoning_content", None) or getattr(message, "reasoning", None))
        # Servers that look for a thought where the model was told not to think take the answer for one.
        is_answer = not is_cut and thought.lstrip().startswith("{") and thought.rstrip().endswith("}")
        content = thought if is_answer else f"<think>{thought}" if thought else ""
    return Reply(content, tokens, is_cut=is_cut)


def _text(content: Any) -> str:
    """Return what was written, in whichever of the shapes that servers give it: a text, parts of it, or JSON read already."""
    if isinstance(content, list):  # some servers put a thought in a part of its own
        return "".join(map(_text_of_part, content))
    if content is None or isinstance(content, str):
        return content or ""
    return json.dumps(content, ensure_ascii=False)


def _text_of_part(part: Any) -> str:
    if isinstance(part, str):
        return part
    if not isinstance(part, dict) or part.get("type", "text") not in ("text", "output_text"):
        return ""
    return part["text"] if isinstance(part.get("text"), str) else ""


async def _give_failures_their_status(response: Any) -> None:
    """Turn an answer that is no completion, for all its status of success, into what the client library asks again."""
    if not response.is_success:
        return
    try:
        status = _status(json.loads(await response.aread()))
    except ValueError:
        status = _BAD_GATEWAY
    if status != _OK:
        response.extensions[_SENT_STATUS] = response.status_code
        response.status_code = status


def _status(body: Any) -> int:
    """Return the status that an answer should have had: that of its error where it names one."""
    error = _error_in(body)
    if not error and _has_message(body):
        return _OK
    code = str(error.get("code") or error.get("status")) if isinstance(error, dict) else ""
    return int(code) if _ERROR_STATUS.fullmatch(code) else _BAD_GATEWAY


def _error_in(body: Any) -> Any:
    """Return what an answer says went wrong, a text or an object, falsy where it says nothing of the kind."""
    if not isinstance(body, dict):
        return None
    choices = body.get("choices")
    if not isinstance(choices, list):
        codes = (str(body.get(key)) for key in ("code", "status"))
        is_error = body.get("object") == "error" or any(map(_ERROR_STATUS.fullmatch, codes))
        return body.get("error") or (body if is_error else None)
    first = choices[0] if choices else None
    if isinstance(first, dict) and first.get("finish_reason") != "error":
        return body.get("error")
    return body.get("error") or (first or {}).get("error") or "no choice"


def _is_another_protocol(content: bytes) -> bool:
    """Whether an answer is JSON that says of no error."""
    try:
        return not _error_in(json.loads(content))
    except ValueError:
        return False


def _has_message(body: Any) -> bool:
    choices = body.get("choices") if isinstance(body, dict) else None
    first = choices[0] if isinstance(choices, list) and choices else None
    return isinstance(first, dict) and isinstance(first.get("message"), dict)


def _message(body: Any) -> str:
    """Return what the body of an error says, on one line."""
    if isinstance(body, dict) and isinstance(body.get("choices"), list):
        body = next((choice["error"] for choice in body["choices"] if choice and choice.get("error")), body)
    if isinstance(body, dict):
        said = next((body[key] for key in ("message", "detail", "error") if body.get(key)), None)
        # Gateways put what the model behind them said beside their own words.
        more = body.get("metadata") or ""
        body = f"{said} {more}".strip() if isinstance(said, str) else json.dumps(body, ensure_ascii=False)
    return clean(body)[:_MOST_SHOWN] or "an empty answer"
