"""Joints of skeletons: arrays that have an axis for them, files with a joint a line, and a joint as the origin."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError

COORDINATES = 4
"""Of a joint at most: three and how sure they are."""
_PEOPLE = 2  # at most, in one array


def is_skeleton(values: np.ndarray) -> bool:
    """Whether an array (A, B, C) is one clip (steps, joints, coordinates), and not A sequences.

    From step to step a joint moves little; from one sequence to the next, everything does.
    """
    if values.ndim != 3 or not 2 <= values.shape[2] <= COORDINATES or min(values.shape[:2]) < 2:
        return False
    known = np.nan_to_num(values.astype(np.float64))
    first, second = (float(np.square(np.diff(known, axis=axis)).mean()) for axis in (0, 1))
    return first < second


def in_vectors(path: Path, values: np.ndarray, findings: Findings) -> np.ndarray:
    """Joints (steps, joints, coordinates) as vectors (T, F)."""
    steps, joints, coordinates = values.shape
    findings.taken("axes", f"an array (steps, {joints} joints, {coordinates} coordinates)", path)
    return values.reshape(steps, joints * coordinates)


def many_in_vectors(path: Path, values: np.ndarray, findings: Findings) -> np.ndarray:
    """Sequences of joints as vectors (N, T, F).

    Args:
        path: for messages.
        values: (N, T, joints, coordinates), or, as graph networks want them, (N, coordinates, T, joints, people).
        findings: how the axes were understood.

    Raises:
        DataError: other axes.
    """
    if values.ndim == 4 and 2 <= values.shape[3] <= COORDINATES:
        findings.taken("axes", "an array (sequences, steps, joints, coordinates)", path)
        return values.reshape(*values.shape[:2], -1)
    if values.ndim == 5 and 2 <= values.shape[1] <= COORDINATES and values.shape[4] <= _PEOPLE:
        findings.taken("axes", "an array (sequences, coordinates, steps, joints, people)", path)
        return values.transpose(0, 2, 4, 3, 1).reshape(len(values), values.shape[2], -1)
    raise DataError(path, f"an array of shape {values.shape}", "(sequences, steps, features), or with joints")


def gathered(path: Path, frames: np.ndarray, joints: int, findings: Findings) -> np.ndarray:
    """A joint a line (T joints, C) as a skeleton a line (T, joints C); what is one already stays as it is.

    Raises:
        DataError: it is neither.
    """
    rows, width = frames.shape
    if width > COORDINATES and width % joints == 0:
        return frames
    if width > COORDINATES or rows % joints:
        raise DataError(
            path, f"{rows} rows of {width} numbers", f"skeletons of {joints} joints, in a row or a joint a row"
        )
    findings.taken("joints", f"{joints} lines are one step, a joint a line", path)
    return frames.reshape(rows // joints, joints * width)


def seen_from(path: Path, frames: np.ndarray, joints: int, origin: int) -> np.ndarray:
    """Skeletons (T, joints C) as they lie around one of their joints, whose number counts from 1.

    Raises:
        DataError: no such joint, or frames that are no skeletons of so many joints.
    """
    steps, width = frames.shape
    if width % joints or origin > joints:
        raise DataError(
            path, f"{width} numbers a step", f"{joints} joints, number {origin} among them (--joints, --origin)"
        )
    placed = frames.reshape(steps, joints, -1).copy()
    there = min(placed.shape[2], COORDINATES - 1)  # a fourth says how sure they are
    placed[:, :, :there] -= placed[:, origin - 1 : origin, :there]
    return placed.reshape(steps, width)
