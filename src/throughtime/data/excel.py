"""Excel workbooks, read as the tables that they could be saved as: a row a line, with tabs between its cells."""

from __future__ import annotations

import datetime
import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from throughtime.data.findings import Findings
from throughtime.errors import DataError, MissingExtraError

SUFFIXES = (".xlsx", ".xlsm")
"""What the names of workbooks end in."""
_MOST_ROWS, _MOST_CELLS = 2**20, 20_000_000
"""Rows that Excel knows, and cells that are read."""
_TIMES, _AT_LEAST = 200, 64 * 2**20
"""A workbook may unpack to so many times its size, or to so many bytes: tables do, a bomb does not."""
_BREAK = re.compile(r"[\t\r\n]+")


def is_workbook(content: bytes) -> bool:
    """Whether a file is an Excel workbook, by what is in it."""
    return content.startswith(b"PK\x03\x04") and b"xl/workbook.xml" in content[-65536:]


def as_tabbed_lines(path: Path, content: bytes, findings: Findings) -> str:
    """The first sheet that holds anything: line n is its row n.

    Args:
        path: the file, for messages.
        content: all of it.
        findings: is told which sheet is read, and what is left out.

    Raises:
        DataError: it is damaged, empty, or far larger than a table can become.
        MissingExtraError: openpyxl is missing.
    """
    try:
        import openpyxl
    except ImportError as error:
        raise MissingExtraError("openpyxl", "excel", "reading Excel workbooks") from error
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(part.file_size for part in archive.infolist()) > max(_AT_LEAST, _TIMES * len(content)):
                raise DataError(path, "a workbook that unpacks to far more than a table can be", "a smaller one")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of styles and validations, which are of no concern here
            # values, not formulas: what Excel had worked out when it saved the file
            book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
            return _first_sheet(path, book.worksheets, findings)
    except DataError:
        raise
    except Exception as error:  # whatever openpyxl trips over in a damaged file, it is that file's fault
        raise DataError(path, f"an Excel workbook that cannot be read ({error})", "a whole one, or CSV") from error


def _first_sheet(path: Path, sheets: Iterable[Any], findings: Findings) -> str:
    waiting = iter(sheets)
    for sheet in waiting:
        rows = list(_rows(path, sheet, findings))
        if width := max(map(len, rows), default=0):
            if width * len(rows) > _MOST_CELLS:
                found = f"a sheet of {len(rows):,} rows and {width:,} columns"
                raise DataError(path, found, f"at most {_MOST_CELLS:,} cells")
            findings.taken("format", f"an Excel workbook, of which the sheet {sheet.title!r} is read", path)
            for other in waiting:
                findings.left_out("sheets", f"the sheet {other.title!r} is not read", path)
            return "".join("\t".join([*row, *[""] * (width - len(row))]) + "\n" for row in rows)
    raise DataError(path, "a workbook without cells", "a table")


def _rows(path: Path, sheet: Any, findings: Findings) -> Iterator[list[str]]:
    """The cells of each row up to the last that holds something."""
    sheet.reset_dimensions()  # what a file says of its size need not be so
    for number, row in enumerate(sheet.iter_rows(values_only=True), 1):
        if number > _MOST_ROWS:
            raise DataError(path, f"more than {_MOST_ROWS:,} rows", "as many as Excel knows")
        cells = [_written(value) for value in row]
        if any(map(_BREAK.search, cells)):
            findings.left_out("line breaks", "a line break or tab within a cell, read as a space", path, number)
            cells = [_BREAK.sub(" ", cell) for cell in cells]
        while cells and not cells[-1]:
            cells.pop()
        yield cells


def _written(value: Any) -> str:
    """A cell as it would stand in a table with tabs, where marks around a whole field are no part of it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    text = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    return '"' + text.replace('"', '""') + '"' if text.startswith('"') and text.endswith('"') else text
