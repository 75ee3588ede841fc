"""The guard around an engine that fails on purpose: the engine here is a stand-in, the faults are those of a card."""

import itertools
import threading
import time
import weakref
from collections.abc import Callable

import pytest

from submission.answer_formats import Choice
from submission.deadline import Deadline, batch_deadline
from submission.engine import Generation, Request
from submission.engine_guard import GuardedEngine

HOUR = 3600.0
REQUESTS = [Request([number], Choice((0, 1)), 1) for number in range(4)]


class FailingEngine:
    """Answers each request with its first token id as text, after doing what `fault` does with the batch."""

    def __init__(self, fault: Callable[[list[Request]], None] = lambda requests: None, at: int = 1) -> None:
        self.fault, self.at = fault, at
        self.closed = False
        self.batches: list[int] = []

    def generate(self, requests: list[Request], generations: list[Generation], deadline: Deadline) -> None:
        self.batches.append(len(requests))
        for position, (request, generation) in enumerate(zip(requests, generations, strict=True)):
            if position == self.at:
                self.fault(requests)
            generation.text, generation.num_tokens = str(request.prompt_token_ids[0]), 1
            generation.done = generation.finished = True

    def close(self) -> None:
        self.closed = True


def guarded(load: Callable[[], FailingEngine], run_left_s: float = HOUR) -> GuardedEngine:
    return GuardedEngine(load, lambda: run_left_s)


def failing(after: int = 0, error: type[Exception] = RuntimeError, times: int = 10**9) -> FailingEngine:
    """Return an engine whose batches fail from number `after` on, `times` times."""
    calls = itertools.count()

    def fault(requests: list[Request]) -> None:
        if after <= next(calls) < after + times:
            raise error("no")

    return FailingEngine(fault, at=0)


def texts(generations: list[Generation]) -> list[str]:
    return [generation.text for generation in generations]


def test_a_healthy_engine_answers_in_order() -> None:
    assert texts(guarded(FailingEngine).generate(REQUESTS, Deadline(5))) == ["0", "1", "2", "3"]
    assert guarded(FailingEngine).generate([], Deadline(5)) == []


def test_a_dead_engine_is_restarted_and_asked_again_in_halves() -> None:
    def out_of_memory(requests: list[Request]) -> None:
        raise RuntimeError("CUDA out of memory")

    engines = [FailingEngine(out_of_memory), FailingEngine()]
    guard = guarded(iter(engines).__next__)
    assert texts(guard.generate(REQUESTS, Deadline(5))) == ["0", "1", "2", "3"]
    assert engines[0].closed
    assert engines[1].batches == [2, 1]  # the first had been answered before the fault
    assert texts(guard.generate(REQUESTS, Deadline(5))) == ["0", "1", "2", "3"]


def test_an_engine_that_keeps_failing_is_restarted_once_only() -> None:
    made = []

    def make() -> FailingEngine:
        def fail(requests: list[Request]) -> None:
            raise RuntimeError("no")

        made.append(FailingEngine(fail))
        return made[-1]

    guard = guarded(make)
    for _ in range(3):
        answers = guard.generate(REQUESTS, Deadline(5))
        assert len(answers) == 4 and answers[0].text == "0"
    assert len(made) == 2


@pytest.mark.parametrize("count", [1, 4])
def test_a_question_that_always_fails_is_not_asked_for_ever(count: int) -> None:
    class Refusing(FailingEngine):
        def generate(self, requests: list[Request], generations: list[Generation], deadline: Deadline) -> None:
            if any(request.prompt_token_ids == [0] for request in requests):
                raise RuntimeError("not this one")
            super().generate(requests, generations, deadline)

    guard = guarded(Refusing)
    assert texts(guard.generate(REQUESTS[:count], Deadline(5))) == ["", "1", "2", "3"][:count]
    assert texts(guard.generate(REQUESTS[1:], Deadline(5))) == ["1", "2", "3"]


@pytest.mark.parametrize(("run_left_s", "loaded"), [(0.1, 1), (HOUR, 2)])
def test_a_restart_longer_than_a_batch_is_spread_over_batches_if_the_run_has_time(
    run_left_s: float, loaded: int
) -> None:
    engines = [failing(), FailingEngine()]
    made = []

    def make() -> FailingEngine:
        time.sleep(0.3)
        made.append(engines[len(made)])
        return made[-1]

    guard = guarded(make, run_left_s)
    assert texts(guard.generate(REQUESTS, Deadline(0.2))) == ["", "", "", ""]
    assert texts(guard.generate(REQUESTS, Deadline(0.25))) == (["0", "1", "2", "3"] if loaded == 2 else [""] * 4)
    assert len(made) == loaded


def test_halves_are_tried_before_a_restart_that_takes_longer_than_the_batch() -> None:
    def too_large(requests: list[Request]) -> None:
        if len(requests) > 1:
            raise RuntimeError("CUDA out of memory")

    made = []

    def make() -> FailingEngine:
        time.sleep(0.3)
        made.append(FailingEngine(too_large, at=0))
        return made[-1]

    assert texts(guarded(make).generate(REQUESTS, Deadline(0.25))) == ["0", "1", "2", "3"]
    assert len(made) == 1


