"""Rows of a table of numbers or names, whatever parts their fields; quoted fields may hold anything."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from throughtime.data.findings import Findings
from throughtime.data.tables import LARGEST_FIELD
from throughtime.data.text_files import read_lines
from throughtime.errors import DataError

_MARKS = {";": "a semicolon", ",": "a comma", "\t": "a tab"}
"""What parts fields: the first of these that the first row has; without any, white space."""


def read_rows(path: Path, findings: Findings, encoding: str = "utf-8") -> list[tuple[int, list[str]]]:
    """The rows of a table, each with its line, fields stripped; blank lines and comments (#) are left out.

    Args:
        path: the file.
        findings: the delimiter and the comments are noted.
        encoding: of the file.

    Raises:
        DataError: a row is wider or narrower than the first, a quotation mark is never closed, or there is no row.
    """
    lines = read_lines(path, encoding, findings=findings)
    for number, line in enumerate(lines, 1):
        if line.lstrip().startswith("#"):
            findings.left_out("comments", "a line that begins with #", path, number)
            lines[number - 1] = ""
    first = next((line for line in lines if line.strip()), None)
    if first is None:
        raise DataError(path, "comments only", "rows of a table")
    mark = next((mark for mark in _MARKS if mark in first), None)
    findings.taken("delimiter", "white space" if mark is None else _MARKS[mark], path)
    rows = list(_by_white_space(lines) if mark is None else _by_mark(path, lines, mark))
    width = len(rows[0][1])
    for number, row in rows:
        if len(row) != width:
            found = f"{len(row)} column{'s' * (len(row) != 1)}"
            raise DataError(path, found, f"{width} as in the first row", number)
    return rows


def _by_white_space(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, 1):
        if row := [field.strip('"') for field in line.split()]:
            yield number, row


def _by_mark(path: Path, lines: Sequence[str], mark: str) -> Iterator[tuple[int, list[str]]]:
    csv.field_size_limit(LARGEST_FIELD)
    reader = csv.reader((f"{line}\n" for line in lines), delimiter=mark, skipinitialspace=mark != "\t", strict=True)
    before = 0
    try:
        for fields in reader:
            row = [field.strip() for field in fields]
            if len(row) > 1 or any(row):
                yield before + 1, row
            before = reader.line_num
    except csv.Error as error:
        found = "a quotation mark that is never closed" if "unexpected end" in str(error) else str(error)
        raise DataError(path, found, "a table (marks inside a quoted field doubled)", before + 1) from error
