"""The piano-rolls of Boulanger-Lewandowski et al. 2012: MATLAB files that bring their own splits."""

from __future__ import annotations

import struct
import zlib
from contextlib import suppress
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import DataError, MissingExtraError
from throughtime.tasks.music.scores.roll import LONGEST
from throughtime.tasks.music.scores.score import KEYS

SPLITS = ("traindata", "validdata", "testdata")
LARGEST = 2**28
"""Bytes that a file's matrices may unpack to; the largest of the four collections has 180 million."""
_HEAD = 128
_COMPRESSED = 15


def read_matlab(path: Path) -> dict[str, list[NDArray[np.uint8]]]:
    """The rolls of each split.

    Args:
        path: a .mat file (version 5) with the cell arrays traindata, validdata and testdata of (T, 88) matrices.

    Returns:
        Rolls (T, 88) of zeros and ones under "traindata", "validdata" and "testdata".

    Raises:
        DataError: no MATLAB file, a split missing or empty, or a matrix that is no piano-roll.
    """
    try:
        from scipy.io import loadmat
    except ImportError as error:
        raise MissingExtraError("scipy", "music", "reading MATLAB files") from error
    expected = "a MATLAB 5 file with the cell arrays traindata, validdata and testdata"
    if path.stat().st_size == 0:
        raise DataError(path, "an empty file", expected)
    if (size := _unpacked(path)) > LARGEST:
        raise DataError(path, f"matrices that unpack to {size:,} bytes", f"at most {LARGEST:,}")
    try:
        found = loadmat(str(path), variable_names=SPLITS)
    except Exception as error:  # scipy answers broken files with errors of every kind
        raise DataError(path, f"no MATLAB file that can be read ({_reason(error)})", expected) from error
    missing = [name for name in SPLITS if name not in found]
    if missing:
        raise DataError(path, f"no {' and no '.join(missing)}", expected)
    return {name: _split(path, name, found[name]) for name in SPLITS}


def _unpacked(path: Path) -> int:
    """Bytes that the packed parts of a file say that they unpack to; parts that are damaged say nothing."""
    content, at, total = path.read_bytes(), _HEAD, 0
    order = ">" if content[126:128] == b"MI" else "<"
    while at + 8 <= len(content):
        kind, size = struct.unpack_from(f"{order}II", content, at)
        if kind == _COMPRESSED:
            with suppress(zlib.error, struct.error):
                beginning = zlib.decompressobj().decompress(content[at + 8 : at + 8 + size], 8)
                total += struct.unpack(f"{order}II", beginning)[1]
        at += 8 + size
    return total


def _split(path: Path, name: str, cells: NDArray[np.object_]) -> list[NDArray[np.uint8]]:
    if cells.dtype != object or cells.size == 0:
        raise DataError(path, f"{name} with no cells", "a cell array of piano-rolls")
    return [_roll(path, f"{name}{{{number}}}", np.asarray(cell)) for number, cell in enumerate(cells.ravel(), start=1)]


def _roll(path: Path, name: str, cell: NDArray[np.generic]) -> NDArray[np.uint8]:
    expected = f"a matrix of frames by {KEYS} keys of zeros and ones"
    if cell.ndim != 2 or cell.shape[1] != KEYS or not 0 < len(cell) <= LONGEST:
        raise DataError(path, f"{name} of shape {' x '.join(map(str, cell.shape))}", expected)
    if cell.dtype.kind not in "buif":
        raise DataError(path, f"{name} of type {cell.dtype}", expected)
    bad = ~np.isin(cell, (0, 1))
    if bad.any():
        raise DataError(path, f"{cell[bad][0]} in {name}", expected, line=int(bad.any(1).argmax()) + 1)
    return cell.astype(np.uint8)


def _reason(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0][:100]
