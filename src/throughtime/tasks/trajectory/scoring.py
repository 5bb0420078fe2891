"""How good forecasts are: distances, direction, speed, likelihood, and whether regions hold what they promise."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from throughtime.storage.scores import MODEL, Scores, Shown
from throughtime.tasks.trajectory.baselines.kalman import gaussian_nll
from throughtime.tasks.trajectory.features import Features
from throughtime.tasks.trajectory.tracks.stacked import targets
from throughtime.tasks.trajectory.tracks.track import Track
from throughtime.tasks.trajectory.tracks.windows import Window

LEVEL = 0.9
"""Probability of the regions whose coverage is measured."""
# squared radius, in standard deviations, of the ball that holds 90 % of a normal distribution in 2 and 3 dimensions
_RADIUS = {2: 4.605170186, 3: 6.251388631}


def path_scores(windows: Sequence[Window], paths: Sequence[np.ndarray], slowest: float) -> dict[str, float]:
    """Scores of paths (K, D), one for each window.

    Args:
        windows: with targets.
        paths: predicted positions at the asked times.
        slowest: speed below which a direction is not known.

    Returns:
        ade and fde (mean distance over all asked positions, and at the last), direction (mean error in degrees) and
        speed (mean error) on the way to the first asked position.
    """
    ways = [path[0] - window.positions[-1] for window, path in zip(windows, paths, strict=True)]
    times = np.array([window.asked[0] - window.times[-1] for window in windows])
    return distances(windows, paths) | velocity_scores(
        windows, np.stack(ways), np.linalg.norm(ways, axis=1) / times, slowest
    )


def distances(windows: Sequence[Window], paths: Sequence[np.ndarray]) -> dict[str, float]:
    """Mean distance of the predicted from the real positions, over all asked times and at the last."""
    apart = [np.linalg.norm(path - targets(window), axis=1) for window, path in zip(windows, paths, strict=True)]
    return {"ade": float(np.mean([d.mean() for d in apart])), "fde": float(np.mean([d[-1] for d in apart]))}


def velocity_scores(
    windows: Sequence[Window], directions: np.ndarray, speeds: np.ndarray, slowest: float
) -> dict[str, float]:
    """Mean error of directions (N, D), any length, in degrees, and of speeds (N,), on the way to the first position."""
    ways = np.stack([targets(window)[0] - window.positions[-1] for window in windows])
    actual = np.linalg.norm(ways, axis=1) / np.array([window.asked[0] - window.times[-1] for window in windows])
    moves = actual > slowest
    lengths = np.linalg.norm(ways, axis=1) * np.linalg.norm(directions, axis=1)
    # who gives no direction is as wrong as a guess: a right angle
    cosine = np.where(lengths > 0, (ways * directions).sum(axis=1) / np.where(lengths > 0, lengths, 1.0), 0.0)
    angles = np.degrees(np.arccos(np.clip(cosine, -1, 1)))[moves]
    return {
        "direction": float(angles.mean()) if moves.any() else float("nan"),
        "speed": float(np.abs(speeds - actual).mean()),
    }


def baselines(windows: Sequence[Window], features: Features) -> dict[str, dict[str, float]]:
    """Scores of constant velocity, constant acceleration and both Kalman filters, by name."""
    slowest = features.slowest
    paths: dict[str, list[np.ndarray]] = {}
    lines, filters = features.simple.names[:2], features.simple.names[2:]
    for window in windows:
        for name, path in zip(lines, features.simple.polynomials(window), strict=True):
            paths.setdefault(name, []).append(path)
    found = {name: path_scores(windows, path, slowest) for name, path in paths.items()}
    return found | {name: _kalman_scores(windows, features, which, slowest) for which, name in enumerate(filters)}


def _kalman_scores(windows: Sequence[Window], features: Features, which: int, slowest: float) -> dict[str, float]:
    paths, nll, held = [], [], []
    for start in range(0, len(windows), 256):
        part = windows[start : start + 256]
        expected = features.simple.expect(part, which)
        for window, centre, deviation in zip(part, expected.centre, expected.deviation, strict=True):
            actual = targets(window)
            centre, deviation = centre[: len(actual)], deviation[: len(actual)]
            paths.append(centre)
            nll.append(gaussian_nll(centre, deviation, actual))
            held.append(np.square((actual - centre) / deviation[:, None]).sum(axis=1) <= _RADIUS[actual.shape[1]])
    measured = {"nll": float(np.concatenate(nll).mean()), "coverage": float(np.concatenate(held).mean())}
    return path_scores(windows, paths, slowest) | measured


def scores_of_tracks(
    windows: Sequence[Window], paths: Sequence[np.ndarray], features: Features, show: Callable[[Track], str]
) -> Scores:
    """What each track, of which windows are cut that have much in common, adds to ade: its distances, and its windows.

    Args:
        windows: with targets, those of one track side by side.
        paths: that the model predicts.
        features: know the simple methods.
        show: a track for people.
    """
    tracks = list(dict.fromkeys(window.track for window in windows))
    number = {track: place for place, track in enumerate(tracks)}
    of = np.array([number[window.track] for window in windows])
    lines = zip(*(features.simple.polynomials(window) for window in windows), strict=True)
    methods = {MODEL: paths, **dict(zip(features.simple.names[:2], lines, strict=True))}
    counts = {}
    for method, some in methods.items():
        apart = [np.linalg.norm(path - targets(w), axis=1).mean() for w, path in zip(windows, some, strict=True)]
        counts[method] = np.stack([np.bincount(of, apart), np.bincount(of)], axis=1)
    shares = counts[MODEL]
    answers = (f"{total / count:.4g} from where it was, mean of {count:g} windows" for total, count in shares)
    return Scores("ade", "min", counts, [Shown(show(t), "", a) for t, a in zip(tracks, answers, strict=True)])
