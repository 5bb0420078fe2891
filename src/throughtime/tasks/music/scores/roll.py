"""Piano-rolls: which of the 88 keys sound in each frame of a piece, and back to notes."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import DataError
from throughtime.tasks.music.scores.score import KEYS, LOWEST_KEY, NOTE, Score

LONGEST = 1_000_000
"""Frames that a piece may have."""
_LATE = 0.125
"""Share of a frame after its beginning at which the keys are looked at, so that notes played a little late count."""


class Lost(NamedTuple):
    """Notes of a piece that its elements do not show.

    Args:
        outside: beyond the keyboard.
        unheard: that sound between two frames only.
        merged: of a key that sounded in the frame before, so that they are not struck but held.
    """

    outside: int = 0
    unheard: int = 0
    merged: int = 0


NOTHING = Lost()


def to_roll(score: Score, resolution: float) -> tuple[NDArray[np.uint8], Lost]:
    """Look at the keys once a frame.

    A key is on if its note sounds at the beginning of the frame (an eighth of a frame of lateness is allowed), as
    the polyphonic-music literature samples its pieces. Silence before the first note is left out. Notes outside the
    piano's 88 keys are dropped.

    Args:
        score: the piece.
        resolution: frames in a quarter note.

    Returns:
        The roll (T, 88), 1 where a key sounds, key 0 being A0; and what it does not show.

    Raises:
        DataError: no note within the keyboard, or far too long.

    Example:
        >>> from throughtime.tasks.music.scores.score import notes_of
        >>> roll, lost = to_roll(Score("three notes", notes_of([(0, 1, 60), (1, 1, 64), (2, 1, 64)])), resolution=1)
        >>> roll[:, 60 - 21].tolist(), roll[:, 64 - 21].tolist(), lost.merged
        ([1, 0, 0], [0, 1, 1], 1)
    """
    keys = score.notes["pitch"].astype(int) - LOWEST_KEY
    inside = (keys >= 0) & (keys < KEYS)
    notes, keys = score.notes[inside], keys[inside]
    if not len(notes):
        raise DataError(score.name, "no note within the 88 keys of a piano (A0 to C8)", "at least one")
    length = (notes["onset"] + notes["duration"]).max() * resolution
    if length > LONGEST:
        raise DataError(score.name, f"a piece of {length:,.0f} frames", f"at most {LONGEST:,}")
    beginning = np.floor(notes["onset"].min() * resolution + 1e-6)
    first = np.ceil(notes["onset"] * resolution - beginning - _LATE - 1e-6).astype(np.int64).clip(0)
    last = np.ceil((notes["onset"] + notes["duration"]) * resolution - beginning - _LATE - 1e-6).astype(np.int64)
    roll = np.zeros((max(int(last.max()), 1), KEYS), np.uint8)
    merged = 0
    for key, start, end in zip(keys, first, last, strict=True):
        merged += bool(start < end and (roll[start, key] or (start and roll[start - 1, key])))
        roll[start:end, key] = 1
    return roll, Lost(len(inside) - len(keys), int((first >= last).sum()), merged)


def to_notes(roll: NDArray[np.uint8], resolution: float, restrike: float | None = None) -> NDArray[np.void]:
    """Notes from a roll: a key that stays on is one held note.

    A roll cannot tell a repeated note from a held one.

    Args:
        roll: (T, 88).
        resolution: frames in a quarter note.
        restrike: strike held keys anew every so many quarter notes, counted from the piece's beginning (None: never).

    Returns:
        (N,) of dtype `NOTE`, onset and duration in quarter notes.

    Example:
        >>> roll = np.zeros((4, 88), np.uint8)
        >>> roll[:3, 39] = 1
        >>> to_notes(roll, 1)["duration"].tolist(), to_notes(roll, 1, restrike=2)["duration"].tolist()
        ([3.0], [2.0, 1.0])
    """
    sounding = np.pad(roll.astype(np.int8), ((1, 1), (0, 0)))
    before, here = sounding[:-1], sounding[1:]
    starts, ends = (before == 0) & (here == 1), (before == 1) & (here == 0)
    if restrike is not None:
        every = max(round(restrike * resolution), 1)
        struck = (np.arange(len(here)) % every == 0)[:, None] & (here == 1)
        starts, ends = starts | struck, ends | (struck & (before == 1))
    # transposed, both lists come by key and then by time, so that each start meets its end
    key, start = np.nonzero(starts.T)
    end = np.nonzero(ends.T)[1]
    notes = np.zeros(len(key), NOTE)
    notes["onset"], notes["duration"] = start / resolution, (end - start) / resolution
    notes["pitch"], notes["velocity"] = key + LOWEST_KEY, 80
    return notes[np.lexsort((notes["pitch"], notes["onset"]))]
