"""The submission: reads each question, asks the language model in the form that the question decides, returns the answers.

Nothing but environment variables and `aicrowd.json` steers it: SHOPBENCH_MODEL (a model folder), SHOPBENCH_PROFILE
(`cpu` or `t4x4`), SHOPBENCH_TRACK (1 to 5, else the challenge id decides), AICROWD_RUN_SEED, SHOPBENCH_TIME_LIMIT (seconds
for the whole run, or `off`; else the track's limit) and SHOPBENCH_QUESTIONS (how many are to come; else what a track is
expected to hold), and two switches to see what a part is worth: SHOPBENCH_CONSTRAINTS=off (no logits processors, hence no
calibration) and SHOPBENCH_CALIBRATION=off.
"""

import logging
import os
import re
import time
from dataclasses import dataclass
from typing import Any

from models.base_model import ShopBenchBaseModel, run_seed
from submission.answer_formats import AnswerFormat, FreeText
from submission.calibration import ChoiceCalibration
from submission.challenge import configured_track
from submission.chat_encoder import ChatEncoder
from submission.deadline import Deadline, batch_deadline
from submission.engine import Engine, Generation, Request
from submission.engine_guard import GuardedEngine
from submission.errors import ShopBenchError, one_line
from submission.model_folder import check_model, find_model
from submission.profiles import choose_profile
from submission.prompts import chat_messages
from submission.questions import Question, UnreadQuestion, read_question
from submission.sharding import check_shardable
from submission.task_types import TaskType
from submission.time_budget import Stage, TimeBudget, tokens_within
from submission.tracks import Track

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
        self.track = configured_track()
        # First of all: loading counts towards the track's limit.
        self.time_budget = _time_budget(self.track)
        self.model_folder = find_model()
        config = check_model(self.model_folder)
        self.profile = choose_profile()
        self.vocab_size = int(config["vocab_size"])
        if self.profile.tensor_parallel_size > 1:
            check_shardable(config, self.profile.tensor_parallel_size)
        self.constrained = os.environ.get("SHOPBENCH_CONSTRAINTS", "on") != "off"
        self.calibrated = self.constrained and os.environ.get("SHOPBENCH_CALIBRATION", "on") != "off"
        seed = run_seed()
        self.encoder = ChatEncoder(self.model_folder)
        self.engine = GuardedEngine(
            lambda: Engine(self.model_folder, self.profile, seed, self.constrained), self.time_budget.left
        )
        self.calibration = ChoiceCalibration()
        self.last_answers: list[Answer] = []

    def get_batch_size(self) -> int:
        """Return the profile's batch size."""
        return self.profile.batch_size

    def batch_predict(self, batch: dict[str, Any], is_multiple_choice: bool) -> list[str]:
        """Return one answer a prompt, in order, each in the form that its question asks for."""
        started = time.monotonic()
        prompts = _prompts(batch)
        deadline = batch_deadline(len(prompts), self.time_budget.left())
        questions = [read_guarded(prompt, bool(is_multiple_choice)) for prompt in prompts]
        generations = self._generate(questions, self.time_budget.choose_stage(), deadline)
        if self.calibrated:
            self._calibrate(questions, generations)
        if self.constrained:
            _report_strange_texts(questions, generations)
        self.last_answers = [self._answer(*pair) for pair in zip(questions, generations, strict=True)]
        self.time_budget.record([question.answer_format for question in questions], time.monotonic() - started)
        return [answer.answer for answer in self.last_answers]

    def state_dict(self) -> dict[str, Any]:
        """Return what answers depend on beyond their own questions, as JSON data, for a run that is continued later."""
        return {"calibration": self.calibration.state_dict(), "time_budget": self.time_budget.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned in an earlier process."""
        self.calibration.load_state_dict(state["calibration"])
        self.time_budget.load_state_dict(state["time_budget"])

    def prompt_token_ids(self, question: Question) -> list[int]:
        """Return the token ids of the prompt that asks `question`, cut to leave room for the answer in the context."""
        limit = self.profile.max_model_len - question.answer_format.max_tokens
        return self.encoder.encode_within(chat_messages(question, self.track), limit)

    def _generate(self, questions: list[Question], stage: Stage, deadline: Deadline) -> list[Generation]:
        """Return what the engine makes of the questions, nothing for those that cannot or shall not be asked."""
        asked: list[int] = []
        requests: list[Request] = []
        for index, question in enumerate(questions):
            if request := self._request(question, stage):
                asked.append(index)
                requests.append(request)
        generations = [Generation() for _ in questions]
        for index, generation in zip(asked, self.engine.generate(requests, deadline), strict=True):
            generations[index] = generation
        return generations

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
        num_logprobs = len(question.items) if self._is_calibrated(question) else 0
        return Request(prompt, form, max_tokens, num_logprobs)

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


def _time_budget(track: Track) -> TimeBudget:
    """Return the budget of the run: the track's, or what SHOPBENCH_TIME_LIMIT and SHOPBENCH_QUESTIONS say instead."""
    limit = os.environ.get("SHOPBENCH_TIME_LIMIT", str(track.time_limit_s))
    questions = os.environ.get("SHOPBENCH_QUESTIONS", str(track.expected_questions))
    if not questions.isdecimal():
        raise ShopBenchError(f"SHOPBENCH_QUESTIONS={questions!r} is not a whole number of questions")
    if limit != "off" and not re.fullmatch(r"\d{1,9}(\.\d{1,9})?", limit):
        raise ShopBenchError(f"SHOPBENCH_TIME_LIMIT={limit!r} is neither a number of seconds nor `off`")
    return TimeBudget(track, None if limit == "off" else float(limit), int(questions))


def _prompts(batch: dict[str, Any]) -> list[Any]:
    prompts = batch.get("prompt") if isinstance(batch, dict) else None
    if not isinstance(prompts, list | tuple):
        raise ShopBenchError("a batch is a dict with a list of questions under 'prompt'")
    return list(prompts)


def read_guarded(prompt: object, is_multiple_choice: bool) -> Question:
    """Read a prompt together with the form of its answer; whatever fails at that, the question gets a default form."""
    text = readable_text(prompt)
    try:
        question = read_question(text, is_multiple_choice)
        # Made when it is first asked for, which must not be further on, where the whole batch would fail with it.
        _ = question.answer_format
    except Exception as error:
        logger.error("a question cannot be read, it gets a default form: %s", one_line(error))
        question = UnreadQuestion.of(text, is_multiple_choice)
    return question


def readable_text(text: object) -> str:
    """Return a prompt or an answer, whatever it is, as text that can be encoded: one bad one must not lose the batch."""
    if not isinstance(text, str):
        logger.warning("a text is a %s, not a str: what it prints is taken", type(text).__name__)
        try:
            text = "" if text is None else str(text)
        except Exception as error:
            logger.error("a text cannot be printed and counts as empty: %s", one_line(error))
            text = ""
    # Half a surrogate pair, which JSON can smuggle in, is no character.
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _report_strange_texts(questions: list[Question], generations: list[Generation]) -> None:
    """Log, in one line a batch, texts that the constraints should have made impossible: something is broken below."""
    strange = [
        generation.text
        for question, generation in zip(questions, generations, strict=True)
        if generation.finished
        and not isinstance(question.answer_format, FreeText)
        and not question.answer_format.accepts(readable_text(generation.text))
    ]
    if strange:
        logger.error("the engine returned %d texts outside their forms, such as %.60r", len(strange), strange[0])


def valid_answer(form: AnswerFormat, generation: Generation) -> str:
    """Return what was generated, brought into its form: as it is if it ended by itself and is valid, else completed or
    cut, the form's fallback at the worst.
    """
    text = readable_text(generation.text)
    if generation.finished and form.accepts(text):
        return text.strip()
    completed = form.complete(text)
    return form.fallback() if completed is None else completed
