"""Bounds on the time that a stray event takes: nobody composes two days of silence, and every frame of it costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from throughtime.tasks.music.scores.score import Score

LONGEST_SILENCE = 128.0
"""Quarter notes of silence that are kept: 32 bars."""
LONGEST_NOTE = 512.0
"""Quarter notes that a note may be held: 128 bars."""


def bounded(score: Score) -> tuple[Score, int, float]:
    """The piece without what is longer than these; what follows moves up, with its tempo.

    Args:
        score: as it was read.

    Returns:
        The piece, how many of its notes were cut, and how many quarter notes of silence were.

    Example:
        >>> from throughtime.tasks.music.scores.score import notes_of
        >>> near, cut, silence = bounded(Score("far", notes_of([(0, 1, 60), (5000, 1, 62)])))
        >>> near.notes["onset"].tolist(), cut, silence
        ([0.0, 129.0], 0, 4871.0)
    """
    notes = score.notes.copy()
    held = notes["duration"] > LONGEST_NOTE
    notes["duration"][held] = LONGEST_NOTE
    starts, reached = _silences(notes)
    if not held.any() and not len(starts):
        return score, 0, 0.0
    tempos = score.tempos.copy()
    begins = reached + LONGEST_SILENCE  # of what is cut
    gone = np.cumsum(starts - begins)
    for times in (notes["onset"], tempos[:, 0]) if len(gone) else ():
        before = np.stack([gone - (starts - begins), gone], axis=1)
        times -= np.interp(times, np.stack([begins, starts], axis=1).ravel(), before.ravel())
    return replace(score, notes=notes, tempos=tempos), int(held.sum()), float(gone[-1]) if len(gone) else 0.0


def _silences(notes: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where long silences end, and where they begin."""
    order = np.argsort(notes["onset"], kind="stable")
    onset = notes["onset"][order]
    reached = np.maximum.accumulate(onset + notes["duration"][order])
    long = onset[1:] - reached[:-1] > LONGEST_SILENCE
    return onset[1:][long], reached[:-1][long]
