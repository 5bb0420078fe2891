"""Killed a dozen times, two opponents go on to the same bytes: optimisers, averages, augmentation, path lengths."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers import tiny
from helpers.processes import train_killed
from helpers.runs import assert_same_bytes
from throughtime.cli.main import main

LIMITS = ["--steps", "500", "--evaluate-every", "25", "--threads", "1", "--quiet"]


@pytest.mark.slow
@pytest.mark.parametrize("kills", [12])
@pytest.mark.parametrize("task", ["gan", "stylegan"])
def test_killed_at_random_moments_opponents_go_on_to_the_same_bytes(task: str, kills: int, tmp_path: Path) -> None:
    made = tiny.write(task, tmp_path / "tiny")
    whole, out = tmp_path / "whole", tmp_path / "run"

    def words(folder: Path) -> list[str]:
        return ["train", task, str(made.data), "--out", str(folder), *tiny.words(made.settings), *LIMITS]

    assert main(words(whole)) == 0
    assert train_killed(words(out), out, kills, 0.25, task) == kills
    assert_same_bytes(out, whole)
