"""Rows of tables of pairs: apart by tabs or another mark, or the objects of JSON and Parquet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throughtime.data.delimiters import UNTOLD, Marks, choose_delimiter
from throughtime.data.findings import Findings
from throughtime.data.json_rows import ONE_A_LINE, json_rows
from throughtime.data.packed import suffix_of
from throughtime.data.tables import SUFFIXES, check_widths, parse_csv
from throughtime.errors import DataError

_FIELD = re.compile(r'(?:^|(?<=[\t\n]))(?:"([^"]*(?:""[^"]*)*)"|([^\t\n]*))(?=[\t\n]|$)')
_PAIR = "translation"
"""What JSON lines of datasets call a pair, by its languages: {"translation": {"da": ..., "en": ...}}."""


@dataclass(frozen=True)
class Row:
    """A row, its line from 1, and its fields."""

    line: int
    fields: list[str]


def read_rows(path: Path, content: str, findings: Findings, told: Marks = UNTOLD) -> tuple[list[Row], bool]:
    """The rows of a table, and whether the first holds the columns' names for certain.

    Args:
        path: the file; its ending tells JSON and CSV from tables with tabs.
        content: what is in it.
        findings: takes how it was understood.
        told: how the table is written, as far as it was told.

    Raises:
        DataError: it cannot be read as that, at which line and why.
    """
    ending = suffix_of(path)
    if SUFFIXES.get(ending) == "jsonl":
        return _objects(path, content, findings), True
    if ending == ".csv" or told != UNTOLD:
        rows = list(_separated(path, content, findings, told))
    else:
        rows = list(_tabbed(path, content, findings))
    if not rows:
        raise DataError(path, "no rows", "rows of source and target")
    return rows, False


def _objects(path: Path, content: str, findings: Findings) -> list[Row]:
    """The names of all fields, then the fields of each object."""
    found: list[tuple[int, dict[str, Any]]] = []
    for line, value in json_rows(path, content):
        if not isinstance(value, dict):
            raise DataError(path, f"a JSON {type(value).__name__}", ONE_A_LINE, line)
        inner = value.get(_PAIR)
        found.append((line, inner if isinstance(inner, dict) else value))
    names = list(dict.fromkeys(name for _, value in found for name in value))
    if not names:
        raise DataError(path, "no rows", 'objects such as {"da": ..., "en": ...}')
    findings.taken("format", "JSON, an object a pair", path)
    return [Row(found[0][0], names), *(Row(line, [_cell(value.get(name)) for name in names]) for line, value in found)]


def _cell(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _separated(path: Path, content: str, findings: Findings, told: Marks) -> Iterator[Row]:
    mark, content = choose_delimiter(path, content, findings, told)
    if mark == "\t" and told.quote is None:
        yield from _tabbed(path, content, findings)
        return
    findings.taken("format", "a table, fields that hold its delimiter in quotation marks", path)
    records = [
        one for one in parse_csv(path, content, mark, quote=told.around) if any(field.strip() for field in one.fields)
    ]
    if records:
        check_widths(path, records)
    yield from (Row(one.line, list(one.fields)) for one in records)


def _tabbed(path: Path, content: str, findings: Findings) -> Iterator[Row]:
    findings.taken("format", "a table, columns apart by tabs", path)
    if '"' in content and (quoted := _unquoted(path, content)) is not None:
        findings.taken("quotation marks", "around fields, as spreadsheets put them: taken off", path)
        yield from quoted
        return
    if re.search(r'(?:^|\t)"[^\t\n]*"(?:\t|$)', content, re.MULTILINE):
        findings.taken("quotation marks", "around some fields: part of the text", path)
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            yield Row(number, line.split("\t"))


def _unquoted(path: Path, content: str) -> list[Row] | None:
    """The rows of a file whose fields a spreadsheet has put in quotation marks; None: they belong to the text.

    A spreadsheet doubles marks inside and leaves no mark in a field without marks around it. It puts them around all
    texts, or around those that hold marks, tabs or line ends, some also around those that hold a comma; what somebody
    says in a sentence keeps no such rule.
    """
    inside: list[str] = []
    bare: list[str] = []
    for match in _FIELD.finditer(content):
        if match[1] is not None:
            inside.append(match[1])
        elif '"' in match[2]:
            return None
        elif any(map(str.isalpha, match[2])):
            bare.append(match[2])
    needed = all(re.search(r'""|[\t\n]', text) for text in inside)
    by_comma = all(re.search(r'""|[\t\n,]', text) for text in inside) and not any("," in text for text in bare)
    if not inside or (bare and not needed and not by_comma):
        return None
    records = parse_csv(path, content, "\t")
    return [Row(one.line, list(one.fields)) for one in records if any(field.strip() for field in one.fields)]
