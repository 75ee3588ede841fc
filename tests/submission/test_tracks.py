import json
from pathlib import Path

import pytest

from submission.challenge import configured_track
from submission.errors import ShopBenchError
from submission.settings import Settings
from submission.tracks import TRACKS, track_by_challenge_id, track_by_number


def test_aicrowd_json_may_name_every_track(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SHOPBENCH_TRACK", raising=False)
    monkeypatch.setattr("submission.challenge.ROOT", tmp_path)
    for track in TRACKS:
        (tmp_path / "aicrowd.json").write_text(json.dumps({"challenge_id": track.challenge_id}))
        assert configured_track(Settings.from_environment().track) is track


def test_the_environment_goes_before_aicrowd_json(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOPBENCH_TRACK", "3")
    assert configured_track(Settings.from_environment().track) is track_by_number(3)


@pytest.mark.parametrize(("value", "named"), [("6", "1 to 5"), ("two", "'two'"), ("-1", "'-1'")])
def test_a_wrong_track_is_named(monkeypatch: pytest.MonkeyPatch, value: str, named: str) -> None:
    monkeypatch.setenv("SHOPBENCH_TRACK", value)
    with pytest.raises(ShopBenchError, match=named):
        configured_track(Settings.from_environment().track)


@pytest.mark.parametrize(
    ("content", "named"),
    [(None, "missing"), ("{}", "challenge_id"), ('{"challenge_id": "other"}', "'other'"), ("{", "not valid JSON")],
)
def test_a_wrong_aicrowd_json_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, content: str | None, named: str
) -> None:
    monkeypatch.delenv("SHOPBENCH_TRACK", raising=False)
    monkeypatch.setattr("submission.challenge.ROOT", tmp_path)
    if content is not None:
        (tmp_path / "aicrowd.json").write_text(content)
    with pytest.raises(ShopBenchError, match=named):
        configured_track(Settings.from_environment().track)


def test_limits_are_those_of_phase_2_in_seconds() -> None:
    assert [track.time_limit_s / 60 for track in TRACKS] == [70, 20, 30, 20, 140]
    with pytest.raises(ShopBenchError):
        track_by_challenge_id("amazon-kdd-cup-24")
