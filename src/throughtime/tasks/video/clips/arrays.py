"""Sequences of vectors out of NPY files and CSV tables: poses and sensors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.data.arrays import read_array
from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.video.clips.axes import Order, turned
from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.clips.skeletons import COORDINATES, in_vectors, is_skeleton, many_in_vectors, steady
from throughtime.tasks.video.clips.table import read_table
from throughtime.tasks.video.clips.timeseries import filled

_MANY = 8  # arrays in a folder that could be the frames of a clip
_LOOKED_AT = 200  # of these


def read_vectors(path: Path, *, turned: bool = False, findings: Findings | None = None) -> np.ndarray:
    """One sequence: (T, F), float32, of a .npy array, or of a .csv or .tsv table with or without a head line.

    Args:
        path: the file.
        turned: it holds (F, T).
        findings: how it was understood is noted.

    Raises:
        DataError: it is no such file, or not all of it are numbers.
    """
    findings = Findings() if findings is None else findings
    if path.suffix.lower() == ".npy":
        return vectors_of(path, load_array(path), turned, findings)
    values = read_table(path, findings)
    return filled(path, values.T if turned else values, findings=findings)


def vectors_of(path: Path, values: np.ndarray, turned: bool, findings: Findings) -> np.ndarray:
    """An array (T,), (T, F), (F, T) or (T, joints, coordinates) as one sequence (T, F), float32."""
    if is_skeleton(values):
        values = in_vectors(path, values, findings)
    else:
        findings.taken("axes", _axes(values.ndim, turned), path)
        values = values[:, None] if values.ndim == 1 else values.T if turned else values
    if values.ndim != 2 or 0 in values.shape:
        raise DataError(path, f"an array of shape {values.shape}", "(steps, features)")
    if values.dtype.kind not in "iufb":
        raise DataError(path, f"an array of {values.dtype}", "numbers")
    return filled(path, values, findings=findings)


def sequences_of(
    path: Path, values: np.ndarray, names: Sequence[str] | None, order: Order, width: int | None, findings: Findings
) -> list[Clip]:
    """Many sequences of one length.

    Args:
        path: for messages.
        values: (N, T) of one number a step, (N, T, F) or (N, F, T), or with an axis of joints.
        names: the class of each; None: not known.
        order: which of the axes is time, as told.
        width: features that training had, if known.
        findings: how the axes were understood.

    Raises:
        DataError: other axes, or values that cannot be.
    """
    across = False
    if values.dtype.kind not in "iufb":
        raise DataError(path, f"an array of {values.dtype}", "numbers")
    if values.ndim > 3:
        values = many_in_vectors(path, values, findings)
    elif values.ndim == 2:
        findings.taken("axes", "an array (sequences, steps), one number a step", path)
        values = values[:, :, None]
    elif values.ndim == 3 and 0 not in values.shape:
        across = turned(path, values, order, width, findings)
    if values.ndim != 3 or 0 in values.shape:
        raise DataError(path, f"an array of shape {values.shape}", "(sequences, steps, features)")
    if across:
        values = values.swapaxes(1, 2)
    labels: Sequence[str | None] = [None] * len(values) if names is None else names
    return [
        Clip(filled(path, rows, row, findings), name, path, row)
        for row, (rows, name) in enumerate(zip(values, labels, strict=True), 1)
    ]


def read_frames(folder: Path, findings: Findings | None = None) -> np.ndarray:
    """The clip (T, F) whose frames are the arrays of a folder, in the order of their numbers (see `are_frames`)."""
    findings = Findings() if findings is None else findings
    files = sorted((file for file in folder.iterdir() if file.suffix.lower() == ".npy"), key=_place)
    findings.taken("frames", "arrays of one frame each, in a folder a clip, in the order of their numbers", folder)
    return filled(folder, np.stack([load_array(file).reshape(-1) for file in files]), findings=findings)


def are_frames(files: Sequence[Path], findings: Findings) -> bool:
    """Whether the arrays of a folder are the single frames of one clip: numbered vectors of one length.

    Args:
        files: all the clips in that folder.
        findings: noted, if they are arrays of joints that could be such frames.
    """
    if len(files) < 2 or any(file.suffix.lower() != ".npy" for file in files):
        return False
    places = [_place(file) for file in files]
    if len({name for name, _ in places}) > 1 or len(set(places)) < len(places) or -1 in {at for _, at in places}:
        return False
    shape = _shape(files[0])
    if not shape or shape[-1] < 2 or any(_shape(file) != shape for file in files[1:]):
        return False
    if len(shape) == 2 and shape[0] > 1 and shape[1] <= COORDINATES and len(files) >= _MANY:
        if steady(np.stack([load_array(file) for file in sorted(files, key=_place)[:_LOOKED_AT]])):
            return True
        what = "numbered arrays of one shape in a folder, each taken for a clip: are they the frames of one?"
        findings.suspicious("frames", what, files[0].parent)
    return len(shape) == 1 or (len(shape) == 2 and shape[0] == 1)


def load_array(path: Path, numbers: bool = True) -> np.ndarray:
    """A .npy file; nothing in it is ever executed.

    Raises:
        DataError: it is none, it is cut off, or it holds objects (or, where `numbers`, no numbers).
    """
    values = read_array(path)
    if values.dtype.kind not in ("iufb" if numbers else "iubU"):
        raise DataError(path, f"an array of {values.dtype}", "numbers" if numbers else "whole numbers or names")
    return values


def _axes(dimensions: int, turned: bool) -> str:
    """In words."""
    if dimensions == 1:
        return "an array (steps,), one number a step"
    return "an array (features, steps)" if turned else "an array (steps, features)"


def _place(file: Path) -> tuple[str, int]:
    """The name of a frame without its number, and the number; -1 without."""
    found = re.fullmatch(r"(.*?)(\d+)", file.stem)
    return (file.stem, -1) if found is None else (found[1], int(found[2]))


def _shape(path: Path) -> tuple[int, ...]:
    """Of an array, from its head alone; () where it cannot be read, which is said when it is."""
    try:
        return tuple(read_array(path, mapped=True).shape)
    except DataError:
        return ()
