"""A track: where something was, and when."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True, slots=True, eq=False)
class Track:
    """One thing's way.

    Args:
        name: what it is called, unique within its file.
        times: (T,) seconds, rising; gaps of any length may lie between them.
        positions: (T, D) in the file's unit of length, D = 2 or 3, all finite.
        path: where it comes from.
        line: the first line there, from 1.
        seen: (T, D) where it seems to be while it is observed, NaN where it is not seen; None: where it is.

    Example:
        >>> track = Track("ball", np.array([0.0, 0.5]), np.array([[0.0, 1.0], [2.0, 1.5]]))
        >>> len(track), track.dimensions
        (2, 2)
    """

    name: str
    times: np.ndarray
    positions: np.ndarray
    path: Path = Path("-")
    line: int = 1
    seen: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.times)

    @property
    def dimensions(self) -> int:
        """D: coordinates of a position."""
        return int(self.positions.shape[1])
