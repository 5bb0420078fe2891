"""Things that go round curves, and a trajectory task small enough for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.tasks.trajectory import Trajectory
from throughtime.tasks.trajectory.settings import TrajectorySettings
from throughtime.tasks.trajectory.tracks.track import Track

SMALL: dict[str, Any] = {"hidden_size": 24, "components": 2, "batch_size": 32, "minutes": None, "schedule": "constant"}


def turning(count: int, seed: int, rate: float = 0.6, noise: float = 0.002) -> list[Track]:
    """Things that go round left curves of one radius for each speed, from anywhere in any direction."""
    random = np.random.default_rng(seed)
    tracks = []
    for index in range(count):
        times = np.cumsum(random.uniform(0.05, 0.15, 30))
        speed, start = random.uniform(0.5, 2.0), random.uniform(0, 2 * np.pi)
        angle = start + rate * times
        path = speed / rate * np.stack([np.sin(angle), -np.cos(angle)], axis=1) + random.uniform(-5, 5, 2)
        tracks.append(Track(f"thing {index}", times, path + noise * random.standard_normal(path.shape)))
    return tracks


def write(path: Path, tracks: Sequence[Track]) -> Path:
    rows = ["track,t,x,y,z"[: None if tracks[0].dimensions == 3 else -2]]
    for track in tracks:
        for time, place in zip(track.times, track.positions, strict=True):
            rows.append(",".join([track.name, *(f"{number:.9g}" for number in (time, *place))]))
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return path


def task(tmp_path: Path, **settings: Any) -> Trajectory:
    return Trajectory(TrajectorySettings(**(SMALL | settings)), tmp_path)
