"""What a run will take: from its pace, its limits, and the meters of the processors."""

from __future__ import annotations

from pathlib import Path

import pytest

from helpers.power import meters
from throughtime.settings import TrainingSettings
from throughtime.training import forecast
from throughtime.training.forecast import Forecast, seconds_left
from throughtime.training.progress import Progress


def test_the_nearest_limit_counts() -> None:
    progress = Progress(batches=100, epoch=1, batch=50, step=150, seconds=30)
    assert seconds_left(progress, TrainingSettings(steps=1_150), 0.2) == pytest.approx(200)
    assert seconds_left(progress, TrainingSettings(steps=1_150, epochs=2), 0.2) == pytest.approx(10)
    assert seconds_left(progress, TrainingSettings(epochs=3, accumulate=2), 0.2) == pytest.approx(15)
    assert seconds_left(progress, TrainingSettings(epochs=3, minutes=0.55), 0.2) == pytest.approx(3)
    assert seconds_left(progress, TrainingSettings(patience=3), 0.2) is None


def said(monkeypatch: pytest.MonkeyPatch, settings: TrainingSettings, folder: Path, pace: float) -> list[str | None]:
    """What is said after each of 60 steps of that many seconds, 20 watts."""
    now = 0.0
    monkeypatch.setattr(forecast.time, "monotonic", lambda: now)
    progress, found = Progress(batches=10), []
    watched = Forecast(progress, settings, folder)
    for step in range(1, 61):
        now, progress.step = now + (10 if step == 1 else pace), step
        if any(folder.iterdir()):
            meters(folder, round(20e6 * now))
        found.append(watched.stepped())
    return found


def test_said_once_after_fifty_steps(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = said(monkeypatch, TrainingSettings(steps=7_250), meters(tmp_path, 0), 0.5)
    assert [step for step, sentence in enumerate(found, 1) if sentence] == [50]
    assert found[49] is not None
    assert found[49].startswith("0.5 s a step: 1:00:00 and 7,200 steps to go, ")
    assert "an estimated 0.02 kWh (the processors' meters over these steps)" in found[49]


def test_slow_steps_are_not_waited_for(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = said(monkeypatch, TrainingSettings(steps=100), tmp_path, 20)
    assert [step for step, sentence in enumerate(found, 1) if sentence] == [4]
    assert found[3] is not None
    assert "energy unknown" in found[3]


def test_of_a_short_run_nothing_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert not any(said(monkeypatch, TrainingSettings(steps=200), tmp_path, 0.5))
