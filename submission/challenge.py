"""Which track this submission is for: the one that is named, else the challenge id in `aicrowd.json`."""

from submission.errors import ShopBenchError
from submission.model_folder import read_json
from submission.places import INSTALLED, ROOT
from submission.tracks import Track, track_by_challenge_id, track_by_number


def configured_track(number: int | None) -> Track:
    """Return the track called `number`, else that of `aicrowd.json`; a `ShopBenchError` says what is wrong there.

    An installed package is used in folders that are no submission: without the file the track is all-around there.
    """
    if number is not None:
        return track_by_number(number)
    file = ROOT / "aicrowd.json"
    if INSTALLED and not file.exists():
        return track_by_number(5)
    challenge_id = read_json(file).get("challenge_id")
    if not isinstance(challenge_id, str):
        raise ShopBenchError(f"{file} has no 'challenge_id'")
    return track_by_challenge_id(challenge_id)
