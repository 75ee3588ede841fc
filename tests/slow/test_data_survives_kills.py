"""SIGKILL at random moments of building a data set and of writing a synthetic one: the same command again gives the same.

Ten kills each, on the small fixtures; `pytest -s` prints where they fell.
"""

import json
import random
import sys
import time
from pathlib import Path

import pytest

from submission.model_folder import ROOT
from tests.slow.killing import KILLS, contents, run
from tests.training.test_synthesize import good_writer
from tests.training.writer_server import WriterServer
from training.data.synthetic.dictation import ReplyCache


@pytest.mark.parametrize("held_out", [False, True], ids=["alone", "with questions held out"])
def test_building_survives_kills(tmp_path: Path, held_out: bool) -> None:
    recipe = ROOT / "training" / "recipes" / "data_fixtures.yaml"

    def command(folder: Path) -> list[str]:
        values = [f"output={folder / 'dataset'}"]
        if held_out:
            # The recipe is part of what is written: everything is made at one place, and moved away.
            counts = "share: 0.1, validation_per_task: 3, test_per_task: 3, unseen_tasks: [product_feature]"
            values.append(f"held_out={{folder: {folder / 'held_out'}, {counts}}}")
        return [sys.executable, "-m", "training.build_dataset", "--recipe", str(recipe), "--set", *values]

    place = tmp_path / "place"
    place.mkdir()
    seconds = run(command(place))
    expected = contents(place)
    moments = random.Random(1)
    for trial in range(KILLS):
        place.rename(tmp_path / f"before-{trial}")
        place.mkdir()
        moment = moments.uniform(0.2, 1.0) * seconds
        run(command(place), kill_after=moment)
        stage = sorted(path.name for path in place.rglob("*") if path.parent.name in {"work", "place"})
        print(f"killed after {moment:.1f} of {seconds:.1f} s, with {', '.join(stage) or 'nothing'} on disk")
        run(command(place))
        assert contents(place) == expected


@pytest.mark.parametrize("concurrency", [1, 4])
def test_writing_survives_kills_and_asks_nothing_twice(tmp_path: Path, concurrency: int) -> None:
    def slow_writer(messages: list[dict[str, str]], schema: dict | None) -> str:
        time.sleep(0.05)
        return good_writer(messages, schema)

    server = WriterServer(slow_writer)
    recipe = ROOT / "training" / "recipes" / "synthesize_local.yaml"

    def command(folder: Path) -> list[str]:
        values = [f"output={folder / 'out'}", f"cache={folder / 'replies.sqlite'}", f"writer.base_url={server.url}"]
        values += ["writer.model=good", f"writer.concurrency={concurrency}"]
        return [sys.executable, "-m", "training.synthesize", "--recipe", str(recipe), "--set", *values]

    seconds = run(command(tmp_path / "undisturbed"))
    expected = contents(tmp_path / "undisturbed" / "out")
    requests = json.loads((tmp_path / "undisturbed" / "out" / "report.json").read_text())["spent"]["requests"]
    moments = random.Random(2)
    killed = tmp_path / "killed"
    server.answered.clear()
    for _ in range(KILLS):
        moment = moments.uniform(0.1, 0.6) * seconds
        run(command(killed), kill_after=moment)
        kept = ReplyCache(killed / "replies.sqlite").spent()[0] if (killed / "replies.sqlite").exists() else 0
        print(f"killed after {moment:.1f} of {seconds:.1f} s, with {kept} of {requests} replies kept")
    run(command(killed))
    assert contents(killed / "out") == expected
    # Only what was being answered when a run was killed is asked again.
    assert len(server.answered) <= requests + KILLS * concurrency
    server.close()
