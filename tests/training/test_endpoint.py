"""What servers do instead of answering, as a real client meets it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from submission.errors import ShopBenchError
from tests.training.synthesis_fixtures import ROOT, good_writer, only, recipe
from tests.training.writer_server import Raw, WriterServer
from training.data.synthetic import GENERATORS
from training.data.synthetic.dictation import ReplyCache
from training.data.synthetic.requests import Reply
from training.data.synthetic.synthesis import open_context, synthesize


@pytest.fixture(autouse=True)
def _in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)


@pytest.fixture
def server() -> Iterator[WriterServer]:
    running = WriterServer(good_writer)
    yield running
    running.close()


def thinking(messages: list[dict[str, str]], schema: dict[str, Any] | None) -> dict[str, Any]:
    """Think until the length is reached, and say nothing."""
    message = {"role": "assistant", "content": None, "reasoning_content": "The shopper wants {a mug}. Let me"}
    return {"message": message, "finish_reason": "length"}


def test_a_writer_that_only_thinks_ends_the_run_and_once_fixed_is_asked_for_all(tmp_path: Path) -> None:
    server = WriterServer(thinking)
    made = recipe(tmp_path, server.url, *only("esci_choice", 20))
    with pytest.raises(
        ShopBenchError, match=r"none of 16 replies .*cut at its length.*The shopper wants.*thinking_tok"
    ):
        synthesize(made)
    server.close()
    assert len(server.answered) == 16 and not made.output.exists()
    cache = ReplyCache(made.cache)
    assert cache.spent() == (16, 640)
    cache.close()
    server = WriterServer(good_writer)
    report = synthesize(recipe(tmp_path, server.url, *only("esci_choice", 20)))
    assert report["generators"]["esci_choice"]["questions"] == 20 == len(server.answered)
    assert report["spent"]["requests"] == 36
    server.close()


def test_a_short_run_without_one_object_is_no_result(tmp_path: Path) -> None:
    server = WriterServer(thinking)
    made = recipe(tmp_path, server.url, *only("esci_choice", 3))
    with pytest.raises(ShopBenchError, match="none of 3 replies holds"):
        synthesize(made)
    assert not made.output.exists()
    server.close()


def test_objects_of_another_shape_are_no_result_and_are_asked_for_again(tmp_path: Path) -> None:
    server = WriterServer(lambda messages, schema: '{"error": "the model is loading"}')
    made = recipe(tmp_path, server.url, *only("esci_choice", 20))
    with pytest.raises(ShopBenchError, match=r"none of 16 replies .*lacks 'sentence'.*the model is loading"):
        synthesize(made)
    server.close()
    server = WriterServer(good_writer)
    assert synthesize(recipe(tmp_path, server.url, *only("esci_choice", 20)))["spent"]["requests"] == 36
    server.close()


def test_tokens_that_a_server_does_not_count_are_the_most_there_may_be(tmp_path: Path) -> None:
    def uncounted(messages: list[dict[str, str]], schema: dict[str, Any] | None) -> Raw:
        message = {"role": "assistant", "content": good_writer(messages, schema)}
        usage = {"prompt_tokens": None, "total_tokens": None}
        return Raw(json.dumps({"choices": [{"message": message, "finish_reason": "stop"}], "usage": usage}))

    server = WriterServer(uncounted)
    report = synthesize(recipe(tmp_path, server.url, *only("esci_choice", 3)))
    assert report["generators"]["esci_choice"]["questions"] == 3 and report["spent"]["tokens"] > 240
    server.close()


def test_replies_without_an_object_are_counted_and_asked_for_again(tmp_path: Path) -> None:
    turn = iter(range(1000))

    def unsteady(messages: list[dict[str, str]], schema: dict[str, Any] | None) -> str | dict[str, Any]:
        return thinking(messages, schema) if next(turn) % 3 == 0 else good_writer(messages, schema)

    server = WriterServer(unsteady)
    made = recipe(tmp_path, server.url, *only("esci_choice", 12))
    first = synthesize(made)
    figures = first["generators"]["esci_choice"]
    assert figures["reasons"]["the reply was cut at its length"] == 4 and figures["answered"] == 12
    assert first["spent"] == {"requests": 12, "tokens": 480}
    server.close()
    server = WriterServer(good_writer)
    second = synthesize(recipe(tmp_path, server.url, *only("esci_choice", 12)))
    assert second["generators"]["esci_choice"]["reasons"].get("the reply was cut at its length") is None
    assert len(server.answered) == 4 and second["spent"] == {"requests": 16, "tokens": 640}
    server.close()


def test_an_unreadable_reply_in_an_older_cache_is_asked_for_again_and_stays_paid(
    server: WriterServer, tmp_path: Path
) -> None:
    made = recipe(tmp_path, server.url, *only("esci_choice", 4))
    generator, context = GENERATORS["esci_choice"], open_context(made)
    cache = ReplyCache(made.cache)
    for seed in generator.seeds(context, 4):
        cache.put(generator.request(seed, context).key(made.writer), Reply("{", 50))
    cache.close()
    report = synthesize(made)
    assert report["generators"]["esci_choice"]["questions"] == 4 == len(server.answered)
    assert report["spent"] == {"requests": 8, "tokens": 360}


def test_an_endpoint_gets_the_parameters_that_it_takes(server: WriterServer, tmp_path: Path) -> None:
    plain = recipe(tmp_path, server.url, *only("esci_choice", 1))
    synthesize(plain)
    values = ["writer.token_limit=max_completion_tokens", "writer.temperature=null", "writer.thinking_tokens=4000"]
    values.append("writer.send_seed=false")
    extra = "writer.extra_body={chat_template_kwargs: {enable_thinking: false}}"
    synthesize(recipe(tmp_path, server.url, *only("esci_choice", 1), *values, extra))
    first, second = server.bodies
    assert (first["max_tokens"], first["temperature"]) == (80, 0.7) and "max_completion_tokens" not in first
    assert isinstance(first["seed"], int)
    assert second["max_completion_tokens"] == 4080 and not {"max_tokens", "temperature", "seed"} & second.keys()
    assert second["chat_template_kwargs"] == {"enable_thinking": False}


def test_an_extra_body_is_refused_where_nobody_takes_it(tmp_path: Path) -> None:
    with pytest.raises(ShopBenchError, match="extra_body goes to an endpoint"):
        recipe(tmp_path, "http://unused/v1", "writer.kind=engine", "writer.extra_body={top_k: 5}")


ERROR = json.dumps({"error": {"message": "the upstream model is overloaded", "metadata": {"raw": "CUDA OOM"}}})
HTML = Raw("<html><head><title>Sign in</title></head><body>Bad   gateway</body></html>", content_type="text/html")
FAILURES = [
    Raw(ERROR),
    HTML,
    Raw(HTML.body),
    Raw(""),
    Raw('{"error": "the upstream model is overloaded"}'),
    Raw('{"object": "error", "message": "the upstream model is overloaded", "code": 50001}'),
    Raw('{"message": "the upstream model is overloaded"}'),
    Raw('{"code": 503, "message": "the upstream model is overloaded"}'),
    Raw('[{"error": {"code": 503, "message": "the upstream model is overloaded"}}]'),
    Raw('{"choices": null, "error": {}}'),
    Raw('{"choices": [null]}'),
    Raw('{"choices": [{"index": 0, "message": null, "finish_reason": null}]}'),
    Raw("null"),
    Raw('{"choices": [{"message": {"content": "{'),
    Raw('data: {"choices": [{"delta": {"content": "x"}}]}\n\ndata: [DONE]\n\n', content_type="text/event-stream"),
    Raw('{"status": "queued"}', status=202),
    Raw("", status=204),
    Raw('{"choices": [', status=206),
    Raw('{"choices": [], "usage": null}'),
    Raw('{"choices": [{"error": {"message": "overloaded"}, "finish_reason": "error", "message": {"content": ""}}]}'),
    Raw(ERROR, status=500),
]


@pytest.fixture
def without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """The pauses of the client library, which doubles them, cut short."""
    monkeypatch.setattr("openai._base_client.INITIAL_RETRY_DELAY", 0.001)
    monkeypatch.setattr("openai._base_client.MAX_RETRY_DELAY", 0.001)


@pytest.mark.parametrize("failure", FAILURES)
@pytest.mark.usefixtures("without_pauses")
def test_an_answer_that_is_no_completion_is_asked_again(tmp_path: Path, failure: Raw) -> None:
    turn = iter(range(1000))

    def unsteady(messages: list[dict[str, str]], schema: dict[str, Any] | None) -> str | Raw:
        return failure if next(turn) % 10 == 3 else good_writer(messages, schema)

    server = WriterServer(unsteady)
    report = synthesize(recipe(tmp_path, server.url, *only("esci_choice", 20)))
    assert report["generators"]["esci_choice"]["questions"] == 20 == len(server.answered)
    server.close()


@pytest.mark.parametrize(
    ("failure", "message"),
    [
        (Raw(ERROR), r"fails \(status 200: the upstream model is overloaded .*CUDA OOM"),
        (HTML, r"fails \(status 200: Sign in Bad gateway\).*base_url"),
        (Raw(HTML.body), r"fails \(status 200: Sign in Bad gateway\)"),
        (Raw(""), r"fails \(status 200: an empty answer\)"),
        (Raw(ERROR, status=503), r"fails \(status 503: the upstream model is overloaded"),
        (Raw('{"detail": "no such path"}', status=404), r"fails \(status 404: no such path\)"),
        (FAILURES[-2], r"fails \(status 200: overloaded\)"),
        (Raw('{"detail": "fine"}'), r"does not answer as OpenAI's protocol has it.*fine"),
        (Raw('{"choices": [{"text": "old"}]}'), "does not answer as OpenAI's protocol has it"),
        (Raw("[1]"), "does not answer as OpenAI's protocol has it"),
    ],
)
@pytest.mark.usefixtures("without_pauses")
def test_a_server_that_goes_on_failing_is_quoted(tmp_path: Path, failure: Raw, message: str) -> None:
    server = WriterServer(lambda messages, schema: failure)
    with pytest.raises(ShopBenchError, match=message):
        synthesize(recipe(tmp_path, server.url, *only("esci_choice", 2), "writer.max_retries=2"))
    server.close()


def test_an_error_that_names_its_status_is_treated_as_that(tmp_path: Path) -> None:
    """A prompt that is too long stays too long: the run goes on behind it, and it is not asked again."""
    too_long = Raw('{"error": {"code": 400, "message": "the prompt is too long"}}')
    turn = iter(range(1000))
    server = WriterServer(lambda messages, schema: too_long if next(turn) == 2 else good_writer(messages, schema))
    made = recipe(tmp_path, server.url, *only("esci_choice", 10))
    assert synthesize(made)["generators"]["esci_choice"]["reasons"] == {"the writer refused the request": 1}
    assert synthesize(made)["generators"]["esci_choice"]["questions"] == 9 == len(server.answered)
    server.close()


@pytest.mark.parametrize(
    ("choice", "reason"),
    [
        ({"message": {"content": None, "refusal": "I cannot"}}, "the writer refused the request"),
        ({"message": {"content": None}, "finish_reason": "content_filter"}, "the writer refused the request"),
        ({"message": {"content": "{"}, "finish_reason": "length"}, "the reply was cut at its length"),
        ({"message": {"content": "{}"}, "finish_reason": "MAX_TOKENS"}, "the reply was cut at its length"),
        ({"message": {"content": [{"type": "text", "text": "{}"}]}}, "the text is empty"),
        ({"message": {"content": [{"type": "thinking", "thinking": []}]}}, "the reply is not whole JSON"),
        ({"message": {"content": ["{", 3, None, {"type": "text"}]}}, "the reply is not whole JSON"),
        ({"message": {"content": {"sentence": ""}}}, "the text is empty"),
        ({"message": {"content": None, "reasoning_content": '{"sentence": ""}'}}, "the text is empty"),
        ({"message": {"content": "", "reasoning": '{"sentence": "'}}, "the reply ends inside a thought"),
        (
            {"message": {"content": None, "reasoning_content": '{"sentence": "x"}'}, "finish_reason": "length"},
            "the reply was cut at its length",
        ),
    ],
)
def test_refusals_filters_and_parts_are_told_apart(tmp_path: Path, choice: dict[str, Any], reason: str) -> None:
    turn = iter(range(1000))
    server = WriterServer(lambda messages, schema: choice if next(turn) == 0 else good_writer(messages, schema))
    report = synthesize(recipe(tmp_path, server.url, *only("esci_choice", 3)))
    assert report["generators"]["esci_choice"]["reasons"] == {reason: 1}
    server.close()
