"""The submission: reads each question, asks the language model in the form that the question decides, returns the answers.

This is the picture of docs/architecture.md, step by step; what steers it comes in as `Settings`.
"""

import logging
import time
from typing import Any

from models.base_model import ShopBenchBaseModel
from submission.answers import Answer, make_answer
from submission.asking import Asker
from submission.calibration import ChoiceCalibration, calibrate_choices
from submission.challenge import configured_track
from submission.chat_encoder import ChatEncoder
from submission.checked_loading import CheckedLoading
from submission.context import fit_context
from submission.deadline import Deadline, batch_deadline
from submission.decoding.token_bytes import tokenizer_kind
from submission.engine import Engine, Generation, Request
from submission.engine_guard import GuardedEngine
from submission.engine_process import EngineProcess
from submission.errors import ShopBenchError
from submission.long_questions import long_questions
from submission.lora_adapter import find_base, open_adapter
from submission.model_folder import check_model
from submission.profiles import choose_profile
from submission.questions import Question, read_question
from submission.reading_guard import read_guarded
from submission.settings import Settings
from submission.sharding import check_shardable
from submission.time_budget import TimeBudget
from submission.valid_answers import report_strange_texts

logger = logging.getLogger(__name__)


class ShopBenchModel(ShopBenchBaseModel):
    """Answers ShopBench questions with the model folder, the adapter and the engine profile that `settings` name."""

    def __init__(self, settings: Settings) -> None:
        self.track = configured_track(settings.track)
        # First of all: loading counts towards the track's limit.
        self.time_budget = TimeBudget.of_run(self.track, settings)
        self.model_folder = find_base(settings.model, settings.adapter)
        config = check_model(self.model_folder)
        self.adapter = open_adapter(settings.adapter, self.model_folder) if settings.adapter else None
        self.profile = fit_context(choose_profile(settings.profile), self.model_folder)
        if self.profile.tensor_parallel_size > 1:
            check_shardable(config, self.profile.tensor_parallel_size)
        self.constrained = settings.constraints
        self.calibrated = settings.constraints and settings.calibration
        self.encoder = ChatEncoder(self.model_folder)
        self.asker = Asker(
            self.track, self.encoder, self.profile.max_model_len, int(config["vocab_size"]), self.calibrated
        )
        if self.constrained:
            tokenizer_kind(self.encoder.tokenizer)  # one that cannot be constrained is named before the engine loads
        logger.info(
            "vLLM loads %s (%.1f GB of weights): profile %s, context of %d tokens, track %d",
            self.model_folder,
            sum(file.stat().st_size for file in self.model_folder.glob("*.safetensors")) / 1e9,
            self.profile.name,
            self.profile.max_model_len,
            self.track.number,
        )
        engine = EngineProcess if self.profile.own_process else Engine
        load = CheckedLoading(
            lambda profile: engine(self.model_folder, profile, settings.seed, self.constrained, self.adapter),
            self.profile,
            settings.accumulation,
            config,
            lambda: [self.asker.prompt_token_ids(read_question(text, False)) for text in long_questions()],
        )
        self.engine = GuardedEngine(load, self.time_budget.left)
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
        stage = self.time_budget.choose_stage()
        requests = self.asker.requests(questions, stage)
        generations = self._generate(questions, requests, deadline)
        if self.calibrated:
            calibrate_choices(self.calibration, questions, generations)
        if self.constrained:
            report_strange_texts(questions, generations)
        self.last_answers = [
            make_answer(question, requests.get(i), generation, stage, self.encoder.decode, self.constrained)
            for i, (question, generation) in enumerate(zip(questions, generations, strict=True))
        ]
        self.time_budget.record([question.answer_format for question in questions], time.monotonic() - started)
        return [answer.answer for answer in self.last_answers]

    def state_dict(self) -> dict[str, Any]:
        """Return what answers depend on beyond their own questions, as JSON data, for a run that is continued later."""
        return {"calibration": self.calibration.state_dict(), "time_budget": self.time_budget.state_dict()}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take over what `state_dict` returned in an earlier process."""
        self.calibration.load_state_dict(state["calibration"])
        self.time_budget.load_state_dict(state["time_budget"])

    def _generate(
        self, questions: list[Question], requests: dict[int, Request], deadline: Deadline
    ) -> list[Generation]:
        """Return what the engine makes of the questions, nothing for those that are not asked."""
        answered = self.engine.generate(list(requests.values()), deadline)
        by_position = dict(zip(requests, answered, strict=True))
        return [by_position.get(i, Generation()) for i in range(len(questions))]


def _prompts(batch: dict[str, Any]) -> list[Any]:
    prompts = batch.get("prompt") if isinstance(batch, dict) else None
    if not isinstance(prompts, list | tuple):
        raise ShopBenchError("a batch is a dict with a list of questions under 'prompt'")
    return list(prompts)
