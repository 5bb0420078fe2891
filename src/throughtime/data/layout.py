"""How the rows of a table are understood: what is told of its columns, what is found, and what is kept of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from throughtime.data.delimiters import UNTOLD, Marks

REST = "rest"
"""Told in place of the columns that stand for classes: all that hold nothing but yes and no."""


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
        text, label: the names of the two columns; without names, their numbers from 1; + stands between those of
            columns that are joined. None: no labels.
        named: whether its columns have names.
        several: whether a text may have several labels.
        classes: the columns of which each stands for a class; none where one column holds the labels.
    """

    format: str
    width: int
    text: str
    label: str | None
    named: bool
    several: bool = False
    classes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """What is known before a table is looked at.

    Args:
        text, label: the columns as they were told, by name or by number from 1; None: not told. title+body: texts of
            two columns, joined.
        labels: whether labels are needed.
        before: how the table of training was understood; None: this is the first.
        marks: how the table is written, as far as it was told.
        several: whether a cell of labels may hold several.
        classes: the columns of which each stands for a class, as they were told; `REST`: all but those of texts that
            hold nothing but yes and no.
    """

    text: str | None = None
    label: str | None = None
    labels: bool = True
    before: Layout | None = None
    marks: Marks = UNTOLD
    several: bool = False
    classes: Sequence[str] = ()


class Choice(NamedTuple):
    """Columns by their indices, and why they were chosen."""

    at: tuple[int, ...]
    why: str


class Columns(NamedTuple):
    """What was found: the columns of the texts, those of the labels (none: there are none), whether there is a head."""

    text: tuple[int, ...]
    label: tuple[int, ...]
    has_head: bool


def short(name: str) -> str:
    """A cell as messages show it."""
    return name if len(name) <= 30 else f"{name[:30]}..."
