"""What a run tells: metrics.csv, TensorBoard, lines for people."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from helpers.scripted_run import rows
from helpers.toy_run import train
from throughtime.storage.folder import RunFolder
from throughtime.training.tree import load_tree


def test_metrics_events_and_lines_tell_the_same(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "run"
    settings = {"evaluate_every": 5, "optimiser": "sgd", "schedule": "exponential", "accumulate": 2}
    train(folder, "stream", {"steps": 12, **settings})
    outcome = train(folder, "stream", {"steps": 25, **settings}, resume=True)
    told = rows(folder)
    assert list(told[0]) == [
        "step",
        "epoch",
        "seconds",
        "train_loss",
        "valid_nll",
        "learning_rate",
        "gradient_norm",
        "sequences_per_second",
        "tokens_per_second",
    ]
    assert [row["step"] for row in told] == [5, 10, 12, 15, 20, 25]
    assert min(row["valid_nll"] for row in told) == outcome.best
    assert all(row["gradient_norm"] > 0 and row["tokens_per_second"] > 0 for row in told)
    assert 1.0 < told[0]["train_loss"] < 3.0
    assert [row["seconds"] for row in told] == sorted(row["seconds"] for row in told)

    events = EventAccumulator(str(folder / "events"))
    events.Reload()
    assert sorted(events.Tags()["scalars"]) == sorted(set(told[0]) - {"step"})
    for name in events.Tags()["scalars"]:
        found = [(event.step, event.value) for event in events.Scalars(name)]
        assert found == [(row["step"], pytest.approx(row[name], rel=1e-6)) for row in told]

    lines = capsys.readouterr().err.splitlines()
    evaluations = [line for line in lines if line.startswith("step ")]
    assert len(evaluations) == 6
    assert f"valid nll {told[-1]['valid_nll']:.4f}" in evaluations[-1]
    assert "sequences/s" in evaluations[-1]
    assert "tokens/s" in evaluations[-1]
    assert any(line.startswith("going on after step 12") for line in lines)
    assert lines[-1].startswith("stopped: limit of 25 steps; best nll")


def test_a_terminal_shows_a_live_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "200")
    train(tmp_path / "run", "stream", {"steps": 40, "evaluate_every": 5}, quiet=False)
    said = capsys.readouterr().err
    for words in (r"step \d+  loss \d", "best nll", r"\d sequences/s", r"\d tokens/s", r"\d:\d\d to go"):
        assert re.search(words, said), words
    assert "stopped: limit of 40 steps" in said


def test_rates_count_what_was_learned_from(tmp_path: Path) -> None:
    outcome = train(tmp_path / "run", "stream", {"epochs": 1})
    progress = load_tree(RunFolder(tmp_path / "run").checkpoint)["progress"]
    assert progress["total"]["tokens"] == 1999 // 4 * 4
    assert progress["total"]["sequences"] == 4 * progress["batches"]
    assert outcome.tokens_per_second == pytest.approx(progress["total"]["tokens"] / progress["total"]["seconds"])
    assert progress["total"]["seconds"] < outcome.seconds
