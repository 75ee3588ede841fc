import json
import random
from contextlib import nullcontext
from copy import copy
from types import SimpleNamespace

import pytest
import torch
from vllm import SamplingParams
from vllm.config import ModelConfig
from vllm.sampling_params import StructuredOutputsParams
from vllm.v1.sample.logits_processor import BatchUpdate, MoveDirectionality

from submission.answer_formats import Choice, FreeText, Permutation, Selection, Spans, format_to_dict
from submission.decoding.logits_processor import AnswerFormatLogitsProcessor
from submission.decoding.masking import FAVOUR_BIAS
from submission.decoding.token_automaton import TokenAutomaton
from submission.errors import ShopBenchError
from tests.submission.decoding_fixtures import real_vocabulary, tokenizer_folder

SOURCE = "Stainless steel bottle, 750 ml, leak-proof lid; a steel lid"
FORMS = [
    Choice((0, 1, 2, 3)),
    Choice((1, 10, 11)),
    Permutation((1, 2, 3, 4, 5)),
    Selection(tuple(range(1, 16)), 3),
    Spans(SOURCE),
    Spans(SOURCE, many=False),
    Spans(SOURCE, enforced=False),
    FreeText(20),
    None,
]
WIDTH = 49_152
END = 2


@pytest.fixture(scope="module")
def model_config():
    return ModelConfig(str(tokenizer_folder("SmolLM2")))


@pytest.fixture
def processor(model_config):
    return AnswerFormatLogitsProcessor(SimpleNamespace(model_config=model_config), torch.device("cpu"), False)


def params_for(form):
    params = SamplingParams(extra_args=form and {"answer_format": format_to_dict(form)})
    params.update_from_generation_config({}, eos_token_id=END)
    return params


def added(index, form, output):
    return (index, params_for(form), [1, 2, 3], output)


def update(size, removed=(), added=(), moved=()):
    return BatchUpdate(batch_size=size, removed=list(removed), added=list(added), moved=list(moved))


def expected_row(row, form, output):
    """What a row must become, told from the form and the whole answer so far, without any memory."""
    if form is None or isinstance(form, FreeText):
        return row
    automaton = TokenAutomaton(form, real_vocabulary("SmolLM2"), (END,))
    state = automaton.start
    for token in output:
        state = automaton.advance(state, token)
    token_ids = torch.from_numpy(state.token_ids)
    if not automaton.enforced:
        changed = row.clone()
        changed[token_ids] += FAVOUR_BIAS
        return changed
    changed = torch.full_like(row, -torch.inf)
    changed[token_ids] = row[token_ids]
    return changed


def check(processor, batch, width=WIDTH):
    """Apply to random logits and compare row by row; return the likeliest tokens."""
    logits = torch.randn(len(batch), width)
    expected = torch.stack([expected_row(row, *request) for row, request in zip(logits, batch, strict=True)])
    found = processor.apply(logits.clone())
    assert torch.equal(found, expected)
    return found.argmax(-1).tolist()


@pytest.mark.parametrize("seed", range(3))
def test_requests_join_leave_and_change_places(processor, seed):
    """Random batches, kept as vLLM keeps them (holes are filled by new or by the last requests), against no memory."""
    rng = random.Random(seed)
    torch.manual_seed(seed)
    batch = []
    for _ in range(40):
        leaving = sorted(i for i, (_, output) in enumerate(batch) if rng.random() < 0.15 or END in output)
        joining, moved, removed, new = rng.randint(0, 3), [], list(leaving), []
        for index in leaving:
            batch[index] = None
        for _ in range(joining):
            form = rng.choice(FORMS)
            output = [] if rng.random() < 0.8 or form is None else written_before(form, rng)
            index = removed.pop(0) if removed else len(batch)
            batch[index : index + 1] = [(form, output)]
            new.append(added(index, form, output))
        while removed:
            hole, last = removed.pop(0), len(batch) - 1
            if hole == last:
                batch.pop()
            elif batch[last] is None:
                batch.pop()
                removed = [hole, *[other for other in removed if other != last]]
            else:
                batch[hole] = batch.pop()
                moved.append((last, hole, MoveDirectionality.UNIDIRECTIONAL))
        if len(batch) > 1 and rng.random() < 0.5:
            a, b = rng.sample(range(len(batch)), 2)
            batch[a], batch[b] = batch[b], batch[a]
            moved.append((a, b, MoveDirectionality.SWAP))
        filled = {index for index, *_ in new} | {target for _, target, _ in moved}
        still_empty = [index for index in leaving if index not in filled]
        changed = still_empty or new or moved
        processor.update_state(update(len(batch), still_empty, new, moved) if changed else None)
        if batch:
            for (_, output), token in zip(batch, check(processor, batch), strict=True):
                if rng.random() < 0.9:  # Some rows are still in their prefill: what they sample is thrown away.
                    output.append(token)


