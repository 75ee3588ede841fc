"""The vLLM engine: one class that loads a profile's engine and answers a batch a step at a time, under a deadline.

Driving the engine step by step makes two things possible. A request stops as soon as the rest of its answer is
determined, without a decoding step for it. What is unfinished at the deadline is aborted and handed back as it is. This
module, `single_precision` and `decoding.logits_processor` are the only ones that import vLLM.
"""

import gc
import itertools
import logging
import math
import os
import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from submission.answer_formats import AnswerFormat, FreeText, format_to_dict
from submission.deadline import Deadline
from submission.errors import ShopBenchError
from submission.lora_adapter import LoraAdapter
from submission.processor import dtype_on_cpu
from submission.profiles import Profile

logger = logging.getLogger(__name__)

# vLLM's own limit for alternatives of a token.
_MOST_LOGPROBS = 20
# The first is computed with the prompt's last pass, the others in small steps, which other kernels may do.
_TOKENS_OF_A_TRIAL = 4


@dataclass(frozen=True)
class Request:
    """One prompt as token ids, the form of its answer and how many tokens it may take.

    `num_logprobs` alternatives of its first token are wanted, 0 for none.
    """

    prompt_token_ids: list[int]
    answer_format: AnswerFormat
    max_tokens: int
    num_logprobs: int = 0


@dataclass
class Generation:
    """What came of a request: its text, the number of tokens decoded, and how it ended.

    It is `done` when the engine is through with it, and `finished` if it ended by itself and not for its budget.
    `logprobs` holds the log-probabilities of what the first token could have been, by its text, where they were wanted.
    It is `cut` if the clock ended it, shortened its budget or kept it from being asked. It took `seconds` from the
    beginning of its batch. `calibrated` is what calibration put in the place of `text`, None where it did not choose.
    """

    text: str = ""
    num_tokens: int = 0
    done: bool = False
    finished: bool = False
    logprobs: dict[str, float] = field(default_factory=dict)
    cut: bool = False
    seconds: float = 0.0
    calibrated: str | None = None


def _hush() -> None:
    """Keep what libraries say while they load to errors, so that the log is about the questions."""
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    warnings.filterwarnings("ignore", category=FutureWarning, module="vllm")
    logging.getLogger("torch._library").setLevel(logging.ERROR)
    # Of a step that fails vLLM logs its whole configuration and all that was scheduled; the guard logs a line.
    logging.getLogger("vllm.logging_utils.dump_input").setLevel(logging.CRITICAL)


