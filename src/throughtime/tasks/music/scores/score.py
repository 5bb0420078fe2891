"""A score: notes with onset, duration, pitch and velocity, and the tempo they are played at."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import DataError

LOWEST_KEY = 21
"""MIDI pitch of A0, the lowest of a piano's keys."""
KEYS = 88
"""Keys of a piano: A0 to C8."""
DEFAULT_TEMPO = 120.0
"""Quarter notes in a minute where a file says nothing (the MIDI standard's value)."""

NOTE = np.dtype([("onset", "f8"), ("duration", "f8"), ("pitch", "i2"), ("velocity", "i2"), ("part", "i2")])
"""One note: onset and duration in quarter notes, MIDI pitch (60 is middle C), velocity 1-127, index of its part."""

_STEPS = ("C", "C♯", "D", "E♭", "E", "F", "F♯", "G", "A♭", "A", "B♭", "B")


class UnpitchedError(DataError):
    """A piece of drums alone: nothing is wrong with it, but nothing in it has a pitch."""


@dataclass(frozen=True)
class Score:
    """One piece of music.

    Args:
        name: what people call it, usually the file's name.
        notes: (N,) of dtype `NOTE`, by onset.
        tempos: (K, 2): from this quarter note on, so many quarter notes in a minute; by time, the first at 0.
        parts: names of the parts, as far as they are known.
        programs: General MIDI number of the instrument of each part, as far as they are known.
        meter: beats of a bar, and what part of a whole note each is, as the piece begins; None: not known.

    Example:
        >>> chord = Score("chord", notes_of([(0, 1, 60), (0, 1, 64), (0, 1, 67)]))
        >>> float(chord.end), float(chord.seconds(np.array([1.0]))[0])
        (1.0, 0.5)
    """

    name: str
    notes: NDArray[np.void]
    tempos: NDArray[np.float64] = field(default_factory=lambda: np.array([[0.0, DEFAULT_TEMPO]]))
    parts: tuple[str, ...] = ()
    programs: tuple[int, ...] = ()
    meter: tuple[int, int] | None = None

    @property
    def end(self) -> float:
        """Where the last note ends, in quarter notes."""
        return float((self.notes["onset"] + self.notes["duration"]).max()) if len(self.notes) else 0.0

    def beginning(self, quarters: float) -> Score:
        """The first so many quarter notes, counted from the first note."""
        end = float(self.notes["onset"].min()) + quarters
        notes = self.notes[self.notes["onset"] < end]  # a copy
        notes["duration"] = np.minimum(notes["duration"], end - notes["onset"])
        return replace(self, notes=notes)

    def transposed(self, semitones: int) -> Score:
        """The same piece higher or lower."""
        notes = self.notes.copy()
        notes["pitch"] += semitones
        return replace(self, notes=notes)

    def seconds(self, quarters: NDArray[np.float64]) -> NDArray[np.float64]:
        """Times in seconds of positions in quarter notes, by the tempo map."""
        starts, pace = self.tempos[:, 0], 60.0 / self.tempos[:, 1]
        reached = np.concatenate([[0.0], np.cumsum(np.diff(starts) * pace[:-1])])
        at = np.clip(np.searchsorted(starts, quarters, side="right") - 1, 0, None)
        return np.asarray(reached[at] + (quarters - starts[at]) * pace[at])


def notes_of(rows: Iterable[tuple[float, ...]]) -> NDArray[np.void]:
    """Notes from rows (onset, duration, pitch[, velocity[, part]]), by onset and pitch.

    Example:
        >>> notes_of([(1, 1, 60), (0, 1, 62)])["pitch"].tolist()
        [62, 60]
    """
    filled = [tuple(row) + (80, 0)[len(row) - 3 :] for row in rows]
    notes = np.array(filled, dtype=NOTE)
    return notes[np.lexsort((notes["pitch"], notes["onset"]))]


def pitch_name(pitch: int) -> str:
    """The usual name of a MIDI pitch.

    Example:
        >>> pitch_name(60), pitch_name(70)
        ('C4', 'B♭4')
    """
    return f"{_STEPS[pitch % 12]}{pitch // 12 - 1}"
