"""Which track this submission is for: SHOPBENCH_TRACK where it is set, else the challenge id in `aicrowd.json`."""

import os

from submission.errors import ShopBenchError
from submission.model_folder import ROOT, read_json
from submission.tracks import Track, track_by_challenge_id, track_by_number


def configured_track() -> Track:
    """Return the track, or raise a `ShopBenchError` that names the setting that is wrong."""
    if number := os.environ.get("SHOPBENCH_TRACK"):
        if not number.isdecimal():
            raise ShopBenchError(f"SHOPBENCH_TRACK={number!r} is not a number from 1 to 5")
        return track_by_number(int(number))
    file = ROOT / "aicrowd.json"
    challenge_id = read_json(file).get("challenge_id")
    if not isinstance(challenge_id, str):
        raise ShopBenchError(f"{file} has no 'challenge_id'")
    return track_by_challenge_id(challenge_id)
