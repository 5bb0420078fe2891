"""A sequence of vectors out of a table, a row a step: where its head line and its index column are told from data."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from throughtime.data.findings import Findings
from throughtime.data.rows import read_rows
from throughtime.errors import DataError

_MISSING = frozenset({"", "nan", "na", "null", "none", "?"})
_NO_NAMES = ("", "unnamed: 0")  # what the index column of a table is called that pandas wrote and read again
_COUNTS = ("index", "idx", "row", "frame", "frame_id", "frame_number", "step", "sample")
"""What a column is called that counts the rows, if it does."""


def read_table(path: Path, findings: Findings) -> np.ndarray:
    """The numbers of a table, (T, F); NaN where a field is empty.

    Raises:
        DataError: not all of it are numbers, or its rows are not of one width.
    """
    rows = read_rows(path, findings, decimals=True)
    first = rows[0][1]
    head = _is_head([row for _, row in rows])
    index = head and len(first) > 1 and (first[0].lower() in _NO_NAMES or _counts(first[0], rows[1:]))
    if head:
        shown = ", ".join(first[:6]) + (", ..." if len(first) > 6 else "")
        findings.taken("head line", f"the first row, names of columns: {shown}", path)
    else:
        findings.taken("head line", "none: the first row is the first step", path)
    if index:
        name = f"which is called {first[0]!r}" if first[0] else "which has no name"
        findings.left_out("index column", f"the first column, {name}: it counts the rows", path)
    if len(rows) == head:
        raise DataError(path, "a head line and no rows", "rows of numbers")
    return np.array([_numbers(path, number, row[index:]) for number, row in rows[head:]])


def _counts(name: str, rows: Sequence[tuple[int, Sequence[str]]]) -> bool:
    """Whether a first column of that name goes up by one from row to row."""
    if name.lower().replace(" ", "_") not in _COUNTS or not rows:
        return False
    numbers = [number_of(row[0]) for _, row in rows]
    first = numbers[0]
    return first is not None and numbers == [first + step for step in range(len(numbers))]


def _is_head(rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row holds names: words, or the numbers 0, 1, 2, ... that pandas writes for want of names.

    These could be data too, where all is written in whole numbers and there are one or two columns only.
    """
    first = rows[0]
    if any(number_of(field) is None for field in first):
        return True
    names = list(first[1:] if first[0] == "" else first)
    if not names or names != [str(number) for number in range(len(names))]:
        return False
    return len(names) > 2 or not any(all(field.lstrip("-").isdecimal() for field in row) for row in rows[1:])


def _numbers(path: Path, line: int, row: Sequence[str]) -> list[float]:
    numbers = [number_of(field) for field in row]
    if None in numbers:
        wrong = row[numbers.index(None)]
        raise DataError(path, f"{wrong[:30]!r}", "numbers (or an empty field where one is missing)", line)
    return [number for number in numbers if number is not None]


def number_of(field: str) -> float | None:
    """The number that a field holds: NaN where it is missing, None where it is none."""
    if field.lower() in _MISSING:
        return float("nan")
    try:
        return float(field)
    except ValueError:
        return None
