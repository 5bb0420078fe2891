"""Windows side by side in padded arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from throughtime.tasks.trajectory.tracks.windows import Window


class Stacked(NamedTuple):
    """A batch of windows.

    Args:
        times, positions: observed (B, T), (B, T, D), seconds before the last observed one, padded; `lengths` (B,) are
            real.
        ahead: (B, K) seconds from the last observed to the asked times, padded; `asked` (B,) are real.
    """

    times: np.ndarray
    positions: np.ndarray
    lengths: np.ndarray
    ahead: np.ndarray
    asked: np.ndarray


def stacked(windows: Sequence[Window]) -> Stacked:
    """Pad the windows of a batch to the same lengths."""
    lengths = np.array([len(window.times) for window in windows])
    asked = np.array([len(window.asked) for window in windows])
    return Stacked(
        np.stack([padded(window.times - window.times[-1], lengths.max()) for window in windows]),
        np.stack([padded(window.positions, lengths.max()) for window in windows]),
        lengths,
        np.stack([padded(window.asked - window.times[-1], asked.max()) for window in windows]),
        asked,
    )


def padded(values: np.ndarray, steps: int) -> np.ndarray:
    """Filled up with its last element: a padded step is one of no duration."""
    filled: np.ndarray = np.concatenate([values, np.repeat(values[-1:], steps - len(values), axis=0)])
    return filled


def targets(window: Window) -> np.ndarray:
    """(K, D), known where windows are learned from or judged by."""
    assert window.targets is not None
    return window.targets
