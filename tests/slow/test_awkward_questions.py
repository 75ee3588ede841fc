"""20,000 awkward questions without an engine: each is read, fits into the context, and whatever a model writes to it
becomes an answer in its form.
"""

import random
from pathlib import Path

import pytest

from evaluation.parsers import is_unparsable, parse_response
from submission.chat_encoder import ChatEncoder
from submission.engine import Generation
from submission.model_folder import EMBEDDED_MODEL
from submission.prompts import chat_messages
from submission.questions import Question, read_question
from submission.reading_guard import readable_text
from submission.tracks import TRACKS
from submission.valid_answers import valid_answer
from tests.awkward_questions import awkward_question
from tools.tiny_qwen2 import TOKENIZER

QUESTIONS = 20_000
CONTEXT = 4096


def written(question: Question, rng: random.Random) -> Generation:
    """What a model may have written until it was stopped: something like an answer, spoiled, or anything at all."""
    form = question.answer_format
    text = form.fallback()
    for _ in range(rng.randint(0, 3)):
        place = rng.randint(0, len(text))
        piece = rng.choice(
            ("", ",", " ", "\n", "7", ", 3", "\ufffd", "\x00", "<|im_end|>", "word ", "word " * 40, "É", "٣", "½")
        )
        text = rng.choice((text[:place], text[:place] + piece + text[place:], piece + text))
    return Generation(text, 1, finished=rng.random() < 0.5)


@pytest.mark.parametrize("folder", [EMBEDDED_MODEL, TOKENIZER], ids=["SmolLM2", "Qwen2"])
def test_every_awkward_question_gets_a_valid_answer(folder: Path) -> None:
    if not folder.is_dir():
        pytest.skip(f"{folder} is not here: run `make models`")
    encoder = ChatEncoder(folder)
    control_ids = set(encoder.tokenizer.all_special_ids)
    in_template = None
    kinds = set()
    for seed in range(QUESTIONS):
        text, is_multiple_choice = awkward_question(seed)
        question = read_question(readable_text(text), is_multiple_choice)
        form = question.answer_format
        kinds.add((question.task_type, form.name))
        rng = random.Random(seed)

        ids = encoder.encode_within(chat_messages(question, rng.choice(TRACKS)), CONTEXT - form.max_tokens)
        assert 0 < len(ids) <= CONTEXT - form.max_tokens, seed
        control = [token for token in ids if token in control_ids]
        in_template = in_template or control
        assert control == in_template, (seed, "a control token came out of the question's text")

        answer = valid_answer(form, written(question, rng))
        assert form.accepts(answer), (seed, form.name, answer)
        assert not is_unparsable(parse_response(question.task_type, answer)), (seed, answer)
        answer.encode("utf-8")
    assert len({form for _, form in kinds}) == 5
