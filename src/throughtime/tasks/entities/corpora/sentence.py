"""A sentence and the entities in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple


class Span(NamedTuple):
    """An entity.

    Args:
        start: its first word (or character), from 0.
        end: the one after its last.
        label: its type.
    """

    start: int
    end: int
    label: str


@dataclass(frozen=True, slots=True)
class Sentence:
    """Words in order, and which of them are entities.

    Args:
        words: none of them empty.
        spans: in order, by words; they do not overlap.
        path: where it comes from.
        line: the line there, from 1.
        document: which document of the file it belongs to, where the file has several.
    """

    words: tuple[str, ...]
    spans: tuple[Span, ...]
    path: Path
    line: int
    document: int | None = None
