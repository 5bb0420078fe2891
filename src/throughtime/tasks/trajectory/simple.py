"""The simple methods beside the network: a line, a parabola, and Kalman filters of both orders."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from throughtime.tasks.trajectory.baselines.extrapolation import extrapolate
from throughtime.tasks.trajectory.baselines.kalman import Filtered, Kalman, fit_kalman, gaussian_nll
from throughtime.tasks.trajectory.tracks.stacked import padded, stacked, targets
from throughtime.tasks.trajectory.tracks.windows import Chance, Window

_SPANS = (2, 3, 4, 5, 6, 8, 12, 16, 24, 32, 48)
RIVALS = ("line", "parabola", "kalman")
"""What settings call the first of the paths, in order; the fourth is of the filter that explains less."""
_EXACT = 1e-5  # of the usual way: nobody measures more exactly, and simulated lines have no noise at all
_KINDS = ("constant velocity", "constant acceleration")


@dataclass(frozen=True)
class Expected:
    """What the Kalman filter says of a batch of windows.

    Args:
        times, positions: observed (B, T), (B, T, D), padded; `lengths` (B,) are real.
        ahead: (B, K) seconds from the last observed to the asked times, padded; `asked` (B,) are real.
        filtered: its states.
        centre: (B, K, D), expected positions.
        deviation: (B, K), expected errors of a coordinate.
    """

    times: np.ndarray
    positions: np.ndarray
    lengths: np.ndarray
    ahead: np.ndarray
    asked: np.ndarray
    filtered: Filtered
    centre: np.ndarray
    deviation: np.ndarray

    @property
    def last(self) -> np.ndarray:
        """(B, S, D): the last state."""
        means: np.ndarray = self.filtered.means[:, -1]
        return means


@dataclass(frozen=True)
class SimpleMethods:
    """What a network must beat.

    Args:
        kalman: filters of both orders, the better one first.
        lines: points of the last that a line and a parabola are fitted to.
    """

    kalman: tuple[Kalman, ...]
    lines: tuple[int, int]

    @classmethod
    def fit(
        cls,
        windows: Sequence[Window],
        sizes: tuple[float, float, float],
        drift: tuple[float, ...],
        random: np.random.Generator,
    ) -> SimpleMethods:
        """Fit the filters by the likelihood, the polynomials by the mean error, of what windows ask.

        Args:
            windows: at least one, with targets.
            sizes: usual speed, seconds asked, and seconds between two points.
            drift: (D,) an acceleration that may be known to the filters.
            random: draws fewer points for some windows.
        """
        kalman = _fit_filters(windows, sizes, drift, random)
        return cls(tuple(kalman), (_best_points(windows, 1), _best_points(windows, 2)))

    def expect(self, windows: Sequence[Window], order: int = 0) -> Expected:
        """Filter a batch and predict; `order` 0 is the better filter, 1 the other."""
        kalman = self.kalman[order]
        seen = stacked(windows)
        filtered = kalman.filter(seen.times, seen.positions, seen.lengths)
        centre, deviation = kalman.predict(filtered.means[:, -1], filtered.covariances[:, -1], seen.ahead)
        return Expected(*seen, filtered, centre, deviation)

    @property
    def names(self) -> list[str]:
        """Two polynomials, two filters."""
        lines = [f"{kind} (last {points} points)" for kind, points in zip(_KINDS, self.lines, strict=True)]
        return lines + [f"Kalman filter, {_KINDS[kalman.order - 1]}" for kalman in self.kalman]

    def polynomials(self, window: Window) -> tuple[np.ndarray, np.ndarray]:
        """Where constant velocity and constant acceleration lead: twice (K, D)."""
        line, parabola = (
            extrapolate(window.times, window.positions, window.asked, degree=degree, points=points)
            for degree, points in zip((1, 2), self.lines, strict=True)
        )
        return line, parabola

    def paths(self, windows: Sequence[Window]) -> np.ndarray:
        """(B, K, R, D): where all of them lead."""
        steps = max(len(window.asked) for window in windows)
        lines = [[padded(path, steps) for path in self.polynomials(window)] for window in windows]
        filters = [self.expect(windows, which).centre for which in range(len(self.kalman))]
        return np.concatenate([np.array(lines).swapaxes(1, 2), np.stack(filters, axis=2)], axis=2)


def _fit_filters(
    windows: Sequence[Window], sizes: tuple[float, float, float], drift: tuple[float, ...], random: np.random.Generator
) -> list[Kalman]:
    """Filters of both orders by the likelihood of what they are asked, the better one first."""
    # some with few points, so that the first velocity's spread is fitted too
    fewer = Chance(partial=0.3, drop=0.0, turn=False)
    cost = _Cost([fewer(window, random) for window in windows])
    speed, span, step = sizes
    still = (0.0,) * len(drift)
    noise, drive = 0.03 * speed * min(span, 10 * step), 0.3 * speed / np.sqrt(span)
    found: dict[int, tuple[Kalman, float]] = {}
    for order in (1, 2):
        starts = [
            Kalman(order, noise * less, drive / span ** (order - 1), speed, speed / span, drift=known)
            for known in dict.fromkeys((still, drift))
            for less in (1.0, 0.1)
        ]
        # the search finds the nearest valley: from the best of some starts
        if order == 2:  # the first order's noise may be a better beginning
            starts.append(replace(starts[-1], noise=found[1][0].noise))
        found[order] = fit_kalman(min(starts, key=cost), cost, least=_EXACT * speed * span)
    return [kalman for kalman, _ in sorted(found.values(), key=lambda pair: pair[1])]


class _Cost:
    """Mean negative log-likelihood of the asked positions of windows, for one Kalman filter or another."""

    def __init__(self, windows: Sequence[Window]) -> None:
        self.seen = stacked(windows)
        self.targets = np.stack([padded(targets(window), self.seen.ahead.shape[1]) for window in windows])
        self.real = np.arange(self.targets.shape[1]) < self.seen.asked[:, None]

    def __call__(self, kalman: Kalman) -> float:
        seen = self.seen
        filtered = kalman.filter(seen.times, seen.positions, seen.lengths)
        centre, deviation = kalman.predict(filtered.means[:, -1], filtered.covariances[:, -1], seen.ahead)
        return float(gaussian_nll(centre, deviation, self.targets)[self.real].mean())


def _best_points(windows: Sequence[Window], degree: int) -> int:
    """How many of the last points give the smallest mean error of a polynomial."""
    most = max(len(window.times) for window in windows)
    errors = {
        points: np.mean([_error(window, degree, points) for window in windows])
        for points in _SPANS
        if degree < points <= max(most, degree + 1)
    }
    return min(errors, key=lambda points: errors[points])


def _error(window: Window, degree: int, points: int) -> float:
    led = extrapolate(window.times, window.positions, window.asked, degree=degree, points=points)
    return float(np.linalg.norm(led - targets(window), axis=1).mean())
