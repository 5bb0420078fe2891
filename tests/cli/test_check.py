"""`check`: what is said of data before anything is learned, and what a run remembers of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from throughtime.cli.main import main

SMALL = ["--vectors", "none", "--hidden-size", "4", "--embedding-size", "4", "--quiet"]


def reviews(path: Path, count: int = 60, extra: str = "") -> Path:
    rows = [f"the film number {n} was {'good' if n % 3 else 'bad'},{'pos' if n % 3 else 'neg'}" for n in range(count)]
    path.write_text("text,label\n" + "\n".join(rows) + "\n" + extra)
    return path


def test_it_says_how_the_data_is_understood_and_learns_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", "sentiment", str(reviews(tmp_path / "r.csv"))]) == 0
    said = capsys.readouterr().out
    assert "neg" in said
    assert "33.3%" in said or "share" in said
    assert "drawn by the seed 0" in said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["r.csv"]


def test_json_has_counts_checksums_and_examples(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = reviews(tmp_path / "r.csv")
    assert main(["check", "sentiment", str(path), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)
    assert {name: split["examples"] for name, split in first["splits"].items()} == {"train": 48, "valid": 6, "test": 6}
    assert sum(first["splits"]["train"]["classes"].values()) == 48
    assert len(first["shown"]) == 3
    path.write_text(path.read_text().replace("number 7 was good,pos", "number 7 was good,neg"))
    main(["check", "sentiment", str(path), "--json"])
    second = json.loads(capsys.readouterr().out)
    sums = [{name: split["checksum"] for name, split in read["splits"].items()} for read in (first, second)]
    changed = [name for name in sums[0] if sums[0][name] != sums[1][name]]
    assert len(changed) == 1


def test_what_looks_wrong_is_exit_status_1_and_what_cannot_be_read_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    twice = reviews(tmp_path / "twice.csv", extra="the film number 1 was good,neg\n")
    assert main(["check", "sentiment", str(twice)]) == 1
    assert "two labels: an example that stands elsewhere with another label" in capsys.readouterr().out
    assert main(["check", "sentiment", str(tmp_path / "nothing.csv")]) == 2
    assert "nothing.csv" in capsys.readouterr().err
    few = reviews(tmp_path / "few.csv", count=9)
    assert main(["check", "sentiment", str(few)]) == 1
    assert "fewer than 10 examples to learn from" in capsys.readouterr().out


def test_held_out_examples_that_are_among_those_of_training_are_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train, valid = reviews(tmp_path / "train.csv"), reviews(tmp_path / "valid.csv", count=2)
    test = tmp_path / "test.csv"
    test.write_text("text,label\na new one,pos\nthe film number 5 was good,pos\n")
    parts = ["--train", str(train), "--valid", str(valid), "--test", str(test)]
    assert main(["check", "sentiment", *parts]) == 1
    said = " ".join(capsys.readouterr().out.split())
    assert f"an example of the test split that is among those of training ({test}, line 3)" in said
    assert f"an example of the valid split that is among those of training, 2 times ({valid}, lines 2, 3)" in said


def test_an_evaluation_says_which_examples_the_run_learned_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data, run = reviews(tmp_path / "r.csv"), tmp_path / "run"
    assert main(["train", "sentiment", str(data), "--out", str(run), "--steps", "1", *SMALL]) == 0
    stored = json.loads((run / "data.json").read_text())
    assert stored["splits"]["train"]["examples"] == 48
    capsys.readouterr()
    new = tmp_path / "new.csv"
    new.write_text("text,label\nnobody has seen this,pos\nnor this one,neg\n")
    assert main(["evaluate", str(run), str(new)]) == 0
    assert "learned from" not in capsys.readouterr().err
    assert main(["evaluate", str(run), str(data)]) == 0
    assert "learned from: an example that this run learned from, 48 times" in capsys.readouterr().err


def test_what_cannot_be_split_is_told_with_how_it_was_understood(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few.csv"
    few.write_text("text;label\ngood film;pos\nbad film;neg\n")
    assert main(["check", "sentiment", str(few)]) == 2
    said = capsys.readouterr().err
    assert "found 2 independent examples" in said
    assert "semicolon" in said
