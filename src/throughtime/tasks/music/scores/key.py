"""The key of a piece, guessed from how long each pitch class sounds and from what it ends on."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# How well each pitch class fits a key on C, as listeners judged (Krumhansl and Kessler 1982)
_MAJOR = np.array([6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88])
_MINOR = np.array([6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17])
_PROFILES = np.stack([np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)])
_FINAL = 0.3  # added to the correlation of the keys whose tonic is the last bass note


def find_key(notes: NDArray[np.void]) -> tuple[int, bool]:
    """Tonic and mode whose profile correlates best with the sounding time of the pitch classes.

    Pieces end on their tonic more often than not, so that the lowest note of the last chord speaks for its own key.

    Args:
        notes: (N,) of dtype `NOTE`, N >= 1.

    Returns:
        Pitch class of the tonic (0 is C), and whether the mode is minor.

    Source: Krumhansl 1990 (the Krumhansl-Schmuckler algorithm); the last bass note is our addition.

    Example:
        >>> from throughtime.tasks.music.scores.score import notes_of
        >>> find_key(notes_of([(0, 1, 62), (0, 1, 66), (0, 1, 69)]))
        (2, False)
    """
    sounding = np.bincount(notes["pitch"] % 12, notes["duration"], minlength=12)
    end = notes["onset"] + notes["duration"]
    bass = int(notes["pitch"][end >= end.max() - 1e-3].min()) % 12
    centred = _PROFILES - _PROFILES.mean(axis=1, keepdims=True)
    spread = np.linalg.norm(centred, axis=1) * max(float(np.linalg.norm(sounding - sounding.mean())), 1e-12)
    fit = centred @ (sounding - sounding.mean()) / spread
    fit[[bass, bass + 12]] += _FINAL
    best = int(fit.argmax())
    return best % 12, best >= 12


def semitones_to_c(notes: NDArray[np.void]) -> int:
    """How far to move a piece so that its tonic becomes C, by the shorter way: -6 to 5 semitones."""
    tonic, _ = find_key(notes)
    return (6 - tonic) % 12 - 6
