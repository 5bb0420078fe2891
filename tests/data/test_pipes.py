"""Pipes are read to their end; those without one, and devices, are named."""

from __future__ import annotations

import os
from pathlib import Path
from threading import Thread

import pytest

from throughtime.data import pipes
from throughtime.data.text_files import read_lines
from throughtime.errors import DataError

pytestmark = pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs named pipes")


def _pipe(folder: Path) -> Path:
    os.mkfifo(folder / "pipe")
    return folder / "pipe"


def test_a_pipe_is_read_to_its_end(tmp_path: Path) -> None:
    path = _pipe(tmp_path)
    text = "".join(f"line {number}\n" for number in range(50_000))
    writer = Thread(target=path.write_text, args=(text,))
    writer.start()
    assert read_lines(path) == text.split("\n")[:-1]
    writer.join()


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "PATIENCE", 0.01)
    with pytest.raises(DataError, match="a pipe into which nobody has written"):
        read_lines(_pipe(tmp_path))


@pytest.mark.parametrize("link", [False, True])
def test_a_device_is_no_file(link: bool, tmp_path: Path) -> None:
    path = Path("/dev/zero")
    if link:
        path = tmp_path / "tracks.csv"
        path.symlink_to("/dev/zero")
    with pytest.raises(DataError, match="found a device, expected a file"):
        read_lines(path)


def test_a_pipe_without_end_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipes, "LARGEST", 2**20)
    path = _pipe(tmp_path)

    def pour() -> None:
        with path.open("wb") as file:
            try:
                while True:
                    file.write(b"a\n" * 1000)
                    file.flush()
            except BrokenPipeError:
                file.raw.close()

    writer = Thread(target=pour)
    writer.start()
    with pytest.raises(DataError, match="a pipe of more than 1 MiB"):
        read_lines(path)
    writer.join(10)
    assert not writer.is_alive()
