"""The adapter to vLLM's second model runner, driven with that runner's own data classes on a CPU.

The runner itself needs Triton's kernels, so a small one stands in for it here: it keeps slots, positions and tokens as
`vllm/v1/worker/gpu` documents them, chunked prompts, preemption, recycled slots and draft tokens included.
"""

import json
import random
from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from vllm import SamplingParams
from vllm.config import ModelConfig
from vllm.exceptions import VLLMValidationError
from vllm.v1.worker.gpu.sample.logits_processor import LogitsContext, LogitsProcessor
from vllm.v1.worker.gpu.sample.logits_processor.loader import (
    build_custom_logits_processors,
    build_custom_logits_processors_params_validator,
)

from submission.answer_formats import Choice, FreeText, Permutation, Selection, Spans, format_to_dict
from submission.decoding.logits_processor_v2 import AnswerFormatLogitsProcessor
from submission.errors import ShopBenchError
from tests.submission.decoding_fixtures import tokenizer_folder
from tests.submission.test_decoding_logits_processor import END, FORMS, SOURCE, WIDTH, expected_row, params_for

PATH = "submission.decoding.logits_processor_v2:AnswerFormatLogitsProcessor"
SLOTS, LENGTH = 8, 96


@pytest.fixture(scope="module")
def model_config():
    return ModelConfig(str(tokenizer_folder("SmolLM2")), logits_processors=[PATH])


def request_states():
    tokens = torch.zeros(SLOTS, LENGTH, dtype=torch.int32)
    prompt_length = np.zeros(SLOTS, dtype=np.int32)
    return SimpleNamespace(
        device=torch.device("cpu"),
        max_num_reqs=SLOTS,
        vocab_size=WIDTH,
        all_token_ids=SimpleNamespace(gpu=tokens),
        prompt_len=SimpleNamespace(np=prompt_length, gpu=torch.from_numpy(prompt_length)),
        prefill_len=None,
        total_len=None,
    )


@dataclass
class Running:
    form: object
    prompt: list[int]
    output: list[int] = field(default_factory=list)
    computed: int = 0


class Runner:
    """Drives a processor as the runner does, and compares every row with what it must become."""

    def __init__(self, model_config):
        self.states = request_states()
        config = SimpleNamespace(model_config=model_config)
        (self.processor,) = build_custom_logits_processors(config, self.states, False, model_config.logits_processors)
        self.running: dict[int, Running] = {}

    def join(self, slot, form, output=(), prompt=(1, 2, 3)):
        """Give a slot to a request: a new one, or one that was preempted and brings its output along."""
        request = self.running[slot] = Running(form, list(prompt), list(output))
        self.states.prompt_len.np[slot] = len(prompt)
        self.states.all_token_ids.gpu[slot] = 0
        self.write(slot)
        changes = self.processor.add_request(slot, params_for(form))
        assert changes == (form is not None and not isinstance(form, FreeText))
        self.processor.apply_staged_writes()
        return request

    def write(self, slot):
        tokens = self.running[slot].prompt + self.running[slot].output
        self.states.all_token_ids.gpu[slot, : len(tokens)] = torch.tensor(tokens, dtype=torch.int32)

    def step(self, slots, drafts=None, partly=()):
        """Return the likeliest token of every row of `slots`, in order; `partly` are still in their prompt."""
        drafts = drafts or {}
        rows, expected = [], []
        logits = torch.randn(sum(1 + len(drafts.get(slot, [])) for slot in slots), WIDTH)
        for slot in slots:
            request = self.running[slot]
            tokens = request.prompt + request.output
            last = (1 if slot in partly else len(tokens)) - 1
            for draft, token in enumerate([tokens[last], *drafts.get(slot, [])]):
                rows.append((slot, draft, token, last + draft))
                written = [] if slot in partly else request.output + drafts.get(slot, [])[:draft]
                expected.append(expected_row(logits[len(rows) - 1], request.form, written))
        mapping, local, tokens, position = (torch.tensor(part, dtype=torch.int32) for part in zip(*rows, strict=True))
        context = LogitsContext(
            expanded_idx_mapping=mapping,
            idx_mapping=torch.tensor(slots, dtype=torch.int32),
            idx_mapping_np=np.array(slots, dtype=np.int32),
            expanded_local_pos=local,
            input_ids=tokens,
            pos=position.long(),
            seq_lens_upper_bound_np=np.zeros(len(slots)),
        )
        found = self.processor.apply(logits.clone(), context)
        assert torch.equal(found, torch.stack(expected))
        return found.argmax(-1).tolist()

    def advance(self, slots, **more):
        for slot, token in zip(slots, self.step(slots, **more), strict=True):
            if slot not in more.get("partly", ()):
                self.running[slot].output.append(token)
                self.write(slot)


