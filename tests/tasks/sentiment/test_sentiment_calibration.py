"""Temperatures of a classifier of texts: what is none, and what tells none."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from throughtime import verbs
from throughtime.cli.main import main
from throughtime.errors import DataError

STORED = Path(__file__).parents[1] / "stored_runs" / "sentiment" / "run"


@pytest.mark.parametrize("content", ["", "{}", '{"temperature": 0}', '{"temperature": NaN}', '{"temperature": "x"}'])
def test_what_is_no_temperature_is_one_sentence(content: str, tmp_path: Path) -> None:
    run = shutil.copytree(STORED, tmp_path / "run")
    (run / "calibration.json").write_text(content)
    with pytest.raises(DataError, match=r"calibration.json: found no temperature \(.*\), expected what training wrote"):
        verbs.Run(run)


def test_a_validation_split_that_tells_no_temperature_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """All of it is right: the more certain, the more probable."""
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))
    data = tmp_path / "reviews.csv"
    data.write_text("text,label\n" + "".join(f"good film {n},pos\nbad film {n},neg\n" for n in range(40)))
    words = ["--vectors", "none", "--embedding-size", "8", "--hidden-size", "8", "--epochs", "8", "--calibrate"]
    words += ["--learning-rate", "0.05", "--threads", "1", "--quiet"]
    assert main(["train", "sentiment", str(data), "--out", str(tmp_path / "run"), *words]) == 0
    assert "examples of the validation split tell no temperature" in capsys.readouterr().err
    assert verbs.Run(tmp_path / "run").task.temperature == 1.0
