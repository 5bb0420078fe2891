"""A clip: what a camera or a sensor saw, one frame after the other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One sequence.

    Args:
        frames: pictures (T, S, S, 3), uint8, or vectors (T, F), float32, finite but for features
            of which the clip knows nothing: these are NaN throughout.
        label: its class; None where that is not known.
        path: where it comes from.
        line: the line or row there, from 1, or None where it is a file of its own.
        group: who (or what scene) is in it, if that is known: clips of one group stay on one side of a split.

    Example:
        >>> Clip(np.zeros((4, 2), dtype=np.float32), "still").has_pictures
        False
    """

    frames: np.ndarray
    label: str | None
    path: Path = Path("-")
    line: int | None = None
    group: str | None = None

    @property
    def has_pictures(self) -> bool:
        """Whether the frames are pictures."""
        return self.frames.ndim == 4

    @property
    def kind(self) -> str:
        """In words, for messages."""
        return "pictures" if self.has_pictures else f"vectors of {self.frames.shape[1]} numbers"
