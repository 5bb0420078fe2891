"""Sequences in an .npz file: an array of them and its labels, split by split where they are named so."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from throughtime.data.arrays import array_names, read_arrays
from throughtime.data.findings import Findings
from throughtime.data.splits import Split, named_splits
from throughtime.errors import DataError

_INPUTS = ("x", "data", "values", "inputs", "sequences", "series", "features", "keypoints", "poses", "skeletons", "arr")
_LABELS = ("y", "label", "labels", "target", "targets", "class", "classes")
_EXPECTED = "an array x (sequences, steps, features) and its labels y, or x_train, y_train, x_test, y_test"


def packed_splits(path: Path) -> dict[Split, Path] | None:
    """The arrays of sequences in a file that are named after splits, each as a path in it; None: they are not.

    Raises:
        DataError: no such file, or two arrays for one split.
    """
    inputs = [path / name for name in array_names(path, _EXPECTED) if _kind(name) in _INPUTS]
    return named_splits(path, inputs)


def read_packed(path: Path, member: str | None, findings: Findings) -> tuple[np.ndarray, np.ndarray | None]:
    """An array of sequences, and its labels; None where there are none.

    Args:
        path: the file.
        member: name of the array; None: there is one alone.
        findings: which arrays are not read.

    Raises:
        DataError: it cannot be read, or has no such array.
    """
    names = array_names(path, _EXPECTED)
    inputs = [name for name in names if _kind(name) in _INPUTS] or (names if len(names) == 1 else [])
    if member is None and len(inputs) != 1:
        raise DataError(path, f"the arrays {', '.join(names)[:80]}", _EXPECTED)
    chosen = member or inputs[0]
    rest = _rest(chosen)
    labels = next((name for name in names if _kind(name) in _LABELS and _rest(name) == rest), None)
    shown = f"sequences in {chosen!r}" + (f", labels in {labels!r}" if labels else "")
    findings.taken("arrays", shown, path)
    if member is None:
        for name in names:
            if name not in (chosen, labels):
                findings.left_out("arrays", f"the array {name!r} is not read", path)
    found = read_arrays(path, [chosen, *([labels] if labels else [])], _EXPECTED)
    return found[0], found[1] if labels else None


def _kind(name: str) -> str:
    """The first word of a name: x of X_train."""
    return re.split(r"[_\W\d]", name.lower())[0]


def _rest(name: str) -> str:
    """What comes after it: train of X_train; nothing of arr_0."""
    return re.sub(r"^[a-z]+[_\W]*|^\d+$", "", name.lower()).strip("0123456789")
