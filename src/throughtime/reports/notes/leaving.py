"""How a section is left in a run's report: pictures first, then what names them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from throughtime.storage.folder import RunFolder
from throughtime.storage.notes import Note
from throughtime.storage.report import Table


def leave(
    folder: RunFolder,
    name: str,
    title: str,
    sentences: Sequence[str] = (),
    tables: Sequence[Table] = (),
    pictures: Mapping[str, tuple[Callable[[Path], None], str]] | None = None,
) -> None:
    """Leave a section in the report of a run, in place of what the last such look has left.

    Args:
        folder: of the run.
        name: of the section.
        title, sentences, tables: as a `Note` has them.
        pictures: name of a PNG file -> what draws it there, and what it shows.

    Raises:
        ThroughtimeError: it cannot be written.
    """
    folder.make_notes()
    drawn = pictures or {}
    for file, (draw, _) in drawn.items():
        draw(folder.notes / file)
    folder.write_note(name, Note(title, sentences, tables, [(file, what) for file, (_, what) in drawn.items()]))


def steps_in_words(steps: float | None) -> str:
    """A number of steps for people.

    Example:
        >>> steps_in_words(3.14159), steps_in_words(math.inf), steps_in_words(None)
        ('3.1', 'never', 'unknown')
    """
    if steps is None:
        return "unknown"
    return f"{steps:,.1f}" if math.isfinite(steps) else "never"
