"""Rows out of the content of text files: CSV, TSV, JSONL and lines of `label text`."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Sequence
from itertools import dropwhile
from pathlib import Path
from typing import Any, Literal

from throughtime.data.delimiters import UNTOLD, Marks, choose_delimiter
from throughtime.data.findings import Findings
from throughtime.data.json_rows import ONE_A_LINE, json_rows
from throughtime.data.layout import Record, short
from throughtime.data.packed import suffix_of
from throughtime.data.progress import counted
from throughtime.data.row_labels import LABEL_MARK
from throughtime.errors import DataError

LARGEST_FIELD = 16 * 2**20
"""Characters that one field may have."""
Format = Literal["table", "jsonl", "lines", "fasttext"]
"""What a file may be: columns with a delimiter, JSON objects, lines of `label text`, or of `__label__label text`."""
SUFFIXES: dict[str, Format] = {
    ".csv": "table",
    ".tsv": "table",
    ".tab": "table",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
    ".parquet": "jsonl",  # which `read_text` makes of it
    ".xlsx": "table",  # likewise
    ".xlsm": "table",
}
_LABELS = re.compile(rf"(?:^|(?<=\s)){LABEL_MARK}(\S*)\s*")
_BEGINS_JSON = re.compile(r"\s*(?:\{|\[\s*\{)")
_MOST_FIRST_WORDS = 100


def read_records(
    path: Path, content: str, *, every: bool = False, findings: Findings | None = None, told: Marks = UNTOLD
) -> tuple[list[Record], Sequence[str] | None]:
    """The rows of a file, and the names that its format alone gives to the columns (None: it gives none).

    Args:
        path: the file; its ending says the format, else the content does.
        content: what is in it.
        every: give rows whose cells are all empty too.
        findings: is told the format, the delimiter, and what was left out.
        told: how a table is written, as far as it was told.

    Raises:
        DataError: no such rows, at which line and why.
    """
    findings = Findings() if findings is None else findings
    kind: Format = "table" if told.delimiter is not None else format_of(path, content)
    doing, lines = f"reading {path.name}", content.count("\n") + 1
    if kind == "jsonl":
        return list(counted(_objects(path, content), doing, lines)), None
    if kind == "table":
        delimiter, content = choose_delimiter(path, content, findings, told)
        plain = delimiter == "\t" and told.quote is None
        rows = _tabbed(path, content) if plain else _quoted(path, content, delimiter, findings, told)
        return _without_blanks(path, list(counted(rows, doing, lines)), every, findings), None
    if kind == "fasttext":
        findings.taken("format", f"lines of labels that begin with {LABEL_MARK}, and text", path)
        return list(_fasttext(content, every)), ("label", "text")
    findings.taken("format", "lines of `label text`: the first word of each is its label", path)
    return list(_label_lines(path, content, every)), ("label", "text")


def format_of(path: Path, content: str) -> Format:
    """What a file is: as its ending says, else as it looks."""
    return SUFFIXES.get(suffix_of(path)) or _guess_format(content)


def _guess_format(content: str) -> Format:
    lines = [line for line in content.split("\n")[:100] if line.strip()]
    if _BEGINS_JSON.match(content):
        return "jsonl"
    marked = sum(LABEL_MARK in line for line in lines)
    if any(line.startswith(LABEL_MARK) for line in lines) or 2 * marked > len(lines):
        return "fasttext"
    if lines[0].count("\t") and len({line.count("\t") for line in lines}) == 1:
        return "table"
    head = [name.strip().strip('"').lower() for name in re.split(r"[,;|]", lines[0])]
    is_head = len(head) > 1 and ("text" in head or "label" in head)
    return "table" if is_head or lines[0].lower().startswith("sep=") else "lines"


def _quoted(path: Path, content: str, delimiter: str, findings: Findings, told: Marks) -> Iterator[Record]:
    """The rows of `parse_csv`, marks inside quoted fields doubled or else with a backslash before each."""
    try:
        return iter(list(parse_csv(path, content, delimiter, quote=told.around)))
    except DataError as error:
        if '\\"' not in content:
            raise
        try:
            rows = list(parse_csv(path, content, delimiter, escape="\\", quote=told.around))
        except DataError:
            raise error from None
        findings.taken("quotation marks", "inside quoted fields, marks with a backslash before them", path)
        return iter(rows)


def parse_csv(
    path: Path,
    content: str,
    delimiter: str,
    *,
    spaced: bool = False,
    escape: str | None = None,
    quote: str | None = '"',
) -> Iterator[Record]:
    """The rows of a table whose quoted fields may hold anything; a blank line is a row without fields.

    Args:
        path: the file, for messages.
        content: what is in it.
        delimiter: what stands between fields.
        spaced: whether space before a field is no part of it.
        escape: what stands before a mark inside a quoted field; None: the mark once more.
        quote: the mark around fields; None: there is none.

    Raises:
        DataError: a quotation mark is never closed, or stands where none may.
    """
    csv.field_size_limit(LARGEST_FIELD)
    # strict: a quotation mark that is never closed would otherwise swallow the rest of the file
    how: dict[str, Any] = {"skipinitialspace": spaced, "doublequote": escape is None, "escapechar": escape}
    how |= {"quoting": csv.QUOTE_NONE} if quote is None else {"quotechar": quote}
    reader = csv.reader(io.StringIO(content), delimiter=delimiter, strict=True, **how)
    before = 0
    try:
        for fields in reader:
            yield Record(before + 1, fields)
            before = reader.line_num
    except csv.Error as error:
        found = "a quotation mark that is never closed" if "unexpected end" in str(error) else str(error)
        if "field larger" in found:
            found = f"a field of more than {LARGEST_FIELD:,} characters"
        raise DataError(path, found, "a table (marks inside a quoted field doubled)", before + 1) from error


def _tabbed(path: Path, content: str) -> Iterator[Record]:
    for number, line in enumerate(content.split("\n"), 1):
        fields = split_tabs(line)
        if any(len(field) > LARGEST_FIELD for field in fields):
            raise DataError(path, f"a field of more than {LARGEST_FIELD:,} characters", "a shorter one", number)
        yield Record(number, fields)


def split_tabs(line: str) -> list[str]:
    """The fields of a line with tabs between them; marks of quotation are text, but for those around a whole field.

    Example:
        >>> split_tabs('"He said ""no"", twice"\\t"Hm" was all')
        ['He said "no", twice', '"Hm" was all']
    """
    return [_unquoted(field) for field in line.split("\t")]


def _unquoted(field: str) -> str:
    # two quoted words with text between them are no quoted field: within one, marks are doubled
    if len(field) >= 2 and field[0] == field[-1] == '"' and '"' not in field[1:-1].replace('""', ""):
        return field[1:-1].replace('""', '"')
    return field


def _without_blanks(path: Path, records: list[Record], every: bool, findings: Findings) -> list[Record]:
    """Rows without blank lines; in a table of one column, those between rows are rows with an empty cell."""
    records = list(dropwhile(_is_blank, records))
    while records and _is_blank(records[-1]):
        records.pop()
    kept = []
    for record in records:
        if _is_blank(record) and not (every and len(records[0].fields) == 1):
            findings.left_out("blank lines", "a blank line between rows", path, record.line)
        elif every or any(field.strip() for field in record.fields):
            kept.append(Record(record.line, record.fields or [""]))
        else:
            findings.left_out("empty rows", "a row whose cells are all empty", path, record.line)
    return kept


def _is_blank(record: Record) -> bool:
    return len(record.fields) < 2 and not "".join(record.fields).strip()


def _objects(path: Path, content: str) -> Iterator[Record]:
    for line, value in json_rows(path, content):
        if not isinstance(value, dict):
            raise DataError(path, f"a JSON {type(value).__name__}", ONE_A_LINE, line)
        yield Record(line, value)


def _fasttext(content: str, every: bool) -> Iterator[Record]:
    """Each word that begins with __label__ is a label, wherever it stands; a line without one has an empty cell."""
    for number, line in _lines(content, every):
        labels = [label for label in _LABELS.findall(line) if label]
        yield Record(number, [labels if len(labels) > 1 else "".join(labels), _LABELS.sub("", line).strip()])


def _label_lines(path: Path, content: str, every: bool) -> Iterator[Record]:
    lines = _lines(content, every)
    words = {line.split(None, 1)[0] for _, line in lines if line}
    if not every and len(words) > max(2, min(_MOST_FIRST_WORDS, len(lines) // 2)):
        expected = "CSV, TSV or JSONL, or lines that begin with one of a few labels"
        raise DataError(path, f"{len(lines)} lines that begin with {len(words)} different words", expected)
    for number, line in lines:
        label, *text = line.split(None, 1) or [""]
        yield Record(number, [label, *(text or [""])])


def _lines(content: str, every: bool) -> list[tuple[int, str]]:
    lines = enumerate((line.strip() for line in content.rstrip("\n").split("\n")), 1)
    return [(number, line) for number, line in lines if line or every]


def check_widths(path: Path, records: Sequence[Record]) -> None:
    """Raise a DataError at the first row that has more or fewer columns than the first one."""
    width = len(records[0].fields)
    for record in records:
        if len(record.fields) != width:
            found, hint = len(record.fields), ""
            if suffix_of(path) == ".csv" and found > width:
                hint = "; a text that holds commas must stand in quotation marks"
            expected = f"{width} as in line {records[0].line} ({', '.join(map(short, records[0].fields))}){hint}"
            raise DataError(path, f"{found} column{'s' * (found != 1)}", expected, record.line)
