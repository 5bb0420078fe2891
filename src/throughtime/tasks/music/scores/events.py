"""Expressive music as a string of events, after Performance RNN (Oore et al. 2018).

Vocabulary: 128 note-on, 128 note-off, 100 time shifts of 10 ms to 1 s, 32 velocities, and one event that stands
before the first and after the last.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from throughtime.errors import DataError
from throughtime.tasks.music.scores.score import NOTE, Score, pitch_name

STEP = 0.01
"""Seconds of the shortest time shift."""
SHIFTS = 100
VELOCITIES = 32
NOTE_ON, NOTE_OFF, SHIFT, VELOCITY = 0, 128, 256, 256 + SHIFTS
BOUNDARY = VELOCITY + VELOCITIES
"""Begins and ends each piece."""
VOCABULARY = BOUNDARY + 1
LONGEST = 100_000.0
"""Seconds that a piece may last."""
_SECOND = 2.0  # quarter notes in a second at the tempo that decoded scores are written in (120 a minute)


def to_events(score: Score) -> NDArray[np.int64]:
    """The events of a piece, the closing boundary included; silence before the first note is left out.

    Args:
        score: the piece; its tempo map turns quarter notes into seconds.

    Returns:
        (T,) numbers of events.

    Raises:
        DataError: far too long.

    Example:
        >>> from throughtime.tasks.music.scores.score import notes_of
        >>> events = to_events(Score("note", notes_of([(0, 1, 60, 80)])))
        >>> events.tolist() == [VELOCITY + 20, NOTE_ON + 60, SHIFT + 49, NOTE_OFF + 60, BOUNDARY]
        True
    """
    notes = score.notes
    starts, ends = (score.seconds(time) for time in (notes["onset"], notes["onset"] + notes["duration"]))
    if len(notes) and not ends.max() <= LONGEST:
        raise DataError(score.name, f"a piece of {ends.max():,.0f} s", f"at most {LONGEST:,.0f} s")
    onset = np.round(starts / STEP).astype(np.int64)
    end = np.maximum(np.round(ends / STEP).astype(np.int64), onset + 1)
    velocity = notes["velocity"].astype(np.int64).clip(0, 127) * VELOCITIES // 128
    # at one moment the keys that are released come first, so that a repeated key is struck anew
    times = np.concatenate([end, onset])
    kinds = np.repeat([0, 1], len(notes))
    order = np.lexsort((np.tile(notes["pitch"], 2), kinds, times))
    events: list[int] = []
    clock, loudness = int(onset.min()) if len(notes) else 0, -1
    for index in order:
        while clock < times[index]:
            shift = min(int(times[index]) - clock, SHIFTS)
            events.append(SHIFT + shift - 1)
            clock += shift
        note = index % len(notes)
        if kinds[index] == 1:
            if velocity[note] != loudness:
                loudness = int(velocity[note])
                events.append(VELOCITY + loudness)
            events.append(NOTE_ON + int(notes["pitch"][note]))
        else:
            events.append(NOTE_OFF + int(notes["pitch"][note]))
    return np.array([*events, BOUNDARY], np.int64)


def event_name(event: int) -> str:
    """An event for people.

    Example:
        >>> [event_name(event) for event in (NOTE_ON + 60, NOTE_OFF + 60, SHIFT + 49, VELOCITY + 20, BOUNDARY)]
        ['C4 on', 'C4 off', '0.50 s', 'velocity 80', 'end']
    """
    if event < SHIFT:
        return f"{pitch_name(event % NOTE_OFF)} {'on' if event < NOTE_OFF else 'off'}"
    if event < VELOCITY:
        return f"{(event - SHIFT + 1) * STEP:.2f} s"
    return "end" if event == BOUNDARY else f"velocity {(event - VELOCITY) * 128 // VELOCITIES}"


def from_events(events: NDArray[np.int64], name: str = "") -> Score:
    """The piece that events play: a key that is struck while it sounds ends before it sounds anew.

    Args:
        events: (T,); what comes after a boundary is not played.
        name: the score's name.

    Returns:
        A score at 120 quarter notes a minute; keys that are never released end with the piece.

    Example:
        >>> from throughtime.tasks.music.scores.score import notes_of
        >>> score = from_events(to_events(Score("note", notes_of([(0, 1, 60, 80)]))))
        >>> score.notes[["onset", "duration", "pitch"]].tolist()
        [(0.0, 1.0, 60)]
    """
    rows: list[tuple[float, float, int, int, int]] = []
    sounding: dict[int, tuple[float, int]] = {}
    clock, velocity = 0, 64

    def release(pitch: int) -> None:
        start, loudness = sounding.pop(pitch)
        if clock > start:
            rows.append((start * STEP * _SECOND, (clock - start) * STEP * _SECOND, pitch, loudness, 0))

    for event in events.tolist():
        if event == BOUNDARY:
            break
        if event < SHIFT:
            pitch = event % 128
            if pitch in sounding:
                release(pitch)
            if event < NOTE_OFF:
                sounding[pitch] = (clock, velocity)
        elif event < VELOCITY:
            clock += event - SHIFT + 1
        else:
            velocity = (event - VELOCITY) * 128 // VELOCITIES + 128 // VELOCITIES // 2
    for pitch in sorted(sounding):
        release(pitch)
    notes = np.array(rows, dtype=NOTE)
    return Score(name, notes[np.lexsort((notes["pitch"], notes["onset"]))])
