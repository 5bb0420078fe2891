"""Ties of a printed score: notes that are written one after the other and sound as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_TOGETHER = 1e-6  # quarter notes between the end of a note and the beginning of the one it is tied to


@dataclass
class Written:
    """A note as it is written.

    Args:
        onset, duration: in quarter notes.
        pitch: MIDI pitch.
        voice: that it is written in.
        stop, start: whether a tie from before ends at it, and whether one begins.
    """

    onset: float
    duration: float
    pitch: int
    voice: str = ""
    stop: bool = False
    start: bool = False

    @property
    def end(self) -> float:
        """Where it ends, in quarter notes."""
        return self.onset + self.duration


def joined(notes: Sequence[Written]) -> tuple[list[Written], int]:
    """Notes as they sound: those that are tied are one.

    A tie goes to the note of its pitch that begins where it ends, in its own voice if there is one, else in another:
    voices are written one after the other, so that the second note may stand before the first.

    Args:
        notes: of one part, in any order; they are lengthened in place.

    Returns:
        The notes by onset, and how many ties end at a note that none was found to lead to.

    Example:
        >>> low = [Written(2, 2, 60, "1", stop=True), Written(0, 2, 60, "2", start=True)]
        >>> [(note.onset, note.duration) for note in joined(low)[0]]
        [(0, 4)]
    """
    sounding: list[Written] = []
    tied: dict[int, list[Written]] = {}
    loose = 0
    for note in sorted(notes, key=lambda note: note.onset):
        first = note
        if note.stop:
            before = [one for one in tied.get(note.pitch, ()) if abs(one.end - note.onset) < _TOGETHER]
            if before:
                first = next((one for one in before if one.voice == note.voice), before[0])
                tied[note.pitch].remove(first)
                first.duration, first.voice = first.duration + note.duration, note.voice
            else:
                loose += 1
        if first is note:
            sounding.append(note)
        if note.start:
            tied.setdefault(note.pitch, []).append(first)
    return sounding, loose