def test_a_fully_constrained_batch_survives_what_samplers_do_to_its_logits(processor):
    """The tensor of one step is used again in the next, so scaling it or masking more of it must leave no trace."""
    torch.manual_seed(2)
    forms = [Choice((1, 10, 11)), Permutation((1, 2, 3, 4, 5)), Spans(SOURCE), Selection(tuple(range(1, 16)), 3)]
    batch = []
    for size in (4, 2, 4, 3, 6, 1):
        while len(batch) > size:
            batch.pop()
            processor.update_state(update(len(batch), removed=[len(batch)]))
        while len(batch) < size:
            batch.append((forms[len(batch) % 4], []))
            processor.update_state(update(len(batch), added=[added(len(batch) - 1, *batch[-1])]))
        for _ in range(4):
            for (_, output), token in zip(batch, check(processor, batch), strict=True):
                output.append(token)
            sampled = processor.apply(torch.randn(size, WIDTH))
            sampled.div_(0.3).masked_fill_(sampled < sampled.max(), -torch.inf)
    for width, dtype in ((WIDTH + 64, torch.float32), (WIDTH, torch.bfloat16), (WIDTH, torch.float32)):
        logits = torch.randn(1, width).to(dtype)
        assert torch.equal(processor.apply(logits.clone())[0], expected_row(logits[0], *batch[0]))


def written_before(form, rng):
    """The beginning of an answer, as a request that was preempted brings it along."""
    if isinstance(form, FreeText):
        return [rng.randrange(17, 1000)]
    automaton = TokenAutomaton(form, real_vocabulary("SmolLM2"), (END,))
    return [rng.choice([token for token in automaton.start.token_ids.tolist() if token != END])]


def test_removed_requests_leave_nothing_behind(processor):
    outputs = [[] for _ in FORMS]
    processor.update_state(update(len(FORMS), added=[added(i, f, outputs[i]) for i, f in enumerate(FORMS)]))
    processor.update_state(update(0, removed=range(len(FORMS))))
    assert not processor._rows
    check(processor, [(None, [])] * 3)


def test_a_new_request_takes_a_removed_ones_place_unconstrained(processor):
    processor.update_state(update(1, added=[added(0, Choice((1, 2)), [])]))
    processor.update_state(update(1, removed=[0], added=[added(0, None, [])]))
    check(processor, [(None, [])])
    processor.update_state(update(1, added=[added(0, Choice((1, 2)), [])]))
    processor.update_state(update(1, added=[added(0, None, [])]))
    check(processor, [(None, [])])


def test_a_one_way_move_replaces_the_target(processor):
    processor.update_state(update(2, added=[added(0, Choice((1, 2)), []), added(1, None, [])]))
    processor.update_state(update(1, moved=[(1, 0, MoveDirectionality.UNIDIRECTIONAL)]))
    check(processor, [(None, [])])


def test_tokens_that_are_taken_back_are_forgotten(processor):
    form, output = Permutation((1, 2, 3)), []
    processor.update_state(update(1, added=[added(0, form, output)]))
    for _ in range(3):
        output.extend(check(processor, [(form, output)]))
    del output[1:]
    check(processor, [(form, output)])
    tokens = {word: token for token, word in real_vocabulary("SmolLM2").tokens.items()}
    for digits in ([b"3", b",", b"2"], [b"3", b",", b"1"], [b"2", b","], [b"3", b","], [b"1", b","]):
        output[:] = [tokens[digit] for digit in digits]
        check(processor, [(form, output)])


def test_placeholders_of_asynchronous_scheduling_wait_for_their_token(processor):
    form, output = Permutation((1, 2, 3)), []
    processor.update_state(update(1, added=[added(0, form, output)]))
    token = check(processor, [(form, output)])[0]
    output.append(-1)
    assert torch.equal(processor.apply(torch.zeros(1, WIDTH)), expected_row(torch.zeros(WIDTH), form, [])[None])
    output[-1] = token
    check(processor, [(form, output)])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf, torch.finfo(torch.float32).min])
def test_useless_logits_still_give_a_valid_token(processor, dtype, value):
    batch = [
        (form, []) for form in FORMS if form and not isinstance(form, FreeText) and getattr(form, "enforced", True)
    ]
    processor.update_state(update(len(batch), added=[added(i, *request) for i, request in enumerate(batch)]))
    logits = torch.full((len(batch), WIDTH), value, dtype=torch.float32).to(dtype)
    logits[:, ::2] = 1.0
    likely = processor.apply(logits) / 0.01 if dtype == torch.float32 else processor.apply(logits)
    probabilities = likely.float().softmax(-1)
    assert torch.isfinite(probabilities).all()
    for row, (form, _) in zip(probabilities, batch, strict=True):
        allowed = expected_row(torch.zeros(WIDTH), form, []) == 0
        assert not row[~allowed].any()
        assert row.argmax() in allowed.nonzero()


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_logits_that_are_no_numbers_are_logged_once(processor, caplog, value):
    processor.update_state(update(1, added=[added(0, Choice((1, 2)), [])]))
    for logits in (0.0, value, value, 0.0, 0.0, value):
        processor.apply(torch.full((1, WIDTH), logits))
    assert [record.message.partition(":")[0] for record in caplog.records] == ["the model's logits are not finite"] * 2


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16, torch.bfloat16])
def test_logits_wider_than_the_tokenizer_and_strided_are_masked(processor, dtype):
    batch = [(form, []) for form in FORMS]
    processor.update_state(update(len(batch), added=[added(i, *request) for i, request in enumerate(batch)]))
    wide = torch.randn(len(batch), WIDTH + 700).to(dtype)
    logits = wide[:, : WIDTH + 64]
    expected = torch.stack([expected_row(row, *request) for row, request in zip(logits, batch, strict=True)])
    assert torch.equal(processor.apply(logits), expected)


