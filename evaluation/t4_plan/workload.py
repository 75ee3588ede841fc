"""Token counts of real questions under a design: what is prefilled, what a prefix cache spares, how long answers get.

The development questions cover 18 of the 57 tasks. The other tasks are unknown, so a track is its development tasks
plus stand-ins for the rest, all with the same number of questions: a share of them (`choice_share`, a parameter of the
plan) is taken for multiple choice, the others for tasks with longer answers.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from evaluation.dataset import Sample
from evaluation.t4_plan.timing import TaskLoad
from submission.answer_formats import AnswerFormat, FreeText, Spans
from submission.chat_encoder import ChatEncoder
from submission.errors import ShopBenchError
from submission.prompts import chat_messages
from submission.questions import read_question
from submission.task_types import TaskType
from submission.tracks import Track, track_by_number

CACHE_BLOCK = 16
"""Tokens of one KV cache block in vLLM: prefixes are shared in whole blocks."""

BASELINE_TOKENS = 100
"""Tokens that the baseline decodes for every question that is not multiple choice."""

BASELINE_PREAMBLE = (
    "You are a helpful online shopping assistant. Answer the following question about online shopping and follow the "
    "given instructions.\n\n"
)
"""A text as long as the one that the baseline puts before each question (it uses no chat template)."""

TASKS_REMEMBERED = {1: 27, 2: 8, 3: 11, 4: 11}
"""Tasks per track of the benchmark's later release, as remembered; together the competition's 57."""


def questions_per_track(track: int) -> float:
    """Default number of questions of a track: what a run expects, see `submission.tracks.Track`."""
    return float(track_by_number(track).expected_questions)


def is_multiple_choice(sample: Sample) -> bool:
    """Whether the evaluator announces the question as multiple choice."""
    return sample.task_type is TaskType.MULTIPLE_CHOICE


def track_of(sample: Sample) -> Track:
    """Return the question's track; a question without one cannot be planned for."""
    if sample.track is None:
        raise ShopBenchError(
            f"the question in line {sample.line} names no track: the plan needs the development questions"
        )
    return sample.track


class PrefixCache:
    """How many tokens of each prompt must be computed, when whole blocks that were seen as a prefix are reused."""

    def __init__(self, block: int = CACHE_BLOCK) -> None:
        self._block = block
        self._seen: set[tuple[int, ...]] = set()

    def new_tokens(self, prompt: Sequence[int]) -> int:
        """Return the tokens that `prompt` adds, at least one (the last is always computed), and remember its blocks."""
        ends = range(self._block, len(prompt) + 1, self._block)
        prefixes = [tuple(prompt[:end]) for end in ends]
        reusable = (len(prompt) - 1) // self._block
        shared = 0
        while shared < reusable and prefixes[shared] in self._seen:
            shared += 1
        self._seen.update(prefixes)
        return len(prompt) - shared * self._block


def number_decode_steps(form: AnswerFormat) -> int:
    """Steps after the first token until the rest of a number form's answer is determined, one character a token."""
    answer = form.fallback()
    written = next(end for end in range(len(answer) + 1) if form.determined_rest(answer[:end]) is not None)
    return max(0, written - 1)


@dataclass(frozen=True)
class Prompt:
    """One question as a design sends it: token ids and the decode steps that its answer takes."""

    tokens: list[int]
    decode_steps: int


Design = Callable[[ChatEncoder, Sample], Prompt]
"""From a tokenizer and a question to what is sent."""


def our_prompt(encoder: ChatEncoder, sample: Sample) -> Prompt:
    """Build our prompt; numbers end where the form determines the rest, free text and spans last their whole budget."""
    question = read_question(sample.question, is_multiple_choice(sample))
    form = question.answer_format
    steps = form.max_tokens - 1 if isinstance(form, Spans | FreeText) else number_decode_steps(form)
    return Prompt(encoder.encode(chat_messages(question, track_of(sample))), steps)


def our_prompt_without_budgets(encoder: ChatEncoder, sample: Sample) -> Prompt:
    """Build our prompt, answered as the baseline answers: a fixed number of tokens unless it is multiple choice."""
    return Prompt(our_prompt(encoder, sample).tokens, 0 if is_multiple_choice(sample) else BASELINE_TOKENS - 1)


def baseline_prompt(encoder: ChatEncoder, sample: Sample) -> Prompt:
    """Build the baseline's prompt: a fixed preamble and the question, no chat template."""
    tokens = encoder.tokenizer(BASELINE_PREAMBLE + sample.question)["input_ids"]
    return Prompt(tokens, 0 if is_multiple_choice(sample) else BASELINE_TOKENS - 1)


def task_loads(
    samples: Iterable[Sample], encoder: ChatEncoder, design: Design, *, prefix_cache: bool
) -> dict[int, list[TaskLoad]]:
    """Measure each development task under a design, by track.

    With a prefix cache, a task's first question is left out of the mean where there are others: over hundreds of
    questions nearly all find the shared beginning cached. A batch decodes as long as its longest answer.
    """
    grouped: dict[tuple[int, str], list[Sample]] = defaultdict(list)
    for sample in samples:
        grouped[track_of(sample).number, sample.task_name].append(sample)
    loads: dict[int, list[TaskLoad]] = defaultdict(list)
    for (track, task), members in grouped.items():
        prompts = [design(encoder, sample) for sample in members]
        cache = PrefixCache()
        new_tokens = [cache.new_tokens(prompt.tokens) for prompt in prompts]
        lengths = [len(prompt.tokens) for prompt in prompts]
        loads[track].append(
            TaskLoad(
                name=task,
                multiple_choice=is_multiple_choice(members[0]),
                new_tokens=fmean((new_tokens[1:] or new_tokens) if prefix_cache else lengths),
                context=fmean(lengths),
                decode_steps=max(prompt.decode_steps for prompt in prompts),
            )
        )
    return dict(loads)


def _average(name: str, loads: Sequence[TaskLoad]) -> TaskLoad:
    return TaskLoad(
        name=name,
        multiple_choice=all(load.multiple_choice for load in loads),
        new_tokens=fmean(load.new_tokens for load in loads),
        context=fmean(load.context for load in loads),
        decode_steps=fmean(load.decode_steps for load in loads),
    )


def track_loads(
    loads: dict[int, list[TaskLoad]], track: int, *, choice_share: float, questions: float
) -> list[TaskLoad]:
    """Return a track's tasks with their numbers of questions, stand-ins for the unknown tasks included.

    `choice_share` of the unknown tasks are taken for the mean multiple-choice task of the development set, the others
    for the mean of its other tasks.
    """
    if track == 5:
        return [
            load
            for part in (1, 2, 3, 4)
            for load in track_loads(
                loads,
                part,
                choice_share=choice_share,
                questions=questions * questions_per_track(part) / questions_per_track(5),
            )
        ]
    known = loads.get(track, [])
    pool = [load for tasks in loads.values() for load in tasks]
    choices = [load for load in pool if load.multiple_choice]
    others = [load for load in pool if not load.multiple_choice]
    if not known or not choices or not others:
        raise ShopBenchError(f"the questions hold no task that could stand for track {track}; give the development set")
    per_task = questions / TASKS_REMEMBERED[track]
    hidden = max(0.0, questions - per_task * len(known))
    return [
        *(replace(load, questions=per_task) for load in known),
        replace(_average("hidden, multiple choice", choices), questions=hidden * choice_share),
        replace(_average("hidden, other", others), questions=hidden * (1 - choice_share)),
    ]
