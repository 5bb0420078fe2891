"""How tracks are disturbed: what is observed of them, never where they really were."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from throughtime.tasks.base.conditions import Condition, Conditions
from throughtime.tasks.trajectory.tracks.track import Track

Seen = Callable[[Track, float, np.random.Generator], np.ndarray]
"""Where a track seems to be, (T, D), NaN where it is not seen: by an amount, and chance."""


class DisturbedTracks(Conditions[Track]):
    """Tracks that are seen badly."""

    def conditions(self, room: Path) -> Sequence[Condition[Track]]:
        """Those of all tracks."""
        return [Condition(name, says, amounts, _on(change)) for name, says, amounts, change in _CHANGES]

    def question(self, example: Track) -> Any:
        """The track: what follows its end?"""
        return example

    def store(self, example: Track, stem: Path) -> Path | None:
        """A table of the points that are seen."""
        path = stem.with_suffix(".csv")
        places = example.positions if example.seen is None else example.seen
        seen = np.concatenate([example.times[:, None], places], axis=1)[np.isfinite(places).all(axis=1)]
        head = ",".join(["t", *"xyz"[: example.dimensions]])
        np.savetxt(path, seen, fmt="%.9g", delimiter=",", header=head, comments="")
        return path


def jittered(track: Track, percent: float, random: np.random.Generator) -> np.ndarray:
    """Normal noise on every place."""
    return track.positions + percent / 100 * _step(track) * random.standard_normal(track.positions.shape)


def lost(track: Track, percent: float, random: np.random.Generator) -> np.ndarray:
    """Points that are missing."""
    missing = random.random(len(track)) < percent / 100
    return np.where(missing[:, None], np.nan, track.positions)


def drifting(track: Track, percent: float, random: np.random.Generator) -> np.ndarray:
    """An error in one direction that grows with each point."""
    way = random.standard_normal(track.dimensions)
    so_far = percent / 100 * _step(track) * np.arange(len(track))
    return np.asarray(track.positions + so_far[:, None] * way / np.linalg.norm(way))


def thinned(track: Track, every: float, random: np.random.Generator) -> np.ndarray:
    """One point of so many."""
    shown = np.arange(len(track)) % int(every) == int(random.integers(int(every)))
    return np.where(shown[:, None], track.positions, np.nan)


def _step(track: Track) -> float:
    """The median way from one point to the next."""
    ways = np.linalg.norm(np.diff(track.positions, axis=0), axis=1)
    return float(np.median(ways)) if len(ways) else 0.0


_CHANGES: tuple[tuple[str, str, tuple[float, ...], Seen], ...] = (
    ("jitter", "each point is off by normal noise, its deviation {} % of the track's usual step", (5, 10, 25, 50, 100),
     jittered),
    ("lost points", "{} % of the points are not seen", (10, 20, 40, 60, 80), lost),
    ("drift", "each point is off by {} % of a usual step more than the one before", (2, 5, 10, 20, 40), drifting),
    ("other rate", "only one point of {} is seen", (2, 3, 4, 6, 8), thinned),
)  # fmt: skip


def _on(change: Seen) -> Callable[[Track, float, np.random.Generator], Track]:
    return lambda track, amount, random: replace(track, seen=change(track, amount, random))
