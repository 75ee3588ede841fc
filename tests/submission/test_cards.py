"""Which profile is taken where nothing names one: by the cards that PyTorch can use."""

from pathlib import Path

import pytest
import torch

from submission import cards
from submission.errors import ShopBenchError
from submission.profiles import CPU, T4X4, choose_profile
from submission.settings import Settings


@pytest.fixture(autouse=True)
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Stand in for a machine without cards: its device files and what its PATH holds lie in the folder returned."""
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(cards, "_DEVICES", tmp_path / "dev")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    for folder in ("bin", "dev"):
        (tmp_path / folder).mkdir()
    return tmp_path


def add_tool(machine: Path) -> Path:
    tool = machine / "bin" / "nvidia-smi"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    return tool


def test_without_cards_the_cpu_answers() -> None:
    assert choose_profile(None) is CPU


def test_usable_cards_are_taken(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_tool(machine)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert choose_profile(None) is T4X4


def test_device_files_of_cards_that_torch_cannot_use_are_an_error(machine: Path) -> None:
    for name in ("nvidia0", "nvidia3", "nvidiactl"):
        (machine / "dev" / name).touch()
    with pytest.raises(ShopBenchError, match=r"nvidia0, .*nvidia3\).*580.*cuda-compat.*SHOPBENCH_PROFILE=cpu"):
        choose_profile(None)


def test_the_drivers_tool_alone_is_a_sign_of_cards(machine: Path) -> None:
    tool = add_tool(machine)
    with pytest.raises(ShopBenchError, match=rf"\({tool}\)"):
        choose_profile(None)


def test_the_drivers_control_file_alone_is_no_card(machine: Path) -> None:
    (machine / "dev" / "nvidiactl").touch()
    assert choose_profile(None) is CPU


def test_a_profile_that_is_named_is_not_questioned(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    add_tool(machine)
    monkeypatch.setenv("SHOPBENCH_PROFILE", "cpu")
    assert choose_profile(Settings.from_environment().profile) is CPU


def test_the_cards_start_without_peer_to_peer_and_read_weights_in_order() -> None:
    assert T4X4.environment["NCCL_P2P_DISABLE"] == "1"
    assert T4X4.engine["safetensors_load_strategy"] == "prefetch"
    assert "NCCL_P2P_DISABLE" not in CPU.environment
