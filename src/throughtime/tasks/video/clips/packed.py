"""Sequences in an .npz file: an array of them and its labels, split by split where they are named so."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import numpy as np

from throughtime.data.findings import Findings
from throughtime.data.splits import Split, named_splits
from throughtime.errors import DataError
from throughtime.storage.written import readable

LARGEST = 8 * 2**30
"""Bytes that all the arrays of a file may have together."""
_INPUTS = ("x", "data", "values", "inputs", "sequences", "series", "features", "keypoints", "poses", "skeletons", "arr")
_LABELS = ("y", "label", "labels", "target", "targets", "class", "classes")
_EXPECTED = "an array x (sequences, steps, features) and its labels y, or x_train, y_train, x_test, y_test"


def packed_splits(path: Path) -> dict[Split, Path] | None:
    """The arrays of sequences in a file that are named after splits, each as a path in it; None: they are not.

    Raises:
        DataError: no such file, or two arrays for one split.
    """
    inputs = [path / name for name in _names(path) if _kind(name) in _INPUTS]
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
    names = _names(path)
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
    with readable(path, "readable arrays", _EXPECTED), np.load(path, allow_pickle=False) as arrays:
        return arrays[chosen], arrays[labels] if labels else None


def _names(path: Path) -> list[str]:
    """Of the arrays; the file is known to hold no more than may be."""
    if not path.is_file():
        raise DataError(path, "nothing", "an .npz file")
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(info.file_size for info in archive.infolist())
            names = [name.removesuffix(".npy") for name in archive.namelist()]
    except (OSError, zipfile.BadZipFile) as error:
        raise DataError(path, f"no readable .npz file ({error})", _EXPECTED) from None
    if size > LARGEST:
        raise DataError(path, f"{size:,} bytes of arrays", f"at most {LARGEST:,}")
    return names


def _kind(name: str) -> str:
    """The first word of a name: x of X_train."""
    return re.split(r"[_\W\d]", name.lower())[0]


def _rest(name: str) -> str:
    """What comes after it: train of X_train; nothing of arr_0."""
    return re.sub(r"^[a-z]+[_\W]*|^\d+$", "", name.lower()).strip("0123456789")
