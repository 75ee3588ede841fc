"""Each thing that keeps a folder from being pushed is found, named in one line, and told apart from a whole one."""

import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from evaluation.check_submission import (
    LFS_THRESHOLD,
    Finding,
    Verdict,
    check_challenge,
    check_entry_point,
    check_limits,
    check_repository,
    check_template,
    check_weights,
    findings,
)
from evaluation.t4_plan.__main__ import default_data
from submission.errors import ShopBenchError
from submission.model_folder import ROOT
from submission.tracks import track_by_number
from tests.training.tiny_models import build_qwen2, needs_smollm2

TRACK_1 = track_by_number(1)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A Git repository with a valid `aicrowd.json`, an entry point and the project's LFS patterns."""
    (tmp_path / "aicrowd.json").write_text(
        json.dumps({"challenge_id": TRACK_1.challenge_id, "authors": ["somebody"], "gpu": True, "description": "x"})
    )
    (tmp_path / "models").mkdir()
    (tmp_path / "models/user_config.py").write_text(
        "class UserModel:\n    def get_batch_size(self): ...\n    def batch_predict(self, batch, is_multiple_choice): ...\n"
    )
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    subprocess.run(["git", "-C", tmp_path, "add", "."], check=True)
    return tmp_path


def failures(found: list[Finding]) -> list[str]:
    return [finding.text for finding in found if finding.verdict is Verdict.FAIL]


def test_a_valid_challenge_file_passes_for_its_own_track_only(repository: Path) -> None:
    assert failures(list(check_challenge(repository, None))) == []
    assert failures(list(check_challenge(repository, TRACK_1))) == []
    (text,) = failures(list(check_challenge(repository, track_by_number(4))))
    assert "is for track 1, not 4" in text and track_by_number(4).challenge_id in text


@pytest.mark.parametrize(
    ("key", "value", "named"),
    [
        ("authors", [], "'authors' is []"),
        ("authors", "me", "'authors' is 'me'"),
        ("authors", ["your-aicrowd-username"], "your-aicrowd-username"),
        ("gpu", False, '"gpu" is false'),
        ("gpu", None, "'gpu' is None"),
        ("description", "", "'description' is ''"),
    ],
)
def test_a_wrong_value_in_the_challenge_file_is_named(repository: Path, key: str, value: object, named: str) -> None:
    file = repository / "aicrowd.json"
    file.write_text(json.dumps({**json.loads(file.read_text()), key: value}))
    (text,) = failures(list(check_challenge(repository, None)))
    assert named in text


@needs_smollm2
def test_the_chat_template_is_tried(tmp_path: Path, repository: Path) -> None:
    model = build_qwen2(tmp_path / "model")
    assert [finding.verdict for finding in check_template(model)] == [Verdict.OK]
    template = model / "chat_template.jinja"
    whole = template.read_text()
    template.write_text("{% if messages[0].role == 'system' %}{{ raise_exception('no system') }}{% endif %}" + whole)
    (finding,) = check_template(model)
    assert finding.verdict is Verdict.DOUBT and "no system" in finding.text
    template.write_text("{{ raise_exception('never') }}")
    texts = failures(list(findings(repository, model, TRACK_1, default_data())))
    assert [text for text in texts if "chat template in" in text and "TemplateError: never" in text] == texts[-1:]


@needs_smollm2
def test_weights_that_are_missing_cut_or_pointers_are_told_apart(tmp_path: Path) -> None:
    model = build_qwen2(tmp_path / "model")
    found = list(check_weights(model))
    assert failures(found) == [] and found[0].verdict is Verdict.DOUBT  # not quantised
    weights = model / "model.safetensors"
    whole = weights.read_bytes()

    def cut() -> None:
        weights.write_bytes(whole[:-1000])

    def pointer() -> None:
        weights.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 40000000000\n")

    spoil: list[tuple[Callable[[], None], str]] = [
        (cut, "bytes"),
        (pointer, "git lfs pull"),
        (weights.unlink, "no \\*"),
    ]
    for spoiled, message in spoil:
        spoiled()
        with pytest.raises(ShopBenchError, match=message):
            list(check_weights(model))
    build_qwen2(model, heads=6, kv_heads=3)
    with pytest.raises(ShopBenchError, match="6 attention heads"):
        list(check_weights(model))


