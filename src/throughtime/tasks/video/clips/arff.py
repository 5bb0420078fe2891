"""Weka's .arff files as the UCR and UEA archives write labelled time series: a series a row, its class at the end."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from throughtime.data.findings import Findings
from throughtime.data.text_files import read_lines
from throughtime.errors import DataError
from throughtime.tasks.video.clips.clip import Clip
from throughtime.tasks.video.clips.timeseries import filled

_ATTRIBUTE = re.compile(r"@attribute\s+('[^']*'|\"[^\"]*\"|\S+)\s+(.+)", re.IGNORECASE)
_NUMBERS = ("numeric", "real", "integer")


@dataclass
class _Head:
    """What the lines before @data say: the kind of each column, in order, and the classes."""

    kinds: list[str] = field(default_factory=list)
    classes: list[str] = field(default_factory=list)


def read_arff(path: Path, labels: bool = True, findings: Findings | None = None) -> list[Clip]:
    """Read a file of series, of one dimension (a number a column) or of several (a relational attribute).

    Args:
        path: the file.
        labels: whether each must have its class.
        findings: what was filled in is noted.

    Raises:
        DataError: what cannot be read as that, at which line and why.
    """
    findings = Findings() if findings is None else findings
    lines = enumerate(read_lines(path, findings=findings), 1)
    head = _head(path, lines)
    series = head.kinds[:-1] if head.classes else head.kinds
    if not series or (series != ["relational"] and set(series) != {"number"}):
        expected = "numbers (or one relational attribute), and a class {a,b} as the last attribute"
        raise DataError(path, f"attributes of the kinds {', '.join(head.kinds[:6])}", expected)
    if labels and not head.classes:
        raise DataError(path, "series without classes", "a class {a,b} as the last attribute")
    clips = []
    for number, line in lines:
        if not line.strip() or line.lstrip().startswith("%"):
            continue
        (row,) = csv.reader([line], quotechar="'", skipinitialspace=True)
        if len(row) != len(head.kinds):
            raise DataError(path, f"{len(row)} values", f"{len(head.kinds)} as there are attributes", number)
        label = row.pop().strip().strip("'\"") if head.classes else None
        if label is not None and label not in head.classes:
            expected = f"one of {', '.join(head.classes[:12])}"
            raise DataError(path, f"the label {label[:30]!r}", expected, number)
        dimensions = row[0].replace("\\n", "\n").split("\n") if series == ["relational"] else [",".join(row)]
        clips.append(Clip(_vectors(path, number, dimensions, findings), label, path, number))
    if not clips:
        raise DataError(path, "no series after @data", "at least one")
    return clips


def _head(path: Path, lines: Iterator[tuple[int, str]]) -> _Head:
    head, inside = _Head(), False
    for number, line in lines:
        word = line.strip().lower()
        if word.startswith("@data"):
            return head
        if word.startswith("@end"):
            inside = False
        elif word.startswith("@attribute") and not inside:
            found = _ATTRIBUTE.match(line.strip())
            if found is None:
                raise DataError(path, f"{line.strip()[:40]!r}", "@attribute NAME KIND", number)
            kind = found[2].strip()
            inside = kind.lower() == "relational"
            head.classes = [one.strip().strip("'\"") for one in kind.strip("{}").split(",")] if kind[0] == "{" else []
            head.kinds.append(
                "relational" if inside else "number" if kind.lower() in _NUMBERS else "class" if head.classes else kind
            )
        elif word and not word.startswith(("%", "@relation", "@attribute")):
            raise DataError(path, f"{line.strip()[:40]!r} before @data", "@attribute lines", number)
    raise DataError(path, "no line @data", "an .arff file of time series")


def _vectors(path: Path, line: int, dimensions: Sequence[str], findings: Findings) -> np.ndarray:
    """(T, D)"""
    try:
        series = [[float("nan" if v.strip() == "?" else v) for v in values.split(",")] for values in dimensions]
    except ValueError as error:
        raise DataError(path, f"a series with a value that is none ({error})", "numbers or ?", line) from None
    if len({len(values) for values in series}) != 1:
        lengths = ", ".join(str(len(values)) for values in series[:6])
        raise DataError(path, f"dimensions of {lengths} values", "all of one length", line)
    return filled(path, np.array(series).T, line, findings)
