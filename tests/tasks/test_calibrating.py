"""Temperature scaling from `train` to `predict`, of every application with probabilities of classes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import throughtime
from helpers import tiny
from throughtime import tasks, verbs
from throughtime.cli.main import main
from throughtime.insight.calibration import best_temperature
from throughtime.tasks.base import Classifies

LIMITS = ["--steps", "30", "--evaluate-every", "10", "--threads", "1", "--quiet", "--learning-rate", "0.02"]
WITH_CLASSES = tasks.able(Classifies)


def trained(task: str, folder: Path, patch: pytest.MonkeyPatch, *more: str) -> tuple[Path, tuple[str, ...]]:
    patch.setenv("THROUGHTIME_CACHE", str(folder / "cache"))
    given = tiny.write(task, folder / "tiny")
    words = ["train", task, str(given.data), "--out", str(folder / "run"), *tiny.words(given.settings), *LIMITS, *more]
    assert main(words) == 0
    return folder / "run", given.inputs


@pytest.mark.parametrize("task", WITH_CLASSES)
def test_a_run_is_calibrated_on_the_validation_split(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run, _ = trained(task, tmp_path, monkeypatch)
    assert not (run / "calibration.json").exists()
    assert main(["train", task, "--out", str(run), "--resume", "--calibrate", "--quiet"]) == 0  # learns nothing more
    done = verbs.Run(run)
    task_itself: Any = done.task
    valid = done.paths.read(done.task).valid
    assert task_itself.temperature == best_temperature(*task_itself.class_probabilities(done.model, valid))
    # other weights are learned: nothing is answered by the temperature of those before
    assert main(["train", task, "--out", str(run), "--resume", "--no-calibrate", "--steps", "1", "--quiet"]) == 0
    assert not (run / "calibration.json").exists()


@pytest.mark.parametrize("task", WITH_CLASSES)
def test_a_calibrated_run_answers_and_is_judged_by_its_temperature(
    task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, inputs = trained(task, tmp_path, monkeypatch)
    raw = [answer["probabilities"] for answer in throughtime.predict(run, inputs)]
    verbs.Run(run).folder.write_calibration(2.5, {})
    for before, answer in zip(raw, throughtime.predict(run, inputs), strict=True):
        logits = np.log([*before.values()]) / 2.5
        assert [*answer["probabilities"].values()] == pytest.approx(np.exp(logits) / np.exp(logits).sum(), rel=1e-5)
        assert answer["label"] == max(before, key=lambda name: before[name])
    report = throughtime.evaluate(run, quiet=True)
    (shown,) = (table for table in report.tables if table.title == "how far probabilities are to be believed")
    assert [row[1] for row in shown.rows] == [1.0, 2.5]
    out = tmp_path / "out"
    capsys.readouterr()
    assert main(["stress", str(run), "--severities", "1", "--out", str(out)]) == 0
    said = capsys.readouterr().out
    assert "how sure it is, and how often right, calibrated (temperature 2.5)" in said
    one, other = json.loads((out / "stress.json").read_text())["calibrations"]
    assert [[row[2], row[3]] for row in shown.rows] == [[found["ece"], found["nll"]] for found in (one, other)]
    assert one["accuracy"] == other["accuracy"]
    assert one["confidence"] > other["confidence"]
    assert (out / "calibration.png").stat().st_size > 10_000
