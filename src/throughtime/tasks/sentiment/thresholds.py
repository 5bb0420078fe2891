"""From which score on a label is answered, where a text may have several."""

from __future__ import annotations

import numpy as np

_FEW = 5
"""Texts of a label from which a threshold of its own can be told."""


def best_thresholds(scores: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """The threshold (C,) of each label at which its F1 is best (Lipton et al. 2014), on texts that were held out.

    Labels that fewer than 5 of these texts have share the threshold at which the F1 of all decisions is best: of two or
    three texts, one that fits them well says little of others.

    Args:
        scores: (N, C) of the labels, N at least 1; a label is answered from its threshold on.
        actual: (N, C) bool, which labels the texts have.

    Example:
        >>> scores = np.array([[0.9, 0.4], [0.8, 0.1], [0.7, 0.3], [0.6, 0.0], [0.3, 0.3], [0.1, 0.2]])
        >>> best_thresholds(scores, scores > [0.5, 0.25]).round(2).tolist()
        [0.25, 0.25]
    """
    shared = _best(scores.ravel(), actual.ravel())
    own = zip(scores.T, actual.T, strict=True)
    return np.array([_best(one, of) if of.sum() >= _FEW else shared for one, of in own])


def _best(scores: np.ndarray, actual: np.ndarray) -> float:
    """Half-way between the last score (of M) that is answered where F1 is best, and the next."""
    order = np.argsort(-scores, kind="stable")
    falling, right = scores[order], np.cumsum(actual[order])
    f1 = 2 * right / (np.arange(1, len(scores) + 1) + actual.sum())
    last = np.flatnonzero(np.append(np.diff(falling) != 0, True))  # what scores alike is answered alike
    place = int(last[f1[last].argmax()])
    return float(falling[place : place + 2].mean())
