"""How often each class was taken for each other, and the scores that come of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from throughtime.storage.report import Table

_LEAST = 1e-30  # probability that counts: else one mistake would be infinitely bad


def confusion_matrix(actual: np.ndarray, answered: np.ndarray, classes: int) -> np.ndarray:
    """How often each actual class (rows) was answered by each class (columns): numbers (N,), (N,) -> (C, C).

    Example:
        >>> confusion_matrix(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
        [[1, 1], [0, 1]]
    """
    return np.bincount(actual * classes + answered, minlength=classes**2).reshape(classes, classes)


def accuracy_and_f1(confusion: np.ndarray) -> dict[str, float]:
    """Accuracy, and the mean F1 of the classes that occur in the texts or the answers."""
    right = np.diag(confusion)
    both = confusion.sum(axis=0) + confusion.sum(axis=1)
    f1 = 2 * right[both > 0] / both[both > 0]
    return {"accuracy": float(right.sum() / confusion.sum()), "macro_f1": float(f1.mean())}


def surprises(probabilities: np.ndarray, actual: np.ndarray) -> np.ndarray:
    """-log p (N,) of the actual classes (N,), of probabilities (N, C), in nats; 69 at most, also for an unknown class.

    Example:
        >>> surprises(np.array([[0.5, 0.5], [1.0, 0.0], [1.0, 0.0]]), np.array([1, 0, 2])).round(3).tolist()
        [0.693, -0.0, 69.078]
    """
    known = np.pad(probabilities, ((0, 0), (0, 1)))  # what training had not is numbered behind the others
    return np.asarray(-np.log(np.maximum(known[np.arange(len(actual)), actual], _LEAST)))


def confusion_table(confusion: np.ndarray, names: Sequence[str]) -> Table:
    """The matrix for people."""
    rows: list[list[str | int]] = [[name, *map(int, row)] for name, row in zip(names, confusion, strict=True)]
    return Table("actual class (rows) and answer (columns)", ["", *names], rows)
