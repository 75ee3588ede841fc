"""The run's time budget against a clock of its own: when it cuts, what it cuts first, and that it comes back.

Whole runs are simulated in the evaluator's order of groups: generation, multiple choice, entities, ranking, retrieval.
"""

import itertools
import json
import logging
import random
from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from submission.answer_formats import Choice, FreeText, Permutation, Selection, Spans
from submission.time_budget import CHOICE, EXTRACTION, LISTS, PROSE, STAGES, TimeBudget, kind_of, tokens_within
from submission.tracks import TRACKS, Track, track_by_number

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


# How the questions of a track are distributed over the kinds, in percent, and what loading takes.
MIX = {
    1: {PROSE: 10, EXTRACTION: 40, LISTS: 20, CHOICE: 30},
    2: {CHOICE: 100},
    3: {LISTS: 41, CHOICE: 59},
    4: {PROSE: 38, CHOICE: 62},
    5: {PROSE: 9, EXTRACTION: 17, LISTS: 20, CHOICE: 54},
}
LOADING_S = 160.0
# Seconds a question, by kind, where only their ratios matter.
PRICES = {
    "as planned": {PROSE: 0.41, EXTRACTION: 0.33, LISTS: 0.79, CHOICE: 0.33},
    "fast reading": {PROSE: 1.0, EXTRACTION: 0.63, LISTS: 1.11, CHOICE: 0.45},
    "long choices": {PROSE: 0.56, EXTRACTION: 0.3, LISTS: 0.9, CHOICE: 0.94},
    "all alike": dict.fromkeys(FORMS, 0.3),
    "dear prose": {PROSE: 0.6, EXTRACTION: 0.3, LISTS: 0.35, CHOICE: 0.25},
    "dearer prose": {PROSE: 0.5, EXTRACTION: 0.25, LISTS: 0.3, CHOICE: 0.15},
}


def batches_of(track: Track) -> list[list[str]]:
    """All batches of a track as lists of kinds; the first group is that of generation."""
    count = {kind: round(track.expected_questions * share / 100) for kind, share in MIX[track.number].items()}
    phrases, rankings = count.get(EXTRACTION, 0) // 2, count.get(LISTS, 0) // 2
    groups = [
        [PROSE] * count.get(PROSE, 0) + [EXTRACTION] * phrases,
        [CHOICE] * count.get(CHOICE, 0),
        [EXTRACTION] * (count.get(EXTRACTION, 0) - phrases),
        [LISTS] * rankings,
        [LISTS] * (count.get(LISTS, 0) - rankings),
    ]
    return [group[start : start + 16] for group in groups for start in range(0, len(group), 16)]


def nothing_special(batches: list[list[str]], seed: int) -> dict[int, float]:
    return {}


def dear_at_random(batches: list[list[str]], seed: int) -> dict[int, float]:
    chance = random.Random(seed)
    return {i: chance.choice([20.0, 60.0]) for i in range(len(batches)) if chance.random() < 0.01}


def a_burst(count: int, seconds: float, start: int | None = None) -> Callable[[list[list[str]], int], dict[int, float]]:
    """So many dear batches in a row, from `start` on or somewhere in the first group."""

    def delays(batches: list[list[str]], seed: int) -> dict[int, float]:
        first_group = next((i for i, batch in enumerate(batches) if CHOICE in batch), 0)
        begin = random.Random(seed).randrange(max(1, first_group - count)) if start is None else start
        return dict.fromkeys(range(begin, begin + count), seconds)

    return delays


def run(
    track: Track, prices: dict[str, float], delays: dict[int, float], reading: float = 0.5
) -> tuple[float, Counter[str], Counter[str]]:
    """Answer all questions of `track` and return the seconds, and how many were asked and how many with less tokens.

    Each costs its price, of which the share `reading` stays if an answer in words is cut; `delays` are seconds that
    a batch takes longer if anything in it is asked.
    """
    clock = Clock()
    budget = TimeBudget(track, track.time_limit_s, track.expected_questions, clock)
    clock.now += LOADING_S
    asked: Counter[str] = Counter()
    shortened: Counter[str] = Counter()
    for i, batch in enumerate(batches_of(track)):
        stage = budget.choose_stage()
        seconds = 0.0
        for kind in batch:
            share = stage.shares.get(kind, 1.0)
            asked[kind] += share > 0
            shortened[kind] += 0 < share < 1
            effort = reading + (1 - reading) * share if kind in (PROSE, EXTRACTION) else 1.0
            seconds += prices[kind] * effort if share else 0.0
        seconds += delays.get(i, 0.0) if seconds else 0.0
        clock.now += seconds
        budget.record([FORMS[kind] for kind in batch], seconds)
    return clock.now - 50, asked, shortened


