from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path

import pytest

from throughtime.cli.main import main

STORED = Path(__file__).parents[1] / "tasks" / "stored_runs" / "sentiment" / "run"
TEXTS = ["the plot was good", "", "bad music"]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    monkeypatch.setenv("THROUGHTIME_CACHE", str(tmp_path / "cache"))
    shutil.copytree(STORED, tmp_path / "run")
    (tmp_path / "new.csv").write_text("id,text\n" + "".join(f"{n},{text}\n" for n, text in enumerate(TEXTS)))
    return ["predict", str(tmp_path / "run"), str(tmp_path / "new.csv"), "--out"]


def test_answers_are_written_as_their_file_is_called(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("answers.csv", "answers.jsonl", "answers.txt"):
        assert main([*asked, str(tmp_path / name)]) == 0
        assert capsys.readouterr().out == ""
    with (tmp_path / "answers.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["number"], row["text"]) for row in rows] == [("1", TEXTS[0]), ("2", ""), ("3", TEXTS[2])]
    objects = [json.loads(line) for line in (tmp_path / "answers.jsonl").read_text().splitlines()]
    assert [row["label"] for row in rows] == [one["label"] or "" for one in objects]
    assert float(rows[0]["probabilities.good"]) == objects[0]["probabilities"]["good"]
    assert rows[1]["probabilities.good"] == ""
    assert [line.split("\t")[0] for line in (tmp_path / "answers.txt").read_text().splitlines()][1] == "(no words)"


def test_what_goes_wrong_leaves_the_file_that_was_there(
    asked: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "answers.jsonl"
    out.write_text("old")
    assert main([*asked[:2], "missing.csv", "--out", str(out)]) == 2
    assert main([*asked, str(tmp_path)]) == 2
    assert "found a folder, expected a place for a file" in capsys.readouterr().err
    assert main([*asked, str(tmp_path / "none" / "a.csv")]) == 2
    assert (out.read_text(), sorted(path.name for path in tmp_path.glob("*answers*"))) == ("old", ["answers.jsonl"])
