"""Precision and recall of generated pictures (Kynkaanniemi et al. 2019)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from throughtime.errors import ArgumentError

NEIGHBOURS = 3
_ROWS = 1_000  # whose distances to all others are in memory at once


def precision_recall(made: np.ndarray, real: np.ndarray, neighbours: int = NEIGHBOURS) -> tuple[float, float]:
    """Which share of what was made lies among the real, and which share of the real among what was made.

    A set covers the balls about each of its points that reach to the point's k-th nearest neighbour in the set.

    Args:
        made: features (N, F) of generated pictures.
        real: features (M, F) of real ones.
        neighbours: k; both sets must have more points.

    Example:
        >>> real, made = np.arange(8.0)[:, None], np.array([[3.5], [3.6], [3.7], [20.0]])
        >>> precision_recall(made[:3], real, neighbours=2)  # all plausible, none of the variety
        (1.0, 0.0)
        >>> precision_recall(made, real, neighbours=1)[0]
        0.75
    """
    if min(len(made), len(real)) <= neighbours:
        raise ArgumentError(f"found {min(len(made), len(real))} rows of features, expected more than {neighbours}")
    made, real = made.astype(np.float64), real.astype(np.float64)
    return _covered(made, real, neighbours), _covered(real, made, neighbours)


def _covered(points: np.ndarray, others: np.ndarray, neighbours: int) -> float:
    """The share of points that lie in some ball about one of the others."""
    reach = np.concatenate([_kth(distances, neighbours) for distances in _squared(others, others)])
    inside = [(distances <= reach).any(axis=1) for distances in _squared(points, others)]
    return float(np.concatenate(inside).mean())


def _kth(distances: np.ndarray, neighbours: int) -> np.ndarray:
    """Of each row the k-th smallest distance beyond its own, which is the smallest: 0."""
    found: np.ndarray = np.partition(distances, neighbours, axis=1)[:, neighbours]
    return found


def _squared(points: np.ndarray, others: np.ndarray) -> Iterator[np.ndarray]:
    """Squared distances to all others, some rows at a time."""
    lengths = np.square(others).sum(axis=1)
    for start in range(0, len(points), _ROWS):
        some = points[start : start + _ROWS]
        squares = np.square(some).sum(axis=1)[:, None] + lengths - 2 * some @ others.T
        yield squares.clip(min=0)
