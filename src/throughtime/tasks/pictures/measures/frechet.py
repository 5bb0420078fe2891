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
        covariance: (F, F); it may be singular.
    """

    mean: np.ndarray
    covariance: np.ndarray

    @classmethod
    def of(cls, features: np.ndarray) -> Self:
        """The one that is fitted to features (N, F); N at least 2."""
        if len(features) < 2:
            raise ArgumentError(f"found {len(features)} rows of features, expected at least 2 to vary")
        exact = features.astype(np.float64)
        mean = exact.mean(axis=0)
        return cls(mean, (exact - mean).T @ (exact - mean) / (len(exact) - 1))


def frechet_distance(one: Gaussian, other: Gaussian) -> float:
    """|m_1 - m_2|^2 + tr(S_1 + S_2 - 2 (S_1 S_2)^1/2): as Heusel et al. (2017) write it, the square of the distance.

    The trace of (S_1 S_2)^1/2 is the sum of the singular values of S_1^1/2 S_2^1/2. So no root is taken of a product,
    which is not symmetric, and whose small eigenvalues rounding makes negative.

    Example:
        >>> narrow, wide = (Gaussian(np.zeros(2), np.eye(2) * variance) for variance in (1.0, 9.0))
        >>> round(frechet_distance(narrow, wide), 9)
        8.0
    """
    between = float(np.square(one.mean - other.mean).sum())
    shared = np.linalg.svd(_root(one.covariance) @ _root(other.covariance), compute_uv=False).sum()
    distance = between + float(np.trace(one.covariance) + np.trace(other.covariance) - 2 * shared)
    return max(0.0, distance)  # of equal ones rounding may leave a little less than nothing


def _root(covariance: np.ndarray) -> np.ndarray:
    """The symmetric square root; eigenvalues that are nothing but rounding count as 0."""
    values, vectors = np.linalg.eigh(covariance)
    least = max(values[-1], 0.0) * len(values) * np.finfo(np.float64).eps
    root: np.ndarray = vectors * np.sqrt(np.where(values > least, values, 0.0)) @ vectors.T
    return root
