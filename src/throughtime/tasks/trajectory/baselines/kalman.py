"""The Kalman filter for things that move with nearly constant velocity or acceleration, many tracks at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np


class Filtered(NamedTuple):
    """What the filter knows after each step; S is the order + 1 (position, velocity, acceleration).

    Args:
        means: (B, T, S, D).
        covariances: (B, T, S, S), of each coordinate.
        surprises: (B, T, D), each observation less its prediction, in units of its standard deviation.
    """

    means: np.ndarray
    covariances: np.ndarray
    surprises: np.ndarray


@dataclass(frozen=True)
class Kalman:
    """State-space model of a point (Kalman 1960; Bar-Shalom, Li and Kirubarajan 2001, sections 6.2 and 6.3).

    Each coordinate moves alone: white noise drives the velocity (order 1) or the acceleration (order 2), and positions
    are seen with noise. The first observation is the first state's position.

    Args:
        order: 1, nearly constant velocity; 2, nearly constant acceleration.
        noise: standard deviation of an observed position.
        drive: square root of the white noise's spectral density.
        velocity: standard deviation of the first velocity, around 0.
        acceleration: standard deviation of the first acceleration around `drift` (order 2).
        drift: (D,) known acceleration (order 1), or the first one's mean (order 2).

    Example:
        >>> filter = Kalman(1, noise=0.1, drive=0.1, velocity=1.0, drift=(0.0,))
        >>> seen = filter.filter(np.array([[0.0, 1.0, 2.0]]), np.array([[[0.0], [1.0], [2.0]]]), np.array([3]))
        >>> centre, deviation = filter.predict(seen.means[:, -1], seen.covariances[:, -1], np.array([[1.0]]))
        >>> round(float(centre[0, 0, 0]), 1)
        3.0
    """

    order: int
    noise: float
    drive: float
    velocity: float
    acceleration: float = 0.0
    drift: tuple[float, ...] = ()

    def filter(self, times: np.ndarray, positions: np.ndarray, lengths: np.ndarray) -> Filtered:
        """Run over batches of tracks.

        Args:
            times: (B, T) seconds.
            positions: (B, T, D).
            lengths: (B,) real steps, at least 1; later ones change nothing.
        """
        rows, steps, dimensions = positions.shape
        size = self.order + 1
        means = np.zeros((rows, steps, size, dimensions))
        covariances = np.zeros((rows, steps, size, size))
        surprises = np.zeros((rows, steps, dimensions))
        mean = np.zeros((rows, size, dimensions))
        mean[:, 0] = positions[:, 0]
        if self.order == 2:
            mean[:, 2] = self.drift
        deviations = (self.noise, self.velocity, self.acceleration)[:size]
        covariance = np.broadcast_to(np.diag(np.square(deviations)), (rows, size, size)).copy()
        for step in range(steps):
            if step:
                real = step < lengths
                moved, spread = self._move(mean, covariance, np.where(real, times[:, step] - times[:, step - 1], 0.0))
                variance = np.maximum(spread[:, 0, 0], 0.0) + self.noise**2  # rounding may leave less than nothing
                wrong = np.where(real[:, None], positions[:, step] - moved[:, 0], 0.0)
                gain = spread[:, :, 0] / variance[:, None]
                mean = np.where(real[:, None, None], moved + gain[:, :, None] * wrong[:, None], mean)
                left = spread - gain[:, :, None] * spread[:, None, 0]
                covariance = np.where(real[:, None, None], left, covariance)
                surprises[:, step] = wrong / np.sqrt(variance)[:, None]
            means[:, step], covariances[:, step] = mean, covariance
        return Filtered(means, covariances, surprises)

    def predict(self, mean: np.ndarray, covariance: np.ndarray, ahead: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Where it will be seen.

        Args:
            mean: (B, S, D) state.
            covariance: (B, S, S) of each coordinate.
            ahead: (B, K) seconds from now.

        Returns:
            Means (B, K, D), and the standard deviation of an observed coordinate (B, K).
        """
        centres, deviations = [], []
        for step in ahead.T:
            moved, spread = self._move(mean, covariance, step)
            centres.append(moved[:, 0])
            deviations.append(np.sqrt(np.maximum(spread[:, 0, 0], 0.0) + self.noise**2))
        return np.stack(centres, axis=1), np.stack(deviations, axis=1)

    def _move(self, mean: np.ndarray, covariance: np.ndarray, step: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """The state (B, S, D), (B, S, S) after steps of time (B,)."""
        size = self.order + 1
        moving = np.zeros((len(step), size, size))
        driven = np.zeros((len(step), size, size))
        for row in range(size):
            for column in range(size):
                if column >= row:
                    moving[:, row, column] = step ** (column - row) / math.factorial(column - row)
                # the integral of s^a/a! s^b/b! ds, for what drives the last state
                a, b = self.order - row, self.order - column
                driven[:, row, column] = step ** (a + b + 1) / ((a + b + 1) * math.factorial(a) * math.factorial(b))
        moved = moving @ mean
        if self.order == 1:
            moved += np.stack([step**2 / 2, step], axis=1)[:, :, None] * np.asarray(self.drift)
        return moved, moving @ covariance @ moving.transpose(0, 2, 1) + self.drive**2 * driven


def gaussian_nll(centre: np.ndarray, deviation: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """-log N(targets; centre, deviation² I) in nats: (..., D), (...), (..., D) -> (...)."""
    dimensions = centre.shape[-1]
    distance = np.square((targets - centre) / deviation[..., None]).sum(axis=-1)
    return np.asarray(0.5 * distance + dimensions * (np.log(deviation) + 0.5 * math.log(2 * math.pi)))


def fit_kalman(
    start: Kalman, cost: Callable[[Kalman], float], halvings: int = 5, least: float = 0.0
) -> tuple[Kalman, float]:
    """The model whose parameters (all but order and drift) make a cost smallest: pattern search over their logarithms.

    Args:
        start: where the search begins.
        cost: such as the negative log-likelihood of training data.
        halvings: the steps' factors go from 16 down to 16^(1/2^halvings) (Hooke and Jeeves 1961).
        least: noise at least: without any the likelihood of exact lines has no bound.

    Returns:
        The best model found, and its cost.
    """
    names = ["noise", "drive", "velocity", *(["acceleration"] if start.order == 2 else [])]
    best, lowest = start, cost(start)
    for factor in (16.0 ** (0.5**halving) for halving in range(halvings)):
        improved = True
        while improved:
            improved = False
            for name in names:
                for change in (factor, 1 / factor):
                    tried = _changed(best, name, change)
                    tried = replace(tried, noise=max(tried.noise, least))
                    found = cost(tried)
                    if found < lowest - 1e-9 * abs(lowest):
                        best, lowest, improved = tried, found, True
    return best, lowest


def _changed(model: Kalman, name: str, factor: float) -> Kalman:
    change: dict[str, Any] = {name: getattr(model, name) * factor}
    return replace(model, **change)
