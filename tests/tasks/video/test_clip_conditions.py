"""How clips are disturbed: frames that are lost, sensors that shake, drift or are read too seldom."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.conditions import DisturbedClips


class Room(DisturbedClips):
    def __init__(self, mean: np.ndarray | None) -> None:
        self.mean = mean


WAVE = np.sin(np.arange(3000)[:, None] / 50 * [1.0, 2.0]).astype(np.float32) * [1.0, 10.0]
CLIP = Clip(np.concatenate([WAVE, np.full((3000, 1), np.nan)], axis=1).astype(np.float32), "a")
SENSORS = {one.name: one for one in Room(np.zeros(3)).conditions(Path())}
PICTURES = {one.name: one for one in Room(None).conditions(Path())}


def changed(name: str, severity: int) -> np.ndarray:
    (found,) = SENSORS[name].disturb([CLIP], severity, seed=0)
    assert found.frames.dtype == np.float32
    assert np.isnan(found.frames[:, 2]).all()  # what the clip does not know stays unknown
    return np.asarray(found.frames[:, :2])


def test_sensors_are_off_by_shares_of_their_own_spread() -> None:
    spread = WAVE.std(axis=0)
    assert (changed("jitter", 3) - WAVE).std(axis=0) == pytest.approx(0.2 * spread, rel=0.06)
    drift = changed("drift", 5) - WAVE
    assert np.abs(drift[-1]) == pytest.approx(2 * spread, rel=1e-3)
    assert np.abs(drift[1500]) == pytest.approx(spread, rel=1e-2)
    twice = changed("other rate", 4)
    assert len(twice) == 1500
    assert twice[700] == pytest.approx(WAVE[1400], abs=0.25)


def test_a_lost_frame_shows_the_one_before() -> None:
    frames = changed("dropped frames", 3)
    same = (frames[1:] == frames[:-1]).all(axis=1)
    assert same.mean() == pytest.approx(0.4, abs=0.04)
    assert {tuple(row) for row in frames.tolist()} <= {tuple(row) for row in WAVE.astype(np.float32).tolist()}
    assert (frames[0] == WAVE[0].astype(np.float32)).all()


def test_pictures_are_disturbed_as_pictures_and_kept_as_such(tmp_path: Path) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (20, 16, 16, 3), dtype=np.uint8)
    for name in ("darkness", "fog", "noise", "blur", "occlusion", "dropped frames"):
        (found,) = PICTURES[name].disturb([Clip(frames, "a", Path("b.mp4"))], 5, seed=0)
        assert (found.label, found.path, found.frames.shape, found.frames.dtype) == (
            "a",
            Path("b.mp4"),
            frames.shape,
            np.uint8,
        )
        assert (found.frames != frames).any()
    path = Room(None).store(Clip(frames, "a"), tmp_path / "worst")
    assert path is not None
    with Image.open(path) as picture:
        assert picture.size == (16 * 16, 16)
        assert np.array_equal(np.asarray(picture.convert("RGB"))[:, :16], frames[0])
