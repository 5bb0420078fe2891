"""The labels of a row: what its cell says, each of several in a cell, or the columns whose classes it is of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throughtime.data.cells import cell, shown, yes_or_no
from throughtime.data.findings import Findings
from throughtime.data.layout import Record
from throughtime.errors import DataError

LABEL_MARK = "__label__"
"""What a label begins with in fastText's files."""
_MARKS = {"|": "a vertical bar", ";": "a semicolon", ",": "a comma"}
"""What may stand between the labels of a cell."""


@dataclass(frozen=True)
class RowLabels:
    """How the labels of a file's rows are read.

    Args:
        path: the file, for messages.
        at: the column that holds them, or those of which each stands for a class.
        classes: the names of the latter; none of the former.
        between: what stands between the labels of a cell; None: a cell holds one.
    """

    path: Path
    at: Sequence[int]
    classes: Sequence[str] = ()
    between: str | None = None

    def of(self, record: Record) -> tuple[str, ...] | None:
        """The labels of a row, each once; None: it has none where it should.

        A list of JSON without items, and columns that all say no, are a text of no class.

        Raises:
            DataError: something that is no label.
        """
        if self.classes:
            return tuple(name for at, name in zip(self.at, self.classes, strict=True) if self._is_of(record, at, name))
        value = record.fields[self.at[0]]
        if isinstance(value, list):
            return tuple(dict.fromkeys(filter(None, (self._label(one, record) for one in value))))
        text = self._label(value, record)
        labels = [text] if self.between is None else [one.strip(_AROUND) for one in text.split(self.between)]
        return tuple(dict.fromkeys(label for label in labels if label)) or None

    def _is_of(self, record: Record, at: int, name: str) -> bool:
        said = yes_or_no(cell(record.fields[at]))
        if said is None:
            found = f"{shown(record.fields[at])} in the column {name!r}, which stands for a class"
            raise DataError(self.path, found, "1 or 0", record.line)
        return said

    def _label(self, value: Any, record: Record) -> str:
        if isinstance(value, (dict, list)):
            raise DataError(self.path, f"{shown(value)} as label", "a word or a number, or a list of such", record.line)
        return cell(value).strip().removeprefix(LABEL_MARK)


_AROUND = " \t[]'\""  # as Python writes a list into a table


def mark_between(cells: Iterable[str], path: Path, findings: Findings) -> str:
    """What stands between the labels of cells of which each may hold several: the mark that most of them hold.

    Example:
        >>> mark_between(["a, b", "c", "a, b, c|d"], Path("a.csv"), Findings())
        ','
    """
    counts = Counter(mark for text in cells for mark in _MARKS if mark in text)
    mark = max(_MARKS, key=lambda mark: counts[mark])
    if counts[mark]:
        findings.taken("several labels", f"{_MARKS[mark]} stands between the labels of a text", path)
    else:
        findings.suspicious("several labels", "no cell holds more than one label", path)
    return mark
