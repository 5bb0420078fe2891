"""How pieces are disturbed: by a player who hits the wrong key, comes late, or leaves notes out.

A model of music is then asked how surprising it finds the disturbed piece: the wrong notes are among what it has to
expect.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from throughtime.tasks.base.conditions import Condition, Conditions
from throughtime.tasks.music.scores.representation import Piece, Representation
from throughtime.tasks.music.scores.score import KEYS, LOWEST_KEY

Notes = Callable[[NDArray[np.void], float, np.random.Generator], NDArray[np.void]]
"""What becomes of notes, a share of which is played otherwise, and chance."""
_LATE = 0.25  # quarter notes


class DisturbedPieces(Conditions[Piece]):
    """Pieces with notes that are not in the score."""

    form: Representation

    def conditions(self, room: Path) -> Sequence[Condition[Piece]]:
        """Those of all pieces, in frames or in events."""
        return [Condition(name, says, (2, 5, 10, 20, 40), _on(change, self.form)) for name, says, change in _CHANGES]

    def question(self, example: Piece) -> Any:
        """It cannot be asked about a piece that is no file."""
        return None


def wrong(notes: NDArray[np.void], share: float, random: np.random.Generator) -> NDArray[np.void]:
    """The key beside in place of the right one."""
    chosen, by = random.random(len(notes)) < share, random.choice([-1, 1], len(notes))
    played = notes.copy()
    pitch = played["pitch"] + np.where(chosen, by, 0)
    # beside the last key of a piano there is none
    played["pitch"] = np.where((pitch >= LOWEST_KEY) & (pitch < LOWEST_KEY + KEYS), pitch, notes["pitch"] - by * chosen)
    return played


def late(notes: NDArray[np.void], share: float, random: np.random.Generator) -> NDArray[np.void]:
    """A sixteenth note later."""
    played = notes.copy()
    played["onset"] += np.where(random.random(len(notes)) < share, _LATE, 0.0)
    return played[np.lexsort((played["pitch"], played["onset"]))]


def left_out(notes: NDArray[np.void], share: float, random: np.random.Generator) -> NDArray[np.void]:
    """Not at all; one note is always played."""
    kept = random.random(len(notes)) >= share
    kept[:1] |= not kept.any()
    return notes[kept]


_CHANGES: tuple[tuple[str, str, Notes], ...] = (
    ("wrong notes", "{} % of the notes are a semitone too high or too low", wrong),
    ("late notes", "{} % of the notes come a sixteenth note late", late),
    ("lost notes", "{} % of the notes are left out", left_out),
)


def _on(change: Notes, form: Representation) -> Callable[[Piece, float, np.random.Generator], Piece]:
    def disturbed(piece: Piece, percent: float, random: np.random.Generator) -> Piece:
        score = form.decode(piece.elements)
        if not len(score.notes):
            return piece
        elements, _ = form.encode(replace(score, notes=change(score.notes, percent / 100, random)))
        return replace(piece, elements=elements)

    return disturbed
