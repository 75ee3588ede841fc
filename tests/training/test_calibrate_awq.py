"""AWQ end to end on a tiny random Qwen2, and the checks of what comes out, each shown to fail on what it is for."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from evaluation.dataset import sample_of
from submission.chat_encoder import ChatEncoder
from submission.errors import ShopBenchError
from submission.model_folder import EMBEDDED_MODEL, ROOT
from submission.task_types import TaskType
from tests.training.quantised_fixtures import SAMPLE, quantise_tiny
from tests.training.tiny_models import GROUP_SIZE, PADDED, needs_smollm2
from training.awq.backends import BACKENDS
from training.awq.calibration import DEVELOPMENT, GENERIC, calibration_blocks, encode_questions
from training.awq.checks import check_readers, check_weights
from training.awq.group_size import largest_group_size
from training.awq.options import parse_options
from training.awq.padding import check_after_padding
from training.awq.quality import LossLimits, Measurement, compare
from training.awq.quality import main as measure_losses
from training.awq.quantising import described
from training.calibrate_awq import main
from training.checkpoints.rewriting import CheckpointReader
from training.fine_tuning.examples import read_questions
from training.recipe import AwqSettings

AWQ_PYTHON = BACKENDS["autoawq"].python
needs_awq = pytest.mark.skipif(not AWQ_PYTHON.is_file(), reason=f"{AWQ_PYTHON} is not there: run `make awq-env`")


@pytest.fixture(scope="module")
def encoder() -> ChatEncoder:
    return ChatEncoder(EMBEDDED_MODEL)


@needs_smollm2
def test_blocks_are_full_and_hold_the_questions_as_the_model_sees_them(encoder: ChatEncoder) -> None:
    rows = read_questions(SAMPLE)
    blocks = calibration_blocks(DEVELOPMENT, rows, encoder, 512, None, seed=1)
    assert {len(block) for block in blocks} == {512}
    text = encoder.tokenizer.decode([token for block in blocks for token in block])
    shown = [row for row in rows if row.question.strip().splitlines()[0] in text]
    assert len(shown) > 0.9 * len(rows)
    assert text.count("<|im_start|>system") >= 0.9 * len(rows)
    generic = calibration_blocks(GENERIC, rows, encoder, 512, None, seed=1)
    assert len(generic) == len(blocks) and {len(block) for block in generic} == {512}
    assert encoder.tokenizer.eos_token_id not in generic[0]


@needs_smollm2
def test_questions_are_cut_as_inference_cuts_them(encoder: ChatEncoder) -> None:
    translation = next(row for row in read_questions(SAMPLE) if "bleu" in row.metric)
    long_answer = replace(translation, truth=" ".join(f"Titel {number}" for number in range(400)))
    choice = {
        "input_field": "Which of these is a fruit?\n0. apple\n1. brick\n2. chair\n3. spoon\nAnswer:",
        "output_field": 0,
        "task_type": "multiple-choice",
        "task_name": "fruit",
    }
    ranking_in_weights = {
        "input_field": "Rank the products for the query lamp. Output a permutation of 1 to 3, comma-separated.\n"
        "Product List:\n1. lamp\n2. desk\n3. cable\nOutput:",
        "output_field": [0.0, 1.0, 0.1],
        "task_type": "ranking",
        "task_name": "rank",
    }
    asked = [long_answer, *(sample_of(row, scored=False) for row in (choice, ranking_in_weights))]
    long, short, ranking = encode_questions(asked, encoder, 256)
    assert len(long.prompt) + len(long.answer) <= 256 and long.answer[-1] != encoder.tokenizer.eos_token_id
    assert encoder.tokenizer.decode(short.answer) == "0<|im_end|>" and short.known
    assert encoder.tokenizer.decode(ranking.answer) == "2,3,1<|im_end|>" and ranking.known


@needs_smollm2
def test_prompts_that_are_cut_are_counted_in_one_line(
    encoder: ChatEncoder, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    asked = [row for row in read_questions(SAMPLE) if row.task_type == TaskType.RANKING]
    longest = max(len(question.prompt) + len(question.answer) for question in encode_questions(asked, encoder, 4000))
    assert "cut" not in capsys.readouterr().out
    encode_questions(asked, encoder, longest - 1)
    printed = [line for line in capsys.readouterr().out.splitlines() if "cut" in line]
    assert len(printed) == 1 and printed[0].startswith(f"1 of {len(asked)} prompts cut") and not caplog.records


def test_the_largest_group_that_divides_is_taken() -> None:
    assert largest_group_size({"hidden_size": 8192, "num_attention_heads": 64}) == 128
    assert largest_group_size({"hidden_size": 576, "num_attention_heads": 9, "head_dim": 64}) == 64
    with pytest.raises(ShopBenchError, match="divide into none"):
        largest_group_size({"hidden_size": 100, "num_attention_heads": 5})


QWEN2_HALF_BILLION = {
    "hidden_size": 896,
    "num_attention_heads": 14,
    "num_key_value_heads": 2,
    "intermediate_size": 4864,
    "vocab_size": 151_936,
}


def test_the_largest_group_looks_at_the_cards() -> None:
    assert [largest_group_size(QWEN2_HALF_BILLION, cards) for cards in (1, 2)] == [128, 64]
    check_after_padding(QWEN2_HALF_BILLION, largest_group_size(QWEN2_HALF_BILLION, 2), 2)
    # No group divides 14 heads over 4 cards: what is in the way is named, not the groups.
    with pytest.raises(ShopBenchError, match="14 attention heads are no multiple of 4"):
        check_after_padding(QWEN2_HALF_BILLION, largest_group_size(QWEN2_HALF_BILLION, 4), 4)


@given(
    heads=st.integers(1, 64),
    head_dim=st.sampled_from([32, 64, 80, 96, 128]),
    cards=st.sampled_from([1, 2, 3, 4, 8]),
    chosen=st.sampled_from([None, 128, 64, 32]),
)
def test_what_a_refusal_proposes_would_do(heads: int, head_dim: int, cards: int, chosen: int | None) -> None:
    config = {
        **{"hidden_size": heads * head_dim, "num_attention_heads": heads, "head_dim": head_dim},
        **{"intermediate_size": 11_008, "vocab_size": 151_936},
    }
    try:
        check_after_padding(config, chosen or largest_group_size(config, cards), cards)
    except ShopBenchError as error:
        if "would do" in str(error):
            size = re.search(r"--group-size (\d+)", str(error))
            fewer = re.search(r"--tensor-parallel (\d+)", str(error))
            given_size = int(size[1]) if size else chosen or largest_group_size(config, cards)
            check_after_padding(config, given_size, int(fewer[1]) if fewer else cards)
        else:
            # Then not even one card can be served in a group that is no larger than the one given.
            assert heads * head_dim % 32 or (chosen is not None and heads * head_dim % chosen)


def test_a_refusal_names_the_way_out() -> None:
    with pytest.raises(ShopBenchError, match=r"Groups of 64 would do: --group-size 64 .*awq\.group_size: 64"):
        check_after_padding(QWEN2_HALF_BILLION, 128, 2)
    with pytest.raises(ShopBenchError, match="Fewer cards would do: --tensor-parallel 2 --group-size 64"):
        check_after_padding(QWEN2_HALF_BILLION, 128, 4)


def test_the_report_names_the_cards_and_only_the_questions_that_were_used() -> None:
    arguments = ["--model", "model", "--output", "out", "--tensor-parallel", "2"]
    measured = described(parse_options([*arguments, "--held-out", "held.jsonl"]), 64, 10)
    assert (measured["tensor_parallel"], measured["group_size"], measured["held_out"]) == (2, 64, "held.jsonl")
    skipped = described(parse_options([*arguments, "--no-quality"]), 64, 10)
    assert "held_out" not in skipped and skipped["quality_measured"] is False


def test_every_setting_of_a_recipe_is_an_option_of_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    folders = ["--model", "model", "--output", "out"]
    assert parse_options(folders).settings == AwqSettings()
    given = ["--calibration", "generic", "--group-size", "64", "--max-blocks", "3", "--clip", "--no-quality"]
    assert parse_options([*folders, *given]).settings == AwqSettings(
        calibration="generic", group_size=64, max_blocks=3, clip=True, quality=False
    )
    with pytest.raises(SystemExit):
        parse_options(["--help"])
    help_text = capsys.readouterr().out
    for name in AwqSettings.model_fields:
        assert f"--{'no-' if name == 'quality' else ''}{name.replace('_', '-')} " in help_text, name


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--group-size", "48", "--group-size: .*choose 128, 64, 32"),
        ("--block", "0", "--block: .*greater than 0"),
        ("--tensor-parallel", "four", "--tensor-parallel: .*integer"),
    ],
)
def test_an_option_that_cannot_be_used_is_named(option: str, value: str, message: str) -> None:
    with pytest.raises(ShopBenchError, match=message):
        parse_options(["--model", "model", "--output", "out", option, value])


@needs_smollm2
def test_a_killed_calibration_leaves_no_autoawq_behind(tmp_path: Path) -> None:
    # Stands in for AutoAWQ's interpreter: it says who it is, and would write long after the command was killed.
    python = tmp_path / "python"
    python.write_text(
        f"#!/bin/sh\necho $$ > {tmp_path}/pid.tmp\nmv {tmp_path}/pid.tmp {tmp_path}/pid\nexec sleep 600\n"
    )
    python.chmod(0o755)
    few = tmp_path / "few.jsonl"
    few.write_text("".join(SAMPLE.read_text().splitlines(keepends=True)[::12]))
    options = ["--model", str(EMBEDDED_MODEL), "--output", str(tmp_path / "awq"), "--calibration", str(few)]
    options += [
        "--tensor-parallel",
        "1",
        "--block",
        "128",
        "--max-blocks",
        "2",
        "--no-quality",
        "--python",
        str(python),
    ]
    with subprocess.Popen([sys.executable, "-m", "training.calibrate_awq", *options], cwd=ROOT) as command:
        assert comes_true(lambda: (tmp_path / "pid").is_file() or command.poll() is not None)
        assert command.poll() is None
        autoawq = int((tmp_path / "pid").read_text())
        command.kill()
    try:
        assert comes_true(lambda: not runs(autoawq))
    finally:
        if runs(autoawq):
            os.kill(autoawq, signal.SIGKILL)


def runs(process: int) -> bool:
    """Whether a process is there and has not ended; nobody may have waited for one that has."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def comes_true(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)
    return condition()