@pytest.fixture
def runner(model_config):
    return Runner(model_config)


def test_vllm_loads_it_and_its_first_interface_would_be_refused(model_config):
    assert issubclass(AnswerFormatLogitsProcessor, LogitsProcessor)
    validate = build_custom_logits_processors_params_validator([PATH])
    validate(SamplingParams(extra_args={"answer_format": json.dumps(format_to_dict(Choice((0, 1))))}))
    with pytest.raises(VLLMValidationError, match="unknown answer format 'chioce'"):
        validate(SamplingParams(extra_args={"answer_format": '{"form": "chioce"}'}))
    with pytest.raises(ValueError, match="not a subclass"):
        build_custom_logits_processors_params_validator([PATH.replace("_v2", "")])


@pytest.mark.parametrize("seed", range(3))
def test_requests_join_leave_and_take_slots_over(runner, seed):
    rng = random.Random(seed)
    torch.manual_seed(seed)
    for _ in range(60):
        for slot in [slot for slot, request in runner.running.items() if END in request.output or rng.random() < 0.1]:
            gone = runner.running.pop(slot)
            free = rng.choice([other for other in range(SLOTS) if other not in runner.running])
            if END not in gone.output and rng.random() < 0.5:
                runner.join(free, gone.form, gone.output)  # it was preempted
        for slot in range(SLOTS):
            if slot not in runner.running and rng.random() < 0.3:
                runner.join(slot, rng.choice(FORMS), prompt=range(1, rng.randint(3, 9)))
        slots = [slot for slot in runner.running if rng.random() < 0.9]
        rng.shuffle(slots)
        if slots:
            partly = {slot for slot in slots if not runner.running[slot].output and rng.random() < 0.3}
            runner.advance(slots, partly=partly)


def test_draft_tokens_each_have_the_state_behind_those_before_them(runner):
    torch.manual_seed(0)
    runner.join(0, Permutation((1, 2, 3, 4, 5)))
    runner.join(1, None)
    runner.join(2, Spans(SOURCE))
    runner.join(3, Selection(tuple(range(1, 16)), 3))
    runner.advance([0, 1, 2, 3])
    for _ in range(4):
        guessed = {}
        for slot in (0, 2):
            request = runner.running[slot]
            # Two tokens that the form allows, and one that it does not.
            automaton = _automaton(request.form)
            state = automaton.start
            for token in request.output:
                state = automaton.advance(state, token)
            first = int(state.token_ids[0])
            second = int(automaton.advance(state, first).token_ids[0])
            guessed[slot] = [first, second, 5]
        runner.step([1, 0, 3, 2], drafts=guessed)
        # The first draft is accepted, and one more token sampled: two come at once.
        for slot in (0, 2):
            runner.running[slot].output += guessed[slot][:2]
            runner.write(slot)


def _automaton(form):
    from submission.decoding.token_automaton import TokenAutomaton
    from tests.submission.decoding_fixtures import real_vocabulary

    return TokenAutomaton(form, real_vocabulary("SmolLM2"), (END,))


def test_a_slot_is_forgotten_when_another_request_takes_it(runner):
    runner.join(0, Choice((1, 2)))
    runner.advance([0])
    runner.join(0, None)
    runner.advance([0])
    runner.join(0, FreeText(9))
    runner.advance([0])


def test_steps_without_a_form_wait_for_nothing(runner, monkeypatch):
    runner.join(0, None)
    monkeypatch.setattr(torch, "stack", None)
    logits = torch.randn(1, WIDTH)
    context = SimpleNamespace(idx_mapping_np=np.array([0]))
    assert runner.processor.apply(logits, context) is logits


def test_a_tokenizer_larger_than_the_model_is_refused(model_config):
    config = SimpleNamespace(
        tokenizer=model_config.tokenizer,
        **{name: getattr(model_config, name) for name in ("model", "tokenizer_mode", "tokenizer_revision")},
    )
    config.__dict__.update(vars(model_config))
    config.get_vocab_size = lambda: 1000
    with pytest.raises(ShopBenchError, match="belong together"):
        AnswerFormatLogitsProcessor(SimpleNamespace(model_config=config), request_states())
