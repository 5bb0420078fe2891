"""The .ts format of the UEA and UCR archives of labelled time series."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from throughtime.data.findings import Findings
from throughtime.data.text_files import read_lines
from throughtime.errors import DataError
from throughtime.tasks.video.clips.clip import Clip

_CASE = "dimensions parted by colons, each values parted by commas, and a label"


def read_ts(path: Path, labels: bool = True, findings: Findings | None = None) -> list[Clip]:
    """Read a .ts file (Bagnall et al. 2018): a head of lines @name value, @data, and a line for each case.

    Args:
        path: the file.
        labels: whether each case must have its class.
        findings: what was filled in is noted.

    Returns:
        Clips of vectors, one number for each dimension; missing values (?) are filled in along time.

    Raises:
        DataError: what cannot be read as that, at which line and why.
    """
    findings = Findings() if findings is None else findings
    lines = enumerate(read_lines(path, findings=findings), 1)
    head = _head(path, lines)
    clips = []
    width: int | None = None
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        *dimensions, label = line.strip().split(":") if head["labels"] else (*line.strip().split(":"), "")
        if not dimensions:
            raise DataError(path, "no colon", _CASE, number)
        width = width or len(dimensions)
        if len(dimensions) != width:
            raise DataError(path, f"{len(dimensions)} dimensions", f"{width} as in the cases before", number)
        if head["labels"] and label.strip() not in head["classes"]:
            expected = f"one of {', '.join(sorted(head['classes'])[:12])}"
            raise DataError(path, f"the label {_short(label)!r}", expected, number)
        clips.append(Clip(_vectors(path, number, dimensions, findings), label.strip() or None, path, number))
    if not clips:
        raise DataError(path, "no cases after @data", "at least one")
    if labels and not head["labels"]:
        raise DataError(path, "series without classes (@classLabel false)", "series with classes")
    return clips


def _head(path: Path, lines: Iterator[tuple[int, str]]) -> dict[str, set[str]]:
    """What the lines before @data say of the classes."""
    found: dict[str, set[str]] = {"labels": set(), "classes": set()}
    for number, line in lines:
        words = line.strip().split()
        if not words or words[0].startswith("#"):
            continue
        name = words[0].lower()
        if name == "@data":
            return found
        if not name.startswith("@"):
            raise DataError(path, f"{_short(line)!r} before @data", "lines of @name value", number)
        if name == "@timestamps" and words[-1].lower() == "true":
            raise DataError(path, "series with time stamps", "series at equal steps (@timeStamps false)", number)
        if name in ("@classlabel", "@targetlabel") and words[1:2] and words[1].lower() == "true":
            found = {"labels": {"true"}, "classes": set(words[2:])}
            if not found["classes"]:
                raise DataError(path, "no classes", "their names after @classLabel true", number)
    raise DataError(path, "no line @data", "a .ts file of the UEA archive")


def _vectors(path: Path, line: int, dimensions: list[str], findings: Findings) -> np.ndarray:
    """(T, D)"""
    series: list[list[float]] = []
    for place, dimension in enumerate(dimensions, 1):
        try:
            values = [math.nan if value.strip() == "?" else float(value) for value in dimension.split(",")]
        except ValueError:
            raise DataError(path, f"{_short(dimension)!r} in dimension {place}", "numbers or ?", line) from None
        if len(values) != len(series[0] if series else values):
            found = f"{len(values)} values in dimension {place}"
            raise DataError(path, found, f"{len(series[0])} as in dimension 1", line)
        series.append(values)
    return filled(path, np.array(series).T, line, findings)


def filled(path: Path, values: np.ndarray, line: int | None = None, findings: Findings | None = None) -> np.ndarray:
    """Vectors (T, F) whose missing values (NaN) are filled in along time, as float32.

    A feature of which the clip knows nothing stays NaN: training knows its mean.

    Args:
        path, line: where they come from.
        values: (T, F).
        findings: what was filled in is noted.

    Raises:
        DataError: infinite or huge values, or none at all.
    """
    values = values.astype(np.float64)
    if np.isinf(values).any() or np.nanmax(np.abs(values), initial=0.0) > 1e12:
        raise DataError(path, "a value beyond 1e12", "finite numbers", line)
    missing = np.isnan(values)
    unseen = missing.all(axis=0)
    if unseen.all():
        raise DataError(path, "no value at all", "at least one", line)
    steps = np.arange(len(values))
    for feature in np.flatnonzero(missing.any(axis=0) & ~unseen):
        known = ~missing[:, feature]
        values[:, feature] = np.interp(steps, steps[known], values[known, feature])
    if findings is not None and missing.any():
        if unseen.any():
            what = "a feature of which a clip has no value: its mean in training stands there"
            findings.left_out("missing values", what, path, line, int(unseen.sum()))
        if gaps := int(missing[:, ~unseen].sum()):
            findings.left_out("missing values", "a missing value, filled in along time", path, line, gaps)
    return values.astype(np.float32)


def _short(text: str) -> str:
    return text.strip() if len(text.strip()) <= 30 else f"{text.strip()[:30]}..."
