"""Which column of a table holds the texts and which the labels: told, named, as in training, or guessed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

from throughtime.data.delimiters import UNTOLD, Marks
from throughtime.data.findings import Findings
from throughtime.errors import DataError

TEXT_NAMES = ("text", "sentence", "review", "content", "comment", "message", "tweet", "question", "phrase", "body")
LABEL_NAMES = ("label", "sentiment", "class", "category", "target", "polarity", "airline_sentiment", "rating", "stars")
_ENOUGH_ROWS = 2000
_LONGEST_NAME = 3  # words of a column's name; what is longer in a first row is a text


@dataclass(frozen=True, slots=True)
class Record:
    """A row as it stands: the line where it begins, and its fields (a list, or an object of JSON)."""

    line: int
    fields: Any


@dataclass(frozen=True, slots=True)
class Layout:
    """How the columns of a table were understood, so that another is understood likewise.

    Args:
        format: of the file, as `tables.format_of` calls it.
        width: its columns.
        text, label: the names of the two columns; without names, their numbers from 1. None: no labels.
        named: whether its columns have names.
    """

    format: str
    width: int
    text: str
    label: str | None
    named: bool


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known before a table is looked at.

    Args:
        text, label: the columns as they were told, by name or by number from 1; None: not told.
        labels: whether labels are needed.
        before: how the table of training was understood; None: this is the first.
        marks: how the table is written, as far as it was told.
    """

    text: str | None = None
    label: str | None = None
    labels: bool = True
    before: Layout | None = None
    marks: Marks = UNTOLD


class Choice(NamedTuple):
    """A column by its index, and why it was chosen."""

    at: int
    why: str


def choose_columns(
    path: Path, table: Sequence[Sequence[str]], names: Sequence[str] | None, asked: Asked, findings: Findings
) -> tuple[int, int | None, bool]:
    """Find the columns.

    Args:
        path: the file, for messages.
        table: all rows, of equal width; the first may be a head line.
        names: the columns' names if they are known without a head line.
        asked: what was told, and what is known from training.
        findings: is told what was chosen, and why.

    Returns:
        Index of the text column, of the label column (None: there is none), and whether the first row is a head line.

    Raises:
        DataError: a column that was told is not there, or they have to be told.
    """
    head = [name.strip() for name in (table[0] if names is None else names)]
    # the first row, which may be a head line, takes no part in guessing
    rows = (table if names is not None else table[1:])[:_ENOUGH_ROWS]
    below = None if names is not None else _without_names(rows, table[0])
    text = _told(path, head, asked.text, "text") or _as_before(head, asked, "text")
    label = _told(path, head, asked.label, "label") or _as_before(head, asked, "label")
    text = text or _usual(path, head, below, TEXT_NAMES, label, findings)
    label = label or _usual(path, head, below, LABEL_NAMES, text, findings)
    text = text or _wordiest(rows, label)
    label = label or _most_repeated(rows, text)
    if text is None or (asked.labels and label is None):
        options = [("--text-column", text), ("--label-column", label if asked.labels else text)]
        missing = " and ".join(option for option, choice in options if choice is None)
        raise DataError(path, f"the columns {', '.join(map(_short, head))}", f"{missing} to say which is which")
    has_head = names is None and _has_head(path, table, (text, label), asked, findings)
    _note(path, head if has_head or names is not None else None, len(head), text, label, findings)
    return text.at, None if label is None else label.at, has_head


def _note(
    path: Path, head: Sequence[str] | None, width: int, text: Choice, label: Choice | None, findings: Findings
) -> None:
    """Say which columns are read and which are not."""

    def called(column: int) -> str:
        return f"column {column + 1}" if head is None else repr(_short(head[column]))

    said = [f"texts in {called(text.at)} ({text.why})"]
    if label is not None:
        said.append(f"labels in {called(label.at)} ({label.why})")
    others = [called(column) for column in range(width) if column not in (text.at, label.at if label else None)]
    if others:
        said.append(f"not read: {', '.join(others[:8])}" + (", ..." if len(others) > 8 else ""))
    findings.taken("columns", "; ".join(said), path)


def _without_names(rows: Sequence[Sequence[str]], first: Sequence[str]) -> Sequence[Sequence[str]]:
    """Rows without those that are the first again, where it may hold names: files put one after the other."""
    if any(len(name.split()) > _LONGEST_NAME for name in first):
        return rows
    return [row for row in rows if row != first]


def _told(path: Path, head: Sequence[str], asked: str | None, what: str) -> Choice | None:
    """A column that was told by name or number."""
    if asked is None:
        return None
    if asked.isdecimal() and 1 <= int(asked) <= len(head):
        return Choice(int(asked) - 1, "as told")
    if asked in head:
        return Choice(head.index(asked), "as told")
    raise DataError(path, f"the columns {', '.join(map(_short, head))}", f"a {what} column {asked!r}")


def _as_before(head: Sequence[str], asked: Asked, what: str) -> Choice | None:
    """The column that training read: the one of its name, or the one of its number in a table as wide."""
    before = asked.before
    name = None if before is None else getattr(before, what)
    if before is None or name is None:
        return None
    if before.named:
        return Choice(head.index(name), "as in training") if name in head else None
    return Choice(int(name) - 1, "as in training") if before.width == len(head) else None


