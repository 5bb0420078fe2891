"""Sequences of vectors out of NPY files and CSV tables: poses and sensors."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from throughtime.data.tables import read_text
from throughtime.errors import DataError
from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.clips.timeseries import filled

_MISSING = frozenset({"", "nan", "na", "null", "none", "?"})


def read_vectors(path: Path) -> np.ndarray:
    """One sequence: (T, F), float32, of a .npy array, or of a .csv or .tsv table with or without a head line.

    Raises:
        DataError: it is no such file, or not all of it are numbers.
    """
    values = load_array(path) if path.suffix.lower() == ".npy" else _table(path)
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2 or 0 in values.shape:
        raise DataError(path, f"an array of shape {values.shape}", "(steps, features)")
    return filled(path, values)


def read_array_pair(inputs: Path, labels: Path | None) -> list[Clip]:
    """Many sequences of one length: an array (N, T, F) and, if known, one of N labels."""
    values = load_array(inputs)
    if values.ndim != 3 or 0 in values.shape:
        raise DataError(inputs, f"an array of shape {values.shape}", "(sequences, steps, features)")
    if labels is None:
        return [Clip(filled(inputs, rows, row), None, inputs, row) for row, rows in enumerate(values, 1)]
    names = load_array(labels, numbers=False).reshape(-1)
    if len(names) != len(values):
        raise DataError(labels, f"{len(names)} labels", f"{len(values)} as there are sequences in {inputs.name}")
    return [
        Clip(filled(inputs, rows, row), str(name), inputs, row)
        for row, (rows, name) in enumerate(zip(values, names, strict=True), 1)
    ]


def load_array(path: Path, numbers: bool = True) -> np.ndarray:
    """A .npy file; nothing in it is ever executed.

    Raises:
        DataError: it is none, it is cut off, or it holds objects (or, where `numbers`, no numbers).
    """
    try:
        values: np.ndarray = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError, MemoryError, SyntaxError) as error:
        raise DataError(path, f"no readable array ({str(error).splitlines()[0]})", "a .npy file of numbers") from None
    if values.dtype.kind not in ("iufb" if numbers else "iubU"):
        raise DataError(path, f"an array of {values.dtype}", "numbers" if numbers else "whole numbers or names")
    return values


def _table(path: Path) -> np.ndarray:
    lines = [(number, line) for number, line in enumerate(read_text(path).split("\n"), 1) if line.strip()]
    mark = next((mark for mark in (";", ",", "\t") if mark in lines[0][1]), None)
    rows: list[list[float]] = []
    for place, (number, line) in enumerate(lines):
        fields = [field.strip() for field in line.split(mark)]
        numbers = [_number(field) for field in fields]
        if place == 0 and None in numbers:
            width = len(fields)
            continue  # a head line
        if not rows and place == 0:
            width = len(fields)
        if len(fields) != width:
            raise DataError(path, f"{len(fields)} columns", f"{width} as in the first row", number)
        row = [value for value in numbers if value is not None]
        if len(row) < width:
            wrong = fields[numbers.index(None)]
            raise DataError(path, f"{wrong[:30]!r}", "numbers (or an empty field where one is missing)", number)
        rows.append(row)
    if not rows:
        raise DataError(path, "a head line and no rows", "rows of numbers")
    return np.array(rows)


def _number(field: str) -> float | None:
    if field.lower() in _MISSING:
        return float("nan")
    try:
        return float(field)
    except ValueError:
        return None
