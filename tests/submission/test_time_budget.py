"""The run's time budget against a clock of its own: when it cuts, what it cuts first, and that it comes back."""

import itertools
import json
import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.answer_formats import Choice, FreeText, Permutation, Selection, Spans
from submission.time_budget import CHOICE, EXTRACTION, LISTS, PROSE, STAGES, TimeBudget, kind_of, tokens_within
from submission.tracks import TRACKS, track_by_number

FORMS = {
    PROSE: FreeText(48),
    EXTRACTION: Spans("a red mug of clay"),
    LISTS: Permutation((1, 2, 3)),
    CHOICE: Choice((0, 1, 2, 3)),
}


class Clock:
    """A clock that moves only when it is told to."""

    def __init__(self) -> None:
        self.now = 50.0

    def __call__(self) -> float:
        return self.now


def answer(budget: TimeBudget, clock: Clock, kind: str, count: int, full_seconds: float) -> str:
    """Answer a batch as an engine would whose time goes half into prompts and half into answers."""
    stage = budget.choose_stage()
    share = stage.shares.get(kind, 1.0)
    seconds = count * full_seconds * (0.5 + 0.5 * share) if share else 0.0
    clock.now += seconds
    budget.record([FORMS[kind]] * count, seconds)
    return stage.name


def test_every_form_has_its_kind() -> None:
    assert {kind: kind_of(form) for kind, form in FORMS.items()} == {kind: kind for kind in FORMS}
    assert kind_of(Selection((1, 2, 3), 2)) == LISTS


def test_prose_is_cut_first_and_multiple_choice_last() -> None:
    order = [PROSE, EXTRACTION, LISTS, CHOICE]
    for earlier, later in itertools.pairwise(STAGES):
        shares = [(earlier.shares.get(kind, 1.0), later.shares.get(kind, 1.0)) for kind in order]
        assert all(after <= before for before, after in shares) and any(after < before for before, after in shares)
        for (_, first), (_, second) in itertools.pairwise(shares):
            assert first <= second
    assert all(share == 0 for share in STAGES[-1].shares.values()) and len(STAGES[-1].shares) == 4


