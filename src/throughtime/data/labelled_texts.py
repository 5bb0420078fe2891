"""Texts and their labels out of a file: what stands in its two columns, and what has no text or no label."""

from __future__ import annotations

import json
import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from throughtime.data.columns import Asked, Layout, Record, choose_columns
from throughtime.data.findings import Findings
from throughtime.data.labels import one_writing
from throughtime.data.tables import LABEL_MARK, check_widths, format_of, read_records
from throughtime.data.text_files import read_text
from throughtime.errors import DataError

# what programs write where there is nothing, and people as names of classes
_LIKE_NOTHING = frozenset({"nan", "null", "n/a", "<na>", "none"})


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
    path: Path, asked: Asked | None = None, *, encoding: str = "utf-8", findings: Findings | None = None
) -> tuple[list[LabelledText], Layout]:
    """Read a file of texts and their labels.

    The format follows from the name (.csv, .tsv, .jsonl), else from the content; a file without a format of its own
    is read as lines of `label text`.

    Args:
        path: the file.
        asked: the columns as far as they are known; where it asks for no labels (texts to be predicted), there is a
            text for each row, "" for one without. None: nothing is known.
        encoding: of the file; a byte order mark is accepted.
        findings: is told what was taken for what, and which rows were left out.

    Returns:
        The texts, and how the columns were understood.

    Raises:
        DataError: the file cannot be read as that, at which line and why; or the columns have to be told.
        ArgumentError: no such encoding.
    """
    findings = Findings() if findings is None else findings
    return labelled_texts(path, read_text(path, encoding, findings=findings), asked or Asked(), findings)


def labelled_texts(path: Path, content: str, asked: Asked, findings: Findings) -> tuple[list[LabelledText], Layout]:
    """The same of the content of a file."""
    records, names = read_records(path, content, every=not asked.labels, findings=findings, told=asked.marks)
    if not records:
        raise DataError(path, "no rows", "texts with labels" if asked.labels else "texts")
    if isinstance(records[0].fields, dict):
        names = list(dict.fromkeys(name for record in records for name in record.fields))
        records = [Record(record.line, [record.fields.get(name) for name in names]) for record in records]
    else:
        check_widths(path, records)
    table = [[_cell(value) for value in record.fields] for record in records]
    at_text, at_label, has_head = choose_columns(path, table, names, asked, findings)
    if has_head:
        names = [name.strip() for name in table[0]]
    texts, labels = (None if at is None else names[at] if names else str(at + 1) for at in (at_text, at_label))
    layout = Layout(format_of(path, content), len(table[0]), str(texts), labels, names is not None)
    rows = []
    for record in records[has_head:]:
        if asked.labels and has_head and record.fields == table[0]:
            findings.left_out("head line", "the head line again, between the rows", path, record.line)
        elif row := _row(path, record, layout, at_text, at_label if asked.labels else None, findings):
            rows.append(row)
    if not rows:
        found = "a head line and no rows" if len(records) == has_head else "no row that has a text and a label"
        raise DataError(path, found, "rows of texts")
    return _in_one_writing(rows, findings), layout


def is_alike(path: Path, content: str, layout: Layout, labels: Collection[str]) -> bool:
    """Whether a file whose name says no format is of the one that training read, and not of texts alone.

    Args:
        path, content: the file.
        layout: of the file that training read.
        labels: those of training.
    """
    if format_of(path, content) != layout.format:
        return False
    if layout.format == "lines":
        return all(line.split(None, 1)[0] in labels for line in content.split("\n") if line.strip())
    if layout.format == "table":
        return {len(record.fields) for record in read_records(path, content)[0]} == {layout.width}
    return True


def _in_one_writing(rows: list[LabelledText], findings: Findings) -> list[LabelledText]:
    """The same, whole numbers as labels written in one way."""
    written = one_writing(row.label for row in rows if row.label is not None)
    for row in rows:
        if row.label in written:
            findings.left_out("labels", f"the label {row.label!r}, read as {written[row.label]!r}", row.path, row.line)
    return [replace(row, label=written[row.label]) if row.label in written else row for row in rows]


def _row(
    path: Path, record: Record, layout: Layout, at_text: int, at_label: int | None, findings: Findings
) -> LabelledText | None:
    """A row's text and label; None, noted, where one of them is missing. Without a label to look for: its text."""
    value = record.fields[at_text]
    if not (value is None or isinstance(value, str) or _is_nan(value)):
        raise DataError(path, f"{_shown(value)} as text", f"a string in {layout.text!r}", record.line)
    text = _cell(value)
    if text.strip().lower() in _LIKE_NOTHING:
        what = f"the text {text.strip()!r}, read as a word, stands where there may be none"
        findings.suspicious("empty texts", what, path, record.line)
    if at_label is None:
        return LabelledText(text, None, path, record.line)
    value = record.fields[at_label]
    if isinstance(value, list) and len(value) == 1:
        value = value[0]
    if isinstance(value, (dict, list)):
        raise DataError(path, f"{_shown(value)} as label", "a word or a number", record.line)
    label = _cell(value).strip().removeprefix(LABEL_MARK)
    if label.lower() in _LIKE_NOTHING:
        note = findings.taken if label.lower() == "none" else findings.suspicious
        note("labels", f"{label!r} is a class: only an empty cell is a missing label", path, record.line)
    if not text.strip():
        findings.left_out("empty texts", "a row without a text", path, record.line)
        return None
    if not label:
        findings.left_out("missing labels", "a row without a label", path, record.line)
        return None
    return LabelledText(text, label, path, record.line)


def _cell(value: Any) -> str:
    """A JSON value as it would stand in a table."""
    if value is None or _is_nan(value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return value if isinstance(value, str) else json.dumps(value)


def _is_nan(value: Any) -> bool:
    return isinstance(value, float) and math.isnan(value)


def _shown(value: Any) -> str:
    shown = json.dumps(value)
    return shown if len(shown) <= 30 else f"{shown[:30]}..."
