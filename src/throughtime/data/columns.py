"""Which column of a table holds the texts and which the labels: told, named, or guessed from the content."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from throughtime.errors import DataError

TEXT_NAMES = ("text", "sentence", "review", "content", "comment", "message", "tweet", "question", "phrase", "body")
LABEL_NAMES = ("label", "sentiment", "class", "category", "target", "polarity", "airline_sentiment", "rating", "stars")
_ENOUGH_ROWS = 2000


@dataclass(frozen=True, slots=True)
class Record:
    """A row as it stands: the line where it begins, and its fields (a list, or an object of JSON)."""

    line: int
    fields: Any


def choose_columns(
    path: Path,
    table: Sequence[Sequence[str]],
    names: Sequence[str] | None,
    text: str | None,
    label: str | None,
    labels: bool,
) -> tuple[int, int | None, bool]:
    """Find the columns.

    Args:
        path: the file, for messages.
        table: all rows, of equal width; the first may be a head line.
        names: the columns' names if they are known without a head line.
        text: name or number (from 1) of the text column as told, or None.
        label: the same of the label column.
        labels: whether labels are needed.

    Returns:
        Index of the text column, of the label column (None: there is none), and whether the first row is a head line.

    Raises:
        DataError: a column that was told is not there, or they have to be told.
    """
    head = list(names) if names is not None else [name.strip() for name in table[0]]
    at_text, at_label = _told(path, head, text, "text"), _told(path, head, label, "label")
    at_text = _usual(head, TEXT_NAMES, at_label) if at_text is None else at_text
    at_label = _usual(head, LABEL_NAMES, at_text) if at_label is None else at_label
    usual = any(name.lower() in (*TEXT_NAMES, *LABEL_NAMES) for name in head)
    # the first row, which may be a head line, takes no part in guessing
    rows = (table if names is not None else table[1:])[:_ENOUGH_ROWS]
    at_text = _wordiest(rows, at_label) if at_text is None else at_text
    at_label = _most_repeated(rows, at_text) if at_label is None else at_label
    if at_text is None or (labels and at_label is None):
        options = [("--text-column", at_text), ("--label-column", at_label if labels else 0)]
        missing = " and ".join(option for option, place in options if place is None)
        raise DataError(path, f"the columns {', '.join(map(_short, head))}", f"{missing} to say which is which")
    is_head = usual or {text, label} & set(head) or _is_no_label(table, at_label)
    return at_text, at_label, names is None and bool(is_head)


def _told(path: Path, head: Sequence[str], asked: str | None, what: str) -> int | None:
    """Index of a column that was told by name or number."""
    if asked is None:
        return None
    if asked in head:
        return head.index(asked)
    if asked.isdecimal() and 1 <= int(asked) <= len(head):
        return int(asked) - 1
    raise DataError(path, f"the columns {', '.join(map(_short, head))}", f"a {what} column {asked!r}")


def _usual(head: Sequence[str], names: Sequence[str], taken: int | None) -> int | None:
    """Index of the column that has the most usual of some names."""
    lower = [name.lower() if index != taken else "" for index, name in enumerate(head)]
    return next((lower.index(name) for name in names if name in lower), None)


def _is_no_label(table: Sequence[Sequence[str]], at_label: int | None) -> bool:
    """Whether the first row has, as its label, a word that no other row has: then it is a head line."""
    if at_label is None or len(table) <= 2:
        return False
    first = table[0][at_label].strip()
    return not first.lstrip("+-").isdecimal() and first not in {row[at_label].strip() for row in table[1:]}


def _wordiest(rows: Sequence[Sequence[str]], taken: int | None) -> int | None:
    """The column with clearly the most words; None if two are alike."""
    if not rows:
        return None
    words = {
        column: sum(len(row[column].split()) for row in rows) / len(rows)
        for column in range(len(rows[0]))
        if column != taken
    }
    order = sorted(words, key=lambda column: -words[column])
    if not order or (len(order) > 1 and words[order[1]] > words[order[0]] / 2):
        return None
    return order[0]


def _most_repeated(rows: Sequence[Sequence[str]], taken: int | None) -> int | None:
    """The only other column that holds few different short values; None if there is no such or several."""
    if not rows or taken is None:
        return None
    few = []
    for column in range(len(rows[0])):
        values = {row[column] for row in rows}
        short = all(len(value.split()) <= 3 for value in values)
        if column != taken and short and len(values) <= max(2, min(100, len(rows) // 2)):
            few.append(column)
    return few[0] if len(few) == 1 else None


def _short(name: str) -> str:
    return name if len(name) <= 30 else f"{name[:30]}..."