def scaled(track: Track, prices: dict[str, float], delays: dict[int, float], share: float) -> dict[str, float]:
    """The prices at which the undisturbed run takes `share` of the track's limit."""
    price = sum(prices[kind] for batch in batches_of(track) for kind in batch)
    factor = (share * track.time_limit_s - LOADING_S - sum(delays.values())) / price
    return {kind: value * factor for kind, value in prices.items()}


@pytest.mark.parametrize(("number", "prices", "seconds"), [(5, "dear prose", 6546), (4, "dearer prose", 883)])
def test_dear_prose_in_the_first_group_is_asked_where_the_run_fits(number: int, prices: str, seconds: float) -> None:
    track = track_by_number(number)
    took, asked, shortened = run(track, PRICES[prices], {})
    assert took == pytest.approx(seconds, rel=0.01)
    assert asked.total() == sum(map(len, batches_of(track))) and not shortened.total()


@pytest.mark.parametrize("price", [0.2, 0.25])
@pytest.mark.parametrize(("count", "seconds"), [(6, 20.0), (3, 60.0)])
@pytest.mark.parametrize("start", [0, 10, 60])
def test_a_burst_of_dear_batches_in_a_run_with_time_to_spare_costs_nothing(
    price: float, count: int, seconds: float, start: int
) -> None:
    track = track_by_number(5)
    delays = a_burst(count, seconds, start)(batches_of(track), 0)
    _, asked, shortened = run(track, dict.fromkeys(FORMS, price), delays)
    assert asked.total() == sum(map(len, batches_of(track))) and not shortened.total()


@pytest.mark.parametrize("track", TRACKS, ids=lambda track: f"track {track.number}")
@pytest.mark.parametrize("prices", PRICES)
@pytest.mark.parametrize(
    ("disturbance", "most_lost"),
    [
        pytest.param(nothing_special, 0.0, id="undisturbed"),
        pytest.param(dear_at_random, 0.01, id="dear at random"),
        pytest.param(a_burst(6, 20.0), 0.02, id="a burst of 6"),
        pytest.param(a_burst(3, 60.0), 0.02, id="a burst of 3"),
        # Up to an eighth of the shortest limit is gone before there is a single batch that shows what is usual.
        pytest.param(a_burst(6, 20.0, 0), 0.07, id="six dear ones first"),
        pytest.param(a_burst(3, 60.0, 0), 0.07, id="three dear ones first"),
    ],
)
def test_a_run_that_fits_with_15_percent_to_spare_loses_almost_nothing(
    track: Track, prices: str, disturbance: Callable[[list[list[str]], int], dict[int, float]], most_lost: float
) -> None:
    batches = batches_of(track)
    questions = sum(map(len, batches))
    for seed, reading in enumerate((0.3, 0.6, 0.9)):
        delays = disturbance(batches, seed)
        took, asked, _ = run(track, scaled(track, PRICES[prices], delays, 0.85), delays, reading)
        assert questions - asked.total() <= most_lost * questions
        assert took < track.time_limit_s


@pytest.mark.parametrize("track", TRACKS, ids=lambda track: f"track {track.number}")
@pytest.mark.parametrize("prices", PRICES)
@pytest.mark.parametrize("slowness", [1.1, 1.3, 2.0, 5.0, 50.0])
def test_a_slow_run_uses_its_time_and_ends_in_it(track: Track, prices: str, slowness: float) -> None:
    price = scaled(track, PRICES[prices], {}, slowness)
    for reading in (0.3, 0.6, 0.9):
        took, asked, _ = run(track, price, {}, reading)
        # A batch that was begun is finished: it may go over by its own time, which its own deadline bounds.
        assert 0.8 * track.time_limit_s < took < 0.97 * track.time_limit_s + 16 * max(price.values())
        # Where there is little else that could be left out (track 4) or nothing (track 2), some choices are.
        if slowness < 2 and track.number in (1, 3, 5):
            assert asked[CHOICE] == sum(batch.count(CHOICE) for batch in batches_of(track))


def test_what_is_left_out_is_asked_now_and_then(caplog: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    budget = TimeBudget(track_by_number(4), 400, 1000, clock)
    with caplog.at_level(logging.WARNING):
        names = [answer(budget, clock, PROSE, 10, 3.0) for _ in range(25)]
    first = names.index("multiple choice only")
    asked = [i for i, name in enumerate(names[first:]) if name != "multiple choice only"]
    # After one batch that was left out, then after two, four and eight.
    assert asked == [1, 4, 9, 18]
    assert not any("multiple choice only: now" in record.message for record in caplog.records)


def test_a_kind_that_has_become_cheap_is_asked_again() -> None:
    clock = Clock()
    budget = TimeBudget(track_by_number(4), 400, 1000, clock)
    slow = [answer(budget, clock, PROSE, 10, 3.0) for _ in range(6)]
    assert slow[-1] == "multiple choice only"
    names = [answer(budget, clock, PROSE, 10, 0.1) for _ in range(30)]
    assert names[-1] == "full budgets" and names.count("multiple choice only") < 10
