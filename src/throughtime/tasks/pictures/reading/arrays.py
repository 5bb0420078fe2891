"""Pictures in arrays: NPY and NPZ files, and IDX files with their labels beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from throughtime.data.arrays import array_names, read_array, read_arrays
from throughtime.data.findings import Findings
from throughtime.errors import DataError
from throughtime.tasks.pictures.reading.idx import is_idx, read_idx

SUFFIXES = (".npy", ".npz")
_PICTURES = ("x", "images", "pictures", "data", "arr_0", "x_train", "train_images")
_LABELS = ("y", "labels", "targets", "label", "arr_1", "y_train", "train_labels")
_EXPECTED = "pictures (N, H, W), (N, H, W, 3) or (N, 3, H, W), numbers from 0 to 255 or from 0 to 1"


def read_arrays_of_pictures(path: Path, findings: Findings) -> tuple[np.ndarray, list[str | None]]:
    """The pictures of an array file, (N, H, W, C) uint8, and their labels.

    Raises:
        DataError: there are none in it, or not as many labels.
    """
    if is_idx(path):
        return _checked(path, read_idx(path), _idx_labels(path, findings), findings)
    if path.suffix.lower() == ".npy":
        return _checked(path, read_array(path, _EXPECTED, mapped=True), None, findings)
    names = {name.lower(): name for name in array_names(path, _EXPECTED)}
    pictures = next((names[name] for name in _PICTURES if name in names), None)
    if pictures is None:
        found = f"the arrays {', '.join(names.values()) or 'none'}"
        raise DataError(path, found[:200], f"one called {_PICTURES[0]}: {_EXPECTED}")
    labels = next((names[name] for name in _LABELS if name in names), None)
    findings.taken("arrays", f"pictures from {pictures!r}, labels from {labels!r}", path)
    found_arrays = read_arrays(path, [pictures, *([labels] if labels else [])], _EXPECTED)
    return _checked(path, found_arrays[0], found_arrays[1] if labels else None, findings)


def _idx_labels(path: Path, findings: Findings) -> np.ndarray | None:
    """train-labels-idx1-ubyte beside train-images-idx3-ubyte."""
    beside = path.with_name(path.name.replace("images", "labels").replace("idx3", "idx1"))
    if beside == path or not beside.is_file():
        findings.taken("labels", "none beside the pictures", path)
        return None
    findings.taken("labels", f"from {beside.name}", path)
    return read_idx(beside)


def _checked(
    path: Path, pictures: np.ndarray, labels: np.ndarray | None, findings: Findings
) -> tuple[np.ndarray, list[str | None]]:
    if pictures.ndim == 4 and pictures.shape[1] in (1, 3) and pictures.shape[3] not in (1, 3):
        findings.taken("axes", "(N, C, H, W)", path)
        pictures = pictures.transpose(0, 2, 3, 1)
    elif pictures.ndim == 3:
        findings.taken("axes", "(N, H, W), grey", path)
        pictures = pictures[..., None]
    if pictures.ndim != 4 or pictures.shape[3] not in (1, 3) or not pictures.size:
        raise DataError(path, f"an array of shape {pictures.shape}", _EXPECTED)
    if labels is not None and (labels.ndim != 1 or len(labels) != len(pictures)):
        found = f"labels of shape {labels.shape} for {len(pictures)} pictures"
        raise DataError(path, found, "a label for each picture")
    names: list[str | None] = [None] * len(pictures)
    if labels is not None:
        names = [str(label) for label in labels.tolist()]
    return _bytes(path, pictures, findings), names


def _bytes(path: Path, pictures: np.ndarray, findings: Findings) -> np.ndarray:
    if pictures.dtype == np.uint8:
        return pictures
    if pictures.dtype.kind not in "iufb":
        raise DataError(path, f"an array of {pictures.dtype}", _EXPECTED)
    low, high = float(pictures.min()), float(pictures.max())
    if not 0 <= low <= high <= 255:  # also where one is NaN
        raise DataError(path, f"numbers from {low:g} to {high:g}", _EXPECTED)
    if (high <= 1 and pictures.dtype.kind == "f") or pictures.dtype.kind == "b":
        findings.taken("values", "from 0 to 1, made 0 to 255", path)
        return np.round(np.asarray(pictures, dtype=np.float32) * 255).astype(np.uint8)
    return np.round(pictures).astype(np.uint8)
