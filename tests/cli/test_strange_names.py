"""What stands in a file's name does nothing to the terminal on which it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from throughtime.cli.main import main


def test_control_characters_of_a_name_are_written_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "\x1b[31m\x07red.csv"
    path.write_text("a\n")
    assert main(["check", "trajectory", str(path)]) == 2
    said = capsys.readouterr().err.splitlines()[-1]
    assert said.startswith("throughtime: ")
    assert r"\x1b[31m\x07red.csv" in said
    assert said.isprintable()
