"""Texts in which somebody has marked what units shall be looked for that tell it: traits of one's own."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from throughtime.data.json_rows import ONE_A_LINE, json_rows
from throughtime.data.text_files import read_text
from throughtime.errors import DataError, ThroughtimeError
from throughtime.tasks.base.symbols import SymbolSequence

_NOT = "not "
_BLANKS = str.maketrans({"␣": " ", "⇥": "\t", "↵": "\n"})


class Mark(NamedTuple):
    """A stretch of a text.

    Args:
        start, end: its first character, from 0, and the one behind its last.
        label: what holds there; "not x": that x does not.
    """

    start: int
    end: int
    label: str


@dataclass(frozen=True)
class Marked:
    """A text with its marks, and the line that it stands in."""

    text: str
    marks: tuple[Mark, ...]
    line: int


def read_marked(path: Path) -> list[Marked]:
    """The texts of a file of `{"text": ..., "spans": [[start, end, label], ...]}` a line.

    Raises:
        DataError: it is no such file, a span lies outside its text, or nothing is marked; at which line.
    """
    found = []
    for line, row in json_rows(path, read_text(path)):
        if not isinstance(row, dict) or not isinstance(row.get("text"), str) or not isinstance(row.get("spans"), list):
            raise DataError(path, "a row that is not a text with its spans", f'{ONE_A_LINE}: "text" and "spans"', line)
        marks = tuple(_mark(path, line, row["text"], span) for span in row["spans"])
        found.append(Marked(row["text"], marks, line))
    if not any(one.marks for one in found):
        raise DataError(path, "no span", "at least one text in which something is marked")
    return found


def _mark(path: Path, line: int, text: str, span: Any) -> Mark:
    match span:
        case [int(start), int(end), str(label)] if 0 <= start < end <= len(text) and label.removeprefix(_NOT):
            return Mark(start, end, label)
    expected = f"[start, end, label] within the {len(text)} characters of its text"
    raise DataError(path, f"the span {str(span)[:60]}", expected, line)


def labels_of(some: Iterable[Marked]) -> frozenset[str]:
    """All labels that are marked somewhere."""
    return frozenset(mark.label for one in some for mark in one.marks)


def with_marks(readings: Iterable[SymbolSequence], marked: Marked, labels: frozenset[str]) -> Iterator[SymbolSequence]:
    """What a model reads of a marked text, its marks in place of the traits that the task knows.

    A symbol has a trait where a mark touches it. A trait of which "not ..." is marked somewhere is known only where one
    or the other is marked; elsewhere its value is not a number.

    Args:
        readings: of the text, one after the other.
        marked: the text.
        labels: of all the texts.

    Raises:
        ThroughtimeError: a symbol does not stand in the text, such as that of an unknown word.
    """
    at, names = 0, sorted({label.removeprefix(_NOT) for label in labels})
    for reading in readings:
        places, at = _places(reading.symbols, marked, at)
        traits = {}
        for name in names:
            has = _touched(name, places, marked.marks)
            known = has | _touched(_NOT + name, places, marked.marks) | (_NOT + name not in labels)
            traits[name] = np.where(known, has.astype(np.float64), math.nan)
        yield replace(reading, traits=traits)


def _places(symbols: Sequence[str], marked: Marked, at: int) -> tuple[list[tuple[int, int]], int]:
    """Where each symbol stands in the text, and where the last one ends; what stands before a text is nowhere."""
    text, places = marked.text.casefold(), []
    for number, symbol in enumerate(symbols):
        written = symbol.translate(_BLANKS)
        bare = (written.strip() or written).casefold()
        start = text.find(bare, at)
        if start < 0 and (number == 0 or not written.strip()):
            places.append((at, at))
            continue
        if start < 0 or any(letter.isalnum() for letter in text[at:start]):
            found = f"the symbol {symbol!r} of the model"
            raise ThroughtimeError(f"line {marked.line}: found {found}, expected one of the text {marked.text[:60]!r}")
        at = start + len(bare)
        places.append((start, at))
    return places, at


def _touched(label: str, places: Sequence[tuple[int, int]], marks: Sequence[Mark]) -> NDArray[np.bool_]:
    """(T,), which of the places a mark with that label touches."""
    own = [mark for mark in marks if mark.label == label]
    return np.array([any(mark.start < end and start < mark.end for mark in own) for start, end in places])
