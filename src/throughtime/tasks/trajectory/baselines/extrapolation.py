"""The simplest forecasts: the line (constant velocity) or parabola (constant acceleration) of the last few points."""

from __future__ import annotations

import numpy as np


def extrapolate(times: np.ndarray, positions: np.ndarray, asked: np.ndarray, *, degree: int, points: int) -> np.ndarray:
    """Where a polynomial of the last points leads.

    Args:
        times: (N,) observed, in seconds.
        positions: (N, D).
        asked: (K,) later times.
        degree: 1, constant velocity; 2, constant acceleration; lower where there are too few points.
        points: how many of the last ones are fitted by least squares, more than `degree`. The line of 2 points is the
            last displacement carried on (Schöller et al. 2020).

    Returns:
        (K, D)

    Example:
        >>> line = np.array([[0.0, 0.0], [1.0, 2.0]])
        >>> extrapolate(np.array([0.0, 1.0]), line, np.array([3.0]), degree=1, points=2).round(6).tolist()
        [[3.0, 6.0]]
    """
    since, seen = times[-points:] - times[-1], positions[-points:]
    degree = min(degree, len(seen) - 1)
    scale = max(float(-since[0]), 1e-12)
    powers = np.arange(degree + 1)
    coefficients, *_ = np.linalg.lstsq((since / scale)[:, None] ** powers, seen - seen[-1], rcond=None)
    curve = ((asked - times[-1]) / scale)[:, None] ** powers @ coefficients
    return np.asarray(seen[-1] + curve)
