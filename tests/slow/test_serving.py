"""vLLM's own server with our logits processor, over HTTP: forms as JSON strings, bad ones as errors of the client."""

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from submission.answer_formats import AnswerFormat, Choice, Permutation, Selection, Spans, format_to_dict
from submission.decoding.logits_processor import LOGITS_PROCESSOR
from submission.model_folder import ROOT
from tests.slow.vllm_server import serving
from tests.training.lora_fixtures import build_llama
from tests.training.tiny_models import needs_smollm2

pytestmark = needs_smollm2

QUESTION = "Rank the lamp, the steel bottle and the tent."


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve a tiny model of random weights, which writes noise wherever no form keeps it from that."""
    folder = tmp_path_factory.mktemp("served")
    model = build_llama(folder / "tiny")
    arguments = ("--logits-processors", LOGITS_PROCESSOR, "--max-model-len", "512", "--max-num-seqs", "8")
    environment = {"TORCHDYNAMO_DISABLE": "1", "PYTHONPATH": str(ROOT)}
    with serving(model, "tiny", folder / "log", *arguments, **environment) as url:
        yield url


def post(server: str, **more: Any) -> tuple[int, Any]:
    """Ask a question and return the status and the body."""
    body = {"model": "tiny", "messages": [{"role": "user", "content": QUESTION}], "max_tokens": 24, **more}
    request = urllib.request.Request(
        f"{server}/v1/chat/completions", json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as response:
            return response.status, response.read().decode() if more.get("stream") else json.load(response)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def as_argument(form: AnswerFormat) -> dict[str, str]:
    return {"answer_format": json.dumps(format_to_dict(form))}


def answer(server: str, form: AnswerFormat, **more: Any) -> str:
    status, body = post(server, vllm_xargs=as_argument(form), **more)
    assert status == 200, body
    return body["choices"][0]["message"]["content"]


@pytest.mark.parametrize("temperature", [0.0, 1.0])
@pytest.mark.parametrize(
    "form",
    [
        Choice((0, 1, 2, 3)),
        Permutation((1, 2, 3, 4, 5)),
        Selection(tuple(range(1, 16)), 3),
        Spans(QUESTION, many=False),
    ],
)
def test_answers_have_the_form_that_the_request_brings(server: str, form: AnswerFormat, temperature: float) -> None:
    written = answer(server, form, temperature=temperature, max_tokens=form.max_tokens)
    assert form.accepts(written), written


def test_requests_without_a_form_are_left_alone(server: str) -> None:
    status, body = post(server, temperature=0.0)
    assert status == 200
    assert not Choice((0, 1, 2, 3)).accepts(body["choices"][0]["message"]["content"])


@pytest.mark.parametrize(
    ("argument", "says"),
    [
        ("permutation of 5", "JSON string, which this is not"),
        ('{"form": "chioce", "items": [1, 2]}', "unknown answer format 'chioce'"),
        ('{"form": "choice"}', "items"),
        ('{"form": "choice", "items": [1, 1]}', "different numbers"),
        ('{"form": "selection", "items": [1, 2], "count": 3}', "3 of 2"),
        ('{"form": "spans", "source": "a b", "max_words": 1000000000}', "at most 100"),
        (json.dumps({"form": "permutation", "items": list(range(20_000))}), "at most 10,000 numbers"),
        ("[" * 100_000, "JSON string, which this is not"),
        ([1, 2, 3], "dict"),
        (7, "dict"),
        ({"form": "choice", "items": [1, 2]}, "answer_format"),
    ],
)
def test_a_bad_form_is_a_400_that_names_the_fault_and_the_server_lives(server: str, argument: Any, says: str) -> None:
    status, body = post(server, vllm_xargs={"answer_format": argument})
    assert status == 400, (status, str(body)[:500])
    assert says in body and "Traceback" not in body
    assert Choice((1, 2)).accepts(answer(server, Choice((1, 2)), temperature=0.0))


def test_a_bad_form_of_a_streamed_request_is_told_in_its_stream(server: str) -> None:
    """vLLM has sent the status by then."""
    _, body = post(server, vllm_xargs={"answer_format": '{"form": "chioce"}'}, stream=True)
    assert "unknown answer format 'chioce'" in body and '"code":400' in body.replace(" ", ""), body
    assert Choice((1, 2)).accepts(answer(server, Choice((1, 2)), temperature=0.0))


@pytest.mark.parametrize(
    "more",
    [
        {"ignore_eos": True, "max_tokens": 40},
        {"min_tokens": 30, "max_tokens": 40},
        {"logit_bias": {str(token): -100 for token in range(200)}},
        {"stop": [","]},
        {"structured_outputs": {"choice": ["lamp", "tent"]}},
        {"n": 3, "temperature": 1.0},
        {"logprobs": True, "top_logprobs": 5},
        {"allowed_token_ids": [5, 6, 7]},
        {"use_beam_search": True, "n": 2},
    ],
    ids=lambda more: next(iter(more)),
)
def test_what_a_form_does_not_go_together_with_does_not_stop_the_server(server: str, more: dict[str, Any]) -> None:
    status, body = post(server, vllm_xargs=as_argument(Permutation((1, 2, 3))), **more)
    assert status in (200, 400), body
    assert Choice((1, 2)).accepts(answer(server, Choice((1, 2)), temperature=0.0))
