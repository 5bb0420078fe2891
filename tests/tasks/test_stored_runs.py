"""Runs of another version: they answer as they did, and go on as they would have gone on.

stored_runs/make.py made them by four steps, at commit 01e734f; those of pictures and latent spaces when these came.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from helpers.runs import assert_alike, metrics
from throughtime import tasks
from throughtime.cli.main import main

STORED = Path(__file__).parent / "stored_runs"
TO_EIGHT = "4"
"""What `--resume --steps` must be told for eight steps in all, after the four of then."""
RUNS = sorted(path.name for path in STORED.iterdir() if (path / "run").is_dir())


@pytest.fixture
def stored(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A copy of a run with its data, in the folder that one is in."""
    shutil.copytree(STORED / request.param, tmp_path / request.param)
    config = tmp_path / request.param / "run" / "config.toml"
    text = config.read_text(encoding="utf-8")
    assert "DATA-FOLDER" in text
    config.write_text(text.replace("DATA-FOLDER", str(tmp_path / request.param / "data")), encoding="utf-8")
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    return str(request.param)


def test_there_is_one_of_every_application_of_then() -> None:
    assert RUNS
    assert {task_of(folder) for folder in RUNS} <= set(tasks.names)


def task_of(folder: str) -> str:
    """What a folder's run is one of: it begins with that, a variant goes on."""
    return folder.partition("-")[0]


@pytest.mark.parametrize("stored", RUNS, indirect=True)
def test_it_answers_as_it_did(stored: str, capsys: pytest.CaptureFixture[str]) -> None:
    inputs = sorted(map(str, [*Path(stored).glob("inputs/*"), *Path(stored).glob("inputs.txt")]))
    assert main(["predict", f"{stored}/run", *inputs, "--json"]) == 0
    said = capsys.readouterr().out.splitlines()
    then = (Path(stored) / "answers.jsonl").read_text(encoding="utf-8").splitlines()
    assert_alike([*map(json.loads, said)], [*map(json.loads, then)], 1e-4)


@pytest.mark.parametrize("stored", RUNS, indirect=True)
def test_it_goes_on_as_it_would_have(stored: str) -> None:
    assert main(["train", task_of(stored), "--out", f"{stored}/run", "--resume", "--steps", TO_EIGHT, "--quiet"]) == 0
    found, then = metrics(Path(stored) / "run" / "metrics.csv"), metrics(Path(stored) / "resumed.csv")
    assert [row["step"] for row in found] == ["2", "4", "6", "8"]
    for row, other in zip(found, then, strict=True):
        assert row.keys() == other.keys()
        numbers, expected = ({name: float(value) for name, value in one.items()} for one in (row, other))
        assert numbers == pytest.approx(expected, rel=1e-3)
