"""Tables of pairs as spreadsheets write them."""

from __future__ import annotations

from pathlib import Path

import throughtime


def test_marks_that_a_spreadsheet_put_around_a_field_are_no_text(tmp_path: Path) -> None:
    row = '"Han sagde ""nej"", {0}."\t"He said ""no"", {0}."\n"Hej" {0}\t"Hi" {0}\n'
    path = tmp_path / "sheet.tsv"
    path.write_text("".join(row.format(number) for number in range(20)), encoding="utf-8")
    pairs = throughtime.check("translation", path).splits.train
    assert {pair.source.rstrip(" .0123456789") for pair in pairs} == {'Han sagde "nej",', '"Hej"'}
    assert {pair.target.rstrip(" .0123456789") for pair in pairs} == {'He said "no",', '"Hi"'}
