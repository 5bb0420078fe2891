"""Segments of pieces, which have a code each where there is a latent space."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from throughtime.data.findings import Findings
from throughtime.tasks.base import Splits
from throughtime.tasks.music.scores.representation import Piece

_OVERLAP = 4  # segments that each element of a training piece is in: a code should not depend on where it was cut


def segments(pieces: Sequence[Piece], length: int, *, training: bool = False) -> list[Piece]:
    """Cut pieces into segments.

    Args:
        pieces: to be cut.
        length: elements of a segment; a piece's last one may be shorter.
        training: let them overlap, each beginning a quarter of a segment after the one before, the last one whole.
    """
    return [
        replace(piece, elements=piece.elements[start : start + length])
        for piece in pieces
        for start in _starts(len(piece.elements), length, training)
    ]


def note_segments(splits: Splits[Piece], length: int, unit: str, findings: Findings) -> None:
    """Note that pieces are cut, and how often."""
    findings.taken("segments", f"up to {length} {unit}s, each learned and judged by itself; those of training overlap")
    for name, pieces in splits.items():
        if cuts := sum(-(-len(piece.elements) // length) - 1 for piece in pieces):
            what = f"a cut through a piece of {name}, beyond which nothing is remembered"
            findings.left_out("segments", what, count=cuts)


def _starts(steps: int, length: int, training: bool) -> Iterator[int]:
    if not training:
        yield from range(0, steps, length)
        return
    last = max(steps - length, 0)
    yield from range(0, last, max(1, length // _OVERLAP))
    yield last
