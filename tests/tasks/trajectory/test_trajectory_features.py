"""What the forecaster sees and how it is scored: whatever the place and the side, in closed form."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from moving_things import task, turning

from throughtime.tasks.trajectory.answers import answers
from throughtime.tasks.trajectory.scoring import baselines, path_scores, velocity_scores
from throughtime.tasks.trajectory.tracks.stacked import targets
from throughtime.tasks.trajectory.tracks.track import Track
from throughtime.tasks.trajectory.tracks.windows import Protocol, Window, full_windows

# -- what the network sees ---------------------------------------------------------------------------------------


def flights(count: int, seed: int) -> list[Track]:
    random = np.random.default_rng(seed)
    tracks = []
    for index in range(count):
        times = np.cumsum(random.uniform(0.01, 0.03, 25))
        start, velocity = random.uniform([-1, -1, 2], [1, 1, 4]), random.uniform(-3, 3, 3)
        path = start + velocity * times[:, None] - 4.9 * times[:, None] ** 2 * [0, 0, 1]
        tracks.append(Track(f"{index}", times, path + 1e-3 * random.standard_normal(path.shape)))
    return tracks


def moved(window: Window, turn: np.ndarray, shift: np.ndarray, later: float = 0.0) -> Window:
    return replace(
        window,
        times=window.times + later,
        asked=window.asked + later,
        positions=window.positions @ turn.T + shift,
        targets=targets(window) @ turn.T + shift,
    )


@pytest.mark.parametrize(("frame", "dimensions"), [("heading", 2), ("heading", 3), ("height", 3)])
def test_seen_from_elsewhere_the_forecast_is_the_same(tmp_path: Path, frame: str, dimensions: int) -> None:
    tracks = turning(20, 0) if dimensions == 2 else flights(20, 0)
    learner = task(tmp_path, frame=frame, observe=5, predict=4)
    learner.fit(tracks)
    torch.manual_seed(0)
    model = learner.model().eval()
    windows = full_windows(tracks, Protocol("points", 5, 4), 30)
    turn, shift = np.eye(dimensions), np.array([7.0, -4.0, 0.0 if frame == "height" else 2.0][:dimensions])
    turn[:2, :2] = [[math.cos(2), -math.sin(2)], [math.sin(2), math.cos(2)]]
    others = [moved(window, turn, shift, later=100.0) for window in windows]
    for one, other in zip(*(answers(model, learner.features, w, 0.9) for w in (windows, others)), strict=True):
        np.testing.assert_allclose(other["path"], one["path"] @ turn.T + shift, atol=1e-4)
        np.testing.assert_allclose(other["direction"], turn @ one["direction"], atol=1e-4)
        np.testing.assert_allclose(other["covariances"], turn @ one["covariances"] @ turn.T, atol=1e-4)
        np.testing.assert_allclose(other["speed"], one["speed"], rtol=1e-4)
        np.testing.assert_allclose(other["nll"], one["nll"], atol=1e-3)


def test_height_counts_where_it_may_and_place_where_it_may(tmp_path: Path) -> None:
    tracks = flights(20, 0)
    (window,) = full_windows(tracks, Protocol("points", 5, 4), 1)
    shifts = {"up": np.array([0, 0, 1.0]), "aside": np.array([1.0, 0, 0])}
    seen = {}
    for frame in ("world", "height", "heading"):
        learner = task(tmp_path, frame=frame, observe=5, predict=4)
        learner.fit(tracks)
        here = learner.features.arrays([window])["asked"]
        for name, shift in shifts.items():
            there = learner.features.arrays([moved(window, np.eye(3), shift)])["asked"]
            seen[frame, name] = bool(np.abs(here - there).max() > 1e-3)
    assert seen == {
        ("world", "up"): True, ("world", "aside"): True, ("height", "up"): True,
        ("height", "aside"): False, ("heading", "up"): False, ("heading", "aside"): False,
    }  # fmt: skip


def test_a_batch_is_as_its_rows_alone(tmp_path: Path) -> None:
    tracks = turning(20, 0)
    learner = task(tmp_path, observe=6, predict=8)
    learner.fit(tracks)
    torch.manual_seed(1)
    model = learner.model().eval()
    windows = full_windows(tracks, Protocol("points", 6, 8), 6)
    windows[1] = replace(windows[1], times=windows[1].times[-1:], positions=windows[1].positions[-1:])
    windows[3] = replace(windows[3], times=windows[3].times[-3:], positions=windows[3].positions[-3:])
    windows[4] = replace(windows[4], asked=windows[4].asked[:2], targets=targets(windows[4])[:2])
    together = answers(model, learner.features, windows, 0.9)
    for window, one in zip(windows, together, strict=True):
        (alone,) = answers(model, learner.features, [window], 0.9)
        for name in ("path", "covariances", "direction", "speed", "nll"):
            np.testing.assert_allclose(one[name], alone[name], rtol=1e-4, atol=1e-5)


def test_an_untrained_forecast_is_near_the_kalman_filters(tmp_path: Path) -> None:
    tracks = turning(30, 0)
    learner = task(tmp_path, observe=6, predict=8)
    learner.fit(tracks)
    torch.manual_seed(0)
    report = learner.evaluate(learner.model().eval(), tracks)
    kalman = min(scores["ade"] for name, scores in report.baselines.items() if name.startswith("Kalman"))
    assert report.metrics["ade"] == pytest.approx(kalman, rel=0.3)


# -- scores ------------------------------------------------------------------------------------------------------


def test_scores_by_hand() -> None:
    track = Track("a", np.arange(4.0), np.array([[0.0, 0], [1, 0], [1, 2], [1, 3]]))
    window = Protocol("points", 2, 2).window(track, 1)
    path = np.array([[4.0, 0.0], [1.0, 4.0]])
    scores = path_scores([window], [path], slowest=0.1)
    assert scores["ade"] == pytest.approx((math.hypot(3, 2) + 1) / 2)
    assert scores["fde"] == 1
    assert scores["direction"] == pytest.approx(90)  # along x in place of along y
    assert scores["speed"] == pytest.approx(1)  # 3 in place of 2
    still = velocity_scores([window], np.zeros((1, 2)), np.array([2.0]), slowest=0.1)
    assert still == {"direction": pytest.approx(90), "speed": 0}
    assert math.isnan(velocity_scores([window], np.ones((1, 2)), np.ones(1), slowest=5.0)["direction"])


def test_kalman_baseline_covers_what_it_should_on_its_own_model(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    tracks = []
    for index in range(1700):
        times = np.arange(20) * 0.1
        speed = random.standard_normal(2) + np.cumsum(0.3 * random.standard_normal((20, 2)), axis=0)
        path = np.cumsum(speed * 0.1, axis=0) + 0.01 * random.standard_normal((20, 2))
        tracks.append(Track(f"{index}", times, path))
    learner = task(tmp_path, observe=8, predict=12)
    learner.fit(tracks[:200])
    scores = baselines(full_windows(tracks[200:], learner.protocol), learner.features)
    assert scores["Kalman filter, constant velocity"]["coverage"] == pytest.approx(0.9, abs=0.03)
    assert scores["Kalman filter, constant velocity"]["ade"] < scores["constant acceleration (last 8 points)"]["ade"]