def test_a_run_that_fits_is_left_alone() -> None:
    clock = Clock()
    budget = TimeBudget(track_by_number(5), 1000, 1000, clock)
    for kind, count in ((PROSE, 90), (CHOICE, 540), (EXTRACTION, 170), (LISTS, 200)):
        for _ in range(count // 10):
            assert answer(budget, clock, kind, 10, 0.9) == "full budgets"
    assert budget.left() > 0


def test_a_run_without_a_limit_is_never_cut() -> None:
    clock = Clock()
    budget = TimeBudget(track_by_number(1), None, 100, clock)
    for _ in range(50):
        assert answer(budget, clock, PROSE, 16, 1e4) == "full budgets"


@pytest.mark.parametrize("slowness", [1.1, 1.3, 2.0, 5.0, 50.0])
def test_a_slow_run_ends_in_time_and_multiple_choice_is_answered(slowness: float) -> None:
    clock = Clock()
    limit_s = 2000.0
    budget = TimeBudget(track_by_number(5), limit_s, 2000, clock)
    asked = dict.fromkeys(FORMS, 0)
    questions = {PROSE: 180, EXTRACTION: 340, LISTS: 400, CHOICE: 1080}
    for kind in (PROSE, CHOICE, EXTRACTION, LISTS):  # the evaluator's order
        for _ in range(questions[kind] // 10):
            stage = budget.choose_stage()
            asked[kind] += 10 if tokens_within(FORMS[kind], stage) else 0
            answer(budget, clock, kind, 10, slowness)
    # A batch that was begun is finished: it may go over by its own time, which its own deadline bounds.
    assert clock.now - 50 < limit_s + 10 * slowness
    if slowness < 2:
        assert asked[CHOICE] == questions[CHOICE]


def test_stages_are_logged_once_a_change(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    budget = TimeBudget(track_by_number(4), 100, 100, clock)
    names = []
    with caplog.at_level(logging.WARNING):
        names += [answer(budget, clock, PROSE, 2, 2.0) for _ in range(19)]
        names += [answer(budget, clock, CHOICE, 2, 0.05) for _ in range(31)]
    changes = [name for name, _ in itertools.groupby(["full budgets", *names])]
    assert len(caplog.records) == len(changes) - 1 > 0
    assert all("s left" in record.getMessage() for record in caplog.records)
    # Cheap questions in the end: what had been cut is given back.
    assert names[-1] == "full budgets"


def test_multiple_choice_is_asked_as_long_as_there_is_time() -> None:
    clock = Clock()
    budget = TimeBudget(track_by_number(2), 100, 100, clock)
    names = [answer(budget, clock, CHOICE, 5, 4.0) for _ in range(20)]
    # 97 s are enough for five batches of 20 s: the fifth is begun, since there is nothing to save the time for.
    assert [name == "no question is asked" for name in names] == [False] * 5 + [True] * 15


def test_one_dear_batch_is_not_taken_for_the_rule() -> None:
    clock = Clock()
    budget = TimeBudget(track_by_number(2), 1000, 1000, clock)
    for each in (9.0, *[0.5] * 15, 9.0, *[0.5] * 30):
        assert answer(budget, clock, CHOICE, 10, each) == "full budgets"


@pytest.mark.parametrize("dear", [0, 1, 2])
def test_an_early_restart_cuts_nothing_from_kinds_seen_once(dear: int) -> None:
    clock = Clock()
    budget = TimeBudget(track_by_number(5), 8100, 15_000, clock)
    batches = [[FORMS[CHOICE]] * 16, [FORMS[PROSE], *[FORMS[EXTRACTION]] * 3], [FORMS[LISTS], FORMS[EXTRACTION]]]
    for i, forms in enumerate(batches):
        seconds = 140.0 if i == dear else 0.2
        clock.now += seconds
        budget.record(forms, seconds)
        assert budget.choose_stage() is STAGES[0]


def test_when_the_time_is_over_nothing_is_asked() -> None:
    clock = Clock()
    budget = TimeBudget(track_by_number(2), 100, 10, clock)
    clock.now += 99
    stage = budget.choose_stage()
    assert stage is STAGES[-1]
    assert all(tokens_within(form, stage) == 0 for form in FORMS.values())


def test_more_questions_than_expected_are_reckoned_with() -> None:
    clock = Clock()
    budget = TimeBudget(track_by_number(2), 100, 10, clock)
    for _ in range(8):
        answer(budget, clock, CHOICE, 10, 1.0)
    # 70 more than expected came; there is time for some more, and it does not stop asking before that is used up.
    assert budget.choose_stage() is STAGES[0]
    for _ in range(3):
        answer(budget, clock, CHOICE, 10, 1.0)
    assert budget.choose_stage() is STAGES[-1]


@given(
    st.sampled_from(TRACKS),
    st.lists(st.tuples(st.sampled_from(list(FORMS)), st.integers(1, 16), st.floats(0.001, 20)), max_size=40),
)
def test_a_continued_run_goes_on_as_if_it_had_not_stopped(track, batches) -> None:
    clock, later = Clock(), Clock()
    budget = TimeBudget(track, 300, 200, clock)
    for kind, count, seconds in batches[: len(batches) // 2]:
        answer(budget, clock, kind, count, seconds)
    again = TimeBudget(track, 300, 200, later)
    again.load_state_dict(json.loads(json.dumps(budget.state_dict())))
    for kind, count, seconds in batches[len(batches) // 2 :]:
        assert answer(budget, clock, kind, count, seconds) == answer(again, later, kind, count, seconds)
        assert budget.left() == pytest.approx(again.left(), abs=1e-6)


@given(st.sampled_from(STAGES), st.integers(1, 300))
def test_budgets_only_get_smaller(stage, tokens) -> None:
    form = FreeText(tokens)
    assert 0 <= tokens_within(form, stage) <= tokens
    for kind in (LISTS, CHOICE):
        assert tokens_within(FORMS[kind], stage) in (0, FORMS[kind].max_tokens)
