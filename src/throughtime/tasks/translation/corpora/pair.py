"""A sentence and its translation, and how the two sides of a corpus are called."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from throughtime.data.delimiters import UNTOLD, Marks


@dataclass(frozen=True, slots=True)
class Pair:
    """A sentence and its translation.

    Args:
        source: what is read.
        target: what is to be said.
        path: where they come from (of two aligned files, the source's).
        line: the line there, from 1.
    """

    source: str
    target: str
    path: Path
    line: int


@dataclass(frozen=True, slots=True)
class Sides:
    """How the two sides are called: endings of aligned files, columns of a table, msgid and msgstr of a catalogue.

    Args:
        source: what is read; None: not told.
        target: what is said; None: not told.
        marks: how tables are written, as far as it was told.
    """

    source: str | None = None
    target: str | None = None
    marks: Marks = field(default=UNTOLD, compare=False)


def tidy(text: str) -> str:
    """A text with one space between words, and none around it."""
    return " ".join(text.split())
