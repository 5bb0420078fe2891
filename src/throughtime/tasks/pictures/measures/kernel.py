"""The kernel distance of two sets of features: squared maximum mean discrepancy (Gretton et al. 2012)."""

from __future__ import annotations

import numpy as np

from throughtime.errors import ArgumentError

_ROWS = 1_000  # whose kernel values with all others are in memory at once


def kernel_distance(one: np.ndarray, other: np.ndarray) -> float:
    """The unbiased estimate of MMD^2 with the kernel k(x, y) = (x . y / F + 1)^3 (KID; Binkowski et al. 2018).

    It has no bias at any number of rows, and may thus be less than 0. Binkowski et al. average it over subsets to save
    time; this is over all pairs, which estimates the same with less variance.

    Args:
        one: (N, F), N at least 2.
        other: (M, F), M at least 2.

    Example:
        >>> points = np.array([[1.0], [-1.0]])
        >>> kernel_distance(points, points + 1)  # 0^3 + 1^3 - 2 (3^3 + 1^3 + (-1)^3 + 1^3) / 4
        -13.0
    """
    if min(len(one), len(other)) < 2:
        raise ArgumentError(f"found {min(len(one), len(other))} rows of features, expected at least 2 to make a pair")
    first, second = one.astype(np.float64), other.astype(np.float64)
    return _within(first) + _within(second) - 2 * _sum(first, second) / (len(first) * len(second))


def _within(points: np.ndarray) -> float:
    """The mean kernel of two different rows."""
    own = (np.square(points).sum(axis=1) / points.shape[1] + 1) ** 3
    return (_sum(points, points) - float(own.sum())) / (len(points) * (len(points) - 1))


def _sum(one: np.ndarray, other: np.ndarray) -> float:
    """The kernel summed over all pairs."""
    starts = range(0, len(one), _ROWS)
    parts = (((one[start : start + _ROWS] @ other.T / one.shape[1] + 1) ** 3).sum() for start in starts)
    return float(sum(parts))
