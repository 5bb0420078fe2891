"""How tracks are disturbed: what is seen of them, while what is asked stays where it really was."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from throughtime.tasks.trajectory.conditions import DisturbedTracks
from throughtime.tasks.trajectory.tracks.track import Track
from throughtime.tasks.trajectory.tracks.windows import Protocol, full_windows

STEP = 0.5
TRACK = Track("a", np.arange(2000.0), STEP * np.arange(2000.0)[:, None] * [0.6, 0.8])
CONDITIONS = {condition.name: condition for condition in DisturbedTracks().conditions(Path())}


def seen(name: str, severity: int, track: Track = TRACK) -> np.ndarray:
    (found,) = CONDITIONS[name].disturb([track], severity, seed=1)
    assert (found.positions == track.positions).all()
    assert found.seen is not None
    return found.seen


@pytest.mark.parametrize("protocol", [Protocol("points", 8, 4), Protocol("seconds", 8.0, 4.0)])
@pytest.mark.parametrize("name", CONDITIONS)
def test_what_is_asked_stays_where_it_was(name: str, protocol: Protocol) -> None:
    short = replace(TRACK, times=TRACK.times[:40], positions=TRACK.positions[:40])
    before = full_windows([short], protocol)
    after = full_windows(CONDITIONS[name].disturb([short], 5, seed=0), protocol)
    assert len(before) == len(after)
    for one, other in zip(before, after, strict=True):
        assert one.targets is not None
        assert other.targets is not None
        assert (one.asked.tolist(), one.targets.tolist()) == (other.asked.tolist(), other.targets.tolist())
        assert 1 <= len(other.times) <= len(one.times)
        assert set(other.times) <= set(one.times)
        assert np.isfinite(other.positions).all()


def test_each_is_off_by_what_it_says() -> None:
    off = seen("jitter", 3) - TRACK.positions
    assert off.std() == pytest.approx(0.25 * STEP, rel=0.05)
    off = np.linalg.norm(seen("drift", 4) - TRACK.positions, axis=1)
    assert np.diff(off) == pytest.approx(np.full(1999, 0.2 * STEP))
    shown = np.isfinite(seen("lost points", 3)).all(axis=1)
    assert 1 - shown.mean() == pytest.approx(0.4, abs=0.05)
    shown = np.flatnonzero(np.isfinite(seen("other rate", 3)).all(axis=1))
    assert set(np.diff(shown)) == {4}


def test_where_nothing_is_seen_the_last_point_is() -> None:
    track = replace(TRACK, seen=np.full_like(TRACK.positions, np.nan))
    window = Protocol("points", 8, 4).window(track, 9)
    assert (window.times.tolist(), window.positions.tolist()) == ([9.0], [TRACK.positions[9].tolist()])
    ahead = Protocol("points", 8, 4).ahead(replace(track, seen=TRACK.positions + 1))
    assert ahead.positions.tolist() == (TRACK.positions[-8:] + 1).tolist()


def test_what_is_kept_is_what_is_seen(tmp_path: Path) -> None:
    (thinned,) = CONDITIONS["other rate"].disturb([TRACK], 5, seed=0)
    path = DisturbedTracks().store(thinned, tmp_path / "worst")
    assert path is not None
    head, *rows = path.read_text().splitlines()
    assert (head, len(rows)) == ("t,x,y", 250)
