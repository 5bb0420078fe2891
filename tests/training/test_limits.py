"""How long a run learns, as it is asked for by the verbs: at its beginning, and when it goes on."""

from __future__ import annotations

import csv
import random
import shlex
from pathlib import Path
from typing import Any

import pytest

import throughtime
from throughtime import verbs
from throughtime.cli.main import main
from throughtime.errors import ThroughtimeError
from throughtime.storage.folder import RunFolder
from throughtime.training.checkpoint import read_progress

SMALL: dict[str, Any] = {"vectors": ("none",), "embedding_size": 4, "hidden_size": 4, "batch_size": 8}
WORDS = ["--vectors", "none", "--embedding-size", "4", "--hidden-size", "4", "--batch-size", "8"]
EPOCH = 8  # steps: 64 of 80 texts, 8 in a batch


@pytest.fixture
def data(tmp_path: Path) -> Path:
    draw = random.Random(0)
    rows = [f"{draw.choice(['good', 'bad'])} film {n},{draw.choice(['pos', 'neg'])}\n" for n in range(80)]
    (tmp_path / "reviews.csv").write_text("text,label\n" + "".join(rows))
    return tmp_path / "reviews.csv"


def steps(run: Path) -> int:
    with (run / "metrics.csv").open() as file:
        return int(list(csv.DictReader(file))[-1]["step"])


def limits(run: Path) -> tuple[Any, ...]:
    settings = verbs.stored_settings(run)
    return settings.steps, settings.epochs, settings.minutes, settings.patience


def test_what_is_asked_for_and_what_that_leaves_of_the_defaults(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for words, expected, said in (
        (["--minutes", "7"], (None, 12, 7.0, 12), "12 epochs, 7 minutes or 12 evaluations without improvement"),
        (["--epochs", "1"], (None, 1, None, 12), "1 epoch or 12 evaluations without improvement"),
        (["--epochs", "12"], (None, 12, None, 12), "12 epochs or 12 evaluations without improvement"),
        (["--steps", "3", "--minutes", "8"], (3, None, 8.0, 12), "3 steps, 8 minutes or 12 evaluations without"),
        (["--steps", "3", "--evaluate-every", "1"], (3, None, None, None), "stops after 3 steps\n"),
        (["--minutes", "None"], (None, 12, None, 12), "12 epochs or 12 evaluations without improvement"),
    ):
        run = tmp_path / "-".join(words)
        assert main(["train", "sentiment", str(data), "--out", str(run), *WORDS, *words]) == 0
        assert limits(run) == expected
        assert said in capsys.readouterr().err
    with pytest.raises(ThroughtimeError, match="found no limit"):
        throughtime.train("sentiment", "missing.csv", out=tmp_path / "x", epochs=None, minutes=None, patience=None)


def test_limits_of_a_run_that_goes_on_are_what_it_learns_more(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run = tmp_path / "run"
    begin = ["train", "sentiment", str(data), "--out", str(run), *WORDS, "--schedule", "constant", "--steps", "5"]
    again = ["train", "sentiment", "--out", str(run), "--resume"]
    assert main(begin) == 0
    weights = (run / "checkpoint" / "state.safetensors").read_bytes()
    assert main(again) == 0  # to the limit that it has, which is reached
    assert (run / "checkpoint" / "state.safetensors").read_bytes() == weights
    capsys.readouterr()
    for words, total, stored in (
        (["--steps", "5"], 10, (10, None, None)),  # as many as before are as many more
        (["--epochs", "1"], 3 * EPOCH, (None, 3, None)),  # the second has begun and is ended first
        (["--steps", "2"], 3 * EPOCH + 2, (3 * EPOCH + 2, None, None)),
    ):
        assert main([*again, *words]) == 0
        assert steps(run) == total
        assert limits(run)[:3] == stored
    assert "stops after 5 more steps or" in capsys.readouterr().err
    throughtime.train("sentiment", out=run, resume=True, steps=4, quiet=True)
    assert steps(run) == 3 * EPOCH + 6


def test_more_in_two_parts_is_as_much_at_once(data: Path, tmp_path: Path) -> None:
    settings = SMALL | {"schedule": "constant", "quiet": True}
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    throughtime.train("sentiment", data, out=whole, steps=13, **settings)
    throughtime.train("sentiment", data, out=parts, steps=6, **settings)
    throughtime.train("sentiment", out=parts, steps=7, resume=True, quiet=True)
    one, other = (read_progress(RunFolder(run).checkpoint) for run in (whole, parts))
    assert (one.step, one.epoch, one.batch) == (other.step, other.epoch, other.batch) == (13, 1, 5)
    assert one.total.loss == other.total.loss


def test_the_printed_hint_works_as_it_is_printed(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Also after a stop for want of improvement: with new limits the waiting begins anew."""
    run = tmp_path / "a run"
    words = ["--steps", "400", "--patience", "1", "--evaluate-every", "4"]
    assert main(["train", "sentiment", str(data), "--out", str(run), *WORDS, *words]) == 0
    said = capsys.readouterr()
    assert "stopped: 1 evaluations without improvement" in said.err
    before = steps(run)
    (hint,) = (line for line in said.out.splitlines() if "--resume" in line)
    name, *command = shlex.split(hint, comments=True)
    assert name == "throughtime"
    assert main(command) == 0
    assert steps(run) > before
    assert "stops after 10 more minutes or 1 evaluation without improvement" in capsys.readouterr().err
