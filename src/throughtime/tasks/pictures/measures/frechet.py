"""The Frechet distance of two normal distributions (Dowson and Landau 1982)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from throughtime.errors import ArgumentError


@dataclass(frozen=True, eq=False)
class Gaussian:
    """A normal distribution of features.

    Args:
        mean: (F,).
        root: (R, F) of which root^T root is the covariance, which may be singular: R may be less than F.
    """

    mean: np.ndarray
    root: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> Self:
        """The one that is fitted to features (N, F); N at least 2."""
        rows, dimensions = features.shape
        if rows < 2:
            raise ArgumentError(f"found {rows} rows of features, expected at least 2 to vary")
        exact = features.astype(np.float64)
        mean = exact.mean(axis=0)
        spread = (exact - mean) / np.sqrt(rows - 1)
        return cls(mean, np.asarray(np.linalg.qr(spread, mode="r")) if rows > dimensions else spread)

    @classmethod
    def with_covariance(cls, mean: np.ndarray, covariance: np.ndarray) -> Self:
        """Of a mean (F,) and a covariance (F, F)."""
        values, vectors = np.linalg.eigh(covariance)
        least = max(values[-1], 0.0) * len(values) * np.finfo(np.float64).eps  # below it is nothing but rounding
        return cls(mean, np.sqrt(np.where(values > least, values, 0.0))[:, None] * vectors.T)

    @property
    def covariance(self) -> np.ndarray:
        """(F, F)."""
        return np.asarray(self.root.T @ self.root)

    @property
    def variance(self) -> float:
        """Of all features together: the trace of the covariance."""
        return float(np.square(self.root).sum())


def frechet_distance(one: Gaussian, other: Gaussian) -> float:
    """|m_1 - m_2|^2 + tr(S_1 + S_2 - 2 (S_1 S_2)^1/2): as Heusel et al. (2017) write it, the square of the distance.

    For S_i = A_i^T A_i the trace of (S_1 S_2)^1/2 is the sum of the singular values of A_1 A_2^T. So no root is taken
    of a product, which is not symmetric, and whose small eigenvalues rounding makes negative; and of N pictures no
    matrix is larger than N by N, however many features there are.

    Example:
        >>> narrow, wide = (Gaussian.with_covariance(np.zeros(2), np.eye(2) * variance) for variance in (1.0, 9.0))
        >>> round(frechet_distance(narrow, wide), 9)
        8.0
    """
    between = float(np.square(one.mean - other.mean).sum())
    shared = float(np.linalg.svd(one.root @ other.root.T, compute_uv=False).sum())
    # of equal ones rounding may leave a little less than nothing
    return max(0.0, between + one.variance + other.variance - 2 * shared)
