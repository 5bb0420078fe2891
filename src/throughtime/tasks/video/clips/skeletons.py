"""Joints of skeletons: arrays that have an axis for them, files with a joint a line, and a joint as the origin."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.video.clips.clip import Clip

COORDINATES = 4
"""Of a joint at most: three and how sure they are."""
_PEOPLE = 2  # at most, in one array
_JOINTS = (15, 16, 17, 18, 20, 21, 25, 32, 33)
"""Of the skeletons that cameras and pose estimators give."""
_LOOKED_AT = 50  # clips
_ALIKE = 0.1  # of the change from row to row: what a joint changes from step to step, at most
_SMOOTH = 3.0  # times the change over one row: the change over two rows of a curve is more (4), of joints about as much


def is_skeleton(values: np.ndarray) -> bool:
    """Whether an array (A, B, C) is one clip (steps, joints, coordinates), and not A sequences.

    From step to step a joint moves little; from one sequence to the next, everything does.
    """
    return values.ndim == 3 and 2 <= values.shape[2] <= COORDINATES and steady(values, 1.0)


def steady(values: np.ndarray, times: float = 10.0) -> bool:
    """Whether an array (A, B, C) changes so many times less along its first axis than along its second, as joints do
    that move from step to step.
    """
    if min(values.shape[:2]) < 2:
        return False
    known = np.nan_to_num(values.astype(np.float64))
    first, second = (float(np.square(np.diff(known, axis=axis)).mean()) for axis in (0, 1))
    return times * first < second


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


def joints_a_line(clips: Sequence[Clip], findings: Findings) -> int | None:
    """How many rows one skeleton fills, where each row looks like that of the same joint a step before.

    A curve that comes round after so many rows looks like that, too: it is smooth from row to row, and in no two clips
    at the same place. Where it may be either, that is noted.

    Args:
        clips: of vectors.
        findings: told.

    Returns:
        None: rows are steps, or may be.
    """
    some = [clip.frames for clip in clips[:_LOOKED_AT]]
    if not 2 <= some[0].shape[1] <= COORDINATES or any(frames.shape[1] != some[0].shape[1] for frames in some):
        return None
    for joints in _JOINTS:
        if any(len(frames) % joints or len(frames) < 2 * joints for frames in some):
            continue
        near, over, same = (_change(some, lag) for lag in (1, 2, joints))
        if not same < _ALIKE * near:
            continue
        if over < _SMOOTH * near and _of_one_body(some, joints):
            what = f"{joints} lines are one step, a joint a line: every {joints}th row is alike, in all clips"
            findings.taken("joints", f"{what} (--joints)", clips[0].path)
            return joints
        what = f"every {joints}th row is alike: a joint a line? --joints {joints} makes {joints} rows a step"
        findings.suspicious("features", what, clips[0].path)
        return None
    return None


def _change(some: Sequence[np.ndarray], lag: int) -> float:
    """Mean square of how much rows differ that are so far apart."""
    return float(np.nanmean(np.concatenate([np.square(frames[lag:] - frames[:-lag]).ravel() for frames in some])))


def _of_one_body(some: Sequence[np.ndarray], joints: int) -> bool:
    """Whether the joints lie about alike in all clips."""
    bodies = np.stack([np.nanmean(frames.reshape(-1, joints, frames.shape[1]), axis=0) for frames in some])
    bodies -= np.nanmean(bodies, axis=1, keepdims=True)
    return bool(2 * np.nanmean(bodies.var(axis=0)) < np.nanmean(np.square(bodies)))


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