def test_large_files_outside_lfs_and_forgotten_weights_are_named(repository: Path) -> None:
    model = repository / "models/weights"
    assert failures(list(check_repository(repository, model))) == []
    (repository / "video.bin").write_bytes(bytes(LFS_THRESHOLD))
    subprocess.run(["git", "-C", repository, "add", "video.bin"], check=True)
    model.mkdir()
    (model / "config.json").write_text("{}")
    with (model / "model.safetensors").open("wb") as sparse:
        sparse.truncate(LFS_THRESHOLD)
    texts = failures(list(check_repository(repository, model)))
    assert any("video.bin is 10 MiB outside LFS" in text for text in texts)
    assert any("does not track models/weights/config.json (2 such)" in text for text in texts)
    assert not any("model.safetensors is" in text for text in texts)
    # Without git-lfs, adding the file puts its content into Git, pattern or not.
    no_filter = ["-c", "filter.lfs.clean=", "-c", "filter.lfs.process=", "-c", "filter.lfs.required=false"]
    subprocess.run(["git", "-C", repository, *no_filter, "add", "-f", "models/weights"], check=True)
    texts = failures(list(check_repository(repository, model)))
    assert any("model.safetensors lies in Git itself" in text for text in texts)
    assert not any("does not track" in text for text in texts)
    assert any("lie outside the repository" in text for text in failures(list(check_repository(repository, ROOT))))
    with (model / "model.safetensors").open("r+b") as sparse:
        sparse.truncate(int(210e9))
    assert any("210 GB is over the limit" in text for text in failures(list(check_repository(repository, model))))


def test_an_entry_point_that_fails_or_reaches_for_the_network_is_named(repository: Path) -> None:
    entry = repository / "models/user_config.py"
    good = entry.read_text()
    assert failures(list(check_entry_point(repository))) == []
    for code, named in (
        ("import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=1)\n" + good, "reaches for the network"),
        ("import a_package_that_is_not_there\n", "a_package_that_is_not_there"),
        ("class UserModel:\n    pass\n", "no method get_batch_size"),
    ):
        entry.write_text(code)
        (text,) = failures(list(check_entry_point(repository)))
        assert named in text and "\n" not in text


@needs_smollm2
def test_what_fits_the_cards_and_the_limit_passes_and_what_does_not_fails(tmp_path: Path) -> None:
    model = build_qwen2(tmp_path / "model")
    assert failures(list(check_limits(model, TRACK_1, default_data()))) == []
    config = json.loads((model / "config.json").read_text())
    del config["layer_types"]
    config |= {"hidden_size": 8192, "intermediate_size": 29_696, "num_hidden_layers": 240, "head_dim": 128}
    (model / "config.json").write_text(json.dumps(config))
    texts = failures(list(check_limits(model, TRACK_1, default_data())))
    assert "0 tokens of KV cache" in texts[0] and "of 70" in texts[1]


@needs_smollm2
def test_a_short_context_is_named(tmp_path: Path) -> None:
    model = build_qwen2(tmp_path / "model")
    config = json.loads((model / "config.json").read_text())
    (model / "config.json").write_text(json.dumps({**config, "max_position_embeddings": 2048}))
    found = list(check_limits(model, TRACK_1, default_data()))
    assert failures(found) == []
    assert any("reads 2,048 tokens where the profile has 4,096" in f.text for f in found if f.verdict is Verdict.DOUBT)


@needs_smollm2
def test_a_folder_that_is_no_clone_is_told_where_to_go(tmp_path: Path) -> None:
    with pytest.raises(ShopBenchError, match=r"there is no aicrowd\.json in .*; run this in the root of the clone"):
        list(check_challenge(tmp_path, None))


def test_one_unreadable_thing_does_not_hide_the_others(repository: Path) -> None:
    (repository / "aicrowd.json").write_text("{")
    texts = failures(list(findings(repository, repository / "models/weights", TRACK_1, default_data())))
    assert "aicrowd.json is not valid JSON" in texts[0] and "training.calibrate_awq makes one" in texts[1]
    assert len(texts) == 2 and not any("\n" in text for text in texts)
