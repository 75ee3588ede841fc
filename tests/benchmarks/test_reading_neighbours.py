"""Neighbours of the wordings: every task, phrasing, language and label style, read with the weights of the package."""

from collections import Counter

from benchmarks.reading_neighbours import neighbour_sources, neighbours
from submission.instructions import read_instruction
from submission.task_rules import Reading
from submission.task_types import judge

# The weights are fitted to neighbours of seed 0.
SEED = 1
LANGUAGES = {"en", "de", "fr", "es", "it", "ja", "zh"}


def test_the_same_seed_makes_the_same_neighbours_of_every_task_in_every_language() -> None:
    made = list(neighbours(SEED, of_each=2))
    assert made == list(neighbours(SEED, of_each=2)) != list(neighbours(SEED + 1, of_each=2))
    tasks = {neighbour.task for neighbour in made}
    assert {(neighbour.task, neighbour.language) for neighbour in made} == {
        (t, code) for t in tasks for code in LANGUAGES
    }
    assert {neighbour.reading for neighbour in made} == set(Reading)
    assert {name.removeprefix("neighbours: ") for name in neighbour_sources(SEED, of_each=2)} == tasks
    assert not any(mark in neighbour.text for neighbour in made for mark in ("{slot}", "{ask}", "{l}", "{b}"))


def test_neighbours_are_read_in_every_language_and_label_style() -> None:
    asked: Counter[tuple[str, Reading]] = Counter()
    misread: Counter[tuple[str, Reading]] = Counter()
    for neighbour in neighbours(SEED, of_each=8):
        found = judge(read_instruction(neighbour.text)).reading
        is_wrong = found.task_type is not neighbour.reading.task_type
        is_forced = neighbour.reading is Reading.FREE and found is not Reading.FREE
        # Over a list that is not understood, numbers are likelier than a text.
        over_list = neighbour.task == "free text over a list"
        for group in ("texts over lists",) if over_list else ("all", neighbour.language, neighbour.style):
            asked[group, neighbour.reading] += 1
            misread[group, neighbour.reading] += is_wrong or is_forced
    shares = {key: misread[key] / count for key, count in asked.items()}
    # Unsure is free text: forcing it into a form loses the question, the other way round costs half of it.
    assert shares["all", Reading.FREE] <= 0.01
    assert {
        key: share
        for key, share in shares.items()
        if key[1] is Reading.FREE and share > (0.4 if key[0] == "texts over lists" else 0.02)
    } == {}
    assert {key: share for key, share in shares.items() if key[0] == "all" and share > 0.08} == {}