def _usual(
    path: Path,
    head: Sequence[str],
    below: Sequence[Sequence[str]] | None,
    names: Sequence[str],
    taken: Choice | None,
    findings: Findings,
) -> Choice | None:
    """The column that has the most usual of some names; what stands below it too (None: nothing does) is no name."""
    lower = [name.lower() if taken is None or index != taken.at else "" for index, name in enumerate(head)]
    usual = [lower.index(name) for name in names if name in lower]
    usual = [at for at in usual if below is None or head[at] not in {row[at].strip() for row in below}]
    if not usual:
        return None
    if len(usual) > 1 or lower.count(lower[usual[0]]) > 1:
        others = [head[at] for at in usual] if len(usual) > 1 else [head[usual[0]]] * 2
        what = f"{' and '.join(map(repr, others))} are both usual names: the column {head[usual[0]]!r} is read"
        findings.suspicious("columns", what, path)
    return Choice(usual[0], "by its name")


def _wordiest(rows: Sequence[Sequence[str]], taken: Choice | None) -> Choice | None:
    """The column with clearly the most words; None if two are alike."""
    if not rows:
        return None
    words = {
        column: sum(len(row[column].split()) for row in rows) / len(rows)
        for column in range(len(rows[0]))
        if taken is None or column != taken.at
    }
    order = sorted(words, key=lambda column: -words[column])
    if not order or (len(order) > 1 and words[order[1]] > words[order[0]] / 2):
        return None
    return Choice(order[0], "it has the most words")


def _most_repeated(rows: Sequence[Sequence[str]], taken: Choice | None) -> Choice | None:
    """The only other column that holds few different short values; None if there is no such or several."""
    if not rows or taken is None:
        return None
    few = []
    for column in range(len(rows[0])):
        values = {row[column] for row in rows}
        short = all(len(value.split()) <= 3 for value in values)
        if column != taken.at and short and len(values) <= max(2, min(100, len(rows) // 2)):
            few.append(column)
    return Choice(few[0], "it has few different values") if len(few) == 1 else None


def _has_head(
    path: Path,
    table: Sequence[Sequence[str]],
    chosen: tuple[Choice, Choice | None],
    asked: Asked,
    findings: Findings,
) -> bool:
    """Whether the first row is a head line; the findings are told, and why."""
    first = [name.strip() for name in table[0]]
    text, label = chosen
    known = {name for name in (asked.text, asked.label) if name and not name.isdecimal()} | _names_of(asked.before)
    named = [first[one.at] for one in chosen if one and (one.why == "by its name" or first[one.at] in known)]
    if named:
        if any(len(name.split()) > 2 * _LONGEST_NAME for name in first):
            what = f"the first row is read as one, as {_short(named[0])!r} names a column, though it holds a text"
            findings.suspicious("head line", what, path)
        return _taken(findings, path, f"the first row, as {_short(named[0])!r} names a column", True)
    if len(first) > 1 and first in ([str(n) for n in range(len(first))], ["", *map(str, range(len(first) - 1))]):
        return _taken(findings, path, "the first row, which counts the columns", True)
    if asked.before is not None and not asked.before.named and asked.before.width == len(first):
        return _taken(findings, path, "none, as in training", False)
    if label is None or len(table) <= 2:
        return _taken(findings, path, "none", False)
    return _guess_head(path, table, text.at, label.at, findings)


def _guess_head(path: Path, table: Sequence[Sequence[str]], at_text: int, at_label: int, findings: Findings) -> bool:
    """Whether a first row that names nothing known is a head line, by its label and the length of its text."""
    label, labels = table[0][at_label].strip(), {row[at_label].strip() for row in table[1:]}
    if label in labels:
        return _taken(findings, path, f"none: the label {_short(label)!r} of the first row stands below too", False)
    if _is_number(label):
        return _taken(findings, path, f"none: the label {_short(label)!r} of the first row is a number", False)
    if all(map(_is_number, labels - {""})):
        return _taken(findings, path, f"the first row: {_short(label)!r} is no number, as the labels below are", True)
    if len(table[0][at_text].split()) > _LONGEST_NAME:
        what = f"none: the first row is read as data, though its label {_short(label)!r} stands nowhere else"
        findings.suspicious("head line", what, path)
        return False
    if median(len(row[at_text].split()) for row in table[1:_ENOUGH_ROWS]) <= _LONGEST_NAME:
        what = f"the first row is left out as one, since its label {_short(label)!r} stands nowhere else: is it data?"
        findings.suspicious("head line", what, path)
        return True
    return _taken(findings, path, f"the first row, as its label {_short(label)!r} stands nowhere else", True)


def _taken(findings: Findings, path: Path, what: str, has_head: bool) -> bool:
    findings.taken("head line", what, path)
    return has_head


def _names_of(before: Layout | None) -> set[str | None]:
    return {before.text, before.label} if before is not None and before.named else set()


def _is_number(text: str) -> bool:
    return text.lstrip("+-").replace(".", "", 1).isdecimal()


def _short(name: str) -> str:
    return name if len(name) <= 30 else f"{name[:30]}..."
