"""The guard around an engine that fails on purpose: the engine here is a stand-in, the faults are those of a card."""

import threading
import time
from collections.abc import Callable

import pytest

from submission.answer_formats import Choice
from submission.deadline import Deadline
from submission.engine import Generation, Request
from submission.engine_guard import GuardedEngine

REQUESTS = [Request([number], Choice((0, 1)), 1) for number in range(4)]


class FailingEngine:
    """Answers each request with its first token id as text, after doing what `fault` does with the batch."""

    def __init__(self, fault: Callable[[list[Request]], None] = lambda requests: None) -> None:
        self.fault = fault
        self.closed = False
        self.batches: list[int] = []

    def generate(self, requests: list[Request], generations: list[Generation], deadline: Deadline) -> None:
        self.batches.append(len(requests))
        for position, (request, generation) in enumerate(zip(requests, generations, strict=True)):
            if position == 1:
                self.fault(requests)
            generation.text, generation.finished = str(request.prompt_token_ids[0]), True

    def close(self) -> None:
        self.closed = True


def texts(generations: list[Generation]) -> list[str]:
    return [generation.text for generation in generations]


def test_a_healthy_engine_answers_in_order() -> None:
    assert texts(GuardedEngine(FailingEngine).generate(REQUESTS, Deadline(5))) == ["0", "1", "2", "3"]
    assert GuardedEngine(FailingEngine).generate([], Deadline(5)) == []


def test_a_dead_engine_is_restarted_and_asked_again_in_halves() -> None:
    def out_of_memory(requests: list[Request]) -> None:
        raise RuntimeError("CUDA out of memory")

    engines = [FailingEngine(out_of_memory), FailingEngine()]
    guard = GuardedEngine(iter(engines).__next__)
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

    guard = GuardedEngine(make)
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

    guard = GuardedEngine(Refusing)
    assert texts(guard.generate(REQUESTS[:count], Deadline(5))) == ["", "1", "2", "3"][:count]
    assert texts(guard.generate(REQUESTS[1:], Deadline(5))) == ["1", "2", "3"]


def test_no_restart_when_there_is_no_time_for_it() -> None:
    made = []

    def make() -> FailingEngine:
        def fail(requests: list[Request]) -> None:
            raise RuntimeError("no")

        time.sleep(0.3)
        made.append(FailingEngine(fail))
        return made[-1]

    guard = GuardedEngine(make)
    assert len(guard.generate(REQUESTS, Deadline(0.2))) == 4
    assert len(made) == 1


def test_a_step_that_never_returns_is_left_behind() -> None:
    stuck = threading.Event()
    guard = GuardedEngine(lambda: FailingEngine(lambda requests: stuck.wait()))
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
        GuardedEngine(fail)


def test_a_deadline_counts_down() -> None:
    now = [100.0]
    deadline = Deadline(10, clock=lambda: now[0])
    assert deadline.left() == 10 and not deadline.passed()
    assert deadline.earlier().left() < 10
    now[0] = 110.0
    assert deadline.passed()
