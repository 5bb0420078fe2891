"""The labels that lie beside an array of sequences, in whatever array they are."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError


def names_of(path: Path, labels: np.ndarray, count: int, findings: Findings) -> list[str]:
    """The class of each sequence, as a name.

    Args:
        path: for messages.
        labels: (N,), (N, 1) or one-hot (N, C): numbers or names.
        count: N.
        findings: how they were understood.

    Raises:
        DataError: labels of another number, or none.

    Example:
        >>> names_of(Path("y.npy"), np.array([[0, 1], [1, 0]]), 2, Findings())
        ['1', '0']
    """
    if labels.ndim == 2 and len(labels) == count and labels.shape[1] > 1 and _one_hot(labels):
        findings.taken("labels", f"one-hot: the class is the place of the 1 among {labels.shape[1]}, from 0", path)
        labels = labels.argmax(axis=1)
    if labels.dtype.kind == "f" and (labels % 1 == 0).all():
        labels = labels.astype(np.int64)
    if labels.dtype.kind not in "iubU":
        raise DataError(path, f"an array of {labels.dtype}", "whole numbers or names")
    if labels.size != count:
        raise DataError(path, f"{labels.size} labels", f"{count}, one for each sequence")
    return [str(name) for name in labels.reshape(-1)]


def _one_hot(labels: np.ndarray) -> bool:
    return bool(labels.dtype.kind in "iubf" and np.isin(labels, (0, 1)).all() and (labels.sum(axis=1) == 1).all())
