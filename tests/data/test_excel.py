"""Excel workbooks, wherever tables are read."""

from __future__ import annotations

import datetime
import io
import sys
import zipfile
from pathlib import Path
from typing import Any

import openpyxl
import pytest

import throughtime
from throughtime.data.excel import as_tabbed_lines
from throughtime.data.findings import Findings
from throughtime.data.labelled_texts import read_labelled_texts
from throughtime.data.rows import read_rows
from throughtime.errors import DataError, MissingExtraError

ROWS = [("text", "label"), ('He said "no", twice', 1.0), ("a, b; c | d", 0), ('"all of it"', 1), ("two\nlines", True)]


def workbook(path: Path, *sheets: list[Any]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for number, rows in enumerate(sheets):
        sheet = book.create_sheet(f"s{number}")
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_row_is_a_row_whatever_stands_in_its_cells(tmp_path: Path) -> None:
    path, findings = workbook(tmp_path / "a.xlsx", [], ROWS, ROWS), Findings()
    rows, layout = read_labelled_texts(path, findings=findings)
    assert [(row.text, row.label, row.line) for row in rows] == [
        ('He said "no", twice', "1", 2),
        ("a, b; c | d", "0", 3),
        ('"all of it"', "1", 4),
        ("two lines", "true", 5),
    ]
    assert layout.named
    said = "\n".join(map(str, findings))
    assert "an Excel workbook, of which the sheet 's1' is read" in said
    assert "the sheet 's2' is not read" in said
    assert "a line break or tab within a cell, read as a space (" in said


def test_the_content_decides_and_not_the_name(tmp_path: Path) -> None:
    named = workbook(tmp_path / "a.xlsx", ROWS).rename(tmp_path / "a.csv")
    assert len(read_labelled_texts(named)[0]) == 4


def test_dates_and_numbers_are_written_as_other_tables_have_them(tmp_path: Path) -> None:
    rows = [("track", "t", "x", "y"), (1, datetime.datetime(2024, 5, 1, 12, 30), 0.5, None), (1, 2, 1.0, 3)]
    found = read_rows(workbook(tmp_path / "a.xlsx", rows), Findings())
    assert [row for _, row in found[1:]] == [["1", "2024-05-01T12:30:00", "0.5", ""], ["1", "2", "1", "3"]]


def test_tasks_read_them(tmp_path: Path) -> None:
    tracks = [("track", "t", "x", "y"), *((n, t, n + t, t) for n in range(12) for t in range(20))]
    seen = throughtime.check("trajectory", workbook(tmp_path / "tracks.xlsx", tracks), quiet=True)
    assert sum(map(len, seen.summaries.values())) > 0
    pairs = [("da", "en"), *((f"Her er {n} huse", f"Here are {n} houses") for n in range(40))]
    seen = throughtime.check("translation", workbook(tmp_path / "pairs.xlsx", pairs), quiet=True)
    assert sum(map(len, seen.summaries.values())) == 40


def damaged() -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w") as archive:
        archive.writestr("xl/workbook.xml", "<workbook")
    return whole.getvalue()


def bomb() -> bytes:
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b" " * (70 * 2**20))
        archive.writestr("xl/workbook.xml", "<workbook/>")
    return whole.getvalue()


@pytest.mark.parametrize(("content", "says"), [(damaged(), "cannot be read"), (bomb(), "unpacks to far more")])
def test_a_damaged_or_monstrous_workbook_is_one_sentence(tmp_path: Path, content: bytes, says: str) -> None:
    with pytest.raises(DataError, match=says):
        as_tabbed_lines(tmp_path / "a.xlsx", content, Findings())


def test_without_openpyxl_the_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = workbook(tmp_path / "a.xlsx", ROWS)
    monkeypatch.setitem(sys.modules, "openpyxl", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'throughtime\[excel\]'"):
        read_labelled_texts(path)