def test_the_end_is_whatever_stops_the_request(processor):
    params, output = params_for(Choice((1, 2))), []
    params.all_stop_token_ids.update([0, 1])
    processor.update_state(update(1, added=[(0, params, [], output)]))
    output.extend(processor.apply(torch.zeros(1, WIDTH)).argmax(-1).tolist())
    assert (processor.apply(torch.zeros(1, WIDTH)) == 0).nonzero()[:, 1].tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ("choice", "dict"),
        ({"form": "chioce"}, "'chioce'"),
        ({"form": "choice", "items": []}, "different numbers"),
        ({"form": "choice", "items": [1, "2"]}, "list of integers"),
        ({"form": "choice"}, "items"),
        ({"form": "selection", "items": [1, 2], "count": 3}, "3 of 2"),
        ({"form": "spans", "source": "..."}, "at least one word"),
        ({"form": "spans", "source": "a \ud800 b"}, "source"),
        ({"form": "spans", "source": "a", "many": 1}, "'many'"),
        ({"form": "spans", "source": "a", "colour": "red"}, "'colour'"),
        ('{"form": "choice", "items": [1, 2]', "JSON string, which this is not"),
        ("[" * 2_000, "JSON string, which this is not"),
        ("[1, 2]", "dict"),
        ('"choice"', "dict"),
        ('{"form": "choice", "items": [1, 1]}', "different numbers"),
        ('{"form": "choice", "items": [1e30]}', "list of integers"),
        ([1, 2], "dict"),
        (7, "dict"),
        ({"form": "permutation", "items": list(range(10_001))}, "at most 10,000 numbers"),
        ({"form": "choice", "items": [10**9 + 1]}, "at most 1,000,000,000"),
        ({"form": "spans", "source": "a" * 1_000_001}, "at most 1,000,000 characters"),
        ({"form": "spans", "source": "a b", "max_words": 101}, "max_words and max_phrases are at most 100"),
        ({"form": "spans", "source": "a b", "max_phrases": 10**9}, "max_words and max_phrases are at most 100"),
    ],
)
def test_invalid_forms_are_refused_at_admission(data, says):
    with pytest.raises(ValueError, match=r"extra_args\['answer_format'\]: .*" + says):
        AnswerFormatLogitsProcessor.validate_params(SamplingParams(extra_args={"answer_format": data}))


@pytest.mark.parametrize("form", [form for form in FORMS if form is not None])
def test_a_form_may_come_as_a_json_string(processor, form):
    """As over HTTP, where nothing else passes."""
    params = SamplingParams(extra_args={"answer_format": json.dumps(format_to_dict(form))})
    params.update_from_generation_config({}, eos_token_id=END)
    AnswerFormatLogitsProcessor.validate_params(params)
    output = []
    processor.update_state(update(1, added=[(0, params, [1, 2, 3], output)]))
    for _ in range(4):
        output.extend(check(processor, [(form, output)]))


def test_what_is_wrong_is_said_in_few_words():
    with pytest.raises(ValueError, match="different numbers") as caught:
        AnswerFormatLogitsProcessor.validate_params(
            SamplingParams(extra_args={"answer_format": {"form": "choice", "items": [1] * 100_000}})
        )
    assert len(str(caught.value)) < 600


def test_a_form_does_not_go_with_a_grammar():
    """vLLM's grammar accepts what was sampled, and fails where that is not its own."""
    structure = StructuredOutputsParams(choice=["lamp", "tent"])
    for form, refused in ((Choice((1, 2)), True), (FreeText(9), False), (None, False)):
        params = SamplingParams(
            structured_outputs=structure, extra_args=form and {"answer_format": format_to_dict(form)}
        )
        with pytest.raises(ValueError, match="structured_outputs") if refused else nullcontext():
            AnswerFormatLogitsProcessor.validate_params(params)


def test_requests_without_a_form_are_admitted():
    for extra_args in (None, {}, {"other": 1}, {"answer_format": None}, {"answer_format": format_to_dict(FreeText(9))}):
        AnswerFormatLogitsProcessor.validate_params(SamplingParams(extra_args=extra_args))


def test_a_tokenizer_larger_than_the_model_is_refused(model_config):
    config = copy(model_config)
    config.get_vocab_size = lambda: 1000
    with pytest.raises(ShopBenchError, match="belong together"):
        AnswerFormatLogitsProcessor(SimpleNamespace(model_config=config), torch.device("cpu"), False)
