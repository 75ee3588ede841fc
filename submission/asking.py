"""Turns questions into what the engine is asked: token ids, the form of the answer and how long it may get."""

import logging

from submission.calibration import can_be_calibrated
from submission.chat_encoder import ChatEncoder
from submission.engine import Request
from submission.errors import ShopBenchError, one_line
from submission.prompts import chat_messages
from submission.questions import Question
from submission.time_budget import Stage, tokens_within
from submission.tracks import Track

logger = logging.getLogger(__name__)


class Asker:
    """Asks questions of one track, of a model with a context of `context` tokens and `vocab_size` rows.

    Where choices are `calibrated`, the log-probabilities of their options are asked for as well.
    """

    def __init__(self, track: Track, encoder: ChatEncoder, context: int, vocab_size: int, calibrated: bool) -> None:
        self.track = track
        self.encoder = encoder
        self.context = context
        self.vocab_size = vocab_size
        self.calibrated = calibrated

    def prompt_token_ids(self, question: Question) -> list[int]:
        """Return the token ids of the prompt that asks `question`, cut to leave room for the answer in the context."""
        limit = self.context - question.answer_format.max_tokens - self.encoder.answer_space
        return self.encoder.encode_within(chat_messages(question, self.track), limit)

    def requests(self, questions: list[Question], stage: Stage) -> dict[int, Request]:
        """Return the requests, by position, of the questions that can be asked and are worth the time."""
        return {i: request for i, question in enumerate(questions) if (request := self._request(question, stage))}

    def _request(self, question: Question, stage: Stage) -> Request | None:
        form = question.answer_format
        max_tokens = tokens_within(form, stage)
        if max_tokens == 0:
            return None
        try:
            prompt = self.prompt_token_ids(question)
            # An id that the model has no row for would take the engine down, and the whole batch with it.
            if not 0 <= min(prompt) <= max(prompt) < self.vocab_size:
                raise ShopBenchError(f"the tokenizer returned ids from {min(prompt)} to {max(prompt)}")
        except Exception as error:
            # Whatever a tokenizer stumbles over, it is one question of sixteen.
            logger.error("a question cannot be encoded, its form's fallback answers it: %s", one_line(error))
            return None
        num_logprobs = len(question.items) if self.calibrated and can_be_calibrated(question) else 0
        return Request(prompt, form, max_tokens + self.encoder.answer_space, num_logprobs)
