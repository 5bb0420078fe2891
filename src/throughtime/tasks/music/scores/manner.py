"""How pieces are played: tempo, instrument, time signature, loudness, and within what bounds notes stay."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np

from throughtime.storage.written import readable
from throughtime.tasks.music.scores.score import Score

_FAMILIES = ((16, "piano"), (24, "organ"), (40, "piano"), (80, "strings"), (112, "organ"), (128, "piano"))
"""What sounds most like a General MIDI number below these."""
_USUAL = 0.95  # of the pieces stay within such a bound


@dataclass(frozen=True)
class Manner:
    """What new pieces take over from those that were learned.

    Args:
        tempo: quarter notes in a minute.
        program: General MIDI number of the instrument.
        meter: beats of a bar, and what part of a whole note each is.
        velocity: of a note, where the representation knows of none.
        longest: seconds that a note lasts at most.
        voices: notes that sound at once at most.
        lowest, highest: MIDI pitches.
    """

    tempo: float = 76.0
    program: int = 19
    meter: tuple[int, int] = (4, 4)
    velocity: int = 80
    longest: float = 10.0
    voices: int = 20
    lowest: int = 21
    highest: int = 108

    @property
    def bar(self) -> float:
        """Quarter notes of a bar."""
        return 4 * self.meter[0] / self.meter[1]

    @property
    def instrument(self) -> str:
        """Which of our instruments sounds most like it.

        Example:
            >>> Manner(program=0).instrument, Manner(program=19).instrument, Manner(program=73).instrument
            ('piano', 'organ', 'strings')
        """
        return next(name for below, name in _FAMILIES if self.program < below)

    def save(self, path: Path) -> None:
        """Write it as JSON."""
        path.write_text(json.dumps(asdict(self)), encoding="utf-8")

    @classmethod
    def load(cls, path: Path) -> Manner:
        """What `save` wrote; runs of before it did have the usual manner.

        Raises:
            DataError: it is something else.
        """
        if not path.exists():
            return cls()
        with readable(path, "manner of playing"):
            said = json.loads(path.read_text(encoding="utf-8"))
            beats, unit = map(int, said["meter"])
            return cls(**said | {"meter": (beats, unit)})


def manner_of(score: Score) -> Manner:
    """Of one piece; what its file does not say is as usual."""
    notes, usual = score.notes, Manner()
    parts, counts = np.unique(notes["part"], return_counts=True)
    main = int(parts[counts.argmax()])
    ends = score.seconds(notes["onset"] + notes["duration"])
    starts = score.seconds(notes["onset"])
    return Manner(
        tempo=_lasting_tempo(score),
        program=score.programs[main] if main < len(score.programs) else usual.program,
        meter=score.meter or usual.meter,
        velocity=int(np.median(notes["velocity"])),
        longest=float((ends - starts).max()),
        voices=_most_at_once(starts, ends),
        lowest=int(notes["pitch"].min()),
        highest=int(notes["pitch"].max()),
    )


def usual_manner(manners: Sequence[Manner]) -> Manner:
    """Of all pieces: the middle or the most frequent of each, bounds within which nearly all stay.

    Args:
        manners: of each piece; none: as usual.
    """
    if not manners:
        return Manner()
    return Manner(
        tempo=float(np.median([one.tempo for one in manners])),
        program=Counter(one.program for one in manners).most_common(1)[0][0],
        meter=Counter(one.meter for one in manners).most_common(1)[0][0],
        velocity=int(np.median([one.velocity for one in manners])),
        longest=float(np.quantile([one.longest for one in manners], _USUAL)),
        voices=int(np.quantile([one.voices for one in manners], _USUAL, method="higher")),
        lowest=min(one.lowest for one in manners),
        highest=max(one.highest for one in manners),
    )


def within(score: Score, manner: Manner) -> tuple[Score, dict[str, int]]:
    """A composed piece without what no learned one does.

    Args:
        score: the piece.
        manner: of those that were learned.

    Returns:
        The piece, and how many of its notes were cut short, left out as too many at once, or left out as too low or
        high, by these words.

    Example:
        >>> from throughtime.tasks.music.scores.score import notes_of
        >>> stuck = Score("stuck", notes_of([(0, 90, 60), (1, 1, 5), (1, 1, 62)]))
        >>> near, changed = within(stuck, Manner(longest=2.0))
        >>> near.notes["duration"].tolist(), changed["cut short"], changed["too low or high"]
        ([4.0, 1.0], 1, 1)
    """
    notes = score.notes
    inside = (notes["pitch"] >= manner.lowest) & (notes["pitch"] <= manner.highest)
    kept = notes[inside]
    starts = score.seconds(kept["onset"])
    ends = score.seconds(kept["onset"] + kept["duration"])
    long = ends - starts > manner.longest * (1 + 1e-9)
    kept["duration"][long] *= manner.longest / (ends - starts)[long]
    few = _few_at_once(kept["onset"], kept["onset"] + kept["duration"], manner.voices)
    counts = {
        "cut short": int(long.sum()),
        "too many at once": int((~few).sum()),
        "too low or high": int((~inside).sum()),
    }
    return replace(score, notes=kept[few]), counts


def _lasting_tempo(score: Score) -> float:
    """The tempo of most of the piece."""
    starts = score.tempos[:, 0]
    lasts = np.diff(np.append(starts, max(score.end, float(starts[-1]))))
    return float(score.tempos[lasts.argmax(), 1])


def _most_at_once(starts: np.ndarray, ends: np.ndarray) -> int:
    times = np.concatenate([ends, starts])  # at one moment, what ends goes before what begins
    changes = np.repeat([-1, 1], len(starts))
    return int(changes[np.lexsort((changes, times))].cumsum().max())


def _few_at_once(starts: np.ndarray, ends: np.ndarray, most: int) -> np.ndarray:
    """Which notes are played if no more than so many may sound: those that come when there is room."""
    kept, sounding = np.ones(len(starts), dtype=bool), np.zeros(0)
    for at in np.argsort(starts, kind="stable"):
        sounding = sounding[sounding > starts[at]]
        kept[at] = len(sounding) < most
        if kept[at]:
            sounding = np.append(sounding, ends[at])
    return kept
