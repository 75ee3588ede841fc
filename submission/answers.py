"""Makes the answer out of what was generated, and keeps where it came from for those who look at it later.

The one thing to know: only `answer` is handed over. The rest costs the evaluator's clock nothing, since the prompt is put
back into text when somebody asks for it.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from submission.engine import Generation, Request
from submission.questions import Question
from submission.task_types import TaskType
from submission.time_budget import Stage, tokens_within
from submission.valid_answers import AnswerSource, settle


@dataclass(frozen=True)
class Answer:
    """An answer and where it came from: the type found, the form, what the model wrote, what was answered.

    `tokens` were decoded, `seconds` passed from the batch's beginning until the answer was there. The clock `cut` it, or
    shortened its budget, or kept it from being asked. It was `completed` from an unfinished text, is the form's
    `fallback`, or was `calibrated`. `option_logprobs` holds log-probabilities by option, before calibration. `confidence`
    is the question's: how likely it is that its form is the right one.
    """

    task_type: TaskType
    form: str
    raw_text: str
    answer: str
    confidence: float = 1.0
    tokens: int = 0
    seconds: float = 0.0
    cut: bool = False
    completed: bool = False
    fallback: bool = False
    calibrated: bool = False
    option_logprobs: dict[str, float] | None = None
    prompt_token_ids: Sequence[int] = ()
    decode: Callable[[Sequence[int]], str] = field(default=str, repr=False)

    @property
    def prompt(self) -> str | None:
        """The text of the prompt as it was sent, with the chat template's tokens; None where nothing was sent."""
        return self.decode(self.prompt_token_ids) if self.prompt_token_ids else None

    @property
    def prompt_tokens(self) -> int:
        """The length of the prompt in tokens."""
        return len(self.prompt_token_ids)


def make_answer(
    question: Question,
    request: Request | None,
    generation: Generation,
    stage: Stage,
    decode: Callable[[Sequence[int]], str],
    constrained: bool,
) -> Answer:
    """Return the answer to `question`, brought into its form if `constrained`; `request` is None if nothing was asked.

    Where nothing was generated it is the form's fallback in any case.
    """
    form = question.answer_format
    shortened = tokens_within(form, stage) < form.max_tokens and not generation.finished
    text, source = generation.text, AnswerSource.TEXT
    if generation.calibrated is not None:
        text = generation.calibrated
    elif constrained or not generation.num_tokens:  # what was never written is no model's answer
        text, source = settle(form, generation)
    return Answer(
        question.task_type,
        form.name,
        generation.text,
        text,
        confidence=question.confidence,
        tokens=generation.num_tokens,
        seconds=generation.seconds,
        cut=shortened or (generation.cut and not generation.done),
        completed=source is AnswerSource.COMPLETED,
        fallback=source is AnswerSource.FALLBACK,
        calibrated=generation.calibrated is not None,
        option_logprobs=_of_options(generation) or None,
        prompt_token_ids=request.prompt_token_ids if request else (),
        decode=decode,
    )


def _of_options(generation: Generation) -> dict[str, float]:
    logprobs = generation.logprobs.items()
    return {text: value for text, value in logprobs if text.isdecimal() and math.isfinite(value)}
