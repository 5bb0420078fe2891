"""Bringing into the cache what applications read out of packages; that nothing is left out tests/house says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from throughtime.tasks.prefetch import carriers


@pytest.mark.skipif(not carriers(), reason="no application reads anything out of packages")
def test_without_a_network_the_command_says_one_sentence_and_exits_2(tmp_path: Path) -> None:
    (tmp_path / "shelf").mkdir()
    shelf = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(tmp_path / "shelf"), "THROUGHTIME_CACHE": str(tmp_path)}
    command = [sys.executable, "-m", "throughtime.tasks.prefetch"]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ | shelf, check=False)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert f"{carriers()[0].package}=={carriers()[0].version}" in done.stderr
