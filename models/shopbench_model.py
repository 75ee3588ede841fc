"""The submission: reads each question, asks the language model in the form that the question decides, returns the answers.

Nothing but environment variables and `aicrowd.json` steers it: SHOPBENCH_MODEL (a model folder), SHOPBENCH_PROFILE
(`cpu` or `t4x4`), SHOPBENCH_TRACK (1 to 5, else the challenge id decides), AICROWD_RUN_SEED, and two switches to see what
a part is worth: SHOPBENCH_CONSTRAINTS=off (no logits processors, hence no calibration) and SHOPBENCH_CALIBRATION=off.
"""

import logging
import os
from dataclasses import dataclass
from typing import Any

from models.base_model import ShopBenchBaseModel, run_seed
from submission.answer_formats import AnswerFormat
from submission.calibration import ChoiceCalibration
from submission.challenge import configured_track
from submission.chat_encoder import ChatEncoder
from submission.deadline import batch_deadline
from submission.engine import Engine, Generation, Request
from submission.engine_guard import GuardedEngine
from submission.model_folder import check_model, find_model
from submission.profiles import choose_profile
from submission.prompts import chat_messages
from submission.questions import Question, read_question
from submission.sharding import check_shardable
from submission.task_types import TaskType

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """An answer and where it came from: the type found, the form, what the model wrote, what was answered."""

    task_type: TaskType
    form: str
    raw_text: str
    answer: str


class ShopBenchModel(ShopBenchBaseModel):
    """Answers ShopBench questions with the model folder and the engine profile that the environment names."""

    def __init__(self) -> None:
        self.model_folder = find_model()
        config = check_model(self.model_folder)
        self.track = configured_track()
        self.profile = choose_profile()
        if self.profile.tensor_parallel_size > 1:
            check_shardable(config, self.profile.tensor_parallel_size)
        self.constrained = os.environ.get("SHOPBENCH_CONSTRAINTS", "on") != "off"
        self.calibrated = self.constrained and os.environ.get("SHOPBENCH_CALIBRATION", "on") != "off"
        seed = run_seed()
        self.encoder = ChatEncoder(self.model_folder)
        self.engine = GuardedEngine(lambda: Engine(self.model_folder, self.profile, seed, self.constrained))
        self.calibration = ChoiceCalibration()
        self.last_answers: list[Answer] = []

    def get_batch_size(self) -> int:
        """Return the profile's batch size."""
        return self.profile.batch_size

    def batch_predict(self, batch: dict[str, Any], is_multiple_choice: bool) -> list[str]:
        """Return one answer a prompt, in order, each in the form that its question asks for."""
        deadline = batch_deadline(len(batch["prompt"]))
        questions = [read_question(_text(prompt), bool(is_multiple_choice)) for prompt in batch["prompt"]]
        requests = [self._request(question) for question in questions]
        generations = self.engine.generate(requests, deadline)
        if self.calibrated:
            self._calibrate(questions, generations)
        self.last_answers = [self._answer(*pair) for pair in zip(questions, generations, strict=True)]
        return [answer.answer for answer in self.last_answers]

    def state_dict(self) -> dict[str, Any]:
        """Return what answers depend on beyond their own questions, as JSON data, for a run that is continued later."""
        return {"calibration": self.calibration.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned in an earlier process."""
        self.calibration.load_state_dict(state["calibration"])

    def prompt_token_ids(self, question: Question) -> list[int]:
        """Return the token ids of the prompt that asks `question`, cut to leave room for the answer in the context."""
        limit = self.profile.max_model_len - question.answer_format.max_tokens
        return self.encoder.encode_within(chat_messages(question, self.track), limit)

    def _request(self, question: Question) -> Request:
        form = question.answer_format
        num_logprobs = len(question.items) if self._is_calibrated(question) else 0
        return Request(self.prompt_token_ids(question), form, form.max_tokens, num_logprobs)

    def _is_calibrated(self, question: Question) -> bool:
        """Whether the options are listed (on a scale the numbers mean something) and one token each."""
        is_choice = question.task_type is TaskType.MULTIPLE_CHOICE and question.has_list
        return self.calibrated and is_choice and question.answer_format.max_tokens == 1

    def _calibrate(self, questions: list[Question], generations: list[Generation]) -> None:
        """Replace the choices by calibrated ones, the whole batch counted before any of it is decided."""
        observed = []
        for question, generation in zip(questions, generations, strict=True):
            logprobs = {int(text): value for text, value in generation.logprobs.items() if text.isdecimal()}
            if probabilities := self.calibration.observe(question.items, logprobs) if logprobs else None:
                observed.append((question.items, probabilities, generation))
        for items, probabilities, generation in observed:
            generation.text = str(self.calibration.choose(items, probabilities))

    def _answer(self, question: Question, generation: Generation) -> Answer:
        form = question.answer_format
        text = valid_answer(form, generation) if self.constrained else generation.text
        return Answer(question.task_type, form.name, generation.text, text)


def _text(prompt: object) -> str:
    """Return a prompt as text: one question that is none must not lose the batch."""
    if isinstance(prompt, str):
        return prompt
    logger.warning("a prompt is a %s, not a str: its text is taken", type(prompt).__name__)
    return "" if prompt is None else str(prompt)


def valid_answer(form: AnswerFormat, generation: Generation) -> str:
    """Return what was generated, brought into its form: as it is if it ended by itself and is valid, else completed or
    cut, the form's fallback at the worst.
    """
    if generation.finished and form.accepts(generation.text):
        return generation.text.strip()
    completed = form.complete(generation.text)
    return form.fallback() if completed is None else completed
