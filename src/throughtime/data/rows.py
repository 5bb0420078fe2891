"""Rows of a table of numbers or names, whatever parts their fields; quoted fields may hold anything."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from throughtime.data.delimiters import NAMES, choose_delimiter
from throughtime.data.findings import Findings
from throughtime.data.tables import parse_csv
from throughtime.data.text_files import read_lines
from throughtime.errors import DataError

_LOOKED_AT = 1000  # rows
_DECIMAL = re.compile(r"[-+]?\d*,\d+(?:[eE][-+]?\d+)?")
_NUMBER = re.compile(r"[-+]?\d+(?:[.,]\d+)?(?:[eE][-+]?\d+)?")


def read_rows(
    path: Path, findings: Findings, encoding: str = "utf-8", *, decimals: bool = False
) -> list[tuple[int, list[str]]]:
    """The rows of a table, each with its line, fields stripped; blank lines and comments (#) are left out.

    Args:
        path: the file.
        findings: the delimiter and the comments are noted.
        encoding: of the file.
        decimals: it is a table of numbers: 1,5 is one and a half where something else stands between its columns.

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
    if any(mark in first for mark in NAMES) and not (decimals and _spaced_decimals(lines)):
        mark, content = choose_delimiter(path, "\n".join(lines), findings)
        rows = list(_by_mark(path, content, mark))
    else:
        findings.taken("delimiter", "white space", path)
        rows = list(_by_white_space(lines))
    if not rows:
        raise DataError(path, "no rows", "rows of a table")
    width = len(rows[0][1])
    for number, row in rows:
        if len(row) != width:
            found = f"{len(row)} column{'s' * (len(row) != 1)}"
            raise DataError(path, found, f"{width} as in the first row", number)
    return _with_points(path, rows, findings) if decimals else rows


def _spaced_decimals(lines: Sequence[str]) -> bool:
    """Whether white space stands between numbers with decimal commas."""
    rows = [line.split() for line in lines if line.strip()][-_LOOKED_AT:]
    fields = [field for row in rows for field in row]
    return len(rows[-1]) > 1 and any("," in field for field in fields) and all(map(_NUMBER.fullmatch, fields))


def _with_points(path: Path, rows: list[tuple[int, list[str]]], findings: Findings) -> list[tuple[int, list[str]]]:
    """The rows with decimal points in place of commas."""
    if not any("," in field and _DECIMAL.fullmatch(field) for _, row in rows for field in row):
        return rows
    findings.taken("numbers", "decimal commas", path)
    return [
        (line, [field.replace(",", ".") if _DECIMAL.fullmatch(field) else field for field in row]) for line, row in rows
    ]


def _by_white_space(lines: Sequence[str]) -> Iterator[tuple[int, list[str]]]:
    for number, line in enumerate(lines, 1):
        if row := [field.strip('"') for field in line.split()]:
            yield number, row


def _by_mark(path: Path, content: str, mark: str) -> Iterator[tuple[int, list[str]]]:
    for record in parse_csv(path, content, mark, spaced=mark != "\t"):
        row = [field.strip() for field in record.fields]
        if len(row) > 1 or any(row):
            yield record.line, row
