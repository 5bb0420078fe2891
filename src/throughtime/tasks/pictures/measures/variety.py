"""How much pictures differ from each other; where they have classes, from others of their own."""

from __future__ import annotations

import numpy as np


def variety(features: np.ndarray, classes: np.ndarray | None = None) -> float:
    """The variance of features, summed over them.

    A generator that draws one picture of each class again and again has nearly all of the variance of real pictures,
    and none within the classes. So where there are classes it is the pooled variance within them.

    Args:
        features: (N, F).
        classes: (N,) numbers of classes.

    Returns:
        0 where no two pictures can be compared.

    Example:
        >>> two_pictures = np.array([[0.0], [8.0]]).repeat(3, axis=0)
        >>> round(variety(two_pictures), 6)
        19.2
        >>> variety(two_pictures, np.array([0, 0, 0, 1, 1, 1]))
        0.0
    """
    exact = features.astype(np.float64)
    numbers = np.zeros(len(exact), dtype=np.int64) if classes is None else classes
    _, rows, counts = np.unique(numbers, return_inverse=True, return_counts=True)
    sums = np.zeros((len(counts), exact.shape[1]))
    np.add.at(sums, rows, exact)
    apart = exact - (sums / counts[:, None])[rows]
    freedom = len(exact) - len(counts)
    return float(np.square(apart).sum() / freedom) if freedom else 0.0