class Engine:
    """A loaded vLLM engine, with `adapter` on its model. `constrained` turns the logits processors on (the default) or off."""

    def __init__(
        self, model: Path, profile: Profile, seed: int, constrained: bool = True, adapter: LoraAdapter | None = None
    ) -> None:
        os.environ.update(profile.environment)
        _hush()
        from vllm import EngineArgs
        from vllm.lora.request import LoRARequest
        from vllm.v1.engine.llm_engine import LLMEngine

        from submission import single_precision  # noqa: F401  registers its kernels
        from submission.decoding.logits_processor import LOGITS_PROCESSOR

        self.constrained = constrained
        engine = profile.engine if "dtype" in profile.engine else {**profile.engine, "dtype": dtype_on_cpu(model)}
        arguments = EngineArgs(
            model=str(model),
            max_model_len=profile.max_model_len,
            seed=seed,
            logits_processors=[LOGITS_PROCESSOR] if constrained else None,
            **({"enable_lora": True, "max_lora_rank": adapter.served_rank} if adapter else {}),
            **engine,
        )
        self._lora = LoRARequest(adapter.folder.name, 1, str(adapter.folder.resolve())) if adapter else None
        try:
            self._engine = LLMEngine.from_engine_args(arguments)
            if self._lora:
                self._engine.add_lora(self._lora)
        except Exception as error:
            what = f"{model} with the adapter {adapter.folder}" if adapter else str(model)
            raise ShopBenchError(
                f"vLLM could not load {what} with the profile {profile.name!r}: {error} "
                "(VLLM_LOGGING_LEVEL=INFO shows what it did)"
            ) from error
        self._ids = itertools.count()
        self.after_step: Callable[[], None] | None = None
        """Called when a step's results are in the generations."""

    def generate(self, requests: list[Request], generations: list[Generation], deadline: Deadline) -> None:
        """Answer `requests` together into `generations`, one for each, which hold what is there at any moment."""
        from vllm.exceptions import VLLMClientError

        open_requests: dict[str, int] = {}
        try:
            for index, request in enumerate(requests):
                try:
                    request_id = self._add(request.prompt_token_ids, self._sampling_params(request))
                except (ValueError, VLLMClientError) as error:
                    # vLLM checks a request before it takes it: what it refuses is no fault of the engine.
                    logger.error("vLLM refuses a question, its form's fallback answers it: %s", error)
                    continue
                open_requests[request_id] = index
            self._run(requests, generations, open_requests, deadline)
        except Exception:
            self._abort(open_requests)
            # Blocks enter the prefix cache when they are scheduled: a failed step leaves some there that were never computed.
            self._engine.reset_prefix_cache()
            raise
        # Nothing of this batch may go on in the next one.
        self._abort(open_requests)

    def count_not_finite(self, prompts: list[list[int]]) -> int:
        """Return for how many of `prompts` a logit of the first tokens is not finite.

        Attention hands a value that is no number on to all later tokens, so the last of a prompt tell of all of it.
        """
        from vllm import SamplingParams

        few = SamplingParams(temperature=0.0, max_tokens=_TOKENS_OF_A_TRIAL, ignore_eos=True, logprobs=0)
        for prompt in prompts:
            self._add(prompt, few)
        strange: set[str] = set()
        while self._engine.has_unfinished_requests():
            for output in self._engine.step():
                completion = output.outputs[0]
                chosen = zip(completion.token_ids, completion.logprobs, strict=True)
                if not all(math.isfinite(alternatives[token].logprob) for token, alternatives in chosen):
                    strange.add(output.request_id)
        self._engine.reset_prefix_cache()
        return len(strange)

    def close(self) -> None:
        """Shut the engine down and give its memory back."""
        try:
            self._engine.engine_core.shutdown()
        finally:
            del self._engine
            gc.collect()

    def _add(self, prompt_token_ids: list[int], params: Any) -> str:
        """Hand a prompt to vLLM and return the request's id."""
        request_id = str(next(self._ids))
        self._engine.add_request(request_id, {"prompt_token_ids": prompt_token_ids}, params, lora_request=self._lora)
        return request_id

    def _abort(self, open_requests: dict[str, int]) -> None:
        if open_requests:
            self._engine.abort_request(list(open_requests))

    def _run(
        self,
        requests: list[Request],
        generations: list[Generation],
        open_requests: dict[str, int],
        deadline: Deadline,
    ) -> None:
        """Step until all are answered or the time is up; `open_requests` keeps those that are not."""
        started = time.monotonic()
        while open_requests and not deadline.passed():
            determined = []
            for output in self._engine.step():
                index = open_requests[output.request_id]
                generation, completion = generations[index], output.outputs[0]
                generation.text, generation.num_tokens = completion.text, len(completion.token_ids)
                if self.constrained:
                    # SentencePiece begins a text with a space that is not its own; decoders may have left it there.
                    generation.text = generation.text.removeprefix(" ")
                generation.seconds = time.monotonic() - started
                if completion.logprobs:
                    generation.logprobs = _first_alternatives(completion)
                if output.finished:
                    generation.done, generation.finished = True, completion.finish_reason == "stop"
                    del open_requests[output.request_id]
                elif self._settle(generation, requests[index].answer_format):
                    determined.append(output.request_id)
                    del open_requests[output.request_id]
            if determined:
                self._engine.abort_request(determined)
            if self.after_step:
                self.after_step()
        for index in open_requests.values():
            generations[index].cut = True
        if open_requests:
            logger.warning("out of time: %d of %d answers were cut short", len(open_requests), len(requests))

    def _settle(self, generation: Generation, answer_format: AnswerFormat) -> bool:
        """Finish a generation whose rest is determined; return whether it is."""
        if not self.constrained:
            return False
        # The space that some tokenizers begin a text with is no part of the answer.
        rest = answer_format.determined_rest(generation.text.lstrip(" "))
        if rest is None:
            return False
        generation.text += rest
        generation.done = generation.finished = True
        return True

    def _sampling_params(self, request: Request) -> Any:
        from vllm import SamplingParams

        from submission.decoding.request_form import EXTRA_ARG

        form = request.answer_format
        extra = {EXTRA_ARG: format_to_dict(form)} if self.constrained and not isinstance(form, FreeText) else None
        return SamplingParams(
            temperature=0.0,
            max_tokens=request.max_tokens,
            # An empty answer is no answer.
            min_tokens=1,
            extra_args=extra,
            logprobs=min(2 * request.num_logprobs + 2, _MOST_LOGPROBS) if request.num_logprobs else None,
        )


def _first_alternatives(completion: Any) -> dict[str, float]:
    """Return the log-probabilities of what the first token with a text could have been, by text; impossible ones left out.

    A vocabulary may write the same text in two ways, as a character and as a byte: their probabilities are added up.
    """
    found: dict[str, float] = {}
    for token_id, alternatives in zip(completion.token_ids, completion.logprobs, strict=True):
        if alternatives[token_id].decoded_token.strip():
            for one in alternatives.values():
                text = one.decoded_token.strip()
                if text and one.logprob > -math.inf:
                    found[text] = _log_sum(found[text], one.logprob) if text in found else one.logprob
            break
    return found


def _log_sum(first: float, second: float) -> float:
    larger = max(first, second)
    return larger + math.log1p(math.exp(min(first, second) - larger))
