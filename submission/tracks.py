"""The five tracks of the competition: their challenge ids, time limits and what their questions are about."""

from dataclasses import dataclass

from submission.errors import ShopBenchError


@dataclass(frozen=True)
class Track:
    """One track.

    `time_limit_s` is phase 2's limit in seconds for the whole run, loading included; `expected_questions` is our guess,
    since the competition tells their sum only (20,598): the shares of the benchmark's later release, as remembered
    (11,129, 3,117, 3,973 and 2,580); `subject` finishes the sentence "Your questions are about ..." in the track's
    system prompt.
    """

    number: int
    name: str
    challenge_id: str
    time_limit_s: float
    expected_questions: int
    subject: str


TRACKS = (
    Track(
        1,
        "Understanding Shopping Concepts",
        "amazon-kdd-cup-24-understanding-shopping-concepts",
        70 * 60,
        11_021,
        "shopping concepts: product types, attributes, brands and reviews",
    ),
    Track(
        2,
        "Shopping Knowledge Reasoning",
        "amazon-kdd-cup-24-shopping-knowledge-reasoning",
        20 * 60,
        3_087,
        "reasoning over product knowledge: amounts, compatibility and everyday events",
    ),
    Track(
        3,
        "User Behavior Alignment",
        "amazon-kdd-cup-24-user-behavior-alignment",
        30 * 60,
        3_935,
        "what shoppers search, click, buy and think of it",
    ),
    Track(
        4,
        "Multi-Lingual Abilities",
        "amazon-kdd-cup-24-multi-lingual-abilities",
        20 * 60,
        2_555,
        "products on shopping sites in several languages",
    ),
    Track(
        5,
        "All-Around",
        "amazon-kdd-cup-24-all-around",
        140 * 60,
        20_598,
        "online shopping",
    ),
)


def track_by_number(number: int) -> Track:
    """Return the track with this number, 1 to 5."""
    for track in TRACKS:
        if track.number == number:
            return track
    raise ShopBenchError(f"track {number!r} does not exist: the tracks are 1 to {len(TRACKS)}")


def track_by_challenge_id(challenge_id: str) -> Track:
    """Return the track that `aicrowd.json` names by its `challenge_id`."""
    for track in TRACKS:
        if track.challenge_id == challenge_id:
            return track
    known = "\n  ".join(track.challenge_id for track in TRACKS)
    raise ShopBenchError(f"challenge_id {challenge_id!r} is none of the five tracks:\n  {known}")