def test_a_timeout_inside_the_engine_is_a_failure_like_others() -> None:
    engines = [failing(error=TimeoutError, times=1), FailingEngine()]
    guard = guarded(iter(engines).__next__)
    for _ in range(3):
        assert texts(guard.generate(REQUESTS, Deadline(5))) == ["0", "1", "2", "3"]
    assert engines[0].closed


def test_a_step_that_fails_after_the_deadline_costs_one_restart(caplog: pytest.LogCaptureFixture) -> None:
    def late(requests: list[Request]) -> None:
        time.sleep(0.4)
        raise TimeoutError("RPC call to execute_model timed out")

    guard = guarded(iter([FailingEngine(late), FailingEngine()]).__next__)
    assert texts(guard.generate(REQUESTS, Deadline(0.2))) == ["0", "", "", ""]
    assert texts(guard.generate(REQUESTS, Deadline(5))) == ["0", "1", "2", "3"]
    assert "the engine failed late: TimeoutError: RPC call" in caplog.text


def test_an_engine_that_cannot_be_closed_is_replaced_all_the_same() -> None:
    class Unclosable(FailingEngine):
        def close(self) -> None:
            raise OSError("the worker is gone")

    def fail(requests: list[Request]) -> None:
        raise RuntimeError("no")

    guard = guarded(iter([Unclosable(fail), FailingEngine()]).__next__)
    assert texts(guard.generate(REQUESTS, Deadline(5))) == ["0", "1", "2", "3"]


def test_the_dead_engine_is_gone_when_the_next_one_is_loaded() -> None:
    class Core:
        def step(self) -> None:
            weights = self
            raise RuntimeError(f"no {type(weights)}")

    cores: list[weakref.ref[Core]] = []

    class Holding(FailingEngine):
        def __init__(self) -> None:
            super().__init__(lambda requests: self.core.step())
            self.core = Core()
            cores.append(weakref.ref(self.core))

        def close(self) -> None:
            del self.core

    def load() -> FailingEngine:
        if not cores:
            return Holding()
        assert cores[0]() is None
        return FailingEngine()

    assert texts(guarded(load).generate(REQUESTS, Deadline(5))) == ["0", "1", "2", "3"]


def test_what_is_answered_is_not_asked_again_and_longer_text_is_kept() -> None:
    class Twice(FailingEngine):
        """Ends the first answer by its length, gets far with the second, and fails; then it has no time."""

        def generate(self, requests: list[Request], generations: list[Generation], deadline: Deadline) -> None:
            self.batches.append(len(requests))
            if len(self.batches) > 1:
                generations[0].text, generations[0].num_tokens = "A", 1
                return
            generations[0].text, generations[0].num_tokens, generations[0].done = "A bowl with", 3, True
            generations[1].text, generations[1].num_tokens = "A colander is a", 4
            raise RuntimeError("no")

    engine = Twice()
    answers = guarded(lambda: engine).generate(REQUESTS[:3], Deadline(5))
    assert texts(answers) == ["A bowl with", "A colander is a", "A"]
    assert engine.batches == [3, 1, 1]


def test_a_batch_that_fails_throughout_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    guard = guarded(failing, run_left_s=-1.0)
    assert texts(guard.generate(REQUESTS, Deadline(5))) == ["", "", "", ""]
    assert [record.getMessage() for record in caplog.records if "failed on" in record.getMessage()] == [
        "the engine failed on 4 questions: RuntimeError: no"
    ]


def test_a_step_that_never_returns_is_left_behind() -> None:
    stuck = threading.Event()
    guard = guarded(lambda: FailingEngine(lambda requests: stuck.wait()))
    started = time.monotonic()
    first = guard.generate(REQUESTS, Deadline(0.4))
    second = guard.generate(REQUESTS, Deadline(0.4))
    assert time.monotonic() - started < 2
    assert texts(first) == ["0", "", "", ""] and texts(second) == ["", "", "", ""]
    stuck.set()
    assert texts(guard.generate(REQUESTS, Deadline(5))) == ["0", "1", "2", "3"]
    # What came late did not reach what was handed out.
    assert texts(first) == ["0", "", "", ""]


def test_a_model_that_cannot_be_loaded_is_an_error() -> None:
    def fail() -> FailingEngine:
        raise RuntimeError("no weights")

    with pytest.raises(RuntimeError, match="no weights"):
        guarded(fail)


def test_a_deadline_counts_down() -> None:
    now = [100.0]
    deadline = Deadline(10, clock=lambda: now[0])
    assert deadline.left() == 10 and not deadline.passed()
    assert deadline.earlier().left() < 10
    now[0] = 110.0
    assert deadline.passed()


@pytest.mark.parametrize(
    ("batch_size", "run_left_s", "seconds"), [(16, HOUR, 147.2), (1, HOUR, 9.2), (16, 30.0, 30.0), (16, -5.0, 0.0)]
)
def test_a_batch_ends_before_its_limit_and_with_the_run(batch_size: int, run_left_s: float, seconds: float) -> None:
    assert batch_deadline(batch_size, run_left_s).left() == pytest.approx(seconds, abs=0.1)
