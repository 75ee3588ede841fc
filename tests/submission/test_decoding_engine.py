import random

import pytest

from submission.answer_formats import Choice, FreeText, Permutation, Selection, Spans, format_to_dict
from submission.decoding.logits_processor import LOGITS_PROCESSOR
from tests.submission.decoding_fixtures import tokenizer_folder
from tools.tiny_qwen2 import build_tiny_qwen2

TITLES = [
    "Edelstahl-Trinkflasche 750 ml, auslaufsicher, für Kinder (blau)",
    "ワイヤレスヘッドホン Bluetooth 5.3、ノイズキャンセリング, 黒",
    "Women's running shoes size 7.5, breathable mesh; 2-pack of insoles",
    "Cafetière à piston 1 L, verre borosilicaté & inox, sans BPA",
]


@pytest.fixture(scope="module")
def llm(tmp_path_factory):
    tokenizer = tokenizer_folder("Qwen2")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        from vllm import LLM

        yield LLM(
            str(build_tiny_qwen2(tmp_path_factory.mktemp("tiny-qwen2"), tokenizer)),
            logits_processors=[LOGITS_PROCESSOR],
            enforce_eager=True,
            max_model_len=256,
            # Few places, few prompt tokens a step and few blocks: requests wait, join in pieces and are preempted.
            max_num_seqs=8,
            max_num_batched_tokens=64,
            block_size=32,
            num_gpu_blocks_override=12,
            enable_chunked_prefill=True,
        )


def draw_form(rng):
    title = rng.choice(TITLES)
    items = tuple(rng.sample(range(1, 16), 12))
    return rng.choice(
        [
            Choice((0, 1, 2, 3)),
            Choice(items),
            Permutation((1, 2, 3, 4, 5)),
            Permutation(items),
            Selection(items, 3),
            Spans(title),
            Spans(title, many=False),
            FreeText(8),
        ]
    )


def test_a_model_of_noise_gives_valid_answers(llm):
    from vllm import SamplingParams

    rng = random.Random(11)
    forms = [draw_form(rng) for _ in range(64)]
    params = [
        SamplingParams(
            temperature=rng.choice([0.0, 1.0, 2.0]),
            max_tokens=form.max_tokens,
            extra_args={"answer_format": format_to_dict(form)},
        )
        for form in forms
    ]
    prompts = [" ".join(rng.choices(TITLES, k=rng.randint(1, 4))) for _ in forms]
    for form, output in zip(forms, llm.generate(prompts, params, use_tqdm=False), strict=True):
        answer = output.outputs[0]
        # What ran out of budget may stop anywhere in a phrase, never in a number.
        whole = answer.finish_reason == "stop" or not isinstance(form, Spans)
        assert form.accepts(answer.text if whole else form.complete(answer.text) or ""), (form, answer.text)
        if not isinstance(form, Spans | FreeText):
            assert " " not in answer.text


def test_unconstrained_answers_do_not_depend_on_their_neighbours(llm):
    from vllm import SamplingParams

    free = SamplingParams(temperature=0, max_tokens=6)
    constrained = SamplingParams(
        temperature=0, max_tokens=6, extra_args={"answer_format": format_to_dict(Permutation((1, 2, 3, 4, 5)))}
    )
    alone = [output.outputs[0].token_ids for output in llm.generate(TITLES, free, use_tqdm=False)]
    mixed = llm.generate([text for title in TITLES for text in (title, title)], [free, constrained] * 4, use_tqdm=False)
    assert [output.outputs[0].token_ids for output in mixed[::2]] == alone


def test_an_invalid_form_is_refused_before_it_reaches_the_engine(llm):
    from vllm import SamplingParams
    from vllm.exceptions import VLLMValidationError

    params = SamplingParams(extra_args={"answer_format": {"form": "selection", "items": [1, 2], "count": 3}})
    with pytest.raises(VLLMValidationError, match="cannot ask for 3 of 2"):
        llm.generate(["which?"], params, use_tqdm=False)
