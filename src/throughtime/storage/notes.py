"""Notes in a run folder: what a later look into a run has found, kept for its report."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from throughtime.storage.report import Table


@dataclass(frozen=True)
class Note:
    """What one look into a run has found: its gradients, its gates, what it bears.

    Args:
        title: of its section.
        sentences: what is to be said, a paragraph each.
        tables: numbers.
        pictures: names of PNG files beside the note, each with what it shows.
    """

    title: str
    sentences: Sequence[str] = ()
    tables: Sequence[Table] = ()
    pictures: Sequence[tuple[str, str]] = ()

    def to_json(self) -> dict[str, Any]:
        """As it is stored."""
        return asdict(self)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Note:
        """What `to_json` gave."""
        return cls(
            str(stored["title"]),
            [str(sentence) for sentence in stored["sentences"]],
            [Table(**table) for table in stored["tables"]],
            [(str(name), str(what)) for name, what in stored["pictures"]],
        )
