"""Which axis of an array of sequences is time: as told, as the numbers tell, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np

from throughtime.data.arrays import read_array
from throughtime.data.findings import Findings
from throughtime.errors import DataError

Order = Literal["auto", "ntc", "nct"]
"""Steps before features (ntc), features before steps (nct), or by the numbers."""
_LOOKED_AT = 2**20  # numbers of an array
_FILES = 100
_SURE, _CERTAIN, _LIKELY = 100.0, 10.0, 2.0  # times rougher along one axis than along the other
_LONGER = 3  # times: so much longer an axis is likely to be time
_WORDS = {False: "steps, features", True: "features, steps"}


def turned(path: Path, values: np.ndarray, order: Order, width: int | None, findings: Findings) -> bool:
    """Whether an array (N, A, B) of sequences holds (N, features, steps).

    Along time neighbours are alike, along features they are not. Where the numbers leave it open, an array whose
    second axis is the longer is that of steps, as this program writes and wants it.

    Args:
        path: for messages.
        values: the array.
        order: as told.
        width: features that training had; None: not known.
        findings: how it was understood.

    Raises:
        DataError: it may be either, and would be learned wrong.
    """
    first, second = values.shape[1:]
    if order != "auto":
        answer, why = order == "nct", "as told"
        if _contradicted(values, answer):
            other = "ntc" if answer else "nct"
            steps, features = (second, first) if answer else (first, second)
            what = f"{steps} steps of {features} numbers; likelier it is the other way round (--axes {other})"
            findings.suspicious("axes", what, path)
    elif width is not None and (first == width) != (second == width):
        answer, why = first == width, f"since training had {width} features"
    else:
        answer, why = _by_numbers(path, values)
    findings.taken("axes", f"an array (sequences, {_WORDS[answer]}), {why}", path)
    return answer


def turned_files(paths: Sequence[Path], order: Order, findings: Findings) -> bool:
    """Whether arrays (A, B), a clip a file, hold (features, steps): of many lengths is the axis of steps alone.

    Args:
        paths: the clips; those that are no readable array of two axes are not looked at.
        order: as told.
        findings: how they were understood.

    Raises:
        DataError: they may be either.
    """
    arrays = [array for path in paths[:_FILES] if (array := _two_axes(path)) is not None]
    if order != "auto" or not arrays:
        return order == "nct"
    rows, columns = ({array.shape[axis] for array in arrays} for axis in (0, 1))
    if len(rows) != 1 and len(columns) != 1:
        return False  # said where the features are compared
    if len(rows) == 1 and len(columns) == 1:
        answer, why = _by_numbers(paths[0].parent, np.stack(arrays))
    else:
        answer, why = len(rows) == 1, "since that axis is of many lengths"
    if answer:
        findings.taken("axes", f"arrays (features, steps), {why}", paths[0].parent)
    return answer


def turned_clip(path: Path, values: np.ndarray, order: Order, width: int | None) -> bool:
    """Whether an array (A, B), one clip, holds (features, steps): as told, or by how many features training had.

    Raises:
        DataError: it may be either.
    """
    if order != "auto" or width is None or width not in values.shape:
        return order == "nct"
    return _by_numbers(path, values[None])[0] if values.shape == (width, width) else values.shape[0] == width


def _by_numbers(path: Path, values: np.ndarray) -> tuple[bool, str]:
    """What the numbers tell, and why."""
    first, second = values.shape[1:]
    if min(first, second) < 2:
        # a single step has nothing to say of time; a single feature has
        return second > first, "since there is one feature"
    rougher = _rougher(values)
    smooth, shape = f"as it is {max(rougher, 1 / rougher):.3g} times smoother along the steps", "as the longer axis"
    # channels side by side may be more alike than samples are: against a much longer axis the numbers must be sure
    if rougher >= (_SURE if second >= _LONGER * first else _LIKELY):
        return False, smooth
    if 1 / rougher >= (_SURE if first >= _LONGER * second else _LIKELY if second > first else _CERTAIN):
        return True, smooth
    if first >= second:
        return False, shape
    found = f"sequences of {first} x {second} numbers, whose axis of steps the numbers do not tell"
    raise DataError(path, found, "--axes ntc (steps before features) or nct (features before steps)")


def _contradicted(values: np.ndarray, answer: bool) -> bool:
    """Whether the numbers tell for certain that it is wrong, or, where they tell nothing, the lengths do."""
    first, second = values.shape[1:]
    if min(first, second) < 2:
        return False
    rougher = 1 / _rougher(values) if answer else _rougher(values)
    steps, features = (second, first) if answer else (first, second)
    return rougher <= 1 / _CERTAIN or (1 / _LIKELY < rougher < _LIKELY and features >= _LONGER * steps)


def _rougher(values: np.ndarray) -> float:
    """How many times farther apart neighbours are along the second axis than along the first, on (squared) average."""
    some = values[: max(1, _LOOKED_AT // max(1, values[0].size))].astype(np.float64)
    some[~np.isfinite(some)] = np.nan
    first, second = (_apart(np.diff(some, axis=axis)) for axis in (1, 2))
    if first == second:
        return 1.0
    return float(np.clip(second / max(first, 1e-300), 1e-9, 1e9))


def _apart(steps: np.ndarray) -> float:
    known = steps[np.isfinite(steps)]
    return float(np.square(known).mean()) if len(known) else 0.0


def _two_axes(path: Path) -> np.ndarray | None:
    """An array of two axes; None: something else, which whoever reads it names."""
    if path.suffix.lower() != ".npy":
        return None
    try:
        values = read_array(path, mapped=True)
    except DataError:
        return None
    good = values.ndim == 2 and 0 not in values.shape and values.dtype.kind in "iufb" and values.size <= _LOOKED_AT
    return np.array(values) if good else None
