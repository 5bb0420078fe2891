"""Which column of a table holds the texts and which the labels: told, named, as in training, or guessed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from throughtime.data.cells import yes_or_no
from throughtime.data.findings import Findings
from throughtime.data.head_line import LONGEST_NAME, has_head
from throughtime.data.layout import REST, Asked, Choice, Columns, short
from throughtime.errors import DataError

TEXT_NAMES = ("text", "sentence", "review", "content", "comment", "message", "tweet", "question", "phrase", "body")
LABEL_NAMES = (
    "label",
    "labels",
    "sentiment",
    "class",
    "category",
    "target",
    "polarity",
    "airline_sentiment",
    "rating",
    "stars",
)
_ENOUGH_ROWS = 2000


def choose_columns(
    path: Path, table: Sequence[Sequence[str]], names: Sequence[str] | None, asked: Asked, findings: Findings
) -> Columns:
    """Find the columns.

    Args:
        path: the file, for messages.
        table: all rows, of equal width; the first may be a head line.
        names: the columns' names if they are known without a head line.
        asked: what was told, and what is known from training.
        findings: is told what was chosen, and why.

    Raises:
        DataError: a column that was told is not there, or they have to be told.
    """
    head = [name.strip() for name in (table[0] if names is None else names)]
    # the first row, which may be a head line, takes no part in guessing
    rows = (table if names is not None else table[1:])[:_ENOUGH_ROWS]
    below = None if names is not None else _without_names(rows, table[0])
    text = _told(path, head, asked.text, "text") or _as_before(head, asked, "text")
    classes = asked.classes if asked.labels else ()
    label = None if classes else _told(path, head, asked.label, "label") or _as_before(head, asked, "label")
    text = text or _usual(path, head, below, TEXT_NAMES, label, findings)
    if classes:
        text = text or _wordiest(rows, None)
        label = _class_columns(path, head, rows, classes, () if text is None else text.at)
    label = label or _usual(path, head, below, LABEL_NAMES, text, findings)
    text = text or _wordiest(rows, label)
    label = label or _most_repeated(rows, text)
    if text is None or (asked.labels and label is None):
        options = [("--text-column", text), ("--label-column", label if asked.labels else text)]
        missing = " and ".join(option for option, choice in options if choice is None)
        raise DataError(path, f"the columns {', '.join(map(short, head))}", f"{missing} to say which is which")
    headed = names is None and has_head(path, table, (text, label), asked, findings)
    _note(path, head if headed or names is not None else None, len(head), text, label, findings)
    return Columns(text.at, () if label is None else label.at, headed)


def _note(
    path: Path, head: Sequence[str] | None, width: int, text: Choice, label: Choice | None, findings: Findings
) -> None:
    """Say which columns are read and which are not."""

    def called(column: int) -> str:
        return f"column {column + 1}" if head is None else repr(short(head[column]))

    said = [f"texts in {' and '.join(map(called, text.at))} ({text.why})"]
    if label is not None:
        said.append(f"labels in {', '.join(map(called, label.at))} ({label.why})")
    others = [called(column) for column in range(width) if column not in (*text.at, *(label.at if label else ()))]
    if others:
        said.append(f"not read: {', '.join(others[:8])}" + (", ..." if len(others) > 8 else ""))
    findings.taken("columns", "; ".join(said), path)


def _without_names(rows: Sequence[Sequence[str]], first: Sequence[str]) -> Sequence[Sequence[str]]:
    """Rows without those that are the first again, where it may hold names: files put one after the other."""
    if any(len(name.split()) > LONGEST_NAME for name in first):
        return rows
    return [row for row in rows if row != first]


def _told(path: Path, head: Sequence[str], asked: str | None, what: str) -> Choice | None:
    """A column that was told by name or number; of texts also several, joined by +."""
    if asked is None:
        return None
    if (at := _places(head, asked, numbers=True, joined=what == "text")) is not None:
        return Choice(at, "as told")
    raise DataError(path, f"the columns {', '.join(map(short, head))}", f"a {what} column {asked!r}")


def _as_before(head: Sequence[str], asked: Asked, what: str) -> Choice | None:
    """The column that training read: the one of its name, or the one of its number in a table as wide."""
    before = asked.before
    name = None if before is None else getattr(before, what)
    if before is None or name is None or not (before.named or before.width == len(head)):
        return None
    at = _places(head, name, numbers=not before.named, joined=what == "text")
    return None if at is None else Choice(at, "as in training")


def _class_columns(
    path: Path, head: Sequence[str], rows: Sequence[Sequence[str]], told: Sequence[str], texts: tuple[int, ...]
) -> Choice:
    """The columns of which each stands for a class."""
    if tuple(told) == (REST,) and REST not in head:
        at = [n for n in range(len(head)) if n not in texts and all(yes_or_no(row[n]) is not None for row in rows)]
        return Choice(tuple(at), "they hold nothing but yes and no")
    found = [_told(path, head, name, "label") for name in told]
    return Choice(tuple(one.at[0] for one in found if one is not None), "as told")


def _places(head: Sequence[str], told: str, *, numbers: bool, joined: bool) -> tuple[int, ...] | None:
    """The column of a name or number, or those of several with + between them; None: one of them is not there."""
    for names in ([told], told.split("+") if joined else []):
        at = [_place(head, name if len(names) == 1 else name.strip(), numbers) for name in names]
        if at and None not in at:
            return tuple(one for one in at if one is not None)
    return None


def _place(head: Sequence[str], name: str, numbers: bool) -> int | None:
    if numbers and name.isdecimal() and 1 <= int(name) <= len(head):
        return int(name) - 1
    return head.index(name) if name in head else None


def _usual(
    path: Path,
    head: Sequence[str],
    below: Sequence[Sequence[str]] | None,
    names: Sequence[str],
    taken: Choice | None,
    findings: Findings,
) -> Choice | None:
    """The column that has the most usual of some names; what stands below it too (None: nothing does) is no name."""
    lower = [name.lower() if taken is None or index not in taken.at else "" for index, name in enumerate(head)]
    usual = [lower.index(name) for name in names if name in lower]
    usual = [at for at in usual if below is None or head[at] not in {row[at].strip() for row in below}]
    if not usual:
        return None
    if len(usual) > 1 or lower.count(lower[usual[0]]) > 1:
        others = [head[at] for at in usual] if len(usual) > 1 else [head[usual[0]]] * 2
        what = f"{' and '.join(map(repr, others))} are both usual names: the column {head[usual[0]]!r} is read"
        findings.suspicious("columns", what, path)
    return Choice((usual[0],), "by its name")


def _wordiest(rows: Sequence[Sequence[str]], taken: Choice | None) -> Choice | None:
    """The column with clearly the most words; None if two are alike."""
    if not rows:
        return None
    words = {
        column: sum(len(row[column].split()) for row in rows) / len(rows)
        for column in range(len(rows[0]))
        if taken is None or column not in taken.at
    }
    order = sorted(words, key=lambda column: -words[column])
    if not order or (len(order) > 1 and words[order[1]] > words[order[0]] / 2):
        return None
    return Choice((order[0],), "it has the most words")


def _most_repeated(rows: Sequence[Sequence[str]], taken: Choice | None) -> Choice | None:
    """The only other column that holds few different short values; None if there is no such or several."""
    if not rows or taken is None:
        return None
    few = []
    for column in range(len(rows[0])):
        values = {row[column] for row in rows}
        short = all(len(value.split()) <= 3 for value in values)
        if column not in taken.at and short and len(values) <= max(2, min(100, len(rows) // 2)):
            few.append(column)
    return Choice((few[0],), "it has few different values") if len(few) == 1 else None
