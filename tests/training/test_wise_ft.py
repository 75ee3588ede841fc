"""wise-ft: the interpolation is exact at its ends and linear between, in the memory of a few shards; the rule for α."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from evaluation.intervals import Interval
from submission.errors import ShopBenchError
from tests.training.lora_fixtures import build_adapter, build_llama, load, logits_of, questions, write_questions
from tests.training.tiny_models import needs_smollm2
from training import wise_ft
from training.checkpoints.lora import LoraUpdate
from training.checkpoints.merging import interpolate_checkpoints, write_interpolated
from training.checkpoints.rewriting import INDEX_FILE
from training.fine_tuning.alpha_sweep import SweepPoint, choose_alpha, parse_sweep, sweep


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_llama(tmp_path_factory.mktemp("wise_ft") / "base", shard="40KB", dtype="float32")


@pytest.fixture(scope="module")
def fine_tuned(base: Path) -> Path:
    return build_llama(base.parent / "fine_tuned", shard="60KB", dtype="float32", seed=1)


@pytest.fixture(scope="module")
def adapter(base: Path) -> Path:
    return build_adapter(base, base.parent / "adapter")


def tensors(folder: Path) -> dict[str, torch.Tensor]:
    return {name: tensor for shard in folder.glob("*.safetensors") for name, tensor in load_file(shard).items()}


@needs_smollm2
@pytest.mark.parametrize("alpha", [0.0, 0.3, 1.0])
def test_full_checkpoints_are_interpolated(tmp_path: Path, base: Path, fine_tuned: Path, alpha: float) -> None:
    arguments = ["--base", str(base), "--fine-tuned", str(fine_tuned), "--alpha", str(alpha)]
    wise_ft.main([*arguments, "--output", str(tmp_path / "model")])
    start, end, found = tensors(base), tensors(fine_tuned), tensors(tmp_path / "model")
    assert found.keys() == start.keys()
    for name, tensor in found.items():
        expected = torch.lerp(start[name], end[name], alpha)
        assert torch.equal(tensor, expected) if alpha in (0, 1) else torch.allclose(tensor, expected, atol=1e-6)
    load(tmp_path / "model")


@needs_smollm2
@pytest.mark.parametrize("alpha", [0.0, 0.5, 1.0])
def test_alpha_scales_the_update_of_an_adapter(tmp_path: Path, base: Path, adapter: Path, alpha: float) -> None:
    write_interpolated(base, adapter, tmp_path / "model", alpha)
    update = LoraUpdate(adapter)
    start, found = tensors(base), tensors(tmp_path / "model")
    for name, tensor in found.items():
        expected = start[name] + alpha * update.delta(name) if name in update.names else start[name]
        torch.testing.assert_close(tensor, expected)


@needs_smollm2
def test_checkpoints_that_do_not_match_are_refused(tmp_path: Path, base: Path, fine_tuned: Path, adapter: Path) -> None:
    one = tmp_path / "other"
    one.mkdir()
    save_file({"model.norm.weight": torch.zeros(3)}, one / "model.safetensors")
    with pytest.raises(ShopBenchError, match="do not match"):
        interpolate_checkpoints(base, one, tmp_path / "model", 0.5)
    with pytest.raises(ShopBenchError, match="between 0"):
        write_interpolated(base, adapter, tmp_path / "model", 1.5)
    with pytest.raises(ShopBenchError, match="either --alpha or --sweep"):
        wise_ft.main(["--base", str(base), "--fine-tuned", str(adapter), "--output", str(tmp_path / "model")])


@needs_smollm2
@pytest.mark.parametrize("alpha", [0.5, 1.0])
def test_two_equal_checkpoints_are_no_fine_tuning(tmp_path: Path, base: Path, alpha: float) -> None:
    twin = shutil.copytree(base, tmp_path / "twin")
    with pytest.raises(ShopBenchError, match="the two models are equal"):
        interpolate_checkpoints(base, twin, tmp_path / "model", alpha)
    assert not (tmp_path / "model").exists()
    interpolate_checkpoints(base, twin, tmp_path / "model", 0.0)
    assert (tmp_path / "model").is_dir()


_MEASURE = """
import resource, sys
from pathlib import Path
from training.checkpoints.merging import interpolate_checkpoints
from training.checkpoints import merging as interpolation
interpolation.write_portable_files = lambda base, folder: None
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
interpolate_checkpoints(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), 0.5)
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024)
"""


def test_peak_memory_is_a_few_shards_however_many_there_are(tmp_path: Path) -> None:
    shard_bytes, count = 12 << 20, 16
    for kind in ("base", "fine_tuned"):
        folder = tmp_path / kind
        folder.mkdir()
        names = {}
        for index in range(count):
            tensors = {
                f"t{index}.{part}": torch.full(
                    (shard_bytes // 8,), index + part + (kind == "base"), dtype=torch.bfloat16
                )
                for part in range(4)
            }
            save_file(tensors, folder / f"model-{index}.safetensors")
            names.update(dict.fromkeys(tensors, f"model-{index}.safetensors"))
        (folder / INDEX_FILE).write_text(json.dumps({"weight_map": names}))
    command = [sys.executable, "-c", _MEASURE, *(str(tmp_path / name) for name in ("base", "fine_tuned", "mixed"))]
    finished = subprocess.run(command, capture_output=True, text=True, check=True)
    # A shard as read, the other model's, the result, and one tensor in float32.
    assert int(finished.stdout) < 5 * shard_bytes < count * shard_bytes / 2, finished.stdout


@pytest.mark.parametrize("steps", [1, 2, 4, 5, 10, 20, 25, 50])
def test_sweep_holds_both_ends(steps: int) -> None:
    alphas = parse_sweep(f"0:1:{1 / steps:g}")
    assert alphas == [index / steps for index in range(steps + 1)]


def test_sweep_values_and_faults() -> None:
    assert parse_sweep("0:1:0.1") == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]
    assert parse_sweep("0.5:0.5:1") == [0.5]
    for text in ("0:1", "1:0:0.1", "0:2:0.5", "0:1:0", "a:b:c"):
        with pytest.raises(ShopBenchError, match="start:stop:step"):
            parse_sweep(text)


def point(alpha: float, seen: float, unseen: float, low: float = 0.0) -> SweepPoint:
    return SweepPoint(alpha, Interval(seen, 0, 1), Interval(unseen, low, 1))


def test_rule_keeps_unseen_tasks_within_the_interval_of_zero_shot() -> None:
    points = [point(0, 0.2, 0.5, low=0.45), point(0.5, 0.5, 0.46), point(1, 0.9, 0.3)]
    assert choose_alpha(points).alpha == 0.5
    assert choose_alpha([point(0, 0.2, 0.5), point(0.5, 0.5, 0.5), point(1, 0.5, 0.5)]).alpha == 0.5
    assert choose_alpha([point(0, 0.5, 0.5, low=0.5), point(1, 0.9, 0.4)]).alpha == 0


@settings(max_examples=50)
@given(scores=st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=11), low=st.floats(0, 1))
def test_chosen_alpha_never_breaks_the_rule(scores: list[tuple[float, float]], low: float) -> None:
    points = [point(index / 10, *pair, low=min(low, pair[1])) for index, pair in enumerate(scores)]
    chosen = choose_alpha(points)
    assert chosen.unseen.score >= points[0].unseen.low
    assert all(chosen.mean >= other.mean for other in points if other.unseen.score >= points[0].unseen.low)


def test_sweep_writes_what_it_found(tmp_path: Path) -> None:
    def evaluate(alpha: float) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        def rows(score: float) -> list[dict[str, Any]]:
            return [{**row, "track": None, "score": score} for row in questions("choice", 4)]

        return rows(alpha), rows(0.5 if alpha < 0.8 else 0.1)

    chosen = sweep([0.5, 1.0], evaluate, tmp_path)
    assert chosen.alpha == 0.5
    written = json.loads((tmp_path / "sweep.json").read_text())
    assert written["alpha"] == 0.5 and [entry["alpha"] for entry in written["points"]] == [0, 0.5, 1]
    assert (tmp_path / "sweep.png").stat().st_size > 1000


@needs_smollm2
def test_sweep_on_the_command_line_asks_every_alpha_once(
    tmp_path: Path, base: Path, adapter: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        """Stands in for `local_evaluation.py`: any model but the base knows the seen tasks."""
        at = next(place for place, part in enumerate(command) if part.endswith("local_evaluation.py"))
        assert Path(command[at]).is_file()
        given = dict(zip(command[at + 1 :: 2], command[at + 2 :: 2], strict=False))
        asked.append(tensors(Path(given["--model"])))
        score = 0.0 if Path(given["--model"]) == base else 1.0
        rows = [json.loads(line) for line in Path(given["--data"]).read_text().splitlines()]
        scored = [{**row, "track": None, "score": score if row["task_name"][:4] == "seen" else 0.5} for row in rows]
        write_questions(Path(given["--output"]) / "predictions.jsonl", scored)
        (Path(given["--output"]) / "report.json").write_text("{}")
        return subprocess.CompletedProcess(command, 0, "")

    monkeypatch.setattr(subprocess, "run", run)
    seen = write_questions(tmp_path / "seen.jsonl", questions("choice", 4))
    unseen = write_questions(tmp_path / "unseen.jsonl", questions("retrieval", 4))
    arguments = ["--base", base, "--fine-tuned", adapter, "--output", tmp_path / "model"]
    arguments += ["--sweep", "0:1:0.5", "--seen", seen, "--unseen", unseen]
    wise_ft.main([str(argument) for argument in arguments])
    assert "chosen: alpha 0.5, seen 1.000" in capsys.readouterr().out
    write_interpolated(base, adapter, tmp_path / "expected", 0.5)
    assert (tmp_path / "model" / "model.safetensors.index.json").is_file()
    for name, tensor in tensors(tmp_path / "expected").items():
        assert torch.equal(tensors(tmp_path / "model")[name], tensor)
        assert torch.equal(asked[1][name], tensor)
    # One model after the other was written, asked and removed.
    assert len(asked) == 3 and not list(tmp_path.rglob("alpha_*/model"))
    wise_ft.main([str(argument) for argument in arguments])
    assert len(asked) == 3


@needs_smollm2
def test_logits_move_from_base_to_fine_tuned(tmp_path: Path, base: Path, adapter: Path) -> None:
    distances = []
    for alpha in (0.0, 0.25, 0.5, 1.0):
        write_interpolated(base, adapter, tmp_path / "model", alpha)
        distances.append((logits_of(load(tmp_path / "model")) - logits_of(load(base))).norm().item())
    assert distances[0] == 0 and distances == sorted(distances)
