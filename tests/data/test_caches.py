"""What is kept in the cache: made anew where it is damaged or of a file that has changed, and nothing is left lying."""

from __future__ import annotations

import os
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest

from throughtime.data.archives import read_members
from throughtime.data.sources import quick_checksum, state
from throughtime.errors import DataError
from throughtime.storage.atomic import written_apart


def test_a_file_of_the_same_size_and_time_is_another_state(tmp_path: Path) -> None:
    path = tmp_path / "text"
    path.write_text("one")
    before, times = state(path), (path.stat().st_atime_ns, path.stat().st_mtime_ns)
    assert state(path) == before
    time.sleep(0.02)  # a tick of the clock of file systems
    path.write_text("two")
    os.utime(path, ns=times)
    assert state(path)[:3] == before[:3]
    assert state(path) != before


def test_one_changed_bit_changes_the_checksum(tmp_path: Path) -> None:
    path = tmp_path / "numbers"
    content = bytearray(np.random.default_rng(0).bytes(3 * 2**20))
    path.write_bytes(content)
    before = quick_checksum(path)
    content[2 * 2**20 + 5] ^= 16
    path.write_bytes(content)
    assert quick_checksum(path) != before


def test_what_a_killed_process_left_is_removed_and_what_another_writes_is_not(tmp_path: Path) -> None:
    for name in ("writing-old", "writing-new"):
        (tmp_path / name).write_bytes(b"half")
    os.utime(tmp_path / "writing-old", (0, 0))
    with written_apart(tmp_path / "kept") as file:
        file.write(b"whole")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["kept", "writing-new"]


def test_a_damaged_archive_is_one_sentence(tmp_path: Path) -> None:
    path = tmp_path / "score.mxl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("score.xml", "<score>" + "note " * 400 + "</score>")
    content = bytearray(path.read_bytes())
    start = content.index(b"score.xml") + len(b"score.xml")
    content[start : start + 9] = b"\xff" * 9  # no deflated stream begins like that
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"score\.mxl: found an archive that cannot be read"):
        list(read_members(path, lambda _: True))
