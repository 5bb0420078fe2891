"""Labelled texts out of CSV, TSV and JSONL files and lines of `label text`, in whatever columns they stand."""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throughtime.data.columns import Record, choose_columns
from throughtime.data.progress import counted
from throughtime.errors import ArgumentError, DataError

LARGEST_FIELD = 16 * 2**20
"""Characters that one field may have."""
ONE_A_LINE = "one JSON object a line"
SUFFIXES = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".tab": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}
_MISSING = frozenset({"", "nan", "null", "none", "n/a", "<na>"})


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One row.

    Args:
        text: as it stands in the file.
        label: its class; None where labels are not asked for.
        path: where it comes from.
        line: the line there, from 1.
    """

    text: str
    label: str | None
    path: Path
    line: int


def read_labelled_texts(
    path: Path,
    *,
    text_column: str | None = None,
    label_column: str | None = None,
    encoding: str = "utf-8",
    labels: bool = True,
) -> list[LabelledText]:
    """Read a file of texts and their labels.

    The format follows from the name (.csv, .tsv, .jsonl), else from the content; a file without a format of its own
    is read as lines of `label text`.

    Args:
        path: the file.
        text_column: name of the column of texts (without a head line: its number from 1); None: guessed.
        label_column: the same of the labels.
        encoding: of the file; a byte order mark is accepted.
        labels: False reads texts alone (to be predicted): a column of labels need not be there.

    Raises:
        DataError: the file cannot be read as that, at which line and why; or the columns have to be told.
        ArgumentError: no such encoding.
    """
    content = read_text(path, encoding)
    records, names = read_records(path, content)
    if not records:
        raise DataError(path, "no rows", "texts with labels" if labels else "texts")
    if isinstance(records[0].fields, dict):
        rows = _from_objects(path, records, text_column, label_column, labels)
    else:
        rows = _from_columns(path, records, names, text_column, label_column, labels)
    texts = list(rows)
    if not texts:
        raise DataError(path, "a head line and no rows", "rows of texts")
    return texts


def read_text(path: Path, encoding: str = "utf-8") -> str:
    """The text of a file.

    Raises:
        DataError: a folder, missing, empty, binary, or in another encoding; with the line and the byte.
        ArgumentError: no such encoding.
    """
    try:
        codec = codecs.lookup(encoding).name
    except LookupError as error:
        raise ArgumentError(f"found the encoding {encoding!r}, expected one such as utf-8 or latin-1") from error
    if path.is_dir():
        raise DataError(path, "a folder", "a file")
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(path, f"a file that cannot be read ({error.strerror})", "a readable file") from error
    if not content.strip():
        raise DataError(path, "an empty file", "rows of text")
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) and not codec.startswith("utf-16"):
        raise DataError(path, "text in UTF-16", f"text in {encoding} (or train with --encoding utf-16)")
    if not codec.startswith(("utf-16", "utf-32")) and (at := content.find(b"\0")) >= 0:
        raise DataError(path, f"a binary file (byte 0x00 at position {at})", "text", content.count(b"\n", 0, at) + 1)
    try:
        text = content.decode("utf-8-sig" if codec == "utf-8" else codec)
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        found = f"byte 0x{content[error.start]:02x} at position {error.start}, which is not {encoding}"
        hint = " (or train with --encoding latin-1)" if codec == "utf-8" else ""
        raise DataError(path, found, f"text in {encoding}{hint}", line) from error
    return text.replace("\r\n", "\n").replace("\r", "\n")


def read_records(path: Path, content: str) -> tuple[list[Record], Sequence[str] | None]:
    """The rows of a file, and the names that its format alone gives to the columns (None: it gives none).

    Args:
        path: the file; its ending says the format, else the content does.
        content: what is in it.

    Raises:
        DataError: no such rows, at which line and why.
    """
    kind = SUFFIXES.get(path.suffix.lower()) or _guess_format(content)
    readers = {"jsonl": _json_lines, "csv": _csv, "tsv": _tsv}
    rows = readers.get(kind, _label_lines)(path, content)
    names = None if kind in readers else ("label", "text")
    return list(counted(rows, f"reading {path.name}", content.count("\n") + 1)), names


def _guess_format(content: str) -> str:
    lines = [line for line in content.split("\n")[:100] if line.strip()]
    if lines[0].lstrip().startswith(("{", "[{")):
        return "jsonl"
    if lines[0].count("\t") and len({line.count("\t") for line in lines}) == 1:
        return "tsv"
    head = [name.strip().lower() for name in lines[0].split(",")]
    return "csv" if "text" in head or "label" in head else "lines"


def _csv(path: Path, content: str) -> Iterator[Record]:
    csv.field_size_limit(LARGEST_FIELD)
    head = content.split("\n", 1)[0]
    delimiter = ";" if head.count(";") > head.count(",") else ","
    # strict: a quotation mark that is never closed would otherwise swallow the rest of the file
    reader = csv.reader(io.StringIO(content), delimiter=delimiter, strict=True)
    before = 0
    try:
        for fields in reader:
            if any(field.strip() for field in fields):
                yield Record(before + 1, fields)
            before = reader.line_num
    except csv.Error as error:
        found = "a quotation mark that is never closed" if "unexpected end" in str(error) else str(error)
        if "field larger" in found:
            found = f"a field of more than {LARGEST_FIELD:,} characters"
        raise DataError(path, found, "CSV (marks inside a quoted field doubled)", before + 1) from error


def _tsv(path: Path, content: str) -> Iterator[Record]:
    for number, line in enumerate(content.split("\n"), 1):
        if line.strip():
            # marks are text in most TSV files; those that a spreadsheet put around a field are taken off
            fields = [_unquoted(field) for field in line.split("\t")]
            if any(len(field) > LARGEST_FIELD for field in fields):
                raise DataError(path, f"a field of more than {LARGEST_FIELD:,} characters", "a shorter one", number)
            yield Record(number, fields)


def _unquoted(field: str) -> str:
    if len(field) >= 2 and field[0] == field[-1] == '"':
        return field[1:-1].replace('""', '"')
    return field


def _json_lines(path: Path, content: str) -> Iterator[Record]:
    if content.lstrip().startswith("["):
        raise DataError(path, "a JSON array", ONE_A_LINE, 1)
    for number, line in enumerate(content.split("\n"), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise DataError(path, f"no JSON ({error})", ONE_A_LINE, number) from error
        if not isinstance(value, dict):
            raise DataError(path, f"a JSON {type(value).__name__}", ONE_A_LINE, number)
        yield Record(number, value)


def _label_lines(path: Path, content: str) -> Iterator[Record]:
    lines = [(number, line.strip()) for number, line in enumerate(content.split("\n"), 1) if line.strip()]
    labels = {line.split(None, 1)[0] for _, line in lines}
    if len(labels) > max(2, min(100, len(lines) // 2)):
        expected = "CSV, TSV or JSONL, or lines that begin with one of a few labels"
        raise DataError(path, f"{len(lines)} lines that begin with {len(labels)} different words", expected)
    for number, line in lines:
        label, *text = line.split(None, 1)
        yield Record(number, [label.removeprefix("__label__"), *(text or [""])])


def _from_objects(
    path: Path, records: Sequence[Record], text: str | None, label: str | None, labels: bool
) -> Iterator[LabelledText]:
    columns = list(dict.fromkeys(name for record in records for name in record.fields))
    table = [[_cell(record.fields.get(name)) for name in columns] for record in records]
    at_text, at_label, _ = choose_columns(path, table, columns, text, label, labels)
    for record in records:
        value = record.fields.get(columns[at_text])
        if value is not None and not isinstance(value, str):
            raise DataError(path, f"{_shown(value)} as text", f"a string in {columns[at_text]!r}", record.line)
        of_label = None if at_label is None else record.fields.get(columns[at_label])
        if isinstance(of_label, (dict, list)):
            raise DataError(path, f"{_shown(of_label)} as label", "a word or a number", record.line)
        yield _row(path, record.line, _cell(value), None if at_label is None else _cell(of_label), labels)


def _from_columns(
    path: Path,
    records: Sequence[Record],
    names: Sequence[str] | None,
    text: str | None,
    label: str | None,
    labels: bool,
) -> Iterator[LabelledText]:
    check_widths(path, records)
    table = [record.fields for record in records]
    at_text, at_label, has_head = choose_columns(path, table, names, text, label, labels)
    for record in records[1 if has_head else 0 :]:
        of_label = None if at_label is None else record.fields[at_label]
        yield _row(path, record.line, record.fields[at_text], of_label, labels)


def check_widths(path: Path, records: Sequence[Record]) -> None:
    """Raise a DataError at the first row that has more or fewer columns than the first one."""
    width = len(records[0].fields)
    for record in records:
        if len(record.fields) != width:
            found, hint = len(record.fields), ""
            if path.suffix.lower() == ".csv" and found > width:
                hint = "; a text that holds commas must stand in quotation marks"
            expected = f"{width} as in line {records[0].line} ({', '.join(map(_short, records[0].fields))}){hint}"
            raise DataError(path, f"{found} column{'s' * (found != 1)}", expected, record.line)


def _row(path: Path, line: int, text: str, label: str | None, labels: bool) -> LabelledText:
    if text.strip().lower() in _MISSING:
        raise DataError(path, f"no text ({_short(text)!r})", "a text in each row", line)
    if not labels:
        return LabelledText(text, None, path, line)
    label = (label or "").strip()
    if label.lower() in _MISSING:
        raise DataError(path, f"no label ({_short(label)!r})", "a label in each row", line)
    return LabelledText(text, label, path, line)


def _cell(value: Any) -> str:
    """A JSON value as it would stand in a table."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)


def _shown(value: Any) -> str:
    return _short(json.dumps(value))


def _short(text: str) -> str:
    return text if len(text) <= 30 else f"{text[:30]}..."
