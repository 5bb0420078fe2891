"""Texts and their labels out of a file: what stands in its two columns, and what has no text or no label."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from throughtime.data.cells import cell, is_nan, shown
from throughtime.data.columns import choose_columns
from throughtime.data.findings import Findings
from throughtime.data.labels import one_writing
from throughtime.data.layout import Asked, Columns, Layout, Record
from throughtime.data.row_labels import RowLabels, mark_between
from throughtime.data.tables import check_widths, format_of, read_records
from throughtime.data.text_files import read_text
from throughtime.errors import DataError

# what programs write where there is nothing, and people as names of classes
_LIKE_NOTHING = frozenset({"nan", "null", "n/a", "<na>", "none"})


@dataclass(frozen=True, slots=True)
class LabelledText:
    """One row.

    Args:
        text: as it stands in the file.
        label: its class, or the first of several; None where it has none, or none is asked for.
        path: where it comes from.
        line: the line there, from 1.
        others: its other classes, where a text may have several.
    """

    text: str
    label: str | None
    path: Path
    line: int
    others: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """All its classes."""
        return () if self.label is None else (self.label, *self.others)

    def labelled(self, labels: Sequence[str]) -> LabelledText:
        """The same text with other labels."""
        return replace(self, label=labels[0] if labels else None, others=tuple(labels[1:]))


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
    table = [[cell(value) for value in record.fields] for record in records]
    columns = choose_columns(path, table, names, asked, findings)
    if columns.has_head:
        names = [name.strip() for name in table[0]]
    rest = records[columns.has_head :]
    labels = _row_labels(path, rest, columns, names, asked, findings) if asked.labels else None
    rows = []
    for record in rest:
        if labels and columns.has_head and record.fields == records[0].fields:
            findings.left_out("head line", "the head line again, between the rows", path, record.line)
        elif row := _row(path, record, columns.text, names, labels, findings):
            rows.append(row)
    if not rows:
        found = "a head line and no rows" if not rest else "no row that has a text and a label"
        raise DataError(path, found, "rows of texts")
    rows, several = _one_or_several(rows, asked, findings)
    texts, label = ("+".join(_called(at, names) for at in one) for one in (columns.text, columns.label))
    layout = Layout(format_of(path, content), len(table[0]), texts, None, names is not None, several)
    if labels and labels.classes:
        layout = replace(layout, classes=labels.classes)
    elif columns.label:
        layout = replace(layout, label=label)
    return _in_one_writing(rows, findings), layout


def _called(at: int, names: Sequence[str] | None) -> str:
    """A column by its name, or by its number where it has none."""
    return names[at] if names else str(at + 1)


def _row_labels(
    path: Path,
    records: Sequence[Record],
    columns: Columns,
    names: Sequence[str] | None,
    asked: Asked,
    findings: Findings,
) -> RowLabels:
    """How the labels of these rows are read."""
    if asked.classes:
        return RowLabels(path, columns.label, [_called(at, names) for at in columns.label])
    between = None
    if asked.several:
        cells = (record.fields[columns.label[0]] for record in records)
        texts = [text for text in cells if isinstance(text, str)]
        between = mark_between(texts, path, findings) if texts else None
    return RowLabels(path, columns.label, between=between)


def _one_or_several(rows: list[LabelledText], asked: Asked, findings: Findings) -> tuple[list[LabelledText], bool]:
    """Rows with all their labels, where that was asked for or where lines or lists hold several; else with one each."""
    with_several = [row for row in rows if row.others]
    if asked.several or asked.classes or (asked.before is None and with_several):
        none = sum(row.label is None for row in rows)
        what = f"each text may have any number: {len(with_several):,} of {len(rows):,} have several, {none:,} none"
        findings.taken("several labels", what, rows[0].path)
        return rows, True
    for row in with_several:
        what = "a text with several labels, of which the first is read: a text of this run has one"
        findings.suspicious("several labels", what, row.path, row.line)
    for row in rows:
        if row.label is None and asked.labels:
            findings.left_out("missing labels", "a row without a label", row.path, row.line)
    kept = [replace(row, others=()) for row in rows if row.label is not None or not asked.labels]
    return kept, False


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
    written = one_writing(label for row in rows for label in row.labels)
    for row in rows:
        for label in row.labels:
            if label in written:
                findings.left_out("labels", f"the label {label!r}, read as {written[label]!r}", row.path, row.line)
    return [row.labelled([written.get(label, label) for label in row.labels]) for row in rows] if written else rows


def _row(
    path: Path,
    record: Record,
    texts: Sequence[int],
    names: Sequence[str] | None,
    labels: RowLabels | None,
    findings: Findings,
) -> LabelledText | None:
    """A row's text and labels; None, noted, where one of them is missing. Without labels to look for: its text."""
    text = " ".join(filter(None, (_text(path, record, at, _called(at, names), findings) for at in texts)))
    if labels is None:
        return LabelledText(text, None, path, record.line)
    found = labels.of(record)
    for label in found or ():
        if label.lower() in _LIKE_NOTHING:
            note = findings.taken if label.lower() == "none" else findings.suspicious
            note("labels", f"{label!r} is a class: only an empty cell is a missing label", path, record.line)
    if not text.strip():
        findings.left_out("empty texts", "a row without a text", path, record.line)
        return None
    if found is None:
        findings.left_out("missing labels", "a row without a label", path, record.line)
        return None
    return LabelledText(text, None, path, record.line).labelled(found)


def _text(path: Path, record: Record, at: int, name: str, findings: Findings) -> str:
    """What stands in a column of texts."""
    value = record.fields[at]
    if not (value is None or isinstance(value, str) or is_nan(value)):
        raise DataError(path, f"{shown(value)} as text", f"a string in {name!r}", record.line)
    text = cell(value)
    if text.strip().lower() in _LIKE_NOTHING:
        what = f"the text {text.strip()!r}, read as a word, stands where there may be none"
        findings.suspicious("empty texts", what, path, record.line)
    return text