@pytest.fixture(scope="module")
def quantised(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole run on the tiny model; its parent holds the model it was made from."""
    return quantise_tiny(tmp_path_factory.mktemp("awq"), "awq")


def unpacked(reader: CheckpointReader, name: str) -> torch.Tensor:
    """Return the float weight (outputs, inputs) of a linear layer in AutoAWQ's GEMM format."""
    order = numpy.array([0, 4, 1, 5, 2, 6, 3, 7])

    def nibbles(packed: torch.Tensor) -> torch.Tensor:
        shifts = torch.from_numpy(4 * order)
        return ((packed.long()[..., None] >> shifts) & 15).flatten(-2)

    scales = reader.tensor(f"{name}.scales").float().repeat_interleave(GROUP_SIZE, 0)
    zeros = nibbles(reader.tensor(f"{name}.qzeros")).repeat_interleave(GROUP_SIZE, 0)
    return ((nibbles(reader.tensor(f"{name}.qweight")) - zeros) * scales).T


@needs_smollm2
@needs_awq
def test_the_quantised_layers_compute_what_the_padded_ones_do(quantised: Path) -> None:
    check_weights(quantised.parent / "staged", quantised, GROUP_SIZE)
    base, result = CheckpointReader(quantised.parent / "staged"), CheckpointReader(quantised)
    prefix = "model.layers.0"
    for norm, linear in (
        ("input_layernorm", "self_attn.q_proj"),
        ("input_layernorm", "self_attn.v_proj"),
        ("post_attention_layernorm", "mlp.gate_proj"),
    ):
        # AWQ moves a factor from the norm into the columns of the layers after it: only their product stays.
        before = base.tensor(f"{prefix}.{linear}.weight").float() * base.tensor(f"{prefix}.{norm}.weight").float()
        after = unpacked(result, f"{prefix}.{linear}") * result.tensor(f"{prefix}.{norm}.weight").float()
        print(linear, (before - after).norm() / before.norm())
        assert (before - after).norm() / before.norm() < 0.15, linear
    down = unpacked(result, f"{prefix}.mlp.down_proj")
    assert down.shape[1] == PADDED


@needs_smollm2
@needs_awq
def test_a_damaged_checkpoint_is_found_out(quantised: Path, tmp_path: Path) -> None:
    staged = quantised.parent / "staged"
    tensors = load_file(quantised / "model.safetensors")
    scales = "model.layers.0.mlp.up_proj.scales"
    infinite = tensors[scales].clone()
    infinite[0, 0] = torch.inf
    for damage, message in (
        ({name: tensor for name, tensor in tensors.items() if name != "model.norm.weight"}, "lacks 1 of"),
        ({**tensors, scales: infinite}, "not finite"),
        ({**tensors, scales: tensors[scales][:-1].clone()}, "has the shape"),
        ({**tensors, "model.layers.1.mlp.up_proj.scales": tensors[scales].clone()}, "does not account for"),
    ):
        save_file(damage, tmp_path / "model.safetensors", metadata={"format": "pt"})
        with pytest.raises(ShopBenchError, match=message):
            check_weights(staged, tmp_path, GROUP_SIZE)


@needs_smollm2
@needs_awq
def test_a_reader_that_sees_another_rope_base_or_template_is_found_out(quantised: Path, tmp_path: Path) -> None:
    base = quantised.parent / "base"
    check_readers(base, quantised, AWQ_PYTHON)
    config = json.loads((quantised / "config.json").read_text())
    folder = shutil.copytree(quantised, tmp_path / "copy")

    def written(changed: dict[str, object]) -> Path:
        (folder / "config.json").write_text(json.dumps(changed))
        return folder

    # transformers 4 does not know rope_parameters and would fall back to 10,000.
    with pytest.raises(
        ShopBenchError, match=r"transformers 4 reads rope_theta = 10000\.0, the original has 1000000\.0"
    ):
        check_readers(base, written({key: value for key, value in config.items() if key != "rope_theta"}), AWQ_PYTHON)
    wrong = {**config, "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0}}
    with pytest.raises(ShopBenchError, match="transformers 5 and vLLM reads rope_theta"):
        check_readers(base, written(wrong), AWQ_PYTHON)
    with pytest.raises(ShopBenchError, match="no AWQ quantization_config"):
        check_readers(
            base, written({key: value for key, value in config.items() if key != "quantization_config"}), AWQ_PYTHON
        )
    written(config)
    (folder / "chat_template.jinja").write_text("{{ messages[0]['content'] }}")
    with pytest.raises(ShopBenchError, match="reads prompt"):
        check_readers(base, folder, AWQ_PYTHON)


def test_what_quantisation_cost_is_compared_and_limited() -> None:
    choice, text = TaskType.MULTIPLE_CHOICE.value, TaskType.GENERATION.value
    greedy = [(choice, "1"), (choice, "2"), (choice, "3"), (choice, "0"), (text, "a lamp")]
    before = Measurement(10.0, 0.40, served=greedy, greedy=greedy)
    after = Measurement(
        11.0,
        0.38,
        served=[(choice, "1"), (choice, "3"), (choice, "2"), (choice, "1"), (text, "a desk")],
        greedy=[(choice, "1"), (choice, "2"), (choice, "3"), (choice, "1"), (text, "a desk")],
    )
    loss = compare(before, after)
    assert (loss.choice_agreement, loss.agreement, loss.served_choice_agreement) == (0.75, 0.6, 0.25)
    assert loss.violations(LossLimits(1.2, 0.03, 0.7)) == []
    assert [violation.split()[0] for violation in loss.violations(LossLimits(1.05, 0.01, 0.8))] == ["the", "the", "75%"]
    assert "10.00 to 11.00" in loss.violations(LossLimits(1.05, 0.03, 0.7))[0]
    broken = compare(before, Measurement(float("nan"), 0.40, greedy, greedy))
    assert len(broken.violations(LossLimits(1.2, 0.03, 0.7))) == 1


@needs_smollm2
def test_what_cannot_be_done_is_said_before_anything_is_made(tmp_path: Path) -> None:
    output = tmp_path / "out"
    arguments = ["--model", str(EMBEDDED_MODEL), "--output", str(output)]
    with pytest.raises(ShopBenchError, match="9 attention heads are no multiple of 4"):
        main(arguments)
    with pytest.raises(ShopBenchError, match="make awq-env"):
        main([*arguments, "--tensor-parallel", "1", "--python", str(tmp_path / "none")])
    assert not list(tmp_path.iterdir())


@needs_smollm2
def test_folders_of_one_name_would_share_a_report(tmp_path: Path) -> None:
    folders = ["--model", str(EMBEDDED_MODEL), "--quantised", str(tmp_path / EMBEDDED_MODEL.name)]
    with pytest.raises(ShopBenchError, match="same name"):
        measure_losses([*folders, "--questions", str(SAMPLE), "--work", str(tmp_path / "work")])
    assert not list(tmp_path.iterdir())
